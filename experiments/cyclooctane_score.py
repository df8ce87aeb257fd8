"""Whether classes of points on a map hang together: pieces of each class, its neighbours, silhouettes."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from sklearn.metrics import silhouette_score

# A piece with less of its class is a speck: it lowers the share of the largest piece, and is not counted.
SPECK = 0.05
# Largest piece of the class that fares worst, from which on the verdict is given.
VERDICTS = ((0.9, "one piece"), (0.5, "mostly"), (0.0, "in pieces"))
NEIGHBORS = 10


class ClassScore(NamedTuple):
    """Of one class.

    Attributes
    ----------
    largest
        Share of the class that is in its largest piece.
    pieces
        How many pieces hold at least `SPECK` of the class.
    alone
        The same, if other classes may stand between: what is asked of a class by itself.
    neighbors
        Share of its own class among the ten nearest neighbours of its points.
    """

    largest: float
    pieces: int
    alone: int
    neighbors: float


class MapScore(NamedTuple):
    """Of a map, in the plane or in more dimensions.

    Attributes
    ----------
    classes : dict of ClassScore
    silhouette : float
        Mean over all points, between -1 and 1.
    verdict : str
    """

    classes: dict[str, ClassScore]
    silhouette: float
    verdict: str


def spacing(points: np.ndarray) -> float:
    """Distance at which the points would just hang together if they were strewn evenly over a surface.

    Of n random points of density rho in the plane that is sqrt(ln n / (pi rho)), the distance to the ln n-th
    neighbour: here that of the median point.
    """
    k = int(np.ceil(np.log(len(points))))
    return float(np.median(KDTree(points).query(points, k + 1)[0][:, k]))


def pieces(points: np.ndarray, members: np.ndarray, linkage: float, *, apart: bool = True) -> np.ndarray:
    """The pieces into which a class falls, the largest first, as shares of the class.

    Two points of the class hang together if they are at most the linkage from each other and no point of another
    class stands between them, in the ball of which they span a diameter. Without the second condition a class
    strewn among others counts as one piece.

    Parameters
    ----------
    points : (points, dim)
    members : (points,) bool
        Who is of the class.
    linkage
        In the units of the points.
    apart
        Whether to ask for the second condition.

    Returns
    -------
    (pieces,)

    Examples
    --------
    >>> line = np.arange(6.0)[:, None]
    >>> pieces(line, np.array([True, True, False, True, True, True]), linkage=2.0).tolist()
    [0.6, 0.4]
    """
    own, others = points[members], points[~members]
    n = len(own)
    pairs = KDTree(own).query_pairs(linkage, output_type="ndarray")
    length = np.linalg.norm(own[pairs[:, 0]] - own[pairs[:, 1]], axis=1)
    order = np.argsort(length, kind="stable")
    pairs, length = pairs[order], length[order]
    tree = KDTree(others) if apart and len(others) else None
    piece, links, begin, size = np.arange(n), np.zeros((0, 2), int), 0, 8 * n
    # From short to long: of the longer pairs only those matter that are not yet in one piece, and these are few.
    while begin < len(pairs):
        end = begin + size
        open_ = piece[pairs[begin:end, 0]] != piece[pairs[begin:end, 1]]
        pair, radius = pairs[begin:end][open_], length[begin:end][open_] / 2
        if tree is not None and len(pair):
            between = tree.query((own[pair[:, 0]] + own[pair[:, 1]]) / 2)[0] < radius * (1 - 1e-9)
            pair = pair[~between]
        links = np.concatenate([links, pair])
        piece = connected_components(coo_matrix((np.ones(len(links)), links.T), (n, n)), directed=False)[1]
        begin, size = end, 2 * size
    return np.sort(np.bincount(piece))[::-1] / n


def score(points: np.ndarray, labels: np.ndarray, linkage: float) -> MapScore:
    """How well each class keeps together.

    Parameters
    ----------
    points : (points, dim)
    labels : (points,) str
    linkage
        In units of `spacing`, which is that of all points.
    """
    names = np.unique(labels)
    k = min(NEIGHBORS, len(points) - 1)
    nearest = KDTree(points).query(points, k + 1)[1][:, 1:]
    alike = (labels[nearest] == labels[:, None]).mean(1)
    length = linkage * spacing(points)
    classes = {}
    for name in names:
        of_class = labels == name
        share = pieces(points, of_class, length)
        alone = pieces(points, of_class, length, apart=False)
        classes[str(name)] = ClassScore(
            float(share[0]),
            int(np.sum(share >= SPECK)),
            int(np.sum(alone >= SPECK)),
            float(alike[of_class].mean()),
        )
    worst = min(c.largest for c in classes.values())
    verdict = next(word for least, word in VERDICTS if worst >= least)
    silhouette = silhouette_score(points, labels) if len(names) > 1 and len(points) > len(names) else np.nan
    return MapScore(classes, float(silhouette), verdict)
