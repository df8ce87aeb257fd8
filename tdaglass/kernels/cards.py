"""CUDA cards, as their driver describes them."""

import ctypes
from dataclasses import dataclass

from tdaglass.kernels.library import library

FUNCTIONS = ("tdaglass_card",)
# What the driver is opened by; machines without a card have none.
DRIVER = "libcuda.so.1"


class Record(ctypes.Structure):
    """As `Card` in ``src/cuda/launch/driver.hpp``."""

    _fields_ = (
        ("name", ctypes.c_char * 128),
        ("memory", ctypes.c_int64),
        ("major", ctypes.c_int32),
        ("minor", ctypes.c_int32),
        ("multiprocessors", ctypes.c_int32),
        ("shared_per_block", ctypes.c_int32),
        ("shared_per_multiprocessor", ctypes.c_int32),
        ("driver", ctypes.c_int32),
    )


@dataclass(frozen=True)
class Card:
    """What a kernel has to know of a card.

    Attributes
    ----------
    name : str
    memory : int
        Bytes.
    major, minor : int
        Of its compute capability.
    multiprocessors : int
    shared_per_block, shared_per_multiprocessor : int
        Bytes of shared memory.
    driver : int
        The newest version of CUDA that the driver knows, 1000 major + 10 minor.
    """

    name: str
    memory: int
    major: int
    minor: int
    multiprocessors: int
    shared_per_block: int
    shared_per_multiprocessor: int
    driver: int

    @property
    def architecture(self) -> int:
        """10 major + minor."""
        return 10 * self.major + self.minor

    def record(self) -> Record:
        """The same for the library."""
        return Record(self.name.encode(), *(getattr(self, name) for name, _ in Record._fields_[1:]))


def find_card(ordinal: int) -> Card | str:
    """A card by the number that it has in this process, or a sentence that says why there is none."""
    record, said = Record(), ctypes.create_string_buffer(512)
    if library().tdaglass_card(DRIVER.encode(), ctypes.c_int32(ordinal), ctypes.byref(record), said, 512):
        return f"{said.value.decode(errors='replace')}; try engine='jax'"
    name, *numbers = (getattr(record, name) for name, _ in Record._fields_)
    return Card(name.decode(errors="replace"), *numbers)
