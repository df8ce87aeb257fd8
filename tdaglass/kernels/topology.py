"""Simplicial complexes on flat arrays: the compiled loops behind `tdaglass.topology`, on the host.

Plain functions of numpy arrays, called through ctypes, which gives the interpreter lock back while they run. A
simplex of k + 1 vertices is a row of k + 1 point numbers, ascending, and a row of lattice shifts: by how many
boxes each vertex is away from the first one along every axis.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tdaglass.kernels.library import library

Array = np.ndarray


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
    value : (spheres,) float64
        Squared radii, or powers.
    gradient : (spheres, k + 1, dim) float64
        Their derivatives in the positions of the vertices.
    barycentric : (spheres, k + 1) float64
        Coordinates of the centres: minus the derivatives of powers in the weights of the vertices.
    """

    point: Any
    shift: Any
    value: Any
    gradient: Any
    barycentric: Any


class Pairing(NamedTuple):
    """Which simplices begin and end something; entry k is of dimension k, in the order in which they appear.

    Attributes
    ----------
    begins, ends : tuple of (pairs,) int32
        Simplices of dimension k that begin something, and those of dimension k + 1 that end it.
    lasts : tuple of (classes,) int32
        Simplices that begin what never ends.
    part_of : (cells,) int32
        The cell whose void this one's is part of, once nothing stands between; -1 for none, or the outside.
    """

    begins: tuple[Array, ...]
    ends: tuple[Array, ...]
    lasts: tuple[Array, ...]
    part_of: Array


def read_tree(state: Array, n_simplices: int, dim: int) -> Array:
    """Cells of a gudhi simplex tree.

    Parameters
    ----------
    state : (bytes,)
        What ``tree.__getstate__()`` returns.
    n_simplices : int
        ``tree.num_simplices()``.
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
    cells = np.empty((n_simplices, dim + 1), np.int32)
    state = np.ascontiguousarray(state)
    count = _call("read_tree", dim, state, state.nbytes, cells, n_simplices)
    if count < 0:
        raise ValueError("expected a simplex tree as gudhi 3.10 to 3.13 writes it out; try one of these")
    return cells[:count]


def cells_of_box(
    sites: Sites, image_point: Array, image_shift: Array, cells: Array
) -> tuple[Simplices, float]:
    """Of a triangulation of points and their images the cells of one box.

    Parameters
    ----------
    sites : Sites
        Periodic, with the points in the box.
    image_point, image_shift : (images,) int32, (images, dim) int32
        Which point each image is of, and how many boxes away.
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
    images = (np.ascontiguousarray(image_point, np.int32), np.ascontiguousarray(image_shift, np.int32))
    count = _call("cells_of_box", dim, *_sites(sites), *images, n, cells, *found, ctypes.byref(depth))
    return Simplices(*(np.ascontiguousarray(x[:count]) for x in found)), depth.value


def flattest(sites: Sites, cells: Simplices) -> float:
    """Least volume of the bodies spanned by the edges of cells at their first vertex, relative to bricks."""
    least = ctypes.c_double()
    _call("flattest", cells.shift.shape[2], *_sites(sites), len(cells.point), *cells, ctypes.byref(least))
    return least.value


def find_faces(simplices: Simplices, n_points: int) -> tuple[Simplices, Array]:
    """Faces of simplices, each once, and for each simplex which of them lacks its first, second, ... vertex."""
    n, vertices, dim = simplices.shift.shape
    point = np.empty((n * vertices, vertices - 1), np.int32)
    shift = np.empty((n * vertices, vertices - 1, dim), np.int8)
    faces = np.empty((n, vertices), np.int32)
    count = _call("find_faces", dim, vertices - 1, n_points, n, *simplices, point, shift, faces)
    return Simplices(np.ascontiguousarray(point[:count]), np.ascontiguousarray(shift[:count])), faces


def cell_values(sites: Sites, cells: Simplices) -> Array:
    """Squared radii of the spheres through the vertices, or orthogonal to the balls around them."""
    value = np.empty(len(cells.point))
    _call("cell_values", cells.shift.shape[2], *_sites(sites), len(value), *cells, value)
    return value


def face_values(
    sites: Sites, simplices: Simplices, cofaces: Simplices, faces: Array, coface_value: Array
) -> Array:
    """When simplices appear: with their own smallest sphere if it is empty, else with the first of their cofaces."""
    n, vertices, dim = simplices.shift.shape
    value = np.empty(n)
    _call(
        "face_values", dim, vertices - 1, *_sites(sites), n, *simplices, len(cofaces.point), *cofaces,
        faces, coface_value, value,
    )  # fmt: skip
    return value


def pair(values: list[Array], faces: list[Array]) -> Pairing:
    """Persistence pairs of a complex that fills a periodic box or the hull of its points.

    Parameters
    ----------
    values : for every dimension, (simplices,) float64
    faces : for every dimension but that of the vertices, (simplices, vertices) int32
    """
    counts = np.array([len(value) for value in values], np.int64)
    begins, ends, lasts = ([np.empty(n, np.int32) for n in counts] for _ in range(3))
    n_pairs, n_lasting = np.empty_like(counts), np.empty_like(counts)
    part_of = np.empty(counts[-1], np.int32)
    _call(
        "pairs", len(values) - 1, counts, _pointers(values), _pointers([None, *faces]),
        _pointers(begins), _pointers(ends), _pointers(lasts), n_pairs, n_lasting, part_of,
    )  # fmt: skip
    return Pairing(_first(begins, n_pairs), _first(ends, n_pairs), _first(lasts, n_lasting), part_of)


def spheres(sites: Sites, given: Array, wrapped: Array, simplices: Simplices, chosen: Array) -> Spheres:
    """Smallest spheres through the vertices of some simplices of a complex.

    Parameters
    ----------
    sites : Sites
        What it stands on.
    given : (points, dim) float64
        The points, neither moved into the box nor perturbed: squared radii are those of these.
    wrapped : (points, dim) int32
        By how many boxes they were moved.
    simplices : Simplices
    chosen : (spheres,) int32
    """
    n, vertices, dim = len(chosen), *simplices.shift.shape[1:]
    found = Spheres(
        np.empty((n, vertices), np.int32),
        np.empty((n, vertices, dim), np.int32),
        np.empty(n),
        np.empty((n, vertices, dim)),
        np.empty((n, vertices)),
    )
    _call(
        "spheres", dim, vertices - 1, *_sites(sites), given, wrapped, len(simplices.point), *simplices,
        n, np.ascontiguousarray(chosen, np.int32), *found,
    )  # fmt: skip
    return found


def _first(arrays: list[Array], counts: Array) -> tuple[Array, ...]:
    return tuple(array[:n].copy() for array, n in zip(arrays, counts, strict=True))


def _sites(sites: Sites) -> tuple[int, Array, Array | None, Array | None]:
    return len(sites.position), *sites


def _pointers(arrays: Sequence[Array | None]) -> ctypes.Array:
    return (ctypes.c_void_p * len(arrays))(*(None if a is None else a.ctypes.data for a in arrays))


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
