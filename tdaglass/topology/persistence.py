"""Persistence pairs: which simplex opens a component, loop or void, and which one ends it."""

from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.backend import backend
from tdaglass.topology.records import Pairs


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
        Pairs that persist by nothing, of simplices that appear together, are kept: select ``death > birth`` for
        those that others list, as `diagram` does.

    Raises
    ------
    ValueError
        For what is not an alpha complex.

    Notes
    -----
    With weights, HomCloud lists more components: a small ball that begins to grow inside a large one is for it a
    component of its own until an edge joins them. Here it is none: a point appears when its ball first reaches out
    of the others, or, hidden by them, never.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.topology import alpha_complex
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.2]])
    >>> _, loops, _ = persistence(alpha_complex(square))
    >>> loops.birth.round(3).tolist()
    [0.36, 0.5]
    """
    if not isinstance(complex_, AlphaComplex):
        raise ValueError(
            f"expected an alpha complex, got {type(complex_).__name__}; try topology.alpha_complex(positions, box)"
        )
    pairs, _ = backend().pair(complex_.values, complex_.faces)
    return pairs
