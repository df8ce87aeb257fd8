"""Simplicial complexes on flat arrays: the compiled loops behind `tdaglass.topology`, on the host.

Plain functions of numpy arrays, called through ctypes, which gives the interpreter lock back while they run. A
simplex of k + 1 vertices is a row of k + 1 point numbers, ascending, and a row of lattice shifts: by how many
boxes each vertex is away from the first one along every axis.
"""

import ctypes
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tdaglass.kernels.library import library

Array = np.ndarray

FUNCTIONS = tuple(
    f"tdaglass_{name}"
    for name in ("read_tree", "images_around", "cells_of_box", "fill_complex", "pairs", "critical_spheres")
)


class Sites(NamedTuple):
    """Points that a complex stands on.

    Attributes
    ----------
    position : (points, dim) float64
    weight : (points,) float64, or None
        Squared radii of the balls that grow from the points; none of them for all of one size.
    box : (dim,) float64, or None
        Edges of the periodic cell; None for open space.
    """

    position: Array
    weight: Array | None
    box: Array | None


class Images(NamedTuple):
    """Points and what the periodic box repeats of them.

    Attributes
    ----------
    position : (images, dim) float64
    point : (images,) int32
        Which point each is of.
    shift : (images, dim) int32
        By how many boxes it is away from it.
    """

    position: Array
    point: Array
    shift: Array


class Simplices(NamedTuple):
    """Simplices of one dimension.

    Attributes
    ----------
    point : (simplices, vertices) int32
    shift : (simplices, vertices, dim) int8
    """

    point: Array
    shift: Array


class Spheres(NamedTuple):
    """Simplices of one dimension k and the smallest spheres through their vertices.

    Attributes
    ----------
    point : (spheres, k + 1) int32
    shift : (spheres, k + 1, dim) int32
        By how many boxes each vertex stands away from where it was given.
    value : (spheres,)
        Squared radii, or powers.
    gradient : (spheres, k + 1, dim)
        Their derivatives in the positions of the vertices.
    barycentric : (spheres, k + 1), or None
        Coordinates of the centres: minus the derivatives of powers in the weights of the vertices.
    """

    point: Any
    shift: Any
    value: Any
    gradient: Any
    barycentric: Any


class Complex(NamedTuple):
    """Simplices of all dimensions, when they appear, and how they hang together; entry k is of dimension k.

    Attributes
    ----------
    simplices : tuple of Simplices
    faces : tuple of (simplices, k + 1) int32
        Face f of a simplex, among those of dimension k - 1, lacks its vertex f; for vertices, nothing.
    values : tuple of (simplices,) float64
        Squared radii, or powers; infinite for points that others hide.
    """

    simplices: tuple[Simplices, ...]
    faces: tuple[Array, ...]
    values: tuple[Array, ...]


class Pairs(NamedTuple):
    """Persistent homology of one dimension k, with coefficients 0 and 1.

    Attributes
    ----------
    dimension : int
        k: 0 for components, 1 for loops, 2 for voids.
    birth_simplex, death_simplex : (pairs,) int32
        Among the simplices of dimension k and k + 1 of the complex; in the order of births.
    birth, death : (pairs,) float64
        Squared radii; pairs of no persistence are kept.
    essential : (classes,) int32
        Simplices of dimension k that open what never ends: one component, and in a periodic box a loop along every
        axis, a sheet across every two of them, and the whole.
    """

    dimension: int
    birth_simplex: Array
    death_simplex: Array
    birth: Array
    death: Array
    essential: Array


