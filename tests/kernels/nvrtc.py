"""What NVIDIA's compiler says of the block kernel, where its wheel is installed: it needs no card."""

import re
from dataclasses import dataclass

from tdaglass.kernels import machine_code
from tdaglass.kernels.nvrtc import Compiler


@dataclass(frozen=True)
class Kernel:
    """What a kernel takes: registers of a thread, bytes spilled and on the stack, bytes of shared memory."""

    registers: int
    spilled: int
    stack: int
    shared: int


def kernels_of(compiler: Compiler, card: int, options: str) -> dict[str, Kernel]:
    """What the assembler says of each kernel in the device text."""
    words = [*options.split(), "--ptxas-options=-v"]
    code, said = compiler.compile_and_tell(machine_code.texts(), machine_code.ENTRY, words, f"sm_{card}")
    assert code
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
