"""What is dual to the simplices of a Delaunay triangulation: Voronoi cells, their faces and edges, in size.

What is dual to a simplex (a cell to a particle, a face to a bond, an edge to a triangle, a corner to a
tetrahedron) is made of pyramids over what is dual to the simplices one dimension up, between their circumcentres
and its own.
"""

import itertools

import numpy as np

from tdaglass.topology import AlphaComplex, vertex_positions

Array = np.ndarray


def sizes_of_duals(complex_: AlphaComplex) -> tuple[list[Array], Array]:
    r"""Volumes, areas, lengths and ones: what is dual to particles, bonds, triangles and tetrahedra.

    .. math:: |\sigma^*| = \frac{1}{d - k} \sum_{\tau \supset \sigma} h_{\sigma\tau} |\tau^*|

    for :math:`\sigma` of dimension k, :math:`\tau` of one more and :math:`h_{\sigma\tau}` from the circumcentre of
    :math:`\sigma` to that of :math:`\tau`, positive towards the vertex that :math:`\sigma` lacks. And the least
    altitude of each Delaunay cell.
    """
    dim = complex_.dim
    sizes: list[Array] = [np.ones(len(complex_.values[dim]))]
    for k in range(dim, 0, -1):
        height, altitude = _heights(vertex_positions(complex_.sites, complex_.simplices[k]))
        if k == dim:
            thickness = altitude.min(axis=0)
        pyramids = height * sizes[0] / (dim + 1 - k)
        n_below = len(complex_.values[k - 1])
        sizes.insert(0, np.bincount(complex_.faces[k].T.ravel(), pyramids.ravel(), n_below))
    return sizes, thickness


def _heights(x: Array) -> tuple[Array, Array]:
    """Heights (k + 1, simplices) of circumcentres and of vertices over the faces that lack these vertices."""
    x = np.ascontiguousarray(np.moveaxis(x, 0, 2))
    edge = x[1:] - x[0]
    gradient = _gradients(edge)
    # Barycentric coordinates of the circumcentre: those of its steps along the gradients, and the rest.
    center = np.sum(gradient * np.sum(edge**2, axis=1, keepdims=True) / 2, axis=0)
    coordinate = np.sum(gradient * center, axis=1)
    coordinate = np.concatenate([1 - coordinate.sum(axis=0, keepdims=True), coordinate])
    gradient = np.concatenate([-gradient.sum(axis=0, keepdims=True), gradient])
    altitude = 1 / np.sqrt(np.sum(gradient**2, axis=1))
    return coordinate * altitude, altitude


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


def count_edges(complex_: AlphaComplex, length: Array, thickness: Array, tiny: float) -> Array:
    """Of the faces dual to bonds, without edges that are shorter than `tiny`.

    Four particles on a circle, as in a simple cubic crystal, make a flat tetrahedron, whose circumcentre lies
    anywhere on one edge and is not a corner: the two halves count as one.
    """
    lasting = length > tiny
    _, bonds_of, triangles_of = complex_.faces[1:]
    count = np.bincount(bonds_of[lasting].ravel(), minlength=len(complex_.values[1]))
    flat = triangles_of[thickness < tiny]
    for f, g in itertools.combinations(range(4), 2):
        # Triangles f and g of a tetrahedron share the bond that lacks both vertices.
        halved = flat[lasting[flat[:, f]] & lasting[flat[:, g]], f]
        count -= np.bincount(bonds_of[halved, g - 1], minlength=len(count))
    return count
