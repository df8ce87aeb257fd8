"""Sums whose order of additions is written down, so that they do not depend on batch, device or compiler."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def pairwise_sum(x: Float[Array, "*batch n"]) -> Float[Array, "*batch"]:
    """Sum over the last axis by repeated halving.

    A compiler is free to reorder an ordinary reduction, and does so differently for one system and for a
    batch of them; in chaotic dynamics the last bit is enough to make two different trajectories.
    """
    n = x.shape[-1]
    size = 1 << max(n - 1, 0).bit_length()
    x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, size - n)])
    while size > 1:
        size //= 2
        x = x[..., :size] + x[..., size:]
    return x[..., 0]


def rounded(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The same numbers, each a product that is rounded by itself before it is added to anything.

    Of two products that are added, the compiler may contract either one with the addition, and chooses
    differently in a batch. It does not see through the comparison, which is false for NaN: that becomes infinity.
    """
    return jnp.where(x == x, x, jnp.inf)
