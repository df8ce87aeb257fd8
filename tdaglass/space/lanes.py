"""Arithmetic on single numbers that gives the same bits alone and in any batch."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

# As many lanes as the widest vector registers hold floats.
LANES = 16


def in_lanes(function: Callable[..., Any]) -> Callable[..., Any]:
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
