"""Voronoi cells in periodic boxes: how much space each particle has, and with whom it shares a face.

All of it follows from the Delaunay triangulation that alpha complexes stand on; radical cells follow from one with
weights. In crystals, where corners of cells coincide, particles are displaced by a hundred-millionth of their
distance, and edges and faces below a threshold drawn together.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from tdaglass import arguments
from tdaglass.kernels.library import thread_count
from tdaglass.parallel import map_batches
from tdaglass.space.cell import volume as volume_of
from tdaglass.space.cell import widths
from tdaglass.structure.dual_cells import sizes_of_duals
from tdaglass.structure.neighbor_search import Neighbors
from tdaglass.structure.voronoi_edges import count_edges
from tdaglass.topology import AlphaComplex, Sites, alpha_complex, vertex_positions
from tdaglass.topology.geometry import translations

Array = np.ndarray
# Of the mean distance between particles: shorter than this, edges are rounding errors of double precision, and of
# positions in single precision.
TINY, THRESHOLD = 1e-10, 1e-4
# Systems that a worker has at once: a second's work for a thousand particles each, and more than it has threads.
AT_ONCE = 16
OF_FACES = ("particle", "neighbor", "displacement", "size", "edges")
# By how much displacements of particles may be magnified in the edges of their cells.
MAGNIFIED = 1e3


class Voronoi(NamedTuple):
    """Voronoi cells of all particles, in double precision on the host; a batch is the same with leading axes.

    Attributes
    ----------
    volume : (..., particles) float64, length units to the power of dim
        Areas in two dimensions. Zero for particles that have no cell because the radii of others hide them.
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


