"""CUDA cards, as their driver describes them."""

import ctypes
from dataclasses import dataclass

from tdaglass.kernels.library import library

FUNCTIONS = ("tdaglass_card",)
# What the driver is opened by; machines without a card have none.
DRIVER = "libcuda.so.1"


class _Record(ctypes.Structure):
    """As `Card` in ``src/cuda/launch/driver.hpp``."""

    _fields_ = (
        ("name", ctypes.c_char * 128),
        ("memory", ctypes.c_int64),
        ("major", ctypes.c_int32),
        ("minor", ctypes.c_int32),
        ("multiprocessors", ctypes.c_int32),
        ("shared_bytes", ctypes.c_int32),
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
    architecture : int
        10 major + minor of the compute capability.
    multiprocessors : int
    shared_bytes : int
        Of shared memory that a block may have.
    driver : int
        The newest version of CUDA that the driver knows, 1000 major + 10 minor.
    """

    name: str
    memory: int
    architecture: int
    multiprocessors: int
    shared_bytes: int
    driver: int


def find_card(ordinal: int) -> Card | str:
    """A card by the number that it has in this process, or a sentence that says why there is none."""
    record, said = _Record(), ctypes.create_string_buffer(512)
    if library().tdaglass_card(DRIVER.encode(), ctypes.c_int32(ordinal), ctypes.byref(record), said, 512):
        return f"{said.value.decode(errors='replace')}; try engine='jax'"
    return Card(
        record.name.decode(errors="replace"),
        record.memory,
        10 * record.major + record.minor,
        record.multiprocessors,
        record.shared_bytes,
        record.driver,
    )
