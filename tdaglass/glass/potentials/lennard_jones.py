"""The Lennard-Jones potential."""

from dataclasses import dataclass
from typing import NamedTuple

from tdaglass.glass.potentials.pair_potential import Numbers, PairPotential


class Powers(NamedTuple):
    """Coefficients of r**-12 and of -r**-6."""

    c12: Numbers
    c6: Numbers


@dataclass(frozen=True)
class LennardJones(PairPotential):
    r""":math:`u(r) = 4 \epsilon [(\sigma / r)^{12} - (\sigma / r)^6]`.

    References
    ----------
    J. E. Jones, Proc. R. Soc. A 106, 463 (1924).
    """

    def coefficients(self, sigma: Numbers, epsilon: Numbers) -> Powers:
        """4 epsilon sigma**12 and 4 epsilon sigma**6."""
        return Powers(4 * epsilon * sigma**12, 4 * epsilon * sigma**6)

    def energy(self, r_sq: Numbers, pair: Powers) -> Numbers:
        """U of pairs at squared distances."""
        inverse_6 = 1 / (r_sq * r_sq * r_sq)
        return (pair.c12 * inverse_6 - pair.c6) * inverse_6

    def force(self, r_sq: Numbers, pair: Powers) -> Numbers:
        """Minus u'(r) / r."""
        inverse_2 = 1 / r_sq
        inverse_6 = inverse_2 * inverse_2 * inverse_2
        return (12 * pair.c12 * inverse_6 - 6 * pair.c6) * inverse_6 * inverse_2

    def at_cutoff(self, cutoff: Numbers, pair: Powers) -> tuple[Numbers, Numbers]:
        """Energy and -u' at the cut-off, in powers of it: to the last digit what earlier versions ran with."""
        c12, c6 = pair.c12 / cutoff**12, pair.c6 / cutoff**6
        return c12 - c6, (12 * pair.c12 / cutoff**12 - 6 * pair.c6 / cutoff**6) / cutoff

    def curvature(self, r_sq: Numbers, pair: Powers) -> Numbers:
        """Second derivative of u in the squared distance."""
        inverse_2 = 1 / r_sq
        inverse_6 = inverse_2 * inverse_2 * inverse_2
        return (42 * pair.c12 * inverse_6 - 12 * pair.c6) * inverse_6 * inverse_2 * inverse_2
