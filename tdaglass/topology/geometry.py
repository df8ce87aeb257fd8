"""Where the vertices of simplices are, and the smallest spheres through them."""

import numpy as np

from tdaglass.space.cell import lattice_vectors
from tdaglass.topology.records import Simplices, Sites

Array = np.ndarray


def vertex_positions(sites: Sites, simplices: Simplices) -> Array:
    """Positions of the vertices of simplices, the first one where it is and the others beside it.

    Parameters
    ----------
    sites : Sites
        What the complex stands on.
    simplices : Simplices
        Of any dimension.

    Returns
    -------
    (simplices, vertices, dim) float64, length units

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex
    >>> points = np.array([[0.1, 0.0], [0.9, 0.2], [0.3, 0.7], [0.6, 0.5]])
    >>> complex_ = alpha_complex(points, np.ones(2))
    >>> triangles = vertex_positions(complex_.sites, complex_.simplices[2])
    >>> areas = np.abs(np.linalg.det(triangles[:, 1:] - triangles[:, :1])) / 2
    >>> round(float(areas.sum()), 9)  # of the box
    1.0
    """
    x = sites.position[simplices.point]
    return x if sites.box is None else x + translations(simplices.shift, sites.box)


def translations(shift: Array, box: Array) -> Array:
    """Of whole boxes, by which nothing moves along open axes.

    Parameters
    ----------
    shift : (..., dim) int
    box : (dim,) or (dim, dim)

    Returns
    -------
    (..., dim), length units
    """
    return lattice_vectors(shift, np.where(np.isinf(box), 0, box))


def vertex_weights(sites: Sites, point: Array) -> Array:
    """Weights of points by their numbers, or zeros if they have none."""
    return np.zeros(point.shape) if sites.weight is None else sites.weight[point]


def circumspheres(x: Array, weight: Array) -> tuple[Array, Array]:
    r"""Smallest spheres through vertices, or orthogonal to the balls around them.

    The centre c is the shortest solution of :math:`e_i \cdot c = (|e_i|^2 + w_0 - w_i) / 2` for the edges
    :math:`e_i` from the first vertex.

    Parameters
    ----------
    x : (simplices, k + 1, dim), length units
    weight : (simplices, k + 1), length units squared
        Squared radii of the balls, or zeros.

    Returns
    -------
    (simplices, dim)
        Centres, seen from the first vertex; NaN for flat simplices.
    (simplices,)
        Squared radii (powers).

    Examples
    --------
    >>> center, radius_sq = circumspheres(np.array([[[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]]]), np.zeros((1, 3)))
    >>> center.tolist(), radius_sq.tolist()
    ([[1.0, 1.0]], [2.0])
    """
    edge = x[:, 1:] - x[:, :1]
    half = (np.sum(edge**2, axis=2) + weight[:, :1] - weight[:, 1:]) / 2
    k, dim = edge.shape[1:]
    if k == 0:
        return np.zeros((len(x), dim)), -weight[:, 0]
    gram = edge @ np.swapaxes(edge, 1, 2) if k < dim else edge
    flat = np.abs(np.linalg.det(gram)) == 0
    gram = np.where(flat[:, None, None], np.eye(k), gram)
    solution = np.linalg.solve(gram, half[:, :, None])
    center = (np.swapaxes(edge, 1, 2) @ solution if k < dim else solution)[:, :, 0]
    center = np.where(flat[:, None], np.nan, center)
    return center, np.sum(center**2, axis=1) - weight[:, 0]
