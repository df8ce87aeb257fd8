"""Functions of particles, a block of them at a time, which bounds the memory, in reverse mode too."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array


def over_blocks(function: Callable[..., Any], arrays: tuple[Array, ...], size: int) -> Any:
    """A function's results for all particles; in reverse mode only what it is given is kept.

    Parameters
    ----------
    function : callable, of arrays (block, ...), to an array or a pytree of them (block, ...)
    arrays : tuple of (particles, ...)
        Filled up with zeros to whole blocks.
    size : int
        Particles of a block; all at once where there are no more.
    """
    n = len(arrays[0])
    if n <= size:
        return function(*arrays)
    n_blocks = -(-n // size)

    def split(x: Array) -> Array:
        padded = jnp.pad(x, [(0, n_blocks * size - n)] + [(0, 0)] * (x.ndim - 1))
        return padded.reshape(n_blocks, size, *x.shape[1:])

    one_block = jax.checkpoint(lambda block: function(*block), prevent_cse=False)
    out = lax.map(one_block, jax.tree.map(split, arrays))
    return jax.tree.map(lambda x: x.reshape(n_blocks * size, *x.shape[2:])[:n], out)
