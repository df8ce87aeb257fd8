"""Cells with open axes, such as those of films: closed so far out that no ball of interest reaches its images.

What a film's holes are, with balls growing in a space that is periodic along it and open across, follows from a
cell that is periodic along all axes. The centre of a ball that opens or ends a hole lies between the film's
outermost points, and it is empty: no larger than the widest gap there. Where the film and its image are more than
twice as far apart, their balls touch after the last hole has ended, and simplices that appear by then are those of
the film.
"""

import itertools
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from tdaglass.topology.records import Simplices, Sites

if TYPE_CHECKING:
    from tdaglass.topology.alpha import AlphaComplex

Array = np.ndarray
# Squares of half the distance between a film and its image, and of the radius up to which simplices are kept, in
# units of the square of the widest gap.
APART, KEPT = 1.02, 1.01
# Between places where gaps are measured, in mean distances between points.
STEP = 0.4


def closed(sites: Sites) -> tuple[Sites, float]:
    """In a cell without open axes; and the squared radius up to which the complex is that of the film."""
    if sites.box is None or not np.isinf(sites.box).any():
        return sites, np.inf
    matrix = np.diag(sites.box) if sites.box.ndim == 1 else sites.box
    open_ = np.isinf(matrix.diagonal())
    lowest, thickness = sites.position.min(axis=0), np.ptp(sites.position, axis=0)
    slab = np.where(np.isinf(matrix), np.diag(thickness), matrix)
    lightest, heaviest = (0.0, 0.0) if sites.weight is None else (sites.weight.min(), sites.weight.max())
    # A ball of squared radius weight + alpha around each point: the lightest may be the nearest.
    widest_sq = _widest_gap(sites.position - np.where(open_, lowest, 0), slab, open_) ** 2 + float(
        heaviest - lightest
    )
    half = np.sqrt(APART * widest_sq)
    box = slab + np.diag(np.where(open_, 2 * half, 0))
    position = np.where(open_, sites.position - lowest + half, sites.position)
    box = box.diagonal().copy() if sites.box.ndim == 1 else box
    return Sites(position, sites.weight, box), KEPT * widest_sq - float(heaviest)


def _widest_gap(points: Array, slab: Array, open_: Array) -> float:
    """How far a place in the slab can be from all points and their images along it, at most."""
    n, dim = points.shape
    edges = np.linalg.norm(slab, axis=1)
    spacing = (np.prod(np.maximum(edges, edges.max() / n)) / n) ** (1 / dim)
    places = [np.linspace(0, 1, int(np.ceil(edge / (STEP * spacing))) + 1) for edge in edges]
    grid = np.stack(np.meshgrid(*places, indexing="ij"), -1).reshape(-1, dim) @ slab
    beside = itertools.product(*([0] if alone else [-1, 0, 1] for alone in open_))
    images = (points + (np.array(list(beside)) @ slab)[:, None]).reshape(-1, dim)
    steps = np.array([1 / max(len(x) - 1, 1) for x in places])[:, None] * slab
    return float(cKDTree(images).query(grid)[0].max()) + float(np.linalg.norm(steps, axis=1).sum()) / 2


def opened(found: "AlphaComplex", sites: Sites, most: float) -> "AlphaComplex":
    """What appears of a complex by then, on the points of the film as they are."""
    if np.isinf(most):
        return found
    kept = [value <= most for value in found.values]
    values = [np.where(kept[0], found.values[0], np.inf)]
    simplices, faces = [found.simplices[0]], [found.faces[0]]
    number = np.arange(len(kept[0]))
    for k in range(1, len(kept)):
        simplices.append(Simplices(*(np.ascontiguousarray(x[kept[k]]) for x in found.simplices[k])))
        faces.append(number[found.faces[k][kept[k]]].astype(np.int32))
        values.append(found.values[k][kept[k]])
        number = np.cumsum(kept[k]) - 1
    box = np.asarray(sites.box)
    open_ = np.isinf(box if box.ndim == 1 else box.diagonal())
    position = np.where(open_, sites.position, found.sites.position)
    return found._replace(
        sites=found.sites._replace(position=position, box=sites.box),
        simplices=tuple(simplices),
        faces=tuple(faces),
        values=tuple(values),
    )
