"""Inverse powers of the distance: soft spheres."""

from dataclasses import dataclass
from typing import NamedTuple

from tdaglass.glass.potentials.pair_potential import Numbers, PairPotential


class Repulsion(NamedTuple):
    """Length, squared, and energy of pairs."""

    sigma_sq: Numbers
    epsilon: Numbers


@dataclass(frozen=True)
class InversePower(PairPotential):
    r""":math:`u(r) = \epsilon (\sigma / r)^n` with an even exponent n.

    Attributes
    ----------
    exponent : int
        n.

    Raises
    ------
    ValueError
        If the exponent is odd, or below 2.

    References
    ----------
    Soft spheres with n = 12: B. Bernu et al., J. Phys. C 18, L371 (1985); with a smooth end at the cut-off, A.
    Ninarello, L. Berthier, D. Coslovich, Phys. Rev. X 7, 021039 (2017).

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> potential = InversePower(12)
    >>> pair = potential.coefficients(jnp.array(2.0), jnp.array(3.0))
    >>> float(potential.energy(jnp.array(4.0), pair)), float(potential.force(jnp.array(4.0), pair))
    (3.0, 9.0)
    """

    exponent: int = 12

    def __post_init__(self) -> None:
        if self.exponent < 2 or self.exponent % 2:
            raise ValueError(f"expected an even exponent of 2 or more, got {self.exponent}; try 12")

    def coefficients(self, sigma: Numbers, epsilon: Numbers) -> Repulsion:
        """sigma**2, from which every even power is made, and epsilon."""
        return Repulsion(sigma * sigma, epsilon)

    def energy(self, r_sq: Numbers, pair: Repulsion) -> Numbers:
        """U of pairs at squared distances."""
        return pair.epsilon * (pair.sigma_sq / r_sq) ** (self.exponent // 2)

    def force(self, r_sq: Numbers, pair: Repulsion) -> Numbers:
        """Minus u'(r) / r."""
        return self.exponent * self.energy(r_sq, pair) / r_sq

    def curvature(self, r_sq: Numbers, pair: Repulsion) -> Numbers:
        """Second derivative of u in the squared distance."""
        half = self.exponent // 2
        return half * (half + 1) * self.energy(r_sq, pair) / (r_sq * r_sq)
