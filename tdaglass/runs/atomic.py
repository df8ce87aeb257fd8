"""Files that are whole or absent: a temporary name beside the target, flushed to the disk, then renamed."""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tdaglass.runs.writers import this_writer

PARTIAL = ".partial"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def writable_target(path: str | os.PathLike) -> Path:
    """Where a file will stand, symbolic links followed; refuses a missing folder or a folder's own name.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    IsADirectoryError
        The path is itself a folder.
    """
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"expected an existing folder for {path}, got none at {target.parent}; try making it first"
        )
    if target.is_dir():
        raise IsADirectoryError(f"expected a file name, got the folder {path}; try a name inside it")
    return target


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary path in the folder of `path` that becomes `path` when the block ends without an exception.

    A reader sees the old file or the new one, never a part; after an exception, a full disk or a kill the old
    file is untouched. For libraries that open files by name; `atomic_write` suits everything else.

    Parameters
    ----------
    path : path
        The file to create or replace.

    Yields
    ------
    Path
        The temporary file, which the block must create.

    Raises
    ------
    OSError
        The disk is full or the folder cannot be written, with what to do about it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with atomic_path(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> (folder / "a.txt").read_text()
    'whole'
    """
    target = writable_target(path)
    temporary = partial_beside(target)
    try:
        with told_in_words(target):
            yield temporary
            with open(temporary, "rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
            _sync_folder(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def partial_beside(target: Path) -> Path:
    """A name beside the target that no other thread has, on any machine (`leftovers` knows it by its end)."""
    # Two writers of one target are kept apart; the last to finish wins with a whole file.
    return target.with_name(f".{target.name}.{threading.get_native_id()}.{this_writer()}{PARTIAL}")


def is_gone(error: OSError) -> bool:
    """Whether a file is not there, or was removed after it had been opened, as a client of NFS may find."""
    return isinstance(error, FileNotFoundError) or error.errno == errno.ESTALE


@contextmanager
def told_in_words(target: Path) -> Iterator[None]:
    """A disk that is full and a folder that is not ours become sentences.

    Raises
    ------
    OSError
        The same, with what to do about it.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise OSError(
                error.errno,
                f"no room left on the disk while writing {target}: nothing written before was touched; "
                "free some space and start the same command again",
            ) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise PermissionError(
                error.errno, f"no permission to write {target}; try another folder or change its owner"
            ) from error
        raise


@contextmanager
def atomic_write(path: str | os.PathLike, mode: str = "wb") -> Iterator:
    """An open file that becomes `path` when the block ends without an exception; see `atomic_path`.

    Parameters
    ----------
    path : path
        The file to create or replace.
    mode : "wb" or "w"
        Binary, or text in UTF-8 with Unix line ends.

    Yields
    ------
    file object
        Open for writing.

    Raises
    ------
    OSError
        The disk is full or the folder cannot be written, with what to do about it.
    """
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    with atomic_path(path) as temporary, open(temporary, mode, **text) as file:  # type: ignore[call-overload]
        yield file


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable; file systems that cannot sync a folder are left to their own care."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
