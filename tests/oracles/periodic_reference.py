"""Persistence of a periodic alpha complex in the plainest way, to compare boxes that no other program takes.

Points and their images around the box are triangulated in open space by gudhi with exact numbers. What images of a
simplex have in common names it, and the matrix over {0, 1} of what bounds what is reduced from left to right.
Nothing here is shared with the package: not how far images reach, nor how simplices are named, valued or paired.
"""

import itertools
from typing import NamedTuple

import gudhi
import numpy as np
from scipy.spatial import cKDTree

Key = tuple[tuple[int, ...], ...]


class Reference(NamedTuple):
    """By dimension: pairs (births and deaths), how many classes never end, and simplices with their values."""

    pairs: list[np.ndarray]
    essential: list[int]
    values: list[np.ndarray]


def periodic_reference(points: np.ndarray, box: np.ndarray, weights: np.ndarray | None = None) -> Reference:
    """Of points in a box with periodic faces: edges, or lattice vectors as rows, infinite along open axes."""
    box = np.diag(box) if box.ndim == 1 else box
    value = _quotient(points, box, weights)
    # Faces first; a value and that of a face that comes with it may differ by rounding.
    for key in sorted(value, key=len):
        value[key] = max([value[key]] + [value[face] for face in _faces(key)])
    order = sorted(value, key=lambda key: (value[key], len(key)))
    position = {key: k for k, key in enumerate(order)}
    dim = len(box)
    pairs: list[list[tuple[float, float]]] = [[] for _ in range(dim + 1)]
    column_of: dict[int, int] = {}  # by its lowest entry; columns are numbers in base two
    unpaired = set()
    for k, key in enumerate(order):
        column = 0
        for face in _faces(key):
            column ^= 1 << position[face]  # a face that occurs twice cancels
        while column and (low := column.bit_length() - 1) in column_of:
            column ^= column_of[low]
        if column:
            column_of[low] = column
            unpaired.remove(low)
            pairs[len(key) - 2].append((value[order[low]], value[key]))
        else:
            unpaired.add(k)
    essential = [0] * (dim + 1)
    for k in unpaired:
        essential[len(order[k]) - 1] += 1
    values = [np.sort([v for key, v in value.items() if len(key) == k + 1]) for k in range(dim + 1)]
    return Reference([np.array(p).reshape(-1, 2) for p in pairs], essential, values)


def _quotient(points: np.ndarray, box: np.ndarray, weights: np.ndarray | None) -> dict[Key, float]:
    """Simplices of the box and when they appear."""
    dim = len(box)
    open_ = np.isinf(box.diagonal())
    box = np.where(np.isinf(box), 1, box)
    to_fractions = np.linalg.inv(box)
    points = np.where(open_, points, points @ to_fractions % 1 @ box)
    # The hull of a film is of facets as large as the box, with cells and spheres beyond them.
    reach = 5 * np.linalg.norm(box[~open_]) if open_.any() else _reach(points, box, weights)
    margin = np.where(open_, np.inf, reach * np.linalg.norm(to_fractions, axis=0))
    images, names, image_weights = [], [], []
    for shift in itertools.product(
        *(range(-int(k), int(k) + 1) for k in np.ceil(np.where(open_, 0, margin)))
    ):
        for i, x in enumerate(points + np.array(shift) @ box):
            if np.all(np.abs(x @ to_fractions - 0.5) <= 0.5 + margin):
                images.append(x)
                names.append((i, *shift))
                image_weights.append(0.0 if weights is None else weights[i])
    tree = gudhi.AlphaComplex(
        points=np.array(images), weights=None if weights is None else image_weights, precision="exact"
    ).create_simplex_tree()
    value: dict[Key, float] = {}
    for simplex, when in tree.get_simplices():
        vertices = [names[v] for v in simplex]
        if any(not any(vertex[1:]) for vertex in vertices):
            key = _name(vertices)
            assert len(key) <= dim + 1
            assert abs(value.setdefault(key, when) - when) < 1e-8 * max(1, abs(when)), "images differ"
    return value


def _reach(points: np.ndarray, box: np.ndarray, weights: np.ndarray | None) -> float:
    """How far from the box images matter: twice as far as a point of space can be from whatever it belongs to."""
    edges = np.linalg.norm(box, axis=1)
    ticks = [np.linspace(0, 1, int(np.ceil(edge / edges.mean() * 30))) for edge in edges]
    spacing = np.array([axis[1] for axis in ticks]) @ np.abs(box)
    grid = np.stack(np.meshgrid(*ticks, indexing="ij"), -1).reshape(-1, len(box)) @ box
    beside = np.array(list(itertools.product((-1, 0, 1), repeat=len(box)))) @ box
    images = (points + beside[:, None]).reshape(-1, len(box))
    hole = cKDTree(images).query(grid)[0].max() + np.linalg.norm(spacing) / 2
    spread = 0.0 if weights is None else np.ptp(weights)
    return 2 * float(np.sqrt(hole**2 + spread))


def _name(vertices: list[tuple[int, ...]]) -> Key:
    """The same for all images of a simplex: of its vertices as seen from each of them, what comes first."""
    seen = []
    for _, *origin in vertices:
        seen.append(
            tuple(sorted((i, *(s - o for s, o in zip(at, origin, strict=True))) for i, *at in vertices))
        )
    return min(seen)


def _faces(key: Key) -> list[Key]:
    if len(key) == 1:
        return []
    return [_name([vertex for v, vertex in enumerate(key) if v != f]) for f in range(len(key))]
