"""Machine code of the block kernel: compiled at first use for the card that is found, and kept on disk.

What is kept is named by all that it was made of: another text, option, card or compiler finds nothing old.
"""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import jax

from tdaglass.kernels.nvrtc import Compiler

SOURCES = Path(__file__).with_name("src") / "cuda"
ENTRY = "advance.cu"


@cache
def texts() -> dict[str, bytes]:
    """The block kernel as it was shipped: the entry, and what it includes."""
    return {
        path.name: path.read_bytes() for path in sorted(SOURCES.iterdir()) if path.suffix in (".cu", ".hpp")
    }


def machine_code(compiler: Compiler, options: Sequence[str], target: str) -> bytes:
    """Machine code of the block kernel, from the disk where it was compiled before.

    Parameters
    ----------
    compiler : Compiler
    options : sequence of str
        Of the compiler, as ``-DDIMENSION=2``.
    target : str
        See `Compiler.target`.

    Raises
    ------
    CompilationError
        If the compiler does not take the text.
    """
    made_of = hashlib.sha256(repr((compiler.version, tuple(options), target)).encode())
    for name, text in texts().items():
        made_of.update(f"{name} {len(text)} ".encode() + text)
    path = _folder() / f"block-{made_of.hexdigest()[:32]}.{target}"
    return _read(path) or _keep(path, compiler.compile(texts(), ENTRY, options, target))


def _folder() -> Path:
    """Beside JAX's compiled programs, where the user keeps these."""
    kept = getattr(jax.config, "jax_compilation_cache_dir", None)
    if kept and "://" not in kept:
        return Path(kept) / "tdaglass"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tdaglass"


def _read(path: Path) -> bytes | None:
    """What was kept, unless it is damaged: its fingerprint comes first."""
    with suppress(OSError):
        kept = path.read_bytes()
        if hashlib.sha256(kept[32:]).digest() == kept[:32]:
            return kept[32:]
    return None


def _keep(path: Path, code: bytes) -> bytes:
    """Keep it if the disk allows; others may be writing the same."""
    with suppress(OSError), tempfile.TemporaryDirectory(dir=_made(path.parent), prefix=".") as folder:
        partial = Path(folder) / path.name
        partial.write_bytes(hashlib.sha256(code).digest() + code)
        os.replace(partial, path)
    return code


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
