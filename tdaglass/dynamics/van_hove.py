"""Van Hove functions: where a particle, and where the others, are some time after it was at the origin."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass import arguments
from tdaglass.dynamics.displacements import squared_distance
from tdaglass.dynamics.images import wrap
from tdaglass.dynamics.time_correlation import (
    Pair,
    System,
    TimeCorrelationFunction,
    require_box,
)
from tdaglass.space import cell

BLOCK = 64  # particles whose distances to all others are held at a time


@dataclass(frozen=True)
class VanHoveSelf(TimeCorrelationFunction):
    r"""Self part of the van Hove function, the density of displacements.

    .. math:: G_s(r, t) = \frac{1}{N} \langle \sum_i \delta(\mathbf r - \mathbf r_i(t) + \mathbf r_i(0)) \rangle

    (L. van Hove, Phys. Rev. 95, 249, 1954), averaged over directions. Times :math:`4\pi r^2` (or :math:`2\pi
    r`) it is the distribution of distances. 1 / length**dim; its integral over space is one less what lies
    beyond `r_max`.

    Parameters
    ----------
    r_max : length units
        Upper end of the last bin.
    bins : int
        Of equal width; `grid` has their middles.

    Raises
    ------
    ValueError
        For a length or a number of bins that is not positive.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> line = np.arange(5.0)[:, None, None] * np.ones((1, 3, 2)) * [0.6, 0.8]
    >>> found = dynamics.time_correlations(line, VanHoveSelf(2.0, 2), lags=[1])
    >>> (found.values * np.pi * np.array([1, 3])).round(3).tolist()
    [[[0.0, 1.0]]]
    """

    r_max: Any
    bins: Any = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "r_max", arguments.positive(self.r_max, "largest distance"))
        object.__setattr__(self, "bins", arguments.whole(self.bins, "number of bins", least=1))

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        bins = _bins(squared_distance(pair.moved), self.r_max, self.bins)
        empty = jnp.zeros((self.bins, share.shape[0]), share.dtype)
        return empty.at[bins].add(share.T, mode="drop").T

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments / _shells(self.r_max, self.bins, system.dim)

    def grid(self, constants: Any) -> np.ndarray:  # noqa: D102
        return (np.arange(self.bins) + 0.5) * self.r_max / self.bins


@dataclass(frozen=True)
class VanHoveDistinct(VanHoveSelf):
    r"""Distinct part of the van Hove function, in units of the density: g(r) at lag 0, and 1 far away.

    .. math:: \frac{G_d(r, t)}{\rho} = \frac{V}{N (N - 1)} \langle \sum_{i} \sum_{j \ne i}
              \delta(\mathbf r - \mathbf r_j(t) + \mathbf r_i(0)) \rangle

    (L. van Hove, Phys. Rev. 95, 249, 1954), averaged over directions; distances are those of nearest images. A
    row of a species is for pairs within it. Every pair of particles is looked at: ask at few `lags`.

    Parameters
    ----------
    r_max : length units
        At most half the least distance between faces of the cell.
    bins
        As for `VanHoveSelf`.

    Raises
    ------
    ValueError
        As `VanHoveSelf`, and for open space or a small cell.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> gas = np.random.default_rng(0).uniform(0, 5, (40, 60, 2))
    >>> found = dynamics.time_correlations(gas, VanHoveDistinct(2.5, 1), lags=[1], box=5.0)
    >>> found.values.round(1).tolist()
    [[[1.0]]]
    """

    of_single_particles: ClassVar[bool] = False

    def prepare(self, system: System) -> Any:  # noqa: D102
        _require_room(require_box(system.box, "distances between particles"), self.r_max)
        same = system.species if system.species is not None else np.zeros(system.kinds.shape[1])
        return same.astype(np.int32), system.kinds

    def keep(self, positions: np.ndarray, box: np.ndarray | None, constants: Any) -> Any:  # noqa: D102
        box = require_box(box, "distances between particles")
        _require_room(box, self.r_max)
        # Nearest images are the same, and single precision keeps its digits.
        return wrap(positions, box), box

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        species, kinds = constants
        (before, box), (after, _) = pair.earlier, pair.later
        counts = _count_pairs(before, after - pair.drift, box, species, len(kinds), self.r_max, self.bins)
        total = jnp.sum(counts, axis=0)
        rows = total[None] if len(kinds) == 1 else jnp.concatenate([total[None], counts[1:]])
        return rows.astype(share.dtype) * cell.volume(box)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        pairs = system.members * (system.members - 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return moments / (pairs[:, None] * _shells(self.r_max, self.bins, system.dim))


def _shells(r_max: float, bins: int, dim: int) -> np.ndarray:
    """Volumes (bins,) of the shells."""
    edges = np.linspace(0, r_max, bins + 1)
    return np.diff(math.pi * edges**2 if dim == 2 else 4 / 3 * math.pi * edges**3)


def _bins(distance_sq: Array, r_max: float, bins: int) -> Int[Array, "*shape"]:
    """Index of the bin, `bins` for what is too far."""
    distance = jnp.sqrt(distance_sq)
    return jnp.where(distance < r_max, (distance * (bins / r_max)).astype(jnp.int32), bins)


def _require_room(box: np.ndarray, r_max: float) -> None:
    width = float(cell.widths(box).min())
    if r_max > width / 2 * (1 + 1e-9):
        raise ValueError(
            f"expected a cell of at least twice the largest distance ({r_max:g}), got {width:g} between faces; "
            f"try {width / 2:g}"
        )


def _count_pairs(
    before: Float[Array, "particles dim"],
    after: Float[Array, "particles dim"],
    box: Array,
    species: Int[Array, " particles"],
    kinds: int,
    r_max: float,
    bins: int,
) -> Int[Array, "kinds bins"]:
    """Pairs of different particles by distance: those of a species in its row, the others in row 0."""
    n = len(before)
    blocks = -(-n // BLOCK)
    # Rows without a particle have no pairs: they meet the table's end.
    first = jnp.pad(jnp.arange(n), (0, blocks * BLOCK - n), constant_values=n).reshape(blocks, BLOCK)

    def add(counts: Array, rows: Array) -> tuple[Array, None]:
        inside = rows < n
        centre = before[jnp.where(inside, rows, 0)]
        apart = cell.nearest_image(after - centre[:, None], box)
        valid = inside[:, None] & (rows[:, None] != jnp.arange(n))
        bin_ = jnp.where(valid, _bins(squared_distance(apart), r_max, bins), bins)
        of = species[jnp.where(inside, rows, 0)]
        row = jnp.where((of[:, None] == species) & (kinds > 1), of[:, None] + 1, 0)
        return counts.at[row, bin_].add(1, mode="drop"), None

    return jax.lax.scan(add, jnp.zeros((kinds, bins), jnp.int32), first)[0]
