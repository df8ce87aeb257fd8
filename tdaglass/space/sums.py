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
