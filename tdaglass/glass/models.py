"""The liquids: who is in them and how they interact, in units of sigma_AA, epsilon_AA and m_A."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class PairModel:
    """A mixture of particles that interact in pairs through truncated Lennard-Jones potentials.

    A settings record: hashable, static under `jax.jit`.

    Attributes
    ----------
    name : str
    dimension : int
        2 or 3.
    counts : tuple of int
        Particles of each species.
    number_density : float
        Particles per volume (area in two dimensions), length**-dimension.
    masses : tuple of float
        One for each species.
    sigma, epsilon, cutoff : tuples of tuples of float
        Symmetric, one entry for each pair of species; length, energy, length.
    truncation : "shift" or "force_shift"
        ``shift`` subtracts the energy at the cut-off; ``force_shift`` also the force, so that both are continuous.
    units : str

    Raises
    ------
    ValueError
        If the tables do not fit the number of species, are not symmetric or positive, or the periodic box
        would be smaller than twice the longest cut-off.
    """

    name: str
    dimension: int
    counts: tuple[int, ...]
    number_density: float
    masses: tuple[float, ...]
    sigma: Matrix
    epsilon: Matrix
    cutoff: Matrix
    truncation: Literal["shift", "force_shift"] = "shift"
    units: str = "lj"

    def __post_init__(self) -> None:
        if self.dimension not in (2, 3):
            raise ValueError(f"expected dimension 2 or 3, got {self.dimension}; try dimension=3")
        if min(self.counts, default=0) < 0 or sum(self.counts) < 2:
            raise ValueError(
                f"expected at least two particles in all, got counts {self.counts}; try a larger n"
            )
        if not self.number_density > 0:
            raise ValueError(
                f"expected a positive number density, got {self.number_density}; try 1.2 (Kob-Andersen)"
            )
        if self.truncation not in ("shift", "force_shift"):
            raise ValueError(
                f"expected truncation 'shift' or 'force_shift', got {self.truncation!r}; try 'shift'"
            )
        if len(self.masses) != self.n_species or min(self.masses) <= 0:
            raise ValueError(
                f"expected {self.n_species} positive masses, one for each species, got {self.masses}; "
                "try one number for each entry of counts"
            )
        for field in ("sigma", "epsilon", "cutoff"):
            table = np.asarray(getattr(self, field), dtype=float)
            if table.shape != (self.n_species,) * 2 or not np.array_equal(table, table.T) or table.min() <= 0:
                raise ValueError(
                    f"expected {field} as a symmetric, positive {self.n_species} x {self.n_species} table, got "
                    f"{getattr(self, field)}; try one row for each entry of counts"
                )

    @property
    def n_species(self) -> int:
        """Number of species."""
        return len(self.counts)

    @property
    def n_particles(self) -> int:
        """Number of particles."""
        return sum(self.counts)

    @property
    def edge(self) -> float:
        """Edge of the cubic (square) box that holds the particles at the number density."""
        return (self.n_particles / self.number_density) ** (1 / self.dimension)

    @property
    def longest_cutoff(self) -> float:
        """Longest of the cut-offs."""
        return max(max(row) for row in self.cutoff)

    @property
    def species(self) -> Int[np.ndarray, " particles"]:
        """Species of every particle, sorted: all A, then all B, ..."""
        return np.repeat(np.arange(self.n_species, dtype=np.int32), self.counts)

    def table(self, field: str) -> Float[np.ndarray, "species species"]:
        """One of ``sigma``, ``epsilon``, ``cutoff`` as a float64 array."""
        return np.asarray(getattr(self, field), dtype=np.float64)


def _symmetric(aa: float, ab: float, bb: float) -> Matrix:
    return ((aa, ab), (ab, bb))


def _scaled(table: Matrix, factor: float) -> Matrix:
    return tuple(tuple(factor * x for x in row) for row in table)


def _split(n: int, fraction_a: float) -> tuple[int, int]:
    """Counts of A and B, rounded to the nearest particle."""
    if n < 2:
        raise ValueError(f"expected at least two particles, got n={n}; try n=1000")
    n_a = round(n * fraction_a)
    return n_a, n - n_a


KOB_ANDERSEN_SIGMA = _symmetric(1.0, 0.8, 0.88)
KOB_ANDERSEN_EPSILON = _symmetric(1.0, 1.5, 0.5)


def kob_andersen_3d(n: int = 4096, *, truncation: Literal["shift", "force_shift"] = "shift") -> PairModel:
    """Kob-Andersen mixture, 80:20, density 1.2: the standard model of Ni80P20.

    References
    ----------
    W. Kob, H. C. Andersen, Phys. Rev. E 51, 4626 (1995).
    """
    return PairModel(
        name="kob_andersen_3d",
        dimension=3,
        counts=_split(n, 0.8),
        number_density=1.2,
        masses=(1.0, 1.0),
        sigma=KOB_ANDERSEN_SIGMA,
        epsilon=KOB_ANDERSEN_EPSILON,
        cutoff=_scaled(KOB_ANDERSEN_SIGMA, 2.5),
        truncation=truncation,
    )


def kob_andersen_2d(n: int = 2000, *, as_printed: bool = False) -> PairModel:
    """Two-dimensional Kob-Andersen mixture (KAM), 65:35, density 1.09, energy and force continuous.

    `as_printed` takes the numbers of the paper's table (epsilon_AB = 0.5, epsilon_BB = 1.5, A:B = 35:65), which
    contradict its text (unlike pairs bind most) and its authors' code.

    References
    ----------
    N. Oyama, S. Koyama, T. Kawasaki, "What do deep neural networks find in disordered structures of glasses?",
    Front. Phys. 10, 1007861 (2022).
    """
    return PairModel(
        name="kob_andersen_2d_as_printed" if as_printed else "kob_andersen_2d",
        dimension=2,
        counts=_split(n, 0.35 if as_printed else 0.65),
        number_density=1.09,
        masses=(1.0, 1.0),
        sigma=KOB_ANDERSEN_SIGMA,
        epsilon=_symmetric(1.0, 0.5, 1.5) if as_printed else KOB_ANDERSEN_EPSILON,
        cutoff=_scaled(KOB_ANDERSEN_SIGMA, 2.5),
        truncation="force_shift",
    )


def wahnstrom(n: int = 1000, *, masses: tuple[float, float] = (1.0, 1.0)) -> PairModel:
    """Wahnstroem mixture, 50:50, cut at the minimum of each pair so that it only repels; B is the large species.

    Wahnstroem's own mixture has B twice as heavy, ``masses=(1.0, 2.0)``; that changes times, not structure.

    References
    ----------
    G. Wahnstroem, Phys. Rev. A 44, 3752 (1991); E. Boattini et al., Nat. Commun. 11, 5479 (2020).
    """
    sigma = _symmetric(1.0, 1.1, 1.2)
    return PairModel(
        name="wahnstrom",
        dimension=3,
        counts=_split(n, 0.5),
        number_density=0.81,
        masses=masses,
        sigma=sigma,
        epsilon=_symmetric(1.0, 1.0, 1.0),
        cutoff=_scaled(sigma, 2 ** (1 / 6)),
    )


def additive_mixture_2d(n: int = 2000) -> PairModel:
    """Additive binary mixture (ABM), 50:50, diameters 5/6 and 7/6, density 1.2, energy and force continuous.

    The unit of length is sigma_AB.

    References
    ----------
    N. Oyama, S. Koyama, T. Kawasaki, Front. Phys. 10, 1007861 (2022).
    """
    sigma = _symmetric(5 / 6, 1.0, 7 / 6)
    return PairModel(
        name="additive_mixture_2d",
        dimension=2,
        counts=_split(n, 0.5),
        number_density=1.2,
        masses=(1.0, 1.0),
        sigma=sigma,
        epsilon=_symmetric(1.0, 1.0, 1.0),
        cutoff=_scaled(sigma, 2.5),
        truncation="force_shift",
    )
