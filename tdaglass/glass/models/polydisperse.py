"""Liquids in which every particle has a diameter of its own."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass.models.pair_liquid import PairLiquid, Particles
from tdaglass.glass.neighbor_tables import MOST_KINDS
from tdaglass.glass.potentials import InversePower, PairPotential, PairTable, Truncation, pair_table
from tdaglass.glass.potentials.pair_potential import Numbers
from tdaglass.glass.potentials.truncation import check_truncation

SOFT_SPHERES = InversePower(12)


@dataclass(frozen=True)
class PolydisperseModel(PairLiquid):
    r"""Particles with continuously distributed diameters; `Configuration.diameters` tells whose is which.

    The length of a pair is :math:`\sigma_{ij} = \frac{\sigma_i + \sigma_j}{2} (1 - \Delta |\sigma_i -
    \sigma_j|)`, and diameters have the density :math:`\sigma^{-3}` between the smallest and the largest: every
    interval of volumes in proportion takes the same volume. Without random numbers: the `diameters` are the
    quantiles of that distribution, the same in every system of n particles.

    Attributes
    ----------
    name, dimension, counts, number_density, masses
        See `glass.contract.Model`; one species in most cases.
    smallest, largest : float
        Diameters, length.
    non_additivity : float
        :math:`\Delta`, 1 / length.
    epsilon : float
        Of all pairs, energy.
    cutoff : float
        In units of sigma_ij.
    truncation, potential, units
        See `PairModel`.

    Raises
    ------
    ValueError
        For diameters that do not increase, a range of the potential that is not positive, or a non-additivity so
        large that a pair would be shorter than one of smaller particles.
    """

    smallest: float
    largest: float
    non_additivity: float = 0.0
    epsilon: float = 1.0
    cutoff: float = 1.25
    truncation: Truncation = "smooth"
    units: str = "lj"
    potential: PairPotential = SOFT_SPHERES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_truncation(self.truncation)
        if not 0 < self.smallest < self.largest:
            raise ValueError(
                f"expected 0 < smallest < largest diameter, got {self.smallest} and {self.largest}; "
                "try 0.725, 1.611"
            )
        if not min(self.epsilon, self.cutoff) > 0:
            raise ValueError(
                f"expected a positive epsilon and cutoff, got {self.epsilon} and {self.cutoff}; try 1.0, 1.25"
            )
        # Then sigma_ij grows with both diameters, and the largest particles reach furthest.
        if not 0 <= 2 * self.non_additivity * self.largest <= 1:
            raise ValueError(
                f"expected a non-additivity of 0 to {0.5 / self.largest:.3g}, got {self.non_additivity}; try 0.2"
            )

    @property
    def reach(self) -> float:
        """Longest of the cut-offs, that of two particles of the largest diameter."""
        return self.cutoff * self.largest

    @property
    def diameters(self) -> Float[np.ndarray, " particles"]:
        """Quantiles of the distribution, ascending within each species."""
        of_each = [self.quantiles((np.arange(count) + 0.5) / max(count, 1)) for count in self.counts]
        return np.concatenate(of_each)

    def quantiles(self, fraction: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        """Diameters below which these fractions of the particles lie."""
        small, large = self.smallest**-2, self.largest**-2
        return (small - fraction * (small - large)) ** -0.5

    def check(self, configuration: Configuration) -> None:
        """Raise ValueError, with a remedy, if a configuration (or batch) is not one of this liquid."""
        super().check(configuration)
        diameters = configuration.diameters
        if diameters is None:
            raise ValueError(
                f"expected the diameter of every particle of {self.name}, got None; try "
                "configuration._replace(diameters=...)"
            )
        if isinstance(diameters, Tracer):
            return
        least, most = float(np.min(np.asarray(diameters))), float(np.max(np.asarray(diameters)))
        # Rounded to single precision, the bounds themselves may lie a little outside.
        if not (self.smallest * (1 - 1e-6) <= least and most <= self.largest * (1 + 1e-6)):
            raise ValueError(
                f"expected diameters of {self.smallest:.4g} to {self.largest:.4g} for {self.name}, got "
                f"{least:.4g} to {most:.4g}; try dataclasses.replace(model, smallest=..., largest=...)"
            )

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """The configuration's own."""
        return jnp.asarray(configuration.diameters, configuration.positions.dtype)

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "kinds kinds"]]:
        """Classes of diameters with equally many particles, and how far the largest of each reach."""
        upper = self.quantiles(np.arange(1, MOST_KINDS + 1) / MOST_KINDS)
        kinds = jnp.searchsorted(jnp.asarray(upper[:-1], diameters.dtype), diameters)
        # A part in a million: a diameter at the bound of two classes may be rounded into the wrong one.
        reach = self.cutoff * np.asarray(self.lengths(upper[:, None], upper)) * (1 + 1e-6)
        return kinds.astype(jnp.int32), reach

    def lengths(self, some: Numbers, others: Numbers) -> Numbers:
        """sigma_ij of pairs of diameters."""
        apart: Any = some - others
        return (some + others) / 2 * (1 - self.non_additivity * abs(apart))

    def between(self, some: Particles, others: Particles, dtype: DTypeLike) -> PairTable:
        """What is known of pairs of particles, from their diameters."""
        sigma = jnp.asarray(self.lengths(some[1], others[1]), dtype)
        epsilon = jnp.full_like(sigma, self.epsilon)
        return pair_table(self.potential, sigma, epsilon, self.cutoff * sigma, self.truncation)
