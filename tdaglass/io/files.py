"""Files as bytes: looked for with a sentence for what is missing, opened plain or compressed.

Compression is recognised by the first bytes, never by the name, so a renamed file is read all the same.
"""

import bz2
import gzip
import io
import lzma
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_MAGIC = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
COMPRESSED = tuple(_MAGIC.values())


def readable(path: str | os.PathLike) -> Path:
    """The path of a file that can be read, or the error that says why not."""
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"expected a file at {path}, got nothing there; try its full path")
    if not file.is_file():
        raise IsADirectoryError(f"expected a file at {path}, got a folder; try a file inside it")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"expected a readable file, got {path} without permission; try chmod +r {path}")
    return file


def suffix_of(path: Path) -> str:
    """The suffix that tells the format, in lower case: that of a compressed file's content.

    Examples
    --------
    >>> suffix_of(Path("glass.XYZ.gz")), suffix_of(Path("glass.dump"))
    ('.xyz', '.dump')
    """
    bare = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return bare.suffix.lower()


def compression(path: Path) -> str | None:
    """The suffix that the first bytes of a file stand for; None where it is not compressed."""
    with open(path, "rb") as file:
        first = file.read(8)
    return next((suffix for magic, suffix in _MAGIC.items() if first.startswith(magic)), None)


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file, decompressed while they are read.

    Raises
    ------
    ValueError
        The compressed file is damaged or cut short; raised when the damage is reached.
    ImportError
        Its compression needs a package that is not there.
    """
    kind = compression(path)
    with _open(path, kind) as file:
        try:
            # Not every decompressor gives lines.
            yield file if kind is None else io.BufferedReader(file, 1 << 16)
        except Exception as error:
            if kind is None or not isinstance(error, _damage(kind)):
                raise
            raise ValueError(
                f"expected a whole compressed file, got {path.name}, which is damaged or cut short; try "
                f"decompressing it by itself ({_PROGRAM[kind]}), or fetching it again"
            ) from error


@contextmanager
def plain(path: Path) -> Iterator[Path]:
    """The path itself, or that of a decompressed copy under the same name, for readers that open by name."""
    if compression(path) is None:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        name = path.with_suffix("").name if path.suffix.lower() in COMPRESSED else path.name
        copy = Path(folder) / name
        with opened(path) as source, open(copy, "wb") as target:
            shutil.copyfileobj(source, target)
        yield copy


@contextmanager
def opened_to_write(path: Path, kind: str) -> Iterator[io.TextIOBase]:
    """A text file at `path` whose bytes are compressed by the kind that a suffix names; "" for plain text."""
    with (
        _open(path, kind or None, "wb") as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="\n") as text,
    ):
        yield text


_PROGRAM = {".gz": "gunzip", ".bz2": "bunzip2", ".xz": "unxz", ".zst": "unzstd"}


def _open(path: Path, kind: str | None, mode: str = "rb") -> Any:
    if kind == ".gz":
        return gzip.open(path, mode)
    if kind == ".bz2":
        return bz2.open(path, mode)
    if kind == ".xz":
        return lzma.open(path, mode)
    if kind == ".zst":
        zstd = _zstd(path)
        old = mode == "rb" and hasattr(zstd, "ZstdDecompressor") and zstd.__name__ == "zstandard"
        return _ZstandardFile(path, zstd) if old else zstd.open(path, mode)
    return open(path, mode)


class _ZstandardFile(io.RawIOBase):
    """Bytes that the zstandard package decompresses, whose own reader does not notice where a file was cut."""

    def __init__(self, path: Path, zstd: Any):
        self._new = zstd.ZstdDecompressor().decompressobj
        self._frame = self._new()
        self._file = open(path, "rb")  # noqa: SIM115  (closed with the object, as any file)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            if self._frame.eof:
                packed = self._frame.unused_data or self._file.read(1 << 17)
                self._frame = self._new() if packed else self._frame
            else:
                packed = self._file.read(1 << 17)
                if not packed:
                    raise EOFError
            if not packed:
                return 0
            self._left = self._frame.decompress(packed)
        taken = self._left[: len(buffer)]
        buffer[: len(taken)], self._left = taken, self._left[len(taken) :]
        return len(taken)

    def close(self) -> None:
        self._file.close()
        super().close()


def _zstd(path: Path) -> Any:
    try:
        from compression import zstd  # of Python 3.14
    except ImportError:
        try:
            import zstandard as zstd
        except ImportError:
            raise ImportError(
                f"expected the zstandard package to read {path.name}, got none; try pip install zstandard"
            ) from None
    return zstd


def _damage(kind: str) -> tuple[type[Exception], ...]:
    """What decompressors raise at a damaged file."""
    zstd = (_zstd(Path()).ZstdError,) if kind == ".zst" else ()
    return (EOFError, OSError, zlib.error, lzma.LZMAError, *zstd)
