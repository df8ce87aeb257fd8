"""NVIDIA's run-time compiler, where its wheel is installed: it needs no card."""

import ctypes
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "tdaglass" / "kernels" / "src" / "cuda"


@dataclass(frozen=True)
class Kernel:
    """What a kernel takes: registers of a thread, bytes spilled and on the stack, bytes of shared memory."""

    registers: int
    spilled: int
    stack: int
    shared: int


@cache
def libraries() -> tuple[Path, ...]:
    """Those of NVIDIA's wheels, the newest first."""
    found = importlib.util.find_spec("nvidia")
    places = list(found.submodule_search_locations or ()) if found else []
    paths = (path for place in places for path in Path(place).glob("*/lib/libnvrtc.so.*"))
    return tuple(sorted(paths, key=lambda path: path.suffix, reverse=True))


@cache
def load(path: Path) -> ctypes.CDLL:
    for builtins in path.parent.glob("libnvrtc-builtins.so.*"):  # it would be looked for elsewhere
        ctypes.CDLL(str(builtins), ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(path))


def architectures(path: Path) -> list[int]:
    count = ctypes.c_int()
    load(path).nvrtcGetNumSupportedArchs(ctypes.byref(count))
    found = (ctypes.c_int * count.value)()
    load(path).nvrtcGetSupportedArchs(found)
    return list(found)


def compile_kernels(path: Path, architecture: int, options: str) -> dict[str, Kernel]:
    """What the assembler says of each kernel in advance.cu."""
    nvrtc, program = load(path), ctypes.c_void_p()
    headers = sorted(SOURCES.glob("*.hpp"))
    texts = (ctypes.c_char_p * len(headers))(*(header.read_bytes() for header in headers))
    names = (ctypes.c_char_p * len(headers))(*(header.name.encode() for header in headers))
    words = [f"--gpu-architecture=sm_{architecture}", "--ptxas-options=-v", *options.split()]
    text = (SOURCES / "advance.cu").read_bytes()
    assert not nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), text, b"advance.cu", len(headers), texts, names
    )
    failed = nvrtc.nvrtcCompileProgram(
        program, len(words), (ctypes.c_char_p * len(words))(*map(str.encode, words))
    )
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    said = log.value.decode()
    assert not failed, said
    nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size))
    assert size.value > 0
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    kernels = {}
    for name, about in re.findall(
        r"Compiling entry function '(\w+)'(.*?)(?=Compiling entry function|\Z)", said, re.S
    ):
        number = lambda pattern, about=about: int((re.search(pattern, about) or [0, 0])[1])  # noqa: E731
        spilled = number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads")
        kernels[name] = Kernel(
            number(r"Used (\d+) registers"),
            spilled,
            number(r"(\d+) bytes stack frame"),
            number(r"(\d+) bytes smem"),
        )
    return kernels
