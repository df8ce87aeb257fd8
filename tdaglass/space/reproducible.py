"""Arithmetic that gives the same bits alone and in any batch, on any device.

A compiler is free to reorder sums, to contract products with additions, and to take another code path for what
does not fill its vectors; in chaotic dynamics the last bit is enough to make two different trajectories.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float

# As many lanes as the widest vector registers hold floats.
LANES = 16


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


def in_full_vectors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Evaluate `function`, and every batch of it, on whole vectors of lanes.

    A compiler takes one code path for a lone number, another for full vectors and a third for what is left over,
    and their exponentials differ in the last bit. Filling the vectors up leaves one path. The spare lanes compute
    with one half, which is neither a constant the compiler could fold nor a number that overflows.
    """

    def on_batch(size: int, args: tuple) -> Any:
        # At least one: a full batch without spare lanes would be simplified and fused along another path.
        spare = LANES - size % LANES
        filled = jax.tree.map(
            lambda x: jnp.concatenate([x, jnp.full((spare, *x.shape[1:]), 0.5, x.dtype)]), args
        )
        return jax.tree.map(lambda x: x[:size], jax.vmap(function)(*filled))

    @custom_vmap
    def evaluate(*args: Any) -> Any:
        return jax.tree.map(lambda x: x[0], on_batch(1, jax.tree.map(lambda x: x[None], args)))

    @evaluate.def_vmap
    def _(size: int, in_batched: list, *args: Any) -> tuple[Any, Any]:
        args = jax.tree.map(
            lambda x, batched: x if batched else jnp.broadcast_to(x, (size, *x.shape)),
            args,
            tuple(in_batched),
        )
        out = on_batch(size, args)
        return out, jax.tree.map(lambda _: True, out)

    return wraps(function)(lambda *args: evaluate(*args))
