"""Voronoi cells in periodic boxes: how much space each particle has, and with whom it shares a face.

All of it follows from the Delaunay triangulation that alpha complexes stand on. What is dual to a simplex (a cell
to a particle, a face to a bond, an edge to a triangle, a corner to a tetrahedron) is made of pyramids over what is
dual to the simplices one dimension up, between their circumcentres and its own. In crystals, where corners of
cells coincide, particles are displaced by a hundred-millionth of their distance, and faces of that size dropped.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

from tdaglass.kernels.library import thread_count
from tdaglass.structure.tables import Neighbors
from tdaglass.topology.alpha import AlphaComplex, build_complex
from tdaglass.topology.reference import vertex_positions

Array = np.ndarray
# Of the mean distance between particles: shorter than this, edges are rounding errors.
TINY = 1e-10
# By how much displacements of particles may be magnified in the edges of their cells.
MAGNIFIED = 1e3


class Voronoi(NamedTuple):
    """Voronoi cells of all particles, in double precision on the host; a batch is the same with leading axes.

    Attributes
    ----------
    volume : (..., particles) float64, length units to the power of dim
        Areas in two dimensions.
    neighbors : Neighbors
        Who shares a face with whom. In a small box a particle may have several images of another one, or of
        itself, as neighbours: each has its own slot.
    face : (..., particles, k) float64, length units to the power of dim - 1
        Areas of the faces shared with the neighbours, lengths in two dimensions; zero in padding slots.
    face_edges : (..., particles, k) int32
        How many edges, and corners, each face has; 2 (ends) in two dimensions, zero in padding slots.
    cells : (..., cells, dim + 1) int32
        Particles whose Voronoi cells share a corner: the Delaunay triangulation; rows of -1 fill it up.
    shifts : (..., cells, dim + 1, dim) int32
        By how many boxes each of them is to be moved to stand beside the first.
    """

    volume: Array
    neighbors: Neighbors
    face: Array
    face_edges: Array
    cells: Array
    shifts: Array


class _Faces(NamedTuple):
    """Voronoi cells of one system before they are padded: each face from both sides, in the order of particles."""

    volume: Array
    particle: Array
    neighbor: Array
    displacement: Array
    size: Array
    edges: Array
    cells: Array
    shifts: Array


def voronoi(positions: Any, box: Any) -> Voronoi:
    """Voronoi tessellation of a periodic box, on the host, in double precision whatever is given.

    Not for use inside jit. Systems of a batch are spread over threads.

    Parameters
    ----------
    positions : (..., particles, 2 or 3), length units
        Wrapped or not.
    box : (dim,) or (..., dim), length units
        Edges of the periodic orthorhombic cell.

    Returns
    -------
    Voronoi

    Raises
    ------
    ValueError
        Without a box; for fewer particles than a Delaunay cell has vertices, numbers that are not finite,
        particles at the same place, edges that are not positive, a box too narrow for its particles.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.structure import voronoi
    >>> axes = np.arange(4.0)
    >>> square = np.stack(np.meshgrid(axes, axes), -1).reshape(-1, 2)
    >>> cells = voronoi(square, np.full(2, 4.0))
    >>> set(cells.volume.round(6).tolist()), set(cells.neighbors.mask.sum(1).tolist())
    ({1.0}, {4})
    """
    if box is None:
        raise ValueError(
            "expected the edges of a periodic box, got None: cells at the rim of open space have no end; "
            "try a box with a wide margin"
        )
    position, edges = np.asarray(positions, np.float64), np.asarray(box, np.float64)
    if position.ndim < 2 or position.shape[-1] not in (2, 3) or not position.size:
        raise ValueError(
            f"expected positions (..., particles, 2 or 3), got shape {position.shape}; "
            "try a row for each particle"
        )
    *batch, n, dim = position.shape
    if edges.shape not in ((dim,), (*batch, dim)):
        raise ValueError(
            f"expected a box ({dim},) for all or {(*batch, dim)}, got shape {edges.shape}; try the edges alone"
        )
    systems, boxes = position.reshape(-1, n, dim), np.broadcast_to(edges, (*batch, dim)).reshape(-1, dim)
    with ThreadPoolExecutor(min(thread_count(), len(systems))) as pool:
        found = list(pool.map(_tessellate, systems, boxes))
    # Programs compiled for one configuration should fit similar ones: a few sizes instead of all.
    most = max(int(np.bincount(one.particle).max()) for one in found)
    room = max(len(one.cells) for one in found)
    rows = [_in_rows(one, 4 * -(-most // 4), n * -(-room // n)) for one in found]
    return jax.tree.map(lambda *one: np.stack(one).reshape((*batch, *one[0].shape)), *rows)


def voronoi_index(cells: Voronoi, edges: tuple[int, ...] = (3, 4, 5, 6)) -> Array:
    """Numbers of faces with 3, 4, 5 and 6 edges, as in <0 0 12 0> for an icosahedral surrounding.

    Parameters
    ----------
    cells : Voronoi
        In three dimensions.
    edges : tuple of int
        Other numbers of edges to count.

    Returns
    -------
    (..., particles, len(edges)) int

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.structure import voronoi, voronoi_index
    >>> corners = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), -1).reshape(-1, 3)
    >>> bcc = np.concatenate([corners, corners + 0.5])
    >>> voronoi_index(voronoi(bcc, np.full(3, 3.0)))[0].tolist()
    [0, 6, 0, 8]
    """
    return np.sum(cells.face_edges[..., None] == np.array(edges), axis=-2)


def _tessellate(position: Array, box: Array) -> _Faces:
    complex_ = build_complex(position, box)
    n, dim = position.shape
    spacing = float(np.prod(box) / n) ** (1 / dim)
    tiny = max(TINY * spacing, MAGNIFIED * complex_.perturbation)
    (volume, size, *others), thickness = _sizes_of_duals(complex_)
    edges = _count_edges(complex_, others[0], thickness, tiny) if dim == 3 else np.full(len(size), 2)
    kept = size > tiny * spacing ** (dim - 2)
    bonds = complex_.simplices[1]
    between = np.diff(vertex_positions(complex_.sites, bonds), axis=1)[:, 0]
    a, b = bonds.point[kept].T
    particle, neighbor = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((neighbor, particle))
    bond = np.tile(np.flatnonzero(kept), 2)[order]
    displacement = np.concatenate([between[kept], -between[kept]])[order]
    # Relative to where the particles were given, and the first of each cell.
    cells, shifts = complex_.simplices[dim]
    shifts = shifts - complex_.wrapped[cells]
    return _Faces(
        volume, particle[order], neighbor[order], displacement, size[bond], edges[bond].astype(np.int32), cells,
        shifts - shifts[:, :1],
    )  # fmt: skip


def _sizes_of_duals(complex_: AlphaComplex) -> tuple[list[Array], Array]:
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


def _count_edges(complex_: AlphaComplex, length: Array, thickness: Array, tiny: float) -> Array:
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


def _in_rows(found: _Faces, k: int, room: int) -> Voronoi:
    """A row of k faces for each particle, and `room` Delaunay cells."""
    n, dim = len(found.volume), found.displacement.shape[1]
    count = np.bincount(found.particle, minlength=n)
    slot = found.particle, np.arange(len(found.particle)) - np.repeat(np.cumsum(count) - count, count)
    idx = np.repeat(np.arange(n, dtype=np.int32)[:, None], k, axis=1)
    idx[slot] = found.neighbor
    displacement, mask = np.zeros((n, k, dim)), np.zeros((n, k), bool)
    displacement[slot], mask[slot] = found.displacement, True
    face, face_edges = np.zeros((n, k)), np.zeros((n, k), np.int32)
    face[slot], face_edges[slot] = found.size, found.edges
    more = (0, room - len(found.cells))
    cells = np.pad(found.cells, (more, (0, 0)), constant_values=-1)
    shifts = np.pad(found.shifts, (more, (0, 0), (0, 0)))
    table: tuple[Any, ...] = idx, displacement, mask, np.zeros((), np.int32)
    return Voronoi(found.volume, Neighbors(*table), face, face_edges, cells, shifts)
