"""Voronoi cells in periodic boxes: how much space each particle has, and with whom it shares a face.

All of it follows from the Delaunay triangulation that alpha complexes stand on. In crystals, where corners of
cells coincide, particles are displaced by a hundred-millionth of their distance, and faces of that size dropped.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

from tdaglass.kernels.library import thread_count
from tdaglass.structure.dual_cells import count_edges, sizes_of_duals
from tdaglass.structure.neighbor_search import Neighbors
from tdaglass.topology import alpha_complex, vertex_positions

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
    complex_ = alpha_complex(position, box, warn=False)
    n, dim = position.shape
    spacing = float(np.prod(box) / n) ** (1 / dim)
    tiny = max(TINY * spacing, MAGNIFIED * complex_.perturbation)
    (volume, size, *others), thickness = sizes_of_duals(complex_)
    edges = count_edges(complex_, others[0], thickness, tiny) if dim == 3 else np.full(len(size), 2)
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
