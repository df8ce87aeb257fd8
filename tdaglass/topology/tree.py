"""Which void is part of which: the persistence trees of the highest dimension."""

from typing import NamedTuple

import numpy as np

from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.backend import backend

Array = np.ndarray


class PersistenceTree(NamedTuple):
    """Cells of a complex, each with the void that ends with it, as parts of larger voids.

    Attributes
    ----------
    part_of : (cells,) int32
        The cell whose void this one's joins, as radii shrink and the facet between them opens; -1 for the last.
    opens : (cells,) float64
        Squared radius at which that facet appears: the void's birth.
    parts, first : (cells,) int32, (cells + 1,) int32
        Cells in the order of `part_of`; those that are part of cell c are ``parts[first[c]:first[c + 1]]``.
    """

    part_of: Array
    opens: Array
    parts: Array
    first: Array


def persistence_tree(complex_: AlphaComplex) -> PersistenceTree:
    """Persistence trees of voids, or in two dimensions of loops.

    Obayashi, SIAM J. Appl. Algebra Geom. 2, 508 (2018). The volume of a void is its last cell with all that is
    part of it, and so on down; no program has to be solved.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.2]])
    >>> persistence_tree(alpha_complex(square)).part_of.tolist()
    [1, -1]
    """
    pairs, part_of = backend().pair(complex_.values, complex_.faces)
    opens = np.full(len(part_of), -np.inf)
    opens[pairs[-2].death_simplex] = pairs[-2].birth
    parts = np.argsort(part_of, kind="stable").astype(np.int32)
    first = np.searchsorted(part_of[parts], np.arange(len(part_of) + 1)).astype(np.int32)
    return PersistenceTree(part_of, opens, parts, first)


def cells_of_void(tree: PersistenceTree, cell: int, above: float = -np.inf) -> Array:
    """The cells of the void that ends with one, without those parts of it that open at `above` or before."""

    def inner(cell: int) -> list[int]:
        return tree.parts[tree.first[cell] : tree.first[cell + 1]].tolist()

    found = [cell]
    todo = [c for c in inner(cell) if tree.opens[c] > above]
    while todo:
        part = todo.pop()
        found.append(part)
        todo.extend(inner(part))
    return np.sort(np.array(found, np.int32))
