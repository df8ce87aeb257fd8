"""NVRTC, NVIDIA's compiler as a library: found in wheels or on the system, never imported, never linked to.

It needs no card. Nothing here is touched before somebody wants machine code for a card.
"""

import ctypes
import importlib.util
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

# Oldest first: what the block kernel needs is there since Volta.
OLDEST_ARCHITECTURE = 70
_SYSTEM = ("libnvrtc.so.13", "libnvrtc.so.12")
_FAILED = "expected NVRTC {version} to compile the block kernel for {target}, got {said!r}; try engine='jax'"


class CompilationError(RuntimeError):
    """Text that NVRTC does not take; the message says what it said."""


@dataclass(frozen=True)
class Compiler:
    """One NVRTC.

    Attributes
    ----------
    path : str
        The library.
    version : (major, minor)
        Of CUDA.
    architectures : tuple of int
        10 major + minor of the compute capabilities that it knows, from the oldest.
    """

    path: str
    version: tuple[int, int]
    architectures: tuple[int, ...]
    library: ctypes.CDLL = field(compare=False, repr=False)

    def target(self, architecture: int) -> str | None:
        """What to compile for, for a card: its machine code, or what its driver translates; None if neither."""
        if architecture in self.architectures:
            return f"sm_{architecture}"
        older = [known for known in self.architectures if known < architecture]
        return f"compute_{older[-1]}" if older else None

    def compile(self, texts: Mapping[str, bytes], entry: str, options: Sequence[str], target: str) -> bytes:
        """Machine code of one text, which includes the others by their names.

        Raises
        ------
        CompilationError
            With the first error that the compiler reports.
        """
        return self.compile_and_tell(texts, entry, options, target)[0]

    def compile_and_tell(
        self, texts: Mapping[str, bytes], entry: str, options: Sequence[str], target: str
    ) -> tuple[bytes, str]:
        """The same, and what the compiler says of it."""
        names = [name for name in texts if name != entry]
        program = ctypes.c_void_p()
        strings = ctypes.c_char_p * len(names)
        self._call(
            "nvrtcCreateProgram",
            ctypes.byref(program),
            texts[entry],
            entry.encode(),
            len(names),
            strings(*(texts[name] for name in names)),
            strings(*(name.encode() for name in names)),
        )
        try:
            words = [word.encode() for word in (f"--gpu-architecture={target}", *options)]
            if self.library.nvrtcCompileProgram(program, len(words), (ctypes.c_char_p * len(words))(*words)):
                log = self._log(program)
                errors = [line for line in log.splitlines() if "error" in line] or [log.strip()]
                raise CompilationError(
                    _FAILED.format(version=self._version(), target=target, said=errors[0][:300])
                )
            return self._get("CUBIN" if target.startswith("sm_") else "PTX", program), self._log(program)
        finally:
            self.library.nvrtcDestroyProgram(ctypes.byref(program))

    def _log(self, program: ctypes.c_void_p) -> str:
        return self._get("ProgramLog", program).rstrip(b"\0").decode(errors="replace")

    def _get(self, what: str, program: ctypes.c_void_p) -> bytes:
        size = ctypes.c_size_t()
        self._call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        found = ctypes.create_string_buffer(size.value)
        self._call(f"nvrtcGet{what}", program, found)
        return found.raw

    def _call(self, name: str, *arguments: object) -> None:
        if code := getattr(self.library, name)(*arguments):
            said = f"{name}: error {code}"
            raise CompilationError(_FAILED.format(version=self._version(), target="a card", said=said))

    def _version(self) -> str:
        return "{}.{}".format(*self.version)


def compilers() -> list[Compiler]:
    """All that are installed."""
    return [compiler for path in _paths() if (compiler := _open(path))]


def find_compiler(architecture: int, driver: int) -> Compiler | str:
    """The newest NVRTC for a card, or a sentence that says why there is none.

    Parameters
    ----------
    architecture : int
        10 major + minor of the card's compute capability.
    driver : int
        The newest version of CUDA that the driver knows, 1000 major + 10 minor; machine code of a newer major
        version it would refuse.
    """
    if architecture < OLDEST_ARCHITECTURE:
        return (
            f"the block kernel runs on cards of compute capability {_dotted(OLDEST_ARCHITECTURE)} and later, got "
            f"{_dotted(architecture)}; try engine='jax'"
        )
    major = driver // 1000
    found = compilers()
    usable = [compiler for compiler in found if compiler.version[0] <= major]
    for compiler in sorted(usable, key=lambda compiler: compiler.version, reverse=True):
        if compiler.target(architecture):
            return compiler
    if usable:
        return (
            f"NVRTC {usable[0]._version()} does not know cards of compute capability {_dotted(architecture)}; try "
            "`pip install nvidia-cuda-nvrtc-cu12`"
        )
    what = f"NVRTC {found[0]._version()} is newer than the driver" if found else "NVRTC is not installed"
    wheel = "nvidia-cuda-nvrtc" if major >= 13 else "nvidia-cuda-nvrtc-cu12"
    return f"{what}, which compiles the block kernel for the card; try `pip install {wheel}`"


def _dotted(architecture: int) -> str:
    return f"{architecture // 10}.{architecture % 10}"


def _paths() -> Iterator[str]:
    """Where an NVRTC may be: NVIDIA's wheels, then the system's libraries."""
    wheels = importlib.util.find_spec("nvidia")
    for root in wheels.submodule_search_locations or () if wheels else ():
        for path in sorted(Path(root).glob("*/lib/libnvrtc.so.*")):
            if re.fullmatch(r"libnvrtc\.so\.\d+", path.name):
                yield str(path)
    yield from _SYSTEM


@cache
def _open(path: str) -> Compiler | None:
    try:
        # NVRTC asks for this by its name alone, which finds it once it is there.
        for builtins in sorted(Path(path).parent.glob("libnvrtc-builtins.so.*")) if "/" in path else ():
            ctypes.CDLL(str(builtins))
        library = ctypes.CDLL(path)
        major, minor, n = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        if library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)):
            return None
        library.nvrtcGetNumSupportedArchs(ctypes.byref(n))
        architectures = (ctypes.c_int * n.value)()
        library.nvrtcGetSupportedArchs(architectures)
    except (OSError, AttributeError):
        return None
    return Compiler(path, (major.value, minor.value), tuple(sorted(architectures)), library)
