"""Products of matrices whose bits do not depend on the number of threads."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass.learning.pieces import PIECE, in_pieces


def ordered_product(
    x: Float[Array, "*rows inputs"], kernel: Float[Array, "inputs units"], *_: Any, **__: Any
) -> Float[Array, "*rows units"]:
    """`x @ kernel`; on a CPU it and its derivatives are sums of pieces in a fixed order, about as fast.

    Of layers that see every particle, so that the sums over rows in the gradient of their kernel are long. Rows
    that `vmap` adds are not counted. What else layers tell a `dot_general` is ignored.

    Examples
    --------
    >>> ordered_product(jnp.ones((2, 5, 300)), jnp.ones((300, 7))).shape
    (2, 5, 7)
    """
    return _product(x, kernel)


@jax.jit  # outside `jit`, too, there is one program for each shape
def _product(x: Array, kernel: Array) -> Array:
    return jax.lax.platform_dependent(x, kernel, cpu=_in_pieces, default=jnp.matmul)


def _in_pieces(x: Array, kernel: Array) -> Array:
    inputs, units = kernel.shape
    rows = x.reshape(-1, inputs)
    pieces = jax.lax.map(lambda some: _of_few(some, kernel), in_pieces(rows))
    every = pieces.reshape(pieces.shape[0] * pieces.shape[1], units)
    return every[: len(rows)].reshape(*x.shape[:-1], units)


def _of_few(rows: Array, kernel: Array) -> Array:
    """The gradient of the rows is a sum over units, which are taken in pieces, too."""
    of_units = []
    for j in range(0, kernel.shape[1], PIECE):
        some = kernel[:, j : j + PIECE]
        parts = [rows[:, i : i + PIECE] @ some[i : i + PIECE] for i in range(0, len(kernel), PIECE)]
        of_units.append(sum(parts[1:], parts[0]))
    return jnp.concatenate(of_units, axis=1)
