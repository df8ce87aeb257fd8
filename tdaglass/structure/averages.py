"""Scores averaged over what surrounds each particle: within a radius, or with exponential weights."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from tdaglass.structure.checks import check_input, concrete

BLOCK = 64  # rows of the matrix of all pairs held at a time


def local_average(
    values: Float[Array, "particles *channels"],
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"] | None,
    radius: ArrayLike,
) -> Float[Array, "particles *channels"]:
    r"""Mean over the particles nearer than a radius, the particle itself included.

    .. math:: \bar X_i = \frac{1}{N_i + 1} \sum_{j: r_{ij} < r_c} X_j

    (Boattini et al., Nat. Commun. 11, 5479, 2020, Methods, where the radius is twice the large diameter).

    Parameters
    ----------
    values : (particles,) or (particles, channels)
    positions : (particles, dim), length units
    box : (dim,), length units, or None for open space
    radius : length units, at most half the shortest box edge

    Returns
    -------
    The shape and units of `values`; NaN where a value within the radius is NaN.

    Raises
    ------
    ValueError
        In eager calls: positions that are not finite, or a box smaller than twice the radius.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import local_average
    >>> line = jnp.array([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]])
    >>> local_average(jnp.array([1.0, 3.0, 7.0]), line, None, 1.5).tolist()
    [2.0, 2.0, 7.0]
    """
    _check(positions, box, radius)
    return _weighted_mean(
        values,
        positions,
        box,
        lambda distance_sq: (distance_sq < jnp.square(radius)).astype(distance_sq.dtype),
    )


def exponential_average(
    values: Float[Array, "particles *channels"],
    positions: Float[Array, "particles dim"],
    box: Float[Array, " dim"] | None,
    length: ArrayLike,
    *,
    cutoff: ArrayLike | None = None,
) -> Float[Array, "particles *channels"]:
    r"""Mean over all particles with weights that decay with distance, the particle itself included.

    .. math:: \bar X_i = \frac{\sum_j X_j\, e^{-r_{ij}/\xi}}{\sum_j e^{-r_{ij}/\xi}}

    (Tong and Tanaka, Phys. Rev. X 8, 011041, 2018, coarse-graining). In a periodic box each particle counts
    once, by its nearest image.

    Parameters
    ----------
    values : (particles,) or (particles, channels)
    positions : (particles, dim), length units
    box : (dim,), length units, or None for open space
    length : length units
        The decay length, xi.
    cutoff : length units
        Leave out particles at this distance or further; None: use all.

    Returns
    -------
    The shape and units of `values`. Differentiable in all arguments but `cutoff`.

    Raises
    ------
    ValueError
        In eager calls, for positions that are not finite.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from tdaglass.structure import exponential_average
    >>> pair = jnp.array([[0.0, 0.0], [0.6931472, 0.0]])
    >>> [round(float(x), 4) for x in exponential_average(jnp.array([0.0, 3.0]), pair, None, 1.0)]
    [1.0, 2.0]
    """
    _check(positions, box, 0.0)

    def weight(distance_sq: Array) -> Array:
        apart = distance_sq > 0  # the root has no finite slope at the particle itself
        decay = jnp.exp(-jnp.where(apart, jnp.sqrt(jnp.where(apart, distance_sq, 1)), 0) / length)
        return decay if cutoff is None else jnp.where(distance_sq < jnp.square(cutoff), decay, 0)

    return _weighted_mean(values, positions, box, weight)


def _check(positions: Array, box: Array | None, radius: ArrayLike) -> None:
    fixed, reach = concrete(positions), concrete(jnp.asarray(radius))
    if fixed is not None and reach is not None:
        check_input(fixed, concrete(box), float(reach))


def _weighted_mean(
    values: Array, positions: Array, box: Array | None, weight_fn: Callable[[Array], Array]
) -> Array:
    """Rows of the weight matrix in blocks; in reverse mode each block is computed again, not kept."""
    n = positions.shape[0]
    channels = values.reshape(n, -1)
    unknown = jnp.isnan(channels)
    known = jnp.where(unknown, 0, channels)
    columns = jnp.concatenate([known, unknown.astype(values.dtype)], 1)

    @jax.checkpoint
    def rows(centres: Float[Array, "block dim"]) -> Float[Array, "block channels"]:
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
