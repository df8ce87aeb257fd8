"""Persistence pairs: which simplex opens a component, loop or void, and which one ends it."""

from typing import NamedTuple

import numpy as np

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
    dim = complex_.dim
    death, birth, _ = pair_simplices(complex_)
    found = []
    for k, value in enumerate(complex_.values):
        order = np.argsort(value, kind="stable").astype(np.int32)
        opens = order[death[k][order] >= 0]
        alone = (death[k][order] < 0) & (birth[k][order] < 0) & np.isfinite(value[order])
        ends = death[k][opens]
        above = complex_.values[k + 1][ends] if k < dim else np.empty(0)
        found.append(Pairs(k, opens, ends, value[opens], above, order[alone]))
    return tuple(found)


def pair_simplices(complex_: AlphaComplex) -> tuple[list[Array], list[Array], Array]:
    """Partners of simplices, and which voids are parts of others: see `kernels.topology.pair`."""
    return loops().pair(list(complex_.values), list(complex_.faces[1:]))
