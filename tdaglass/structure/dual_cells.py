"""What is dual to the simplices of a Delaunay triangulation: Voronoi cells, their faces and edges, in size.

What is dual to a simplex (a cell to a particle, a face to a bond, an edge to a triangle, a corner to a
tetrahedron) is made of pyramids over what is dual to the simplices one dimension up, between their circumcentres
and its own.
"""

import numpy as np

from tdaglass.topology import AlphaComplex, vertex_positions
from tdaglass.topology.geometry import vertex_weights

Array = np.ndarray


def sizes_of_duals(complex_: AlphaComplex) -> list[Array]:
    r"""Volumes, areas, lengths and ones: what is dual to particles, bonds, triangles and tetrahedra.

    .. math:: |\sigma^*| = \frac{1}{d - k} \sum_{\tau \supset \sigma} h_{\sigma\tau} |\tau^*|

    for :math:`\sigma` of dimension k, :math:`\tau` of one more and :math:`h_{\sigma\tau}` from the circumcentre of
    :math:`\sigma` to that of :math:`\tau`, positive towards the vertex that :math:`\sigma` lacks. With weights the
    centres are those of spheres orthogonal to the balls, and the cells radical ones.
    """
    dim = complex_.dim
    sizes: list[Array] = [np.ones(len(complex_.values[dim]))]
    for k in range(dim, 0, -1):
        simplices = complex_.simplices[k]
        weight = vertex_weights(complex_.sites, simplices.point)
        height = _heights(vertex_positions(complex_.sites, simplices), weight)
        pyramids = height * sizes[0] / (dim + 1 - k)
        n_below = len(complex_.values[k - 1])
        sizes.insert(0, np.bincount(complex_.faces[k].T.ravel(), pyramids.ravel(), n_below))
    return sizes


def _heights(x: Array, weight: Array) -> Array:
    """Heights (k + 1, simplices) of circumcentres over the faces that lack a vertex."""
    x = np.ascontiguousarray(np.moveaxis(x, 0, 2))
    edge, apart = x[1:] - x[0], (weight[:, :1] - weight[:, 1:]).T[:, None]
    gradient = _gradients(edge)
    # Barycentric coordinates of the circumcentre: those of its steps along the gradients, and the rest.
    center = np.sum(gradient * (np.sum(edge**2, axis=1, keepdims=True) + apart) / 2, axis=0)
    coordinate = np.sum(gradient * center, axis=1)
    coordinate = np.concatenate([1 - coordinate.sum(axis=0, keepdims=True), coordinate])
    gradient = np.concatenate([-gradient.sum(axis=0, keepdims=True), gradient])
    altitude = 1 / np.sqrt(np.sum(gradient**2, axis=1))
    return coordinate * altitude


def _gradients(edge: Array) -> Array:
    """Of the barycentric coordinates of all vertices but the first: dual to the edges from it, in their span."""
    k, dim, _ = edge.shape
    if k == 1:
        return edge / np.sum(edge**2, axis=1, keepdims=True)
    a, b = edge[:2]
    if dim == 2:
        normals = [np.stack([b[1], -b[0]]), np.stack([-a[1], a[0]])]
    else:
        across = np.cross(a, b, axis=0)
        c = edge[2] if k == 3 else across
        normals = [np.cross(b, c, axis=0), np.cross(c, a, axis=0), across]
    return np.stack(normals[:k]) / np.sum(a * normals[0], axis=0)
