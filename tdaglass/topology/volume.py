"""Volumes: what fills a hole, as a mesh of atoms that can be drawn."""

from collections import defaultdict, deque
from typing import NamedTuple

import numpy as np

from tdaglass.topology.alpha import AlphaComplex
from tdaglass.topology.geometry import translations
from tdaglass.topology.records import Simplices

Array = np.ndarray


class Volume(NamedTuple):
    """What fills the hole of a pair, and its boundary: cells around one another as in open space.

    Attributes
    ----------
    birth, death : float
        Of the pair, in squared length.
    atom : (vertices,) int32
        Which point each vertex is.
    shift : (vertices, dim) int32
        By how many boxes it stands away from where that was given.
    position : (vertices, dim) float64
        Unwrapped, in length units.
    cells : (cells, dimension + 2) int32
        Triangles that fill a loop, or tetrahedra in a void, as rows of vertices.
    boundary : (simplices, dimension + 1) int32
        Edges of the loop, or triangles around the void.
    simplices : (cells,) int32
        Which simplices of the complex the cells are.
    wraps : bool
        Whether the volume meets itself around a periodic box, where it is cut: such boxes are small for it.
    """

    birth: float
    death: float
    atom: Array
    shift: Array
    position: Array
    cells: Array
    boundary: Array
    simplices: Array
    wraps: bool

    @property
    def boundary_atoms(self) -> Array:
        """Points on the boundary, each once, by number."""
        return np.unique(self.atom[self.boundary])


def boundary_areas(volume: Volume) -> Array:
    """Areas of the triangles around a void.

    Parameters
    ----------
    volume : Volume
        Of tetrahedra.

    Returns
    -------
    (triangles,) float64
        Squared length, in the order of ``volume.boundary``.

    Raises
    ------
    ValueError
        For what triangles do not bound.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex, optimal_volume, persistence
    >>> octahedron = np.concatenate([np.eye(3), -np.eye(3) * 1.1])
    >>> complex_ = alpha_complex(octahedron)
    >>> areas = boundary_areas(optimal_volume(complex_, persistence(complex_)[2], 0))
    >>> len(areas), round(float(areas.min()), 3)
    (8, 0.866)
    """
    if volume.boundary.shape[1] != 3 or volume.position.shape[1] != 3:
        raise ValueError(
            "expected a void in three dimensions, whose boundary is triangles, got another volume; "
            "try pairs of dimension 2"
        )
    a, b, c = np.moveaxis(volume.position[volume.boundary], 1, 0)
    return 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)


class NoVolume(ValueError):
    """Oriented triangles cannot fill this loop: so it is with some points, and no mistake of whoever asks."""


class NoRing(ValueError):
    """Around this volume is not one ring but several, or none; no mistake either."""


def ring(volume: Volume) -> Array:
    """Vertices of a loop in order.

    Parameters
    ----------
    volume : Volume
        Of triangles.

    Returns
    -------
    (vertices,) int32
        From the one of lowest number towards the lower of its two neighbours; ``volume.atom[ring(volume)]`` are
        the points, ``volume.position[ring(volume)]`` where they are.

    Raises
    ------
    NoRing
        A ValueError: the boundary is not one ring.

    Examples
    --------
    >>> from tdaglass.topology import alpha_complex, optimal_volume, persistence
    >>> angle = np.array([0.0, 1.1, 2.1, 3.0, 4.2, 5.3])
    >>> complex_ = alpha_complex(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    >>> loops = persistence(complex_)[1]
    >>> ring(optimal_volume(complex_, loops, int(np.argmax(loops.death - loops.birth)))).tolist()
    [0, 1, 2, 3, 4, 5]
    """
    beside = defaultdict(list)
    if volume.boundary.shape[1] == 2:
        for a, b in volume.boundary.tolist():
            beside[a].append(b)
            beside[b].append(a)
    order: list[int] = []
    if beside and all(len(two) == 2 for two in beside.values()):
        order = [min(beside)]
        order.append(min(beside[order[0]]))
        while order[-1] != order[0]:
            one, other = beside[order[-1]]
            order.append(other if one == order[-2] else one)
    if len(order) != len(volume.boundary) + 1:
        raise NoRing(
            "expected a volume with one ring for a boundary, got several, or none; "
            "try volume.boundary, the edges or triangles themselves"
        )
    return np.array(order[:-1], np.int32)


def mesh(complex_: AlphaComplex, dimension: int, cells: Array, birth: float, death: float) -> Volume:
    """The volume that consists of some cells of a complex.

    Parameters
    ----------
    complex_ : AlphaComplex
    dimension : int
        Of the hole: one less than that of the cells.
    cells : (cells,) int32
        The last one, which ends the hole, first.
    birth, death : float
    """
    simplices, faces = complex_.simplices[dimension + 1], complex_.faces[dimension + 1][cells]
    point, shift = (x[cells].astype(np.int32) for x in simplices)
    # A simplex stands where its first vertex does: without that, it stands where the second does.
    face_at = np.zeros((*faces.shape, complex_.dim), np.int32)
    face_at[:, 0] = shift[:, 1]
    place, wraps = _unwrap(faces, face_at)
    shift += place[:, None]
    # Seen from where points were given, with the first vertex of the last cell just there.
    shift += complex_.wrapped[point[0, 0]] - complex_.wrapped[point]
    vertices, cell_rows = _vertices(Simplices(point, shift))
    single = _once(faces)
    rows = np.array([np.delete(cell_rows[c], f) for c, f in single], np.int32).reshape(-1, dimension + 1)
    sites = complex_.sites
    position = sites.position[vertices.point]
    if sites.box is not None:
        position = position + translations(vertices.shift + complex_.wrapped[vertices.point], sites.box)
    return Volume(
        birth,
        death,
        vertices.point,
        complex_.given_boxes(vertices.shift),
        position,
        cell_rows,
        rows,
        np.asarray(cells, np.int32),
        wraps,
    )


def _unwrap(faces: Array, face_at: Array) -> tuple[Array, bool]:
    """By how many boxes to move each cell so that neighbours share their faces, walking from the first cell."""
    owners = defaultdict(list)
    for c, f in np.ndindex(faces.shape):
        owners[int(faces[c, f])].append((c, f))
    place = np.zeros((len(faces), face_at.shape[2]), np.int32)
    seen = np.zeros(len(faces), bool)
    wraps = False
    for start in range(len(faces)):
        if seen[start]:
            continue
        seen[start], todo = True, deque([start])
        while todo:
            cell = todo.popleft()
            for f in range(faces.shape[1]):
                for other, g in owners[int(faces[cell, f])]:
                    there = place[cell] + face_at[cell, f] - face_at[other, g]
                    if not seen[other]:
                        seen[other], place[other] = True, there
                        todo.append(other)
                    elif np.any(place[other] != there):
                        wraps = True
    return place, wraps


def _once(faces: Array) -> Array:
    """Faces (cell, face) that an odd number of cells have, each once: the boundary."""
    _, first, counts = np.unique(faces.ravel(), return_index=True, return_counts=True)
    return np.stack(np.unravel_index(first[counts % 2 == 1], faces.shape), axis=1)


def _vertices(cells: Simplices) -> tuple[Simplices, Array]:
    """Points at their places, each once, and the rows of cells among them."""
    dim = cells.shift.shape[2]
    keys = np.concatenate([cells.point[..., None], cells.shift], axis=2).reshape(-1, 1 + dim)
    unique, rows = np.unique(keys, axis=0, return_inverse=True)
    return Simplices(unique[:, 0], unique[:, 1:]), rows.reshape(cells.point.shape).astype(np.int32)
