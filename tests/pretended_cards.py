"""Two CUDA cards that are not there (`pretended_cards.cpp`), for tests of everything around the block kernel."""

import ctypes
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import jax
import jaxlib
import pytest
from compiled_programs import compiled_here

from tdaglass.kernels import blocks, cards, library, nvrtc

SOURCES = Path(library.__file__).parent / "src"
SOURCE = Path(__file__).with_suffix(".cpp")
COMPILER = os.environ.get("CXX") or shutil.which("c++")
FLAGS = ["-O1", "-march=native", *(SOURCES / "flags.txt").read_text().split()]


class PretendedCards:
    """What the driver was asked for, and what it is to say."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.pretended_launches.restype = ctypes.c_char_p
        self.reset()

    def reset(self) -> None:
        """Cards as NVIDIA's H100, on which nothing fails."""
        self.fails("", 0)
        self.card()
        self.scratch(1 << 40)
        self.launches()
        forget()

    def fails(self, function: str, code: int = 2) -> None:
        """Of the driver's functions this one fails from now on, by default for want of memory."""
        self.library.pretend_failure(function.encode(), code)

    def card(self, architecture: int = 90, shared_bytes: int = 232448, memory: int = 80 << 30) -> None:
        """Of this kind both cards are."""
        self.library.pretend_card(architecture, shared_bytes, ctypes.c_int64(memory))
        forget()

    def scratch(self, most: int) -> None:
        """More bytes at once than these are not to be had."""
        self.library.pretend_scratch(ctypes.c_int64(most))

    def launches(self) -> list[str]:
        """Kernel, blocks and threads of the launches since the last time."""
        return self.library.pretended_launches().decode().splitlines()

    def modules(self) -> int:
        """Machine code that was loaded to a card."""
        return self.library.pretended_modules()

    def contexts(self) -> int:
        """Contexts that were pushed and not popped."""
        return self.library.pretended_contexts()


def forget() -> None:
    """Cards, and code for them, are looked for again."""
    for known in (blocks.cards_or_why, blocks.why_no_card, blocks.why_no_block, blocks.compile_for):
        known.cache_clear()


@contextmanager
def pretended_cards() -> Iterator[PretendedCards]:
    """Engine "cuda" runs on JAX's CPU devices, each of which is taken for a card."""
    path, opened = _library()
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks, cards):
            patch.setattr(module, "library", lambda: opened)
        patch.setattr(cards, "DRIVER", str(path))
        patch.setattr(blocks, "BACKEND", "cpu")
        compiler = nvrtc.Compiler("", (13, 0), (75, 80, 90), opened)
        patch.setattr(blocks, "find_compiler", lambda architecture, driver: compiler)
        # The driver reads the choices that a compiler would have made use of.
        patch.setattr(blocks, "machine_code", lambda _, options, target: " ".join(options).encode() + b"\0")
        here = PretendedCards(opened)
        try:
            yield here
        finally:
            here.reset()
    forget()


@cache
def _library() -> tuple[Path, ctypes.CDLL]:
    """Compiled where compiled programs are kept, unless that was done before."""
    if COMPILER is None:
        pytest.skip("no C++ compiler")
    include = Path(jaxlib.__file__).parent / "include"
    command = [
        COMPILER,
        "-std=c++20",
        "-fPIC",
        "-shared",
        "-pthread",
        *FLAGS,
        f"-I{SOURCES}",
        "-isystem",
        str(include),
    ]
    made_of = hashlib.sha256(repr(command).encode() + SOURCE.read_bytes())
    for path in sorted(SOURCES.rglob("*.hpp")):
        made_of.update(path.read_bytes())
    path = compiled_here() / f"pretended_cards-{made_of.hexdigest()[:16]}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        ours = path.with_suffix(f".{os.getpid()}")
        subprocess.run([*command, str(SOURCE), "-o", str(ours)], check=True)
        os.replace(ours, path)
    opened = ctypes.CDLL(str(path))
    for name in blocks.TARGETS:
        jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(getattr(opened, name)), platform="cpu")
    return path, opened
