"""One writer at a time, or several that share: a lock that the operating system releases when its holder ends.

Between machines a lock holds where their file system carries it. NFS does, since Linux 2.6.12: there it becomes a
lock of the whole range of bytes, which the server keeps. Some servers and some mounts have none, and a warning
says so: then a run is protected by its files appearing whole (`atomic`), and by the claims of those that share it.
"""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; runs there are not guarded against a second writer.
    fcntl = None  # type: ignore[assignment]

from tdaglass.runs.atomic import told_in_words

log = logging.getLogger(__name__)

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_NAME_BYTES = 200
_held: set[int] = set()


def acquire(path: Path, purpose: str, *, wait: bool = False, shared: bool = False) -> int:
    """Lock a file and return the descriptor that holds the lock.

    Parameters
    ----------
    path : Path
        The lock file; made if absent, never removed, since removing it would let two holders in.
    purpose : str
        What is locked, for the message.
    wait : bool
        Wait for the present holders instead of refusing.
    shared : bool
        Hold it together with all who share it.

    Returns
    -------
    int
        File descriptor, for `release`. A forked child does not hold it.

    Raises
    ------
    BlockingIOError
        Another process holds the lock, and one of the two does not share it.
    """
    with told_in_words(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _lock(descriptor, purpose, wait, shared)
        holder = f"process {os.getpid()} on {socket.gethostname()}" + (
            " and all that share it" if shared else ""
        )
        with suppress(OSError):  # A full disk: the name is for the message only.
            # One write of a fixed length, as those that share it may write at the same time.
            os.pwrite(descriptor, holder.encode()[:_NAME_BYTES].ljust(_NAME_BYTES), 0)
    except BaseException:
        os.close(descriptor)
        raise
    _held.add(descriptor)
    return descriptor


def release(descriptor: int) -> None:
    """Give the lock back."""
    if descriptor in _held:
        _held.remove(descriptor)
        os.close(descriptor)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """Hold a file that is there against all who do the same; without effect where that cannot be had.

    Raises
    ------
    BlockingIOError
        Another holds it.
    FileNotFoundError
        There is none.
    """
    try:
        descriptor = os.open(path, os.O_RDWR)
    except PermissionError:  # Another user's.
        yield
        return
    try:
        if fcntl is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, purpose: str, wait: bool, shared: bool) -> None:
    if fcntl is None:
        return
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        holder = os.read(descriptor, _NAME_BYTES).decode(errors="replace").strip() or "another process"
        raise BlockingIOError(
            f"{purpose} is being written by {holder}; try again when it has ended, or name another folder"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        log.warning("%s: this file system has no locks, so that nothing keeps a second writer out", purpose)


def _let_go_in_child() -> None:
    # A worker that outlives its killed parent would hold the lock against the parent's successor.
    for descriptor in list(_held):
        release(descriptor)


if fcntl is not None:
    os.register_at_fork(after_in_child=_let_go_in_child)