def read_tree(state: Array, dim: int) -> Array:
    """Cells of a gudhi simplex tree.

    Parameters
    ----------
    state : (bytes,)
        What ``tree.__getstate__()`` returns.
    dim : int
        Of the cells.

    Returns
    -------
    (cells, dim + 1) int32

    Raises
    ------
    ValueError
        If gudhi's format has changed.
    """
    state = np.ascontiguousarray(state)
    # Each simplex takes 16 bytes, and few of them are cells.
    cells = np.empty((state.nbytes // 16, dim + 1), np.int32)
    count = _call("read_tree", dim, state, state.nbytes, cells, len(cells))
    if count < 0:
        raise ValueError("expected a simplex tree as gudhi 3.10 to 3.13 writes it out; try one of these")
    return cells[:count]


def images_around(sites: Sites, depth: float) -> Images:
    """Points of a periodic box and their images up to some distance around it."""
    dim = sites.position.shape[1]

    def fill(images: Images) -> int:
        return _call("images_around", dim, *_sites(sites), ctypes.c_double(depth), len(images.point), *images)

    def room(n: int) -> Images:
        return Images(np.empty((n, dim)), np.empty(n, np.int32), np.empty((n, dim), np.int32))

    found = room(fill(room(0)))
    fill(found)
    return found


def cells_of_box(sites: Sites, images: Images, cells: Array) -> tuple[Simplices, float]:
    """Of a triangulation of points and their images the cells of one box.

    Parameters
    ----------
    sites : Sites
        Periodic, with the points in the box.
    images : Images
    cells : (cells, dim + 1) int32
        Of images.

    Returns
    -------
    Simplices
    float
        How far around the box images must reach for them to be right.
    """
    n, dim = len(cells), cells.shape[1] - 1
    found = Simplices(np.empty((n, dim + 1), np.int32), np.empty((n, dim + 1, dim), np.int8))
    depth = ctypes.c_double()
    count = _call(
        "cells_of_box", dim, *_sites(sites), images.point, images.shift, n, cells, *found, ctypes.byref(depth)
    )
    return Simplices(*(np.ascontiguousarray(x[:count]) for x in found)), depth.value


def fill_complex(sites: Sites, cells: Simplices, flat: float) -> Complex | None:
    """All simplices of a triangulation, and when they appear: with their own smallest sphere if it is empty.

    Parameters
    ----------
    sites : Sites
    cells : Simplices
    flat : float
        Least volume of the body spanned by the edges of a cell at its first vertex, relative to a brick.

    Returns
    -------
    Complex, or None
        If a cell is flatter, or the triangulation is not the same in every box.
    """
    n, dim, most = len(sites.position), cells.shift.shape[2], len(cells.point)
    room = [n, *(math.comb(dim + 1, k + 1) * most for k in range(1, dim))]
    point = [np.empty((m, k + 1), np.int32) for k, m in enumerate(room)] + [cells.point]
    shift = [np.empty((m, k + 1, dim), np.int8) for k, m in enumerate(room)] + [cells.shift]
    faces = [np.empty((m, 0 if k == 0 else k + 1), np.int32) for k, m in enumerate([*room, most])]
    value = [np.empty(m) for m in [*room, most]]
    count = np.array([*room, most], np.int64)
    arrays = (_pointers(x) for x in (point, shift, faces, value))
    if _call("fill_complex", dim, *_sites(sites), ctypes.c_double(flat), count, *arrays) < 0:
        return None
    simplices = tuple(Simplices(*one) for one in zip(_first(point, count), _first(shift, count), strict=True))
    return Complex(simplices, _first(faces, count), _first(value, count))


def pair(values: Sequence[Array], faces: Sequence[Array]) -> tuple[tuple[Pairs, ...], Array]:
    """Persistence pairs of a complex that fills a periodic box or the hull of its points.

    Parameters
    ----------
    values, faces
        See `Complex`.

    Returns
    -------
    tuple of Pairs
    part_of : (cells,) int32
        The cell whose void this one's is part of, once nothing stands between; -1 for none, or the outside.
    """
    counts = np.array([len(value) for value in values], np.int64)
    begins, ends, lasts = ([np.empty(n, np.int32) for n in counts] for _ in range(3))
    birth, death = ([np.empty(n) for n in counts] for _ in range(2))
    n_pairs, n_lasting = np.empty_like(counts), np.empty_like(counts)
    part_of = np.empty(counts[-1], np.int32)
    _call(
        "pairs", len(values) - 1, counts, *map(_pointers, (values, faces, begins, ends, birth, death, lasts)),
        n_pairs, n_lasting, part_of,
    )  # fmt: skip
    paired = (_first(x, n_pairs) for x in (begins, ends, birth, death))
    pairs = map(Pairs, range(len(counts)), *paired, _first(lasts, n_lasting))
    return tuple(pairs), part_of


def critical_spheres(
    sites: Sites, given: Array, wrapped: Array, below: Simplices, above: Simplices, pairs: Pairs, opens: Spheres,
    ends: Spheres,
) -> int:  # fmt: skip
    """Spheres of births and of deaths, of pairs that persist by more than rounding, in the order of births.

    Parameters
    ----------
    sites : Sites
        What the complex stands on.
    given : (points, dim) float64
        The points, neither moved into the box nor perturbed: squared radii are those of these.
    wrapped : (points, dim) int32
        By how many boxes they were moved.
    below, above : Simplices
        Of the dimension of the pairs, and of the next.
    pairs : Pairs
    opens, ends : Spheres
        To be filled, in single or double precision, as far as there is room.

    Returns
    -------
    int
        How many such pairs there are.
    """
    dim, room, real = given.shape[1], len(opens.value), opens.value.itemsize
    ours = (pairs.birth_simplex, pairs.death_simplex, pairs.birth, pairs.death)
    return _call(
        "critical_spheres", dim, pairs.dimension, *_sites(sites), given, wrapped, *below, *above, len(pairs.birth),
        *ours, room, real, *opens, *ends,
    )  # fmt: skip


def _first(arrays: list[Array], counts: Array) -> tuple[Array, ...]:
    return tuple(array[:n].copy() for array, n in zip(arrays, counts, strict=True))


def _sites(sites: Sites) -> tuple[int, Array, Array | None, Array | None]:
    return len(sites.position), *sites


def _pointers(arrays: Sequence[Array]) -> ctypes.Array:
    return (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))


def _call(name: str, *arguments: object) -> int:
    function = getattr(library(), f"tdaglass_{name}")
    function.restype = ctypes.c_int64
    count = function(*map(_argument, arguments))
    if count == -2:
        raise MemoryError(f"not enough memory to {name.replace('_', ' ')}; try fewer structures at a time")
    return count


def _argument(x: object) -> object:
    if isinstance(x, np.ndarray):
        assert x.flags.c_contiguous
        return ctypes.c_void_p(x.ctypes.data)
    return ctypes.c_int64(x) if isinstance(x, int) else x
