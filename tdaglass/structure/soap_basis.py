r"""The radial functions of SOAP: Gaussian orbitals, orthonormal, and overlaps with Gaussians in closed form."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from tdaglass.arguments import positive, whole

DECAY = 1e-3  # what an orbital and the Gaussian of an atom have fallen to where they are taken to end
HIGHEST = 20  # to which dscribe goes
LOST = 1e-3  # of the largest number, what rounding may cost
MOST_SPECIES = 100


@dataclass(frozen=True)
class SoapBasis:
    r"""In which functions `soap` expands the density around a particle.

    Radial functions of degree l are combinations of :math:`n_\mathrm{max}` Gaussian orbitals

    .. math::
        g_{nl}(r) = \sum_k \beta_{nkl}\, r^l e^{-\alpha_{kl} r^2},\qquad \alpha_{kl} a_k^2 = \ln(10^3\, a_k^l)

    that have fallen to :math:`10^{-3}` at radii a_k evenly spaced from 1 to the cut-off, made orthonormal in the
    symmetric way of Löwdin, :math:`\beta_l = S_l^{-1/2}` (Himanen et al. 2020, section 2.5, and dscribe, whose
    default it is).

    Attributes
    ----------
    cutoff : length units
        Where the widest orbital ends; more than 1, as lengths are meant in angstrom.
    n_max : int
        Radial functions of each degree.
    l_max : int
        Highest degree of the spherical harmonics, up to 20.
    sigma : length units
        Standard deviation of the Gaussian that stands for a particle.
    species_count : int
        Of the descriptor: the same for systems that lack some of them.
    smooth : bool
        Whether particles fade out towards `reach`, with weight :math:`1 + 2(r/r_0)^3 - 3(r/r_0)^2`, which is
        dscribe's ``weighting={"function": "poly", "r0": reach, "c": 1, "m": 1}``. Without, as
        dscribe by default, a particle that crosses it changes the descriptor by a jump of some 2e-3 of its largest
        number: forces need the smooth one.

    Raises
    ------
    ValueError
        For numbers that cannot be meant, and radial functions that are too many to be told apart.

    Examples
    --------
    >>> basis = SoapBasis(cutoff=4.1, n_max=8, l_max=9, sigma=0.16)
    >>> basis.features, round(basis.reach, 4)
    (360, 4.6947)

    References
    ----------
    Himanen, Jäger, Morooka et al., Comput. Phys. Commun. 247, 106949 (2020).
    """

    cutoff: float = 5.0
    n_max: int = 8
    l_max: int = 6
    sigma: float = 0.5
    species_count: int = 1
    smooth: bool = False

    def __post_init__(self) -> None:
        for name in ("cutoff", "sigma"):
            object.__setattr__(self, name, positive(getattr(self, name), name, "4.1, 0.2 angstrom"))
        for name, least in (("n_max", 1), ("l_max", 0), ("species_count", 1)):
            object.__setattr__(self, name, whole(getattr(self, name), name, least=least))
        if self.cutoff <= 1:
            raise ValueError(
                f"expected a cut-off of more than 1, got {self.cutoff:g}; try lengths in angstrom"
            )
        if self.l_max > HIGHEST or self.species_count > MOST_SPECIES:
            raise ValueError(
                f"expected l_max up to {HIGHEST} and species up to {MOST_SPECIES}, got {self.l_max}, "
                f"{self.species_count}; try 6, 1"
            )
        self.check_precision(np.finfo(float).eps)

    @property
    def reach(self) -> float:
        r"""How far neighbours are looked for: where the Gaussian of one has fallen to 1e-3 at the cut-off."""
        return self.cutoff + self.sigma * math.sqrt(-2 * math.log(DECAY))

    @property
    def features(self) -> int:
        """Numbers that describe a particle."""
        channels = self.n_max * self.species_count
        return channels * (channels + 1) // 2 * (self.l_max + 1)

    def columns(self, first: int, second: int) -> slice:
        """Where the numbers of a pair of species stand.

        Examples
        --------
        >>> SoapBasis(n_max=2, l_max=0, species_count=2).columns(0, 1)
        slice(3, 7, None)
        """
        first, second = sorted(whole(code, "species", least=0) for code in (first, second))
        if second >= self.species_count:
            raise ValueError(f"expected codes below {self.species_count}, got {second}; try 0")
        n, degrees = self.n_max, self.l_max + 1
        alike, unlike = n * (n + 1) // 2 * degrees, n * n * degrees
        before = first * alike + unlike * (first * self.species_count - first * (first + 1) // 2)
        if first == second:
            return slice(before, before + alike)
        begin = before + alike + unlike * (second - first - 1)
        return slice(begin, begin + unlike)

    def check_precision(self, eps: float) -> None:
        """Refuse radial functions that numbers of this relative precision cannot tell apart.

        Raises
        ------
        ValueError
            Where neighbouring orbitals are so much alike that their differences are rounding.
        """
        loss = _loss(self) * eps
        if not loss < LOST:
            raise ValueError(
                f"expected radial functions that differ by more than rounding, got {self.n_max} within "
                f"{self.cutoff:g}; try a smaller n_max, or double precision"
            )


@cache
def orbitals(basis: SoapBasis) -> tuple[np.ndarray, np.ndarray]:
    r"""Exponents (degrees, k) and factors (degrees, n, k) of a particle's part in the expansion.

    The Gaussian at distance R has the overlap :math:`\beta_{nk} (\pi / (\alpha_k + \eta))^{3/2}
    (\eta / (\alpha_k + \eta))^l\, R^l Y_{lm} e^{-\alpha_k \eta R^2 / (\alpha_k + \eta)}` with an orbital, where
    :math:`\eta = 1 / (2\sigma^2)`. Factors hold those of the power spectrum, too.
    """
    eta = 1 / (2 * basis.sigma**2)
    alpha, beta = _orthonormal(basis)
    degree = np.arange(basis.l_max + 1)
    share = eta / (alpha + eta)
    # Of the power spectrum, and of harmonics whose squares add up to one in place of (2l + 1) / 4 pi.
    spectrum = np.sqrt(np.pi * np.sqrt(8 / (2 * degree + 1)) * (2 * degree + 1) / (4 * np.pi))
    overlap = (np.pi / (alpha + eta)) ** 1.5 * share ** degree[:, None]
    return alpha * share, beta * overlap[:, None] * spectrum[:, None, None]


@cache
def _orthonormal(basis: SoapBasis) -> tuple[np.ndarray, np.ndarray]:
    """Exponents (degrees, k) and Löwdin's combinations (degrees, n, k); NaN where they cannot be had."""
    alpha, overlap = _primitives(basis)
    values, vectors = np.linalg.eigh(overlap)
    with np.errstate(invalid="ignore", divide="ignore"):
        beta = (vectors / np.sqrt(values)[:, None]) @ np.swapaxes(vectors, 1, 2)
    return alpha, beta


def _primitives(basis: SoapBasis) -> tuple[np.ndarray, np.ndarray]:
    ends = np.linspace(1, basis.cutoff, basis.n_max)
    degree = np.arange(basis.l_max + 1)[:, None]
    alpha = (degree * np.log(ends) - np.log(DECAY)) / ends**2
    gamma = np.array([math.gamma(power + 1.5) for power in range(basis.l_max + 1)])[:, None, None]
    overlap = gamma / 2 * (alpha[:, :, None] + alpha[:, None]) ** (-degree[:, :, None] - 1.5)
    return alpha, overlap


@cache
def _loss(basis: SoapBasis) -> float:
    """By how much rounding of the orbitals grows in their orthonormal combinations."""
    _, overlap = _primitives(basis)
    _, beta = _orthonormal(basis)
    norms = np.sqrt(np.diagonal(overlap, axis1=1, axis2=2))
    return float(np.max(np.abs(beta) * norms[:, None]))
