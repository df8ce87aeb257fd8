"""Wahnström's mixture, purely repulsive."""

from tdaglass.glass.models.composition import split
from tdaglass.glass.models.pair_model import PairModel, scaled, symmetric


def wahnstrom(n: int = 1000, *, masses: tuple[float, float] = (1.0, 1.0)) -> PairModel:
    """Wahnstroem mixture, 50:50, cut at the minimum of each pair so that it only repels; B is the large species.

    Wahnstroem's own mixture has B twice as heavy, ``masses=(1.0, 2.0)``; that changes times, not structure.

    References
    ----------
    G. Wahnstroem, Phys. Rev. A 44, 3752 (1991); E. Boattini et al., Nat. Commun. 11, 5479 (2020).
    """
    sigma = symmetric(1.0, 1.1, 1.2)
    return PairModel(
        name="wahnstrom",
        dimension=3,
        counts=split(n, 0.5),
        number_density=0.81,
        masses=masses,
        sigma=sigma,
        epsilon=symmetric(1.0, 1.0, 1.0),
        cutoff=scaled(sigma, 2 ** (1 / 6)),
    )
