"""Alpha complexes of particles, in open space and in periodic boxes."""

import warnings
from typing import Any, NamedTuple

import numpy as np

from tdaglass import arguments
from tdaglass.space.cell import fractions, volume
from tdaglass.space.lattice_reduction import minkowski_reduced
from tdaglass.topology import films
from tdaglass.topology.backend import backend
from tdaglass.topology.geometry import translations
from tdaglass.topology.records import Simplices, Sites
from tdaglass.topology.triangulation import delaunay_cells

Array = np.ndarray
# Of the mean distance between points: a million times what rounding does to squared radii, and far below what
# anything measured in them could show.
PERTURBATION = 1e-8
SEED = 20261122
# So many boxes away, positions have lost what they are in the box.
FAR = 1e9
# Volumes of cells, relative to those of bricks with their edges, of which rounding leaves too few digits.
FLAT = 1e-11


class AlphaComplex(NamedTuple):
    """A Delaunay triangulation and when each of its simplices appears as balls around the points grow.

    Entry k of `simplices`, `faces` and `values` is of dimension k.

    Attributes
    ----------
    sites : Sites
        Points as they were triangulated: in the box, and perturbed if that was needed.
    wrapped : (points, dim) int32
        By how many boxes (of `sites`) each point was moved into the box.
    simplices : tuple of Simplices
        A simplex of a periodic complex stands for all its images.
    faces : tuple of (simplices, k + 1) int32
        Face f of a simplex, among those of dimension k - 1, lacks its vertex f; for vertices, nothing.
    values : tuple of (simplices,) float64
        Squared radii at which simplices appear (for points with weights, powers).
    perturbation : float
        Standard deviation of the displacements by which a degenerate configuration (such as a perfect crystal) was
        disturbed, with the seed `SEED`; 0 for none.
    lattice : (dim, dim) int64, or None
        Rows: the lattice vectors of `sites.box`, the shortest there are, in units of those of the box that was
        given; None where that had edges, or was open.
    """

    sites: Sites
    wrapped: Array
    simplices: tuple[Simplices, ...]
    faces: tuple[Array, ...]
    values: tuple[Array, ...]
    perturbation: float
    lattice: Array | None = None

    def given_boxes(self, shift: Array) -> Array:
        """Shifts (..., dim) by whole boxes of `sites`, in units of the lattice vectors that were given."""
        return shift if self.lattice is None else (shift @ self.lattice).astype(np.int32)

    @property
    def dim(self) -> int:
        """Of space."""
        return self.sites.position.shape[1]

    @property
    def euler_characteristic(self) -> int:
        """Alternating sum of the numbers of simplices: 0 in a box with a periodic axis, 1 in open space."""
        present = [int(np.sum(np.isfinite(value))) for value in self.values]
        return sum((-1) ** k * n for k, n in enumerate(present))


def alpha_complex(positions: Any, box: Any = None, weights: Any = None, *, warn: bool = True) -> AlphaComplex:
    """Alpha complex of points (Edelsbrunner and Mücke, ACM Trans. Graph. 13, 43, 1994).

    A simplex appears at the radius of the smallest empty sphere through its vertices. With weights, balls of
    squared radius ``weights + alpha`` grow from the points, and spheres are orthogonal to them.

    Parameters
    ----------
    positions : (points, 2 or 3)
        In length units; need not lie in the box.
    box : number, (dim,) or (dim, dim), optional
        Edges of the periodic cell, or lattice vectors as rows; None for open space. An infinite edge is open space
        along that axis, as for films. Of a matrix only the lattice matters, not which vectors span it.
    weights : (points,), optional
        Squared initial radii, in length units squared.
    warn : bool
        Whether to say so if the points had to be disturbed. Where nobody could catch the error that users may have
        turned warnings into, `AlphaComplex.perturbation` tells it too.

    Returns
    -------
    AlphaComplex
        In double precision, whatever was given.

    Raises
    ------
    ValueError
        For numbers that are not finite, points at the same place, a box that is none (see `arguments.cell`) or too
        narrow for its points; in open space for fewer points than a cell has vertices, or such that all lie in a
        common plane or line.

    Warns
    -----
    UserWarning
        If the points are so regular that they had to be disturbed (see `AlphaComplex.perturbation`).

    Examples
    --------
    >>> import numpy as np
    >>> square = alpha_complex(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.2]]))
    >>> [len(value) for value in square.values]
    [4, 5, 2]
    """
    given, wrapped, lattice = _checked(positions, box, weights)
    sites, most = films.closed(given)
    found = _complex(sites, wrapped, perturbation=0.0)
    if found is None:
        scale = PERTURBATION * _spacing(sites)
        noise = np.random.default_rng(SEED).normal(scale=scale, size=sites.position.shape)
        sites, moved = _in_box(sites._replace(position=sites.position + noise))
        found = _complex(sites, wrapped + moved, perturbation=scale)
        if found is None:
            raise ValueError(
                "expected points with a unique triangulation, got some that have none even when displaced by "
                f"{scale:.1e}; try to displace them by more"
            )
        if warn:
            warnings.warn(
                "the points are so regular that their triangulation is not unique, as in a perfect crystal; they "
                f"were displaced at random by {found.perturbation:.1e}",
                stacklevel=2,
            )
    return films.opened(found, given, most)._replace(lattice=lattice)


