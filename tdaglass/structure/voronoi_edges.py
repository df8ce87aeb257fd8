"""How many edges the faces of Voronoi cells have, once corners closer than a threshold are one.

Where more than four particles lie on one sphere, as in crystals, corners of their cells coincide but for rounding,
and between them are edges and faces of no size. Drawing such edges together makes the same polyhedra of all cells:
their faces still fit together.
"""

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tdaglass.topology import AlphaComplex

Array = np.ndarray


def count_edges(complex_: AlphaComplex, length: Array, tiny: float) -> Array:
    """Of the faces dual to bonds, after edges no longer than `tiny` were drawn together.

    What is left of a face with two edges is one edge. What is left of a corner with two edges is a point of one:
    so end the circumspheres of flat tetrahedra, whose centres lie anywhere on an edge.

    Parameters
    ----------
    complex_ : AlphaComplex
        Periodic, in three dimensions, with no cell that meets itself round the box.
    length : (triangles,)
        Of the edges dual to them.
    tiny : float
        In length units.

    Returns
    -------
    (bonds,) int
        Less than three for faces that are none.
    """
    bonds_of, triangles_of = complex_.faces[2:]
    ends = np.argsort(triangles_of.ravel(), kind="stable").reshape(-1, 2) // 4
    corner, _ = _joined(ends[length <= tiny], len(triangles_of))
    lasting = np.flatnonzero(corner[ends[:, 0]] != corner[ends[:, 1]])
    n_bonds, face = len(complex_.values[1]), bonds_of[lasting]
    count = np.bincount(face.ravel(), minlength=n_bonds)
    edge, between = np.arange(len(lasting)), corner[ends[lasting]]
    while len(lasting) < len(length):
        count, pairs = _faces_of_two(face, edge, n_bonds)
        if len(pairs):  # they join the same corners
            joined, first = _joined(pairs, len(between))
            edge, between = joined[edge], between[first]
            continue
        met, pairs = _corners_of_two(between, len(triangles_of))
        if not len(pairs):
            break
        joined, first = _joined(pairs, len(between))
        end, of = ~met[between], np.stack([joined, joined], axis=1)
        if np.count_nonzero(end) < 2 * len(first):  # of large thresholds: a ring of edges without a face
            break
        edge, between = joined[edge], between[end][np.argsort(of[end], kind="stable")].reshape(-1, 2)
    return count


def _joined(pairs: Array, n: int) -> tuple[Array, Array]:
    """Which of the parts that pairs of numbers below n make each number is in, and one number of each part."""
    graph = coo_matrix((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    part = connected_components(graph, directed=False)[1]
    return part, np.unique(part, return_index=True)[1]


def _faces_of_two(face: Array, edge: Array, n: int) -> tuple[Array, Array]:
    """How many edges each face has, and the two of those that have two; what is part of one edge counts once."""
    face, edge = face.ravel(), np.repeat(edge, 3)
    count = np.bincount(face, minlength=n)
    # Others have as many as they are made of.
    some = count == 2
    some[face[(np.bincount(edge) > 3)[edge]]] = True
    size = int(edge.max(initial=0)) + 1
    edges = np.unique(face[some[face]].astype(np.int64) * size + edge[some[face]])
    count[some] = np.bincount(edges // size, minlength=n)[some]
    return count, (edges[count[edges // size] == 2] % size).reshape(-1, 2)


def _corners_of_two(between: Array, n: int) -> tuple[Array, Array]:
    """Where two edges meet and no other; and the two."""
    corner = between.ravel()
    order = np.argsort(corner, kind="stable")
    met = np.bincount(corner, minlength=n) == 2
    pairs = (order[met[corner[order]]] // 2).reshape(-1, 2)
    ring = pairs[:, 0] == pairs[:, 1]  # both ends of one
    met[between[pairs[ring, 0], 0]] = False
    return met, pairs[~ring]
