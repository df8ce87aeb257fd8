"""Persistence pairs: which simplex opens a component, loop or void, and which one ends it."""

from typing import NamedTuple

import numpy as np

from tdaglass.kernels.topology import Pairing
from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.engine import loops

Array = np.ndarray


class Pairs(NamedTuple):
    """Persistent homology of one dimension k, with coefficients 0 and 1.

    Attributes
    ----------
    dimension : int
        k: 0 for components, 1 for loops, 2 for voids.
    birth_simplex, death_simplex : (pairs,) int32
        Among the simplices of dimension k and k + 1 of the complex; in the order of births.
    birth, death : (pairs,) float64
        Squared radii; pairs of no persistence are kept.
    essential : (classes,) int32
        Simplices of dimension k that open what never ends: one component, and in a periodic box a loop along every
        axis, a sheet across every two of them, and the whole.
    """

    dimension: int
    birth_simplex: Array
    death_simplex: Array
    birth: Array
    death: Array
    essential: Array


def persistence(complex_: AlphaComplex) -> tuple[Pairs, ...]:
    """Persistent homology of an alpha complex, in all dimensions at once.

    Components are joined from the bottom and voids from the top, both by union-find, the latter on the dual graph
    of cells and facets (Edelsbrunner and Harer, Computational Topology, V.4); what remains in three dimensions,
    the loops, by reduction of the triangles that open no void.

    Parameters
    ----------
    complex_ : AlphaComplex

    Returns
    -------
    tuple of Pairs
        Entry k is of dimension k, up to that of space, where a periodic complex has one class that never ends.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.topology import alpha_complex
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.2]])
    >>> _, loops, _ = persistence(alpha_complex(square))
    >>> loops.birth.round(3).tolist()
    [0.36, 0.5]
    """
    pairing = pair_simplices(complex_)
    above = (*complex_.values[1:], np.empty(0))
    return tuple(
        Pairs(k, begins, ends, value[begins], above[k][ends], lasts)
        for k, (value, begins, ends, lasts) in enumerate(
            zip(complex_.values, pairing.begins, pairing.ends, pairing.lasts, strict=True)
        )
    )


def pair_simplices(complex_: AlphaComplex) -> Pairing:
    """Of all dimensions, and which voids are parts of others."""
    return loops().pair(list(complex_.values), list(complex_.faces[1:]))
