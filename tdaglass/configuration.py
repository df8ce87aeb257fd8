"""The record that every room shares: where the particles are, what they are, and the cell they live in."""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


class Configuration(NamedTuple):
    """Particles of one system; a batch is the same record with leading axes.

    Attributes
    ----------
    positions : (..., particles, dim), length units
        *Unwrapped* where a trajectory continues them: a particle that leaves through a face keeps going.
    species : (..., particles), integer
        0 for A, 1 for B, ...
    box : (..., dim) or (..., dim, dim), length units, or None
        Edges of the periodic cell with its lower corner at the origin, or its lattice vectors as rows where it is
        not orthorhombic; the axes in front are those of the positions. An infinite edge is open space along that
        axis; None is open space.
    diameters : (..., particles), length units, or None
        Of particles that have one each; None where nobody knows, or the species tells it.
    """

    positions: Float[Array, "*batch particles dim"]
    species: Int[Array, "*batch particles"]
    box: Float[Array, "*batch dim"] | Float[Array, "*batch dim dim"] | None
    diameters: Float[Array, "*batch particles"] | None = None


def unstack(batch: Configuration) -> Iterator[Configuration]:
    """The configurations of a batch one by one, as JAX arrays.

    Parameters
    ----------
    batch : Configuration
        Positions (configurations, ..., particles, dim), species and box with the same leading axis; NumPy or JAX
        arrays.

    Yields
    ------
    Configuration
        Without the first axis.

    Raises
    ------
    ValueError
        The positions are those of one configuration.

    Examples
    --------
    >>> batch = Configuration(np.zeros((2, 5, 3)), np.zeros((2, 5), int), np.ones((2, 3)))
    >>> [one.positions.shape for one in unstack(batch)]
    [(5, 3), (5, 3)]
    """
    host = jax.tree.map(np.asarray, batch)
    if host.positions.ndim < 3:
        raise ValueError(
            f"expected positions (configurations, particles, dim), got {host.positions.shape}; try a list of the "
            "one configuration"
        )
    for c in range(len(host.positions)):
        yield jax.tree.map(lambda x, c=c: jnp.asarray(x[c]), host)
