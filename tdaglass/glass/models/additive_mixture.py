"""The additive mixture of the second study."""

from tdaglass.glass.models.composition import split
from tdaglass.glass.models.pair_model import PairModel, scaled, symmetric


def additive_mixture_2d(n: int = 2000) -> PairModel:
    """Additive binary mixture (ABM), 50:50, diameters 5/6 and 7/6, density 1.2, energy and force continuous.

    The unit of length is sigma_AB.

    References
    ----------
    N. Oyama, S. Koyama, T. Kawasaki, Front. Phys. 10, 1007861 (2022).
    """
    sigma = symmetric(5 / 6, 1.0, 7 / 6)
    return PairModel(
        name="additive_mixture_2d",
        dimension=2,
        counts=split(n, 0.5),
        number_density=1.2,
        masses=(1.0, 1.0),
        sigma=sigma,
        epsilon=symmetric(1.0, 1.0, 1.0),
        cutoff=scaled(sigma, 2.5),
        truncation="force_shift",
    )
