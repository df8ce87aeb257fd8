"""How much of a configuration is still there: overlap, and how its fluctuations grow."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tdaglass.dynamics.displacements import squared_distance
from tdaglass.dynamics.time_correlation import (
    Pair,
    System,
    TimeCorrelationFunction,
    of_each_particle,
    positive,
)


@dataclass(frozen=True)
class Overlap(TimeCorrelationFunction):
    r"""Share of particles that have gone less than a cut-off.

    .. math:: Q(t) = \frac{1}{N} \langle \sum_i w(|\mathbf r_i(t) - \mathbf r_i(0)|) \rangle, \qquad
              w(r) = 1 \text{ for } r < a, \text{ else } 0

    (self part of C. Donati et al., J. Non-Cryst. Solids 307, 215, 2002; N. Lačević et al., J. Chem. Phys. 119,
    7372, 2003). A row of one species is averaged over its particles.

    Parameters
    ----------
    cutoff : length units
        a, often 0.3 of a diameter; or one for each species.

    Raises
    ------
    ValueError
        For a cut-off that is not positive.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> line = np.arange(5.0)[:, None, None] * np.array([[[1.0, 0.0]], [[0.1, 0.0]]]).reshape(1, 2, 2)
    >>> dynamics.time_correlations(line, Overlap(0.3), lags=[1, 3]).values.tolist()
    [[0.5, 0.0]]
    """

    cutoff: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "cutoff", positive(self.cutoff, "cut-off of the overlap"))

    def prepare(self, system: System) -> Any:  # noqa: D102
        return of_each_particle(self.cutoff, "cut-off", system) ** 2

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        return share @ overlaps(pair.moved, constants)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return moments


@dataclass(frozen=True)
class Chi4(Overlap):
    r"""Four-point susceptibility: the fluctuations of the overlap between time origins (and runs).

    .. math:: \chi_4(t) = N \left( \langle q_t^2 \rangle - \langle q_t \rangle^2 \right), \qquad
              q_t = \frac{1}{N} \sum_i w(|\mathbf r_i(t) - \mathbf r_i(0)|)

    (N. Lačević et al., J. Chem. Phys. 119, 7372, 2003). Of a species a: its particles, and N_a. It is Q (1 - Q)
    where particles move independently. It depends on the ensemble: what a run conserves does not fluctuate, and
    the limit of `FourPointStructure` at small q may be larger (L. Berthier et al., J. Chem. Phys. 126, 184503,
    2007). Origins that are not independent make it too small; of a single one it is zero, and its error NaN.

    Parameters
    ----------
    cutoff
        As for `Overlap`.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> walk = np.cumsum(np.random.default_rng(0).normal(size=(400, 50, 3)), axis=0)
    >>> overlap, chi_4 = dynamics.time_correlations(walk, [Overlap(1.5), Chi4(1.5)], lags=[1])
    >>> independent = overlap.values * (1 - overlap.values)
    >>> bool(abs(chi_4.values - independent) < 3 * chi_4.errors)
    True
    """

    def moments(self, pair: Pair, share: Array, constants: Any) -> Array:  # noqa: D102
        overlap = share @ overlaps(pair.moved, constants)
        return jnp.stack([overlap, overlap**2], axis=-1)

    def value(self, moments: np.ndarray, system: System, constants: Any) -> np.ndarray:  # noqa: D102
        return system.members * (moments[..., 1] - moments[..., 0] ** 2)


def overlaps(moved: Array, cutoff_sq: Array) -> Array:
    """1 for particles nearer than the cut-off to where they were, else 0."""
    return (squared_distance(moved) < cutoff_sq).astype(moved.dtype)
