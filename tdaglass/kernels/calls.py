"""How plain C functions of arrays are called: types are checked first, as addresses are all that they get."""

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np

from tdaglass.kernels.library import library

Array = np.ndarray


def checked(name: str, array: Array, dtype: Any, shape: tuple[int, ...]) -> Array:
    """An array that is what the kernels, which have but its address, read it as."""
    wrong = not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape
    if wrong or not array.flags.c_contiguous:
        strides = "" if wrong else " in another order"
        raise TypeError(
            f"expected {name} {np.dtype(dtype)} {shape}, got {what(array)}{strides}; "
            f"try np.ascontiguousarray(..., np.{np.dtype(dtype)})"
        )
    return array


def what(x: object) -> str:
    """Type and shape, for a message."""
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__


def numbers(name: str, array: Array, shape: tuple[int, ...], below: int) -> Array:
    """Numbers of what there are so many of, at which the kernels look without asking."""
    checked(name, array, np.int32, shape)
    if array.size and (array.min() < 0 or array.max() >= below):
        raise ValueError(
            f"expected {name} from 0 to {below - 1}, got {array.min()} to {array.max()}; try those of one complex"
        )
    return array


def pointers(arrays: Sequence[Array]) -> ctypes.Array:
    """Addresses of arrays that the kernels take as one."""
    return (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))


def call(name: str, *arguments: object) -> int:
    """A function of the library: what it counts, or a negative number that says why not.

    Raises
    ------
    MemoryError
    TypeError
        For numbers of a type that it does not know.
    """
    function = getattr(library(), f"tdaglass_{name}")
    function.restype = ctypes.c_int64
    count = function(*map(_argument, arguments))
    if count == -2:
        raise MemoryError(f"not enough memory to {name.replace('_', ' ')}; try fewer structures at a time")
    if count == -3:
        raise TypeError(f"expected numbers that the kernels know, to {name}, got others; try np.float64")
    return count


def _argument(x: object) -> object:
    if isinstance(x, np.ndarray):
        return ctypes.c_void_p(x.ctypes.data)
    return ctypes.c_int64(x) if isinstance(x, int) else x
