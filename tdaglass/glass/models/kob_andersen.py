"""Kob and Andersen's mixtures: unlike pairs bind most."""

from typing import Literal

from tdaglass.glass.models.composition import split
from tdaglass.glass.models.pair_model import PairModel, scaled, symmetric

SIGMA = symmetric(1.0, 0.8, 0.88)
EPSILON = symmetric(1.0, 1.5, 0.5)


def kob_andersen_3d(n: int = 4096, *, truncation: Literal["shift", "force_shift"] = "shift") -> PairModel:
    """Kob-Andersen mixture, 80:20, density 1.2: the standard model of Ni80P20.

    References
    ----------
    W. Kob, H. C. Andersen, Phys. Rev. E 51, 4626 (1995).
    """
    return PairModel(
        name="kob_andersen_3d",
        dimension=3,
        counts=split(n, 0.8),
        number_density=1.2,
        masses=(1.0, 1.0),
        sigma=SIGMA,
        epsilon=EPSILON,
        cutoff=scaled(SIGMA, 2.5),
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
        counts=split(n, 0.35 if as_printed else 0.65),
        number_density=1.09,
        masses=(1.0, 1.0),
        sigma=SIGMA,
        epsilon=symmetric(1.0, 0.5, 1.5) if as_printed else EPSILON,
        cutoff=scaled(SIGMA, 2.5),
        truncation="force_shift",
    )
