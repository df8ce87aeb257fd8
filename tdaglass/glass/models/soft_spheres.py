"""Soft spheres that do not crystallise: good for equilibrating deep in the glass, by swaps of diameters."""

from tdaglass import arguments
from tdaglass.glass.models.composition import split
from tdaglass.glass.models.pair_model import PairModel, additive, symmetric
from tdaglass.glass.models.polydisperse import PolydisperseModel
from tdaglass.glass.potentials import InversePower

# Of the smallest to the largest diameter; together with a mean of one this decides both.
SIZE_RATIO = 0.45


def polydisperse_soft_spheres(
    n: int = 1500, *, dimension: int = 3, non_additivity: float = 0.2
) -> PolydisperseModel:
    """Soft spheres, n = 12, of continuous diameters: density ~ sigma**-3, mean 1, spread 23 %; non-additive.

    Parameters
    ----------
    n : int
        Particles.
    dimension : int
        In three dimensions the number density is 1.02, in two 1.01.
    non_additivity : float

    References
    ----------
    A. Ninarello, L. Berthier, D. Coslovich, Phys. Rev. X 7, 021039 (2017); in two dimensions L. Berthier et al.,
    Nat. Commun. 10, 1508 (2019).

    Examples
    --------
    >>> model = polydisperse_soft_spheres(1000)
    >>> print(f"{model.smallest:.3f} {model.largest:.3f} {model.diameters.mean():.3f} {model.diameters.std():.3f}")
    0.725 1.611 1.000 0.229
    """
    n = arguments.whole(n, "n")
    return PolydisperseModel(
        name=f"polydisperse_soft_spheres_{dimension}d",
        dimension=dimension,
        counts=(n,),
        number_density=1.02 if dimension == 3 else 1.01,
        masses=(1.0,),
        smallest=(1 + SIZE_RATIO) / 2,
        largest=(1 + SIZE_RATIO) / (2 * SIZE_RATIO),
        non_additivity=non_additivity,
    )


def ternary_soft_spheres(n: int = 1500) -> PairModel:
    """Soft spheres, n = 12, of three sizes, 15:30:55, each a quarter larger than the next; additive.

    Their mean diameter is 1. They end smoothly at 1.25 sigma_ij, and have the number density of the
    polydisperse liquid, 1.02.

    References
    ----------
    R. Gutierrez, S. Karmakar, Y. G. Pollack, I. Procaccia, EPL 111, 56009 (2015); A. Ninarello, L. Berthier, D.
    Coslovich, Phys. Rev. X 7, 021039 (2017).

    Examples
    --------
    >>> model = ternary_soft_spheres(1000)
    >>> model.counts, round(float(model.diameters.mean()), 3)
    ((150, 300, 550), 1.0)
    """
    counts = split(n, 0.15, 0.30)
    sizes = (1.25**2, 1.25, 1.0)
    mean = sum(count * size for count, size in zip(counts, sizes, strict=True)) / n
    sigma = tuple(size / mean for size in sizes)
    return PairModel(
        name="ternary_soft_spheres",
        dimension=3,
        counts=counts,
        number_density=1.02,
        masses=(1.0,) * 3,
        sigma=additive(sigma),
        epsilon=symmetric(*[1.0] * 6),
        cutoff=additive(sigma, 1.25),
        truncation="smooth",
        potential=InversePower(12),
    )