def voronoi(
    positions: Any, box: Any, *, radii: Any = None, threshold: float = THRESHOLD, executor: Any = None
) -> Voronoi:
    r"""Voronoi tessellation of a periodic box, on the host, in double precision whatever is given.

    With radii :math:`R_i` it is the radical (Laguerre) one, of which no face cuts through a sphere that touches no
    other: particle i has the points x with the least :math:`|x - x_i|^2 - R_i^2` (Gellatly and Finney, J.
    Non-Cryst. Solids 50, 313, 1982). Not for use inside jit. Systems of a batch are spread over threads.

    Parameters
    ----------
    positions : (..., particles, 2 or 3), length units
        Wrapped or not.
    box : number, (dim,), (..., dim) or (..., dim, dim), length units
        Edges of the periodic cell, for all systems or for each, or lattice vectors as rows for each.
    radii : (particles,) or (..., particles), length units, optional
        Of the particles; a small one among large ones may be left without a cell.
    threshold : float
        Edges no longer than so many mean distances between particles, :math:`(V / N)^{1 / d}`, are drawn together,
        and faces with fewer than three edges left (in two dimensions, shorter than that) dropped: the same for all
        cells, so that what is left of their faces fits together. Volumes and areas do not change. By default a
        hundred times what single precision does to a crystal; LAMMPS's ``edge_threshold`` is one in length units.
    executor : optional
        Where systems of a batch are looked at, some at once: see `parallel.map_independent`. None: here.

    Returns
    -------
    Voronoi

    Raises
    ------
    ValueError
        Without a box, or with an open axis; for no particles, numbers that are not finite, particles at the same
        place, a box that is none, or too narrow for its particles; for negative radii, or a threshold of one or
        more.
    PieceError
        Where this is found out on a worker.

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
    position, cell = arguments.doubles(positions, "positions"), arguments.doubles(box, "box")
    if position.ndim < 2 or position.shape[-1] not in (2, 3) or not position.size:
        raise ValueError(
            f"expected positions (..., particles, 2 or 3), got shape {position.shape}; "
            "try a row for each particle"
        )
    *batch, n, dim = position.shape
    if cell.shape not in ((), (dim,), (*batch, dim), (*batch, dim, dim)):
        raise ValueError(
            f"expected a box ({dim},) for all, {(*batch, dim)} or {(*batch, dim, dim)}, got shape {cell.shape}; "
            "try the edges alone"
        )
    matrices = cell.shape == (*batch, dim, dim)
    boxes = cell.reshape(-1, dim, dim) if matrices else np.broadcast_to(cell, (*batch, dim)).reshape(-1, dim)
    systems = position.reshape(-1, n, dim)
    weights = _squares(radii, batch, n)
    tiny = _checked_threshold(threshold)
    look = partial(_tessellated, threshold=tiny)
    if executor is None:
        found = look(systems, boxes, weights)
    else:
        found = map_batches(look, systems, boxes, weights, batch=AT_ONCE, executor=executor, name="systems")
    # Programs compiled for one configuration should fit similar ones: a few sizes instead of all.
    most = max(int(np.bincount(one.particle, minlength=1).max()) for one in found)
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


def _squares(radii: Any, batch: list[int], n: int) -> list[Array | None]:
    """Of the radii of each system."""
    count = int(np.prod(batch))
    if radii is None:
        return [None] * count
    radius = arguments.doubles(radii, "radii")
    if radius.shape not in ((n,), (*batch, n)):
        raise ValueError(
            f"expected radii ({n},) or {(*batch, n)}, got shape {radius.shape}; try one for each particle"
        )
    if not (np.isfinite(radius).all() and (radius >= 0).all()):
        raise ValueError(f"expected radii of zero or more, got {radius.min():g}; try half the diameters")
    return list(np.broadcast_to(radius**2, (*batch, n)).reshape(count, n))


def _checked_threshold(threshold: Any) -> float:
    value = arguments.number(threshold, "threshold")
    if not 0 <= value < 1:
        raise ValueError(f"expected a threshold from 0 to 1, got {value}; try {THRESHOLD}")
    return value


def _tessellated(
    positions: Array, boxes: Array, weights: Sequence[Array | None], *, threshold: float
) -> list[_Faces]:
    """Of several systems, spread over threads."""
    with ThreadPoolExecutor(min(thread_count(), len(positions))) as pool:
        return list(pool.map(partial(_tessellate, threshold=threshold), positions, boxes, weights))


def _tessellate(position: Array, box: Array, weight: Array | None, threshold: float) -> _Faces:
    n, dim = position.shape
    cell = arguments.cell_on_host(box, dim, open_axes=False)
    complex_ = alpha_complex(position, cell, weight, warn=False)
    spacing = float(volume_of(cell) / n) ** (1 / dim)
    tiny = max(max(threshold, TINY) * spacing, MAGNIFIED * complex_.perturbation)
    volume, size, *others = sizes_of_duals(complex_)
    if dim == 3 and others[0].min() <= tiny and np.any(turns := _turns_round(complex_)):
        found = _tessellate(*_repeated(complex_.sites, turns + 1), threshold)
        mine = np.flatnonzero(found.particle < n)
        mine = mine[np.lexsort((found.neighbor[mine] % n, found.particle[mine]))]
        faces = found._replace(volume=found.volume[:n], **{x: getattr(found, x)[mine] for x in OF_FACES})
        return faces._replace(neighbor=faces.neighbor % n, **_delaunay(complex_))
    if dim == 3:
        edges = count_edges(complex_, others[0], tiny)
        kept = edges > 2
    else:
        edges, kept = np.full(len(size), 2), size > tiny
    bonds = complex_.simplices[1]
    between = np.diff(vertex_positions(complex_.sites, bonds), axis=1)[:, 0]
    a, b = bonds.point[kept].T
    particle, neighbor = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.lexsort((neighbor, particle))
    bond = np.tile(np.flatnonzero(kept), 2)[order]
    displacement = np.concatenate([between[kept], -between[kept]])[order]
    return _Faces(
        volume, particle[order], neighbor[order], displacement, size[bond], edges[bond].astype(np.int32),
        **_delaunay(complex_),
    )  # fmt: skip


def _delaunay(complex_: AlphaComplex) -> dict[str, Array]:
    """Cells, and shifts relative to where particles were given, and to the first of each cell."""
    cells, shifts = complex_.simplices[-1]
    shifts = shifts - complex_.wrapped[cells]
    return {"cells": cells, "shifts": complex_.given_boxes(shifts - shifts[:, :1])}


def _turns_round(complex_: AlphaComplex) -> Array:
    """How often the spheres around the corners of cells fit round the box, along every axis."""
    sites = complex_.sites
    heaviest = 0.0 if sites.weight is None else sites.weight.max()
    return (2 * np.sqrt(complex_.values[-1].max() + heaviest) / widths(sites.box)).astype(int)


def _repeated(sites: Sites, times: Array) -> tuple[Array, Array, Array | None]:
    """Positions, box and weights of a box repeated along its axes."""
    box = np.asarray(sites.box)
    steps = np.stack(np.meshgrid(*map(np.arange, times), indexing="ij"), -1).reshape(-1, len(times))
    position = (sites.position + translations(steps, box)[:, None]).reshape(-1, len(times))
    larger = box * (times if box.ndim == 1 else times[:, None])
    return position, larger, None if sites.weight is None else np.tile(sites.weight, len(steps))


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