def _checked(positions: Any, box: Any, weights: Any) -> tuple[Sites, Array, Array | None]:
    """Points in the box of shortest lattice vectors, by how many of them they were moved, and what these are."""
    position = arguments.doubles(positions, "positions")
    arguments.one_system(position)
    n, dim = position.shape
    box = arguments.cell_on_host(box, dim)
    if n <= dim and box is None:
        raise ValueError(f"expected at least {dim + 1} points in {dim} dimensions, got {n}; try more of them")
    if weights is not None:
        weights = arguments.doubles(weights, "weights")
        if weights.shape != (n,):
            raise ValueError(
                f"expected a weight for each of {n} points, got shape {weights.shape}; try an array ({n},)"
            )
        arguments.finite(weights, "weights")
    box, lattice = _reduced(box)
    sites, wrapped = _in_box(Sites(position, weights, box))
    order = np.lexsort(sites.position.T)
    same = np.flatnonzero(np.all(np.diff(sites.position[order], axis=0) == 0, axis=1))
    if len(same):
        i, j = sorted(int(k) for k in order[same[0] : same[0] + 2])
        raise ValueError(
            f"expected points at different places, got {i} and {j} at one; try without one of them"
        )
    return sites, wrapped, lattice


def _reduced(box: Array | None) -> tuple[Array | None, Array | None]:
    if box is None or box.ndim == 1:
        return box, None
    periodic = np.flatnonzero(np.isfinite(box.diagonal()))
    block = np.ix_(periodic, periodic)
    vectors, lattice = box.copy(), np.eye(len(box), dtype=np.int64)
    vectors[block], lattice[block] = minkowski_reduced(box[block])
    right_angles = not np.any(vectors[~np.eye(len(box), dtype=bool)])
    return (vectors.diagonal().copy() if right_angles else vectors), lattice


def _in_box(sites: Sites) -> tuple[Sites, Array]:
    box = sites.box
    if box is None:
        return sites, np.zeros(sites.position.shape, np.int32)
    if box.ndim == 2:
        # The inverse of a matrix with infinities: along open axes nothing is moved.
        boxes = np.floor(fractions(sites.position, np.where(np.isinf(box), 1, box)))
        boxes[:, np.isinf(box.diagonal())] = 0
        _check_near(boxes)
        return sites._replace(position=sites.position - translations(boxes, box)), boxes.astype(np.int32)
    boxes = np.floor(sites.position / box)
    boxes[:, np.isinf(box)] = 0
    _check_near(boxes)
    position = sites.position - translations(boxes, box)
    # Just below zero, rounded, is the far face.
    outside = position >= box
    position[outside] = 0
    return sites._replace(position=position), (boxes + outside).astype(np.int32)


def _check_near(boxes: Array) -> None:
    if not np.abs(boxes).max() < FAR:
        raise ValueError(
            f"expected positions within {FAR:g} boxes, got one {np.abs(boxes).max():.3g} away; "
            "try positions in the box"
        )


def _spacing(sites: Sites) -> float:
    """Mean distance between points."""
    extent = np.ptp(sites.position, axis=0) if sites.box is None else sites.box
    return float(volume(extent) / len(sites.position)) ** (1 / sites.position.shape[1])


def _complex(sites: Sites, wrapped: Array, perturbation: float) -> AlphaComplex | None:
    """None for points whose triangulation is not the same in every box, or has cells flat but for rounding."""
    cells = delaunay_cells(sites)
    if not len(cells.point):
        raise ValueError(
            "expected points that fill space, got all of them in a common "
            f"{'line' if sites.position.shape[1] == 2 else 'plane'}; try positions of one dimension less"
        )
    found = backend().fill_complex(sites, cells, 0.0 if perturbation else FLAT)
    if found is None:
        return None
    return AlphaComplex(sites, wrapped, found.simplices, found.faces, found.values, perturbation)
