"""Scores averaged over what surrounds each particle: within a radius, or with exponential weights."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers, cell, concrete, floats, points
from tdaglass.space import (
    enclosed,
    in_shortest_vectors,
    is_reduced,
    lattice_vectors,
    nearest_image,
    widths,
)

BLOCK = 64  # rows of the matrix of all pairs held at a time
ROUNDING = 2e-6  # of the widths of a cell that is not orthorhombic


@dataclass(frozen=True)
class Within:
    """One up to a distance, zero beyond."""

    radius: Any

    def __call__(self, distance_sq: Array) -> Array:
        """Weights at squared distances."""
        return (distance_sq < jnp.square(self.radius)).astype(distance_sq.dtype)


@dataclass(frozen=True)
class Decaying:
    """Exponential in the distance, up to a cut-off if there is one."""

    length: Any
    cutoff: Any

    def __call__(self, distance_sq: Array) -> Array:
        """Weights at squared distances."""
        apart = distance_sq > 0  # the root has no finite slope at the particle itself
        decay = jnp.exp(-jnp.where(apart, jnp.sqrt(jnp.where(apart, distance_sq, 1)), 0) / self.length)
        return decay if self.cutoff is None else jnp.where(distance_sq < jnp.square(self.cutoff), decay, 0)


def local_average(
    values: Numbers,
    positions: Numbers,
    box: Numbers | None,
    radius: Numbers,
) -> Float[Array, "particles *channels"]:
    r"""Mean over the particles nearer than a radius, the particle itself included.

    .. math:: \bar X_i = \frac{1}{N_i + 1} \sum_{j: r_{ij} < r_c} X_j

    (Boattini et al., Nat. Commun. 11, 5479, 2020, Methods, where the radius is twice the large diameter).

    Parameters
    ----------
    values : (particles,) or (particles, channels)
    positions : (particles, dim), length units
    box : number, (dim,) or (dim, dim), length units, or None for open space
        Infinite edges are open axes.
    radius : length units
        At most half the least width of the cell, in its shortest lattice vectors.

    Returns
    -------
    The shape and units of `values`; NaN where a value within the radius is NaN, and inside jit where a traced box
    is smaller than twice the radius.

    Raises
    ------
    ValueError
        For arguments that do not fit together; where values are known, for positions that are not finite or a box
        smaller than twice the radius.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import local_average
    >>> line = jnp.array([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    >>> local_average(jnp.array([1.0, 3.0, 7.0]), line, None, 1.5).tolist()
    [2.0, 2.0, 7.0]
    """
    x, channels, lattice = _arguments(values, positions, box)
    reach = _distance(radius, "radius", x)
    fits = jnp.ones((), bool)
    if lattice is not None:
        lattice = enclosed(lattice, lax.stop_gradient(x), reach)
        width = jnp.min(widths(lattice))
        known = concrete(jnp.stack([width, jnp.asarray(reach, x.dtype)]))
        # Widths of a matrix are known up to rounding.
        rounding = 0 if lattice.ndim == 1 else ROUNDING
        fits = width * (1 + rounding) >= 2 * reach
        if known is not None and known[0] * (1 + rounding) < 2 * known[1]:
            raise ValueError(
                f"expected a cell at least twice as wide as the radius {known[1]:g}, got {known[0]:g}; "
                "try a larger system or a smaller radius"
            )
    return jnp.where(fits, _weighted_mean(channels, x, lattice, Within(reach)), jnp.nan)


def exponential_average(
    values: Numbers,
    positions: Numbers,
    box: Numbers | None,
    length: Numbers,
    *,
    cutoff: Numbers | None = None,
) -> Float[Array, "particles *channels"]:
    r"""Mean over all particles with weights that decay with distance, the particle itself included.

    .. math:: \bar X_i = \frac{\sum_j X_j\, e^{-r_{ij}/\xi}}{\sum_j e^{-r_{ij}/\xi}}

    (Tong and Tanaka, Phys. Rev. X 8, 011041, 2018, coarse-graining). In a periodic cell each particle counts
    once, by its nearest image, however far that is.

    Parameters
    ----------
    values : (particles,) or (particles, channels)
    positions : (particles, dim), length units
    box : number, (dim,) or (dim, dim), length units, or None for open space
        Infinite edges are open axes.
    length : length units
        The decay length, xi.
    cutoff : length units
        Leave out particles at this distance or further; None: use all.

    Returns
    -------
    The shape and units of `values`. Differentiable in all arguments but `cutoff`. NaN inside jit where a traced
    box is a matrix that is not reduced: its nearest images cannot be told.

    Raises
    ------
    ValueError
        For arguments that do not fit together; where values are known, for positions that are not finite.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import exponential_average
    >>> pair = jnp.array([[0.0, 0.0], [0.6931472, 0.0]])
    >>> [round(float(x), 4) for x in exponential_average(jnp.array([0.0, 3.0]), pair, None, 1.0)]
    [1.0, 2.0]
    """
    x, channels, lattice = _arguments(values, positions, box)
    decay_length = _distance(length, "length", x)
    within = None if cutoff is None else _distance(cutoff, "cut-off", x)
    weight = Decaying(decay_length, within)
    if lattice is None:
        return _weighted_mean(channels, x, None, weight)
    # As far out as no pair is apart: across an open axis nothing is wrapped.
    lattice = enclosed(lattice, 2 * lax.stop_gradient(x), 1.0)
    mean = _weighted_mean(channels, x, lattice, weight, nearest_of_all=True)
    return jnp.where(is_reduced(lax.stop_gradient(lattice)), mean, jnp.nan)


def _arguments(values: Numbers, positions: Numbers, box: Numbers | None) -> tuple[Array, Array, Array | None]:
    x = points(positions)
    channels = floats(values, "values", like=x)
    if channels.shape[:1] != x.shape[:1]:
        raise ValueError(
            f"expected values of {len(x)} particles, got shape {channels.shape}; try (particles, channels)"
        )
    lattice = cell(box, x)
    return x, channels, None if lattice is None else in_shortest_vectors(lattice)


def _distance(given: Numbers, name: str, positions: Array) -> Array | float:
    distance = floats(given, name, like=positions)
    if distance.ndim:
        raise ValueError(
            f"expected one number as {name}, got shape {distance.shape}; try jax.vmap for several"
        )
    value = concrete(distance)
    if value is not None and not 0 < value < np.inf:
        raise ValueError(f"expected a positive {name}, got {value:g}; try one of a few particle diameters")
    # What is known when compiled stays so: dividing by it gives other bits than dividing by an argument.
    return float(distance) if value is not None and not isinstance(distance, jax.core.Tracer) else distance


def _weighted_mean(
    values: Array,
    positions: Array,
    box: Array | None,
    weight_fn: Within | Decaying,
    *,
    nearest_of_all: bool = False,
) -> Array:
    known = all(x is None or isinstance(x, float) for x in vars(weight_fn).values())
    return (_compiled if known else _mean_of_rows)(values, positions, box, weight_fn, nearest_of_all)


def _mean_of_rows(
    values: Array,
    positions: Array,
    box: Array | None,
    weight_fn: Callable[[Array], Array],
    nearest_of_all: bool,
) -> Array:
    """Rows of the weight matrix in blocks; in reverse mode each block is computed again, not kept."""
    n = positions.shape[0]
    channels = values.reshape(n, -1)
    unknown = jnp.isnan(channels)
    known = jnp.where(unknown, 0, channels)
    columns = jnp.concatenate([known, unknown.astype(values.dtype)], 1)

    @jax.checkpoint
    def rows(centres: Float[Array, "block dim"]) -> Float[Array, "block channels"]:
        if box is not None and box.ndim == 2:
            distance_sq = _of_nearest(centres[:, None] - positions, box, nearest_of_all)
        else:
            distance_sq = jnp.zeros((centres.shape[0], n), positions.dtype)
            for axis in range(positions.shape[1]):
                along = centres[:, axis, None] - positions[:, axis]
                if box is not None:
                    along -= box[axis] * jnp.round(lax.stop_gradient(along / box[axis]))
                distance_sq += along**2
        weight = weight_fn(distance_sq)
        total, missing = jnp.split(jnp.matmul(weight, columns, precision="highest"), 2, axis=1)
        return jnp.where(missing > 0, jnp.nan, total / jnp.sum(weight, 1, keepdims=True))

    n_blocks = -(-n // BLOCK)
    centres = jnp.pad(positions, ((0, n_blocks * BLOCK - n), (0, 0)), mode="edge")
    mean = lax.map(rows, centres.reshape(n_blocks, BLOCK, -1))
    return mean.reshape(n_blocks * BLOCK, -1)[:n].reshape(values.shape)


# One program for all systems of a size: an eager call would otherwise be compiled each time.
_compiled = jax.jit(_mean_of_rows, static_argnames=("weight_fn", "nearest_of_all"))


def _of_nearest(apart: Array, box: Array, of_all: bool) -> Float[Array, "block particles"]:
    """Squared distances of nearest images: those with fractions within a half, or the nearest of those around it.

    In a reduced cell no image further away is nearer (Nguyen and Stehle, ACM Trans. Algorithms 5, 46, 2009).
    """
    wrapped = nearest_image(apart, box)
    distance_sq = jnp.sum(wrapped**2, -1)
    if of_all:
        for numbers in itertools.product((-1, 0, 1), repeat=box.shape[0]):
            image = wrapped + lattice_vectors(jnp.array(numbers), box)
            distance_sq = jnp.minimum(distance_sq, jnp.sum(image**2, -1))
    return distance_sq
