"""The loops behind complexes in numpy: same arguments and numbers as the compiled ones.

They serve where nothing was compiled, and say in short what the compiled ones must do.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from tdaglass.space.cell import fractions, volume, widths
from tdaglass.topology.geometry import circumspheres, translations, vertex_positions, vertex_weights
from tdaglass.topology.records import Complex, Images, Pairs, Simplices, Sites, Spheres

Array = np.ndarray
# Of volumes that are summed, relative to the sum.
ROUNDING = 1e-9
# Of squared radii, relative to them.
ROUNDING_OF_VALUES = 1e-13


def images_around(sites: Sites, depth: float) -> Images:
    """Points of a periodic box and their images up to some distance around it."""
    box = np.asarray(sites.box)
    away = [range(-n, n + 1) for n in np.ceil(depth / widths(box)).astype(int).tolist()]
    steps = np.array(list(itertools.product(*away)))
    x = sites.position[:, None] + translations(steps, box)
    # Along edges lengths, along oblique lattice vectors fractions of them.
    inside, end, margin = (x, box, depth) if box.ndim == 1 else (fractions(x, box), 1, depth / widths(box))
    point, step = np.nonzero(np.all((inside >= -margin) & (inside <= end + margin), axis=2))
    return Images(x[point, step], point.astype(np.int32), steps[step].astype(np.int32))


def read_tree(state: Array, dim: int) -> Array:
    """Cells of a gudhi simplex tree: the longest paths."""
    numbers = np.frombuffer(state.tobytes(), np.uint8)
    header, child = 6, np.dtype([("vertex", "<i4"), ("value", "<f8")])
    if (len(numbers) - header - 4) % 16:
        raise ValueError("expected a simplex tree as gudhi 3.10 to 3.13 writes it out; try one of these")
    cells, at = [], header

    def read(path: tuple[int, ...]) -> None:
        nonlocal at
        n = int(numbers[at : at + 4].view("<i4")[0])
        at += 4
        vertices = numbers[at : at + n * child.itemsize].view(child)["vertex"].tolist()
        at += n * child.itemsize
        for vertex in vertices:
            if len(path) == dim:
                cells.append((*path, vertex))
            read((*path, vertex))

    read(())
    return np.array(cells, np.int32).reshape(-1, dim + 1)


def cells_of_box(sites: Sites, images: Images, cells: Array) -> tuple[Simplices, float]:
    """Of a triangulation of points and their images the cells of one box, and how far images must reach."""
    box = np.asarray(sites.box)
    keys = (*np.moveaxis(images.shift[cells], 2, 0)[::-1], images.point[cells])
    cells = np.take_along_axis(cells, np.lexsort(keys, axis=1), axis=1)
    point, first = images.point[cells], images.shift[cells[:, 0]]
    shift = images.shift[cells] - first[:, None]
    x = sites.position[point] + translations(shift, box)
    center, radius_sq = circumspheres(x, vertex_weights(sites, point))
    # Of each kind the cell whose sphere has its centre in the box.
    mine = np.all(np.floor(fractions(center + x[:, 0], box)) == -first, axis=1)
    most = 0 if sites.weight is None else sites.weight.max()
    depth = float(np.sqrt(np.maximum(np.max(radius_sq[mine], initial=0) + most, 0)))
    whole, filled = volume(box), np.abs(np.linalg.det((x[:, 1:] - x[:, :1])[mine])).sum()
    if not abs(filled / math.factorial(len(box)) - whole) < ROUNDING * whole:
        depth = np.inf
    return Simplices(point[mine].astype(np.int32), shift[mine].astype(np.int8)), depth


def fill_complex(sites: Sites, cells: Simplices, flat: float) -> Complex | None:
    """All simplices of a triangulation, and when they appear; None if it is not unique, or a cell flat."""
    n, dim = sites.position.shape
    if _flattest(sites, cells) < flat:
        return None
    simplices: list[Simplices] = [cells]
    faces: list[Array] = []
    for _ in range(dim - 1):
        below, of_them = _find_faces(simplices[0])
        simplices.insert(0, below)
        faces.insert(0, of_them)
    vertices = Simplices(np.arange(n, dtype=np.int32)[:, None], np.zeros((n, 1, dim), np.int8))
    faces.insert(0, np.ascontiguousarray(simplices[0].point[:, ::-1]))
    simplices.insert(0, vertices)
    if sites.box is not None and np.any(np.bincount(faces[-1].ravel()) != 2):
        return None
    values = [circumspheres(vertex_positions(sites, cells), vertex_weights(sites, cells.point))[1]]
    for k in reversed(range(dim)):
        values.insert(0, _face_values(sites, simplices[k], simplices[k + 1], faces[k], values[0]))
    if not all(np.all(np.isfinite(value)) for value in values[1:]):
        return None
    return Complex(tuple(simplices), (np.empty((n, 0), np.int32), *faces), tuple(values))


def _flattest(sites: Sites, cells: Simplices) -> float:
    """Least volume of the bodies spanned by the edges of cells at their first vertex, relative to bricks."""
    x = vertex_positions(sites, cells)
    edges = x[:, 1:] - x[:, :1]
    bricks = np.prod(np.linalg.norm(edges, axis=2), axis=1)
    return float(np.min(np.abs(np.linalg.det(edges)) / bricks, initial=np.inf))


def _find_faces(simplices: Simplices) -> tuple[Simplices, Array]:
    """Faces of simplices, each once, and for each simplex which of them lacks its first, second, ... vertex."""
    n, vertices, dim = simplices.shift.shape
    kept = np.array([[v for v in range(vertices) if v != f] for f in range(vertices)])
    point = simplices.point[:, kept].reshape(n * vertices, -1)
    shift = simplices.shift[:, kept].reshape(n * vertices, vertices - 1, dim)
    shift = shift - shift[:, :1]
    rows = np.concatenate([point, shift.reshape(n * vertices, -1)], axis=1)
    unique, faces = np.unique(rows, axis=0, return_inverse=True)
    point = np.ascontiguousarray(unique[:, : vertices - 1], np.int32)
    shift = np.ascontiguousarray(unique[:, vertices - 1 :].reshape(-1, vertices - 1, dim), np.int8)
    return Simplices(point, shift), faces.reshape(n, vertices).astype(np.int32)


def _face_values(
    sites: Sites, simplices: Simplices, cofaces: Simplices, faces: Array, coface_value: Array
) -> Array:
    """When simplices appear: with their own sphere if it is empty, else with the first of their cofaces."""
    center, own = circumspheres(vertex_positions(sites, simplices), vertex_weights(sites, simplices.point))
    x = vertex_positions(sites, cofaces)
    first, within = np.full(len(own), np.inf), np.zeros(len(own), bool)
    for f, face in enumerate(faces.T):
        np.minimum.at(first, face, coface_value)
        away = x[:, f] - x[:, int(f == 0)] - center[face]
        power = np.sum(away**2, axis=1) - vertex_weights(sites, cofaces.point[:, f])
        np.logical_or.at(within, face, power < own[face])
    return np.where(within | np.isinf(first), first, np.minimum(own, first))


def pair(values: Sequence[Array], faces: Sequence[Array]) -> tuple[tuple[Pairs, ...], Array]:
    """Persistence pairs of a complex that fills a periodic box or the hull of its points, or part of one."""
    death, birth = ([np.full(len(value), -1, np.int32) for value in values] for _ in range(2))
    orders = [np.argsort(value, kind="stable") for value in values]
    ranks = [np.argsort(order) for order in orders]
    dim = len(values) - 1
    sides = _sides(faces[-1], len(values[dim - 1]))
    root = np.arange(len(values[0]))
    for edge in orders[1]:
        a, b = (_find(root, x) for x in faces[1][edge].tolist())
        if a != b:
            young, old = (a, b) if ranks[0][a] > ranks[0][b] else (b, a)
            root[young] = old
            death[0][young], birth[1][edge] = edge, young
    outside = len(values[dim])
    root, rank = np.arange(outside + 1), np.append(ranks[dim], outside)
    part_of = np.full(outside, -1, np.int32)
    for facet in orders[dim - 1][::-1]:
        a, b = (_find(root, outside if x < 0 else x) for x in sides[facet].tolist())
        if a != b:
            young, old = (a, b) if rank[a] < rank[b] else (b, a)
            root[young] = old
            death[dim - 1][facet], birth[dim][young] = young, facet
            part_of[young] = -1 if old == outside else old
    if dim == 3:
        columns: dict[int, set[int]] = {}
        for triangle in orders[2]:
            if death[2][triangle] >= 0:
                continue
            column: set[int] = set()
            for edge in faces[2][triangle]:
                if birth[1][edge] < 0:
                    column ^= {int(ranks[1][edge])}
            while column and max(column) in columns:
                column ^= columns[max(column)]
            if column:
                edge = orders[1][max(column)]
                columns[max(column)] = column
                death[1][edge], birth[2][triangle] = triangle, edge
    pairs = []
    for k, order in enumerate(orders):
        begins = order[death[k][order] >= 0].astype(np.int32)
        ends = death[k][begins]
        alone = (death[k] < 0) & (birth[k] < 0) & np.isfinite(values[k])
        deaths = values[k + 1][ends] if k < dim else np.empty(0)
        pairs.append(Pairs(k, begins, ends, values[k][begins], deaths, order[alone[order]].astype(np.int32)))
    return tuple(pairs), part_of


def critical_spheres(
    sites: Sites, given: Array, wrapped: Array, below: Simplices, above: Simplices, pairs: Pairs, opens: Spheres,
    ends: Spheres,
) -> int:  # fmt: skip
    """Spheres of births and of deaths, of pairs that persist by more than rounding."""
    last = np.flatnonzero(pairs.death > pairs.birth)
    birth, death = pairs.birth[last], pairs.death[last]
    opening, ending = (
        _spheres(sites, given, wrapped, Simplices(*(x[chosen[last]] for x in simplices)))
        for simplices, chosen in ((below, pairs.birth_simplex), (above, pairs.death_simplex))
    )
    off = np.abs(opening.value - birth) + np.abs(ending.value - death)
    off += ROUNDING_OF_VALUES * np.maximum(np.abs(birth), np.abs(death))
    real = off < death - birth
    for room, spheres in ((opens, opening), (ends, ending)):
        for to, x in zip(room, spheres, strict=True):
            if to is not None:
                kept = x[real][: len(to)]
                to[: len(kept)] = kept
    return int(np.sum(real))


def _spheres(sites: Sites, given: Array, wrapped: Array, simplices: Simplices) -> Spheres:
    x, weight = vertex_positions(sites, simplices), vertex_weights(sites, simplices.point)
    center, _ = circumspheres(x, weight)
    edge = x[:, 1:] - x[:, :1]
    along = np.einsum("sde,sd->se", np.linalg.pinv(edge), center)
    barycentric = np.concatenate([1 - along.sum(axis=1, keepdims=True), along], axis=1)
    shift = simplices.shift - wrapped[simplices.point]
    x = vertex_positions(sites._replace(position=given), Simplices(simplices.point, shift))
    away = x - x[:, :1] - center[:, None]
    value = np.sum(barycentric * (np.sum(away**2, axis=2) - weight), axis=1)
    return Spheres(simplices.point, shift, value, 2 * barycentric[:, :, None] * away, barycentric)


def _sides(facets_of: Array, n_facets: int) -> Array:
    """The cells on both sides of each facet; -1 for the outside, on both of what borders on no cell."""
    facet = facets_of.ravel()
    order = np.argsort(facet, kind="stable")
    cell = (order // facets_of.shape[1]).astype(np.int32)
    cell = np.append(cell, -1)
    first = np.searchsorted(facet[order], np.arange(n_facets))
    last = np.searchsorted(facet[order], np.arange(n_facets), side="right") - 1
    one, other = np.where(last >= first, first, -1), np.where(last > first, last, -1)
    return np.stack([cell[one], cell[other]], axis=1)


def _find(root: Array, x: int) -> int:
    while root[x] != x:
        root[x] = root[root[x]]
        x = root[x]
    return int(x)
