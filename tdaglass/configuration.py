"""The record that every room shares: where the particles are, what they are, and the cell they live in."""

from typing import NamedTuple

from jaxtyping import Array, Float, Int


class Configuration(NamedTuple):
    """Particles of one system; a batch is the same record with leading axes.

    Attributes
    ----------
    positions : (..., particles, dim), length units
        *Unwrapped* where a trajectory continues them: a particle that leaves through a face keeps going.
    species : (..., particles), integer
        0 for A, 1 for B, ...
    box : (..., dim), length units, or None
        Edge lengths of the periodic orthorhombic cell with its corner at the origin; None for open space.
    diameters : (..., particles), length units, or None
        Of particles that have one each; None where nobody knows, or the species tells it.
    """

    positions: Float[Array, "*batch particles dim"]
    species: Int[Array, "*batch particles"]
    box: Float[Array, "*batch dim"] | None
    diameters: Float[Array, "*batch particles"] | None = None
