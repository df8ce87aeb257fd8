"""The spheres with which holes open and end, in double precision on the host."""

import numpy as np

from tdaglass.kernels.topology import Sites, Spheres
from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.engine import loops
from tdaglass.topology.persistence import Pairs

# Of squared radii, relative to them.
ROUNDING = 1e-13


def critical_spheres(complex_: AlphaComplex, given: Sites, pairs: Pairs) -> tuple[Spheres, Spheres]:
    """Of births and of deaths, for the pairs that persist.

    Parameters
    ----------
    complex_ : AlphaComplex
    given : Sites
        What it was made of, neither moved into the box nor perturbed: values are those of these points.
    pairs : Pairs

    Returns
    -------
    tuple of Spheres
        In the order of births.
    """
    last = np.flatnonzero(pairs.death > pairs.birth)
    birth, death = pairs.birth[last], pairs.death[last]
    opens, ends = (
        loops().spheres(complex_.sites, given.position, complex_.wrapped, complex_.simplices[k], chosen[last])
        for k, chosen in ((pairs.dimension, pairs.birth_simplex), (pairs.dimension + 1, pairs.death_simplex))
    )
    # Where many points lie on one sphere, rounding (or perturbation) lets pairs persist for as little as it moves
    # values. Their simplices may have appeared because of others, and their own spheres be much smaller.
    off = np.abs(opens.value - birth) + np.abs(ends.value - death)
    off += ROUNDING * np.maximum(np.abs(birth), np.abs(death))
    real = off < death - birth
    if not np.all(real):
        opens, ends = (Spheres(*(x[real] for x in spheres)) for spheres in (opens, ends))
    return opens, ends
