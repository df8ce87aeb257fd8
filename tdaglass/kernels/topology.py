"""Simplicial complexes on flat arrays: the compiled loops behind `tdaglass.topology`, on the host.

Plain functions of numpy arrays, called through ctypes, which gives the interpreter lock back while they run. Of
several arrays that belong together they take and return tuples:

- sites: positions (points, dim) float64, squared radii (points,) float64 or None, and the box: edges (dim,) or
  lattice vectors as rows (dim, dim), float64, or None.
- simplices of k + 1 vertices: point numbers (simplices, k + 1) int32, ascending, and lattice shifts
  (simplices, k + 1, dim) int8: by how many boxes each vertex is away from the first one along every axis.
"""

import ctypes
import math
from collections.abc import Sequence

import numpy as np

from tdaglass.kernels.calls import call, checked, numbers, pointers, what

Array = np.ndarray
Sites = tuple[Array, Array | None, Array | None]
Spheres = tuple[Array, Array, Array, Array, Array | None]

FUNCTIONS = tuple(
    f"tdaglass_{name}"
    for name in ("read_tree", "images_around", "cells_of_box", "fill_complex", "pairs", "critical_spheres")
)


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
    if not isinstance(state, np.ndarray) or state.dtype not in (np.int8, np.uint8):
        raise TypeError(f"expected the bytes of a simplex tree, got {what(state)}; try tree.__getstate__()")
    state = np.ascontiguousarray(state)
    # Each simplex takes 16 bytes, and few of them are cells.
    cells = np.empty((state.nbytes // 16, dim + 1), np.int32)
    count = call("read_tree", dim, state, state.nbytes, cells, len(cells))
    if count < 0:
        raise ValueError("expected a simplex tree as gudhi 3.10 to 3.13 writes it out; try one of these")
    return cells[:count]


def images_around(sites: Sites, depth: float) -> tuple[Array, Array, Array]:
    """Points of a periodic box and their images up to some distance around it.

    Returns
    -------
    (images, dim) float64
        Positions.
    (images,) int32
        Which point each is of.
    (images, dim) int32
        By how many boxes it is away from it.
    """
    n, dim, points = _points(sites, periodic=True)

    def fill(room: int) -> tuple[int, tuple[Array, Array, Array]]:
        images = np.empty((room, dim)), np.empty(room, np.int32), np.empty((room, dim), np.int32)
        return call("images_around", dim, n, *points, ctypes.c_double(float(depth)), room, *images), images

    count, _ = fill(0)
    return fill(count)[1]


def cells_of_box(
    sites: Sites, image_point: Array, image_shift: Array, cells: Array
) -> tuple[tuple[Array, Array], float]:
    """Of a triangulation of points and their images the cells of one box.

    Parameters
    ----------
    sites
        Periodic, with the points in the box.
    image_point, image_shift : (images,) int32, (images, dim) int32
        See `images_around`.
    cells : (cells, dim + 1) int32
        Of images.

    Returns
    -------
    Simplices
    float
        How far around the box images must reach for them to be right.
    """
    n, dim, points = _points(sites, periodic=True)
    m, images = len(cells), len(image_point)
    given = (
        numbers("image_point", image_point, (images,), n),
        checked("image_shift", image_shift, np.int32, (images, dim)),
        m,
        numbers("cells", cells, (m, dim + 1), images),
    )
    found = np.empty((m, dim + 1), np.int32), np.empty((m, dim + 1, dim), np.int8)
    depth = ctypes.c_double()
    count = call("cells_of_box", dim, n, *points, *given, *found, ctypes.byref(depth))
    point, shift = (np.ascontiguousarray(x[:count]) for x in found)
    return (point, shift), depth.value


def fill_complex(
    sites: Sites, cells: tuple[Array, Array], flat: float
) -> tuple[tuple[Array, ...], tuple[Array, ...], tuple[Array, ...], tuple[Array, ...]] | None:
    """All simplices of a triangulation, and when they appear: with their own smallest sphere if it is empty.

    Parameters
    ----------
    sites
    cells : simplices of dim + 1 vertices
    flat : float
        Least volume of the body spanned by the edges of a cell at its first vertex, relative to a brick.

    Returns
    -------
    points, shifts, faces, values : tuples of arrays, entry k of dimension k
        Faces (simplices, k + 1) int32: face f of a simplex, among those of dimension k - 1, lacks its vertex f;
        for vertices, nothing. Values (simplices,) float64: squared radii, infinite for points that others hide.
    None
        If a cell is flatter, or the triangulation is not the same in every box.
    """
    n, dim, points = _points(sites)
    cells = _simplices("cells", cells, dim, dim, n)
    most = len(cells[0])
    room = [n, *(math.comb(dim + 1, k + 1) * most for k in range(1, dim))]
    point = [np.empty((m, k + 1), np.int32) for k, m in enumerate(room)] + [cells[0]]
    shift = [np.empty((m, k + 1, dim), np.int8) for k, m in enumerate(room)] + [cells[1]]
    faces = [np.empty((m, 0 if k == 0 else k + 1), np.int32) for k, m in enumerate([*room, most])]
    value = [np.empty(m) for m in [*room, most]]
    count = np.array([*room, most], np.int64)
    arrays = (pointers(x) for x in (point, shift, faces, value))
    if call("fill_complex", dim, n, *points, ctypes.c_double(float(flat)), count, *arrays) < 0:
        return None
    return _first(point, count), _first(shift, count), _first(faces, count), _first(value, count)


def pair(values: Sequence[Array], faces: Sequence[Array]) -> tuple[tuple[tuple[Array, ...], ...], Array]:
    """Persistence pairs of a complex that fills a periodic box or the hull of its points, or part of one.

    Parameters
    ----------
    values, faces
        See `fill_complex`.

    Returns
    -------
    birth_simplex, death_simplex, birth, death, essential : a tuple of these for each dimension
        (pairs,) int32, (pairs,) int32, (pairs,) float64, (pairs,) float64 and (classes,) int32: simplices that
        open holes, those that end them, their values, and simplices that open what never ends.
    part_of : (cells,) int32
        The cell whose void this one's is part of, once nothing stands between; -1 for none, or the outside.
    """
    if len(values) != len(faces) or len(values) not in (3, 4):
        raise TypeError(
            f"expected values and faces of dimension 0 to 2 or 3, got {len(values)} and {len(faces)} of them; "
            "try those of one complex"
        )
    counts = np.array([len(value) for value in values], np.int64)
    for k, n in enumerate(counts.tolist()):
        checked(f"values[{k}]", values[k], np.float64, (n,))
        numbers(f"faces[{k}]", faces[k], (n, k + 1 if k else 0), int(counts[k - 1]))
    begins, ends, lasts = ([np.empty(n, np.int32) for n in counts] for _ in range(3))
    birth, death = ([np.empty(n) for n in counts] for _ in range(2))
    n_pairs, n_lasting = np.empty_like(counts), np.empty_like(counts)
    part_of = np.empty(counts[-1], np.int32)
    call(
        "pairs", len(values) - 1, counts, *map(pointers, (values, faces, begins, ends, birth, death, lasts)),
        n_pairs, n_lasting, part_of,
    )  # fmt: skip
    paired = (_first(x, n_pairs) for x in (begins, ends, birth, death))
    return tuple(zip(*paired, _first(lasts, n_lasting), strict=True)), part_of


def critical_spheres(
    sites: Sites, given: Array, wrapped: Array, below: tuple[Array, Array], above: tuple[Array, Array],
    pairs: tuple[Array, Array, Array, Array], opens: Spheres, ends: Spheres,
) -> int:  # fmt: skip
    """Spheres of births and of deaths, of pairs that persist by more than rounding, in the order of births.

    Parameters
    ----------
    sites
        What the complex stands on.
    given : (points, dim) float64
        The points, neither moved into the box nor perturbed: squared radii are those of these.
    wrapped : (points, dim) int32
        By how many boxes they were moved.
    below, above : simplices
        Of the dimension of the pairs, and of the next.
    pairs : birth_simplex, death_simplex, birth, death
        See `pair`.
    opens, ends : point, shift, value, gradient, barycentric
        Vertices (room, k + 1) int32 and by how many boxes each stands away from where it was given
        (room, k + 1, dim) int32; squared radii (room,), their derivatives (room, k + 1, dim) and coordinates of
        the centres (room, k + 1), or None, in single or double precision. To be filled, as far as there is room.

    Returns
    -------
    int
        How many such pairs there are.
    """
    n, dim, points = _points(sites)
    k = _dimension(below, dim)
    checked("given", given, np.float64, (n, dim))
    checked("wrapped", wrapped, np.int32, (n, dim))
    count = len(pairs[0])
    for name, array, simplices in zip(
        ("birth_simplex", "death_simplex"), pairs[:2], (below, above), strict=True
    ):
        numbers(name, array, (count,), len(simplices[0]))
    for name, array in zip(("birth", "death"), pairs[2:], strict=True):
        checked(name, array, np.float64, (count,))
    room, real = len(opens[2]), opens[2].dtype
    if real not in (np.float32, np.float64):
        raise TypeError(f"expected room for float32 or float64 values, got {real}; try np.float64")
    spheres = *_room("opens", opens, (room, k + 1, dim), real), *_room("ends", ends, (room, k + 2, dim), real)
    return call(
        "critical_spheres", dim, k, n, *points, given, wrapped, *_simplices("below", below, k, dim, n),
        *_simplices("above", above, k + 1, dim, n), count, *pairs, room, real.itemsize, *spheres,
    )  # fmt: skip


def _points(sites: Sites, periodic: bool = False) -> tuple[int, int, Sites]:
    """How many there are, in how many dimensions, and what the kernels read of them."""
    position, weight, box = sites
    if not isinstance(position, np.ndarray) or position.ndim != 2 or position.shape[1] not in (2, 3):
        raise TypeError(
            f"expected positions (points, 2 or 3), got {what(position)}; try a row for each point"
        )
    n, dim = position.shape
    checked("positions", position, np.float64, (n, dim))
    if weight is not None:
        checked("weights", weight, np.float64, (n,))
    if box is None and periodic:
        raise TypeError("expected a periodic box, got None; try np.array(edges)")
    if box is not None:
        checked("a box", box, np.float64, (dim, dim) if np.ndim(box) == 2 else (dim,))
        box = np.diag(box) if box.ndim == 1 else box
    return n, dim, (position, weight, box)


def _dimension(simplices: tuple[Array, Array], dim: int) -> int:
    k = simplices[0].shape[1] - 1 if simplices[0].ndim == 2 else -1
    if not 0 <= k < dim:
        raise TypeError(
            f"expected simplices of 1 to {dim} vertices, got {what(simplices[0])}; try those below cells"
        )
    return k


def _simplices(name: str, simplices: tuple[Array, Array], k: int, dim: int, n: int) -> tuple[Array, Array]:
    """Of k + 1 vertices among n points."""
    point, shift = simplices
    numbers(f"points of {name}", point, (len(point), k + 1), n)
    return point, checked(f"shifts of {name}", shift, np.int8, (len(point), k + 1, dim))


def _room(name: str, spheres: Spheres, shape: tuple[int, int, int], real: np.dtype) -> Spheres:
    """Of spheres, vertices and dimensions."""
    point, shift, value, gradient, barycentric = spheres
    for part, array, dtype, sizes in (
        ("points", point, np.int32, shape[:2]),
        ("shifts", shift, np.int32, shape),
        ("values", value, real, shape[:1]),
        ("gradients", gradient, real, shape),
        ("coordinates", barycentric, real, shape[:2]),
    ):
        if array is not None and not checked(f"{part} of {name}", array, dtype, sizes).flags.writeable:
            raise TypeError(f"expected {part} of {name} to write to, got a read-only array; try a copy")
    return spheres


def _first(arrays: list[Array], counts: Array) -> tuple[Array, ...]:
    return tuple(array[:n].copy() for array, n in zip(arrays, counts, strict=True))
