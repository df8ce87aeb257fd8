"""Bonds, from all pairs within the cut-off at once."""

import numpy as np
from scipy.spatial import KDTree

from tdaglass.kernels.clusters import MOST_BONDS, MOST_WITHIN
from tdaglass.space.cell import fractions, lattice_vectors, nearest_image, widths
from tdaglass.structure.topological_clusters.limits import crowded
from tdaglass.structure.topological_clusters.records import Bonds

Array = np.ndarray
# So that squares of a perfect crystal, whose diagonals are ties, are told apart neither by rounding nor by luck.
TIE = 1e-6
# The search looks so much further than the cut-off, which becomes sharp afterwards.
WIDER = 1e-6


def find_bonds(
    position: Array, vectors: Array, species: Array | None, cutoff: Array, voronoi: float | None
) -> Bonds:
    """Bonds within cut-offs (species, species), of the modified Voronoi construction if its parameter is given."""
    n = len(position)
    i, j = _near(position, vectors, cutoff.max())
    # Of each coordinate by itself, so that sums are made in the order in which the loops make them.
    apart = nearest_image(position[j] - position[i], vectors).T
    distance_sq = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2]
    kinds = np.zeros(n, int) if species is None else species
    within = distance_sq < (cutoff**2)[kinds[i], kinds[j]]
    i, j, apart, distance_sq = i[within], j[within], apart[:, within], distance_sq[within]
    if not distance_sq.all():
        same = int(distance_sq.argmin())
        raise crowded(int(i[same]), int(j[same]), "same place")
    if voronoi is not None:
        order = np.lexsort((distance_sq, i))
        i, j, apart, distance_sq = i[order], j[order], apart[:, order], distance_sq[order]
        kept = _kept(i, apart, distance_sq, n, voronoi)
        i, j = i[kept], j[kept]
    # Whoever keeps the other.
    pairs = np.unique(np.concatenate([i.astype(np.int64) * n + j, j.astype(np.int64) * n + i]))
    count = np.bincount(pairs // n, minlength=n)
    if count.max() > MOST_BONDS:
        raise crowded(int(count.argmax()), int(count.max()), "bonds")
    return Bonds(np.append(0, np.cumsum(count)), (pairs % n).astype(np.int32))


def _near(position: Array, vectors: Array, reach: float) -> tuple[Array, Array]:
    """Ordered pairs (i, j) within reach, and perhaps a little beyond, with images around the cell."""
    n, reach = len(position), reach * (1 + WIDER)
    place = fractions(position, vectors)
    place = place - np.floor(place)
    margin = np.minimum(reach / widths(vectors), 1)
    home = lattice_vectors(place, vectors)
    images, owner = [home], [np.arange(n)]
    for step in np.ndindex(3, 3, 3):
        shift = np.array(step) - 1
        moved = place + shift
        close = np.all((moved > -margin) & (moved < 1 + margin), axis=1) & bool(shift.any())
        images.append(lattice_vectors(moved[close], vectors))
        owner.append(np.flatnonzero(close))
    around, who = KDTree(np.concatenate(images)), np.concatenate(owner)
    number = around.query_ball_point(home, reach, return_length=True) - 1
    if number.max() > MOST_WITHIN:
        raise crowded(int(number.argmax()), int(number.max()), "within")
    found = KDTree(home).sparse_distance_matrix(around, reach, output_type="coo_matrix")
    i, j = found.row.astype(np.int64), who[found.col]
    return i[i != j], j[i != j]


def _kept(i: Array, apart: Array, distance_sq: Array, n: int, voronoi: float) -> Array:
    """Of pairs sorted by i and distance, those between which no nearer one stands."""
    first = np.searchsorted(i, np.arange(n))[i]
    kept = np.ones(len(i), bool)
    left, rank = np.arange(len(i)), 0
    while len(left):
        k = first[left] + rank
        nearer = (k < left) & (distance_sq[np.minimum(k, left)] < distance_sq[left])
        left, k = left[nearer], k[nearer]
        d = apart[:, left] - apart[:, k]
        between_sq = d[0] * d[0] + d[1] * d[1] + d[2] * d[2]
        blocked = distance_sq[left] > (voronoi + TIE) * (distance_sq[k] + between_sq)
        kept[left[blocked]] = False
        left, rank = left[~blocked], rank + 1
    return kept
