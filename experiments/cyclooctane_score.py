"""Into how many groups each class falls on a map, and which classes a line does not part."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

# A group with less of its class is a stray, and is not counted.
STRAY = 0.05


class MapScore(NamedTuple):
    """Of a map, in the plane or in more dimensions.

    Attributes
    ----------
    groups : dict of int
        Of each class, by itself.
    overlapping : tuple of str
        Pairs of classes, "boat and crown", of which two groups cannot be parted by a straight line.
    """

    groups: dict[str, int]
    overlapping: tuple[str, ...]


def spread(points: np.ndarray) -> float:
    """Root mean square distance from the middle: the size of a map."""
    return float(np.sqrt(np.mean(np.sum((points - points.mean(0)) ** 2, axis=1))))


def groups(points: np.ndarray, gap: float) -> list[np.ndarray]:
    """Points that hang together over steps of at most the gap: which they are, the largest group first.

    Examples
    --------
    >>> [g.tolist() for g in groups(np.array([[0.0], [5.0], [0.9], [1.7]]), gap=1.0)]
    [[0, 2, 3], [1]]
    """
    n = len(points)
    pairs = KDTree(points).query_pairs(gap, output_type="ndarray")
    links = coo_matrix((np.ones(len(pairs)), pairs.T), (n, n))
    _, of = connected_components(links, directed=False)
    found = [np.flatnonzero(of == g) for g in range(of.max() + 1)]
    return sorted(found, key=len, reverse=True)


def parted(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a straight line, or a plane in space, has all points of one set on one side and all others beyond.

    Examples
    --------
    >>> parted(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0]]))
    True
    >>> parted(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.5, 0.5]]))
    False
    """
    points = np.concatenate([one, other])
    scaled = (points - points.mean(0)) / spread(points)
    side = np.repeat([-1.0, 1.0], [len(one), len(other)])[:, None]
    # Normal n and offset c with side (n . x + c) >= 1; any will do.
    rows = -side * np.column_stack([scaled, np.ones(len(points))])
    bounds = [(None, None)] * rows.shape[1]
    return linprog(np.zeros(rows.shape[1]), rows, -np.ones(len(rows)), bounds=bounds).status == 0


def score(points: np.ndarray, labels: np.ndarray, gap: float) -> MapScore:
    """Groups of each class, and what overlaps.

    Parameters
    ----------
    points : (points, dim)
        Those of no class give the map its size.
    labels : (points,) str
        Empty where a point is of no class.
    gap
        Between groups, in units of the spread of all points.
    """
    length = gap * spread(points)
    found: dict[str, list[np.ndarray]] = {}
    for name in np.unique(labels[labels != ""]):
        members = points[labels == name]
        enough = [g for g in groups(members, length) if len(g) >= STRAY * len(members)]
        found[str(name)] = [members[g] for g in enough]
    overlapping = (
        f"{one} and {other}"
        for one, other in combinations(found, 2)
        if not all(parted(a, b) for a in found[one] for b in found[other])
    )
    return MapScore({name: len(pieces) for name, pieces in found.items()}, tuple(overlapping))
