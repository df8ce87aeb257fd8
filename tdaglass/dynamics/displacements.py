"""How far particles go: mean squared displacement, and how far from Gaussian their displacements are."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass.dynamics.time_correlation import Pair, System, TimeCorrelationFunction


def squared_distance(moved: Float[Array, "*batch dim"]) -> Float[Array, "*batch"]:
    """Square of the length of displacements."""
    return jnp.sum(moved * moved, axis=-1)


@dataclass(frozen=True)
class MeanSquaredDisplacement(TimeCorrelationFunction):
    r"""Mean squared displacement, :math:`\langle |\mathbf r_i(t) - \mathbf r_i(0)|^2 \rangle`, length**2.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> line = np.arange(5.0)[:, None, None] * np.ones((1, 3, 2))
    >>> dynamics.time_correlations(line, MeanSquaredDisplacement(), lags=[1, 2]).values.tolist()
    [[2.0, 8.0]]
    """

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        return share @ squared_distance(pair.moved)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments


@dataclass(frozen=True)
class NonGaussian(TimeCorrelationFunction):
    r"""Non-Gaussian parameter, zero where displacements are Gaussian.

    .. math:: \alpha_2(t) = \frac{\langle |\Delta\mathbf r|^4 \rangle}
              {(1 + 2/d)\, \langle |\Delta\mathbf r|^2 \rangle^2} - 1

    (A. Rahman, Phys. Rev. 136, A405, 1964): the factor is 5/3 in three dimensions and 2 in two. NaN where nothing
    has moved.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> line = np.arange(5.0)[:, None, None] * np.ones((1, 3, 2))
    >>> dynamics.time_correlations(line, NonGaussian(), lags=[1]).values.tolist()
    [[-0.5]]
    """

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        distance_sq = squared_distance(pair.moved)
        return share @ jnp.stack([distance_sq, distance_sq**2], axis=-1)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        with np.errstate(invalid="ignore", divide="ignore"):
            return moments[..., 1] / ((1 + 2 / system.dim) * moments[..., 0] ** 2) - 1
