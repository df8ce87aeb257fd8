"""Energies of particles from all pairs, a row of them after another: without tables, right at every size."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

# Rows at a time, which bounds the memory.
ROWS = 64


def by_rows(row: Callable[[Int[Array, ""]], Array], n: int) -> Float[Array, " n"]:
    """What `row` gives for each particle; the backward pass recomputes a row instead of keeping n of them."""
    return lax.map(jax.checkpoint(row), jnp.arange(n), batch_size=min(n, ROWS))


def nearest_image(along: Float[Array, "n dim"], box: Float[Array, " dim"]) -> Float[Array, "n dim"]:
    """Vectors in a periodic box, of all that mean the same the shortest."""
    return along - box * jnp.round(along / box)


def squared_distances(
    positions: Float[Array, "n dim"], i: Int[Array, ""], box: Float[Array, " dim"]
) -> Float[Array, " n"]:
    """From particle i to all."""
    along = nearest_image(positions[i] - positions, box)
    return jnp.sum(along * along, axis=-1)
