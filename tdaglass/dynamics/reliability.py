"""How well a propensity of finitely many runs is known, and how well any score could foretell it.

Repeated with other velocities, the propensity of R runs comes out a little different. Its reliability is the
correlation that two such repetitions have. What the structure alone decides correlates with either by the root
of that: no score of the structure can do better, but by chance.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.dynamics.propensity import distances_of_runs
from tdaglass.dynamics.score_correlation import of_each_species
from tdaglass.statistics import Correlation, correlation, mean_and_error
from tdaglass.structure import Neighbors


class Reliability(NamedTuple):
    """Of a propensity, species by species.

    Attributes
    ----------
    reliability : Correlation, (species,)
        Of the mean over all runs with another such mean, of ranks and of values.
    ceiling : Correlation, (species,)
        Its root: the highest correlation that a score can be expected to have.
    reliability_error : Correlation, (species,)
        Spread over the ways to split the runs. It does not tell how another configuration would do.
    """

    reliability: Correlation
    ceiling: Correlation
    reliability_error: Correlation


def propensity_reliability(
    initial: Numbers,
    runs: Numbers,
    box: Numbers | None = None,
    *,
    species: Numbers | None = None,
    cage: Neighbors | None = None,
    splits: Any = 50,
    seed: Any = 0,
) -> Reliability:
    r"""Reliability of the propensity of some runs, from correlating halves of them.

    .. math:: \rho = \frac{2 r}{1 + r}

    with r the correlation of the propensities of two halves, averaged over random splits (C. Spearman, Br. J.
    Psychol. 3, 271, 1910; W. Brown, ibid. 296): exact for values, and for ranks nearly so. The ceiling is its
    root, since the noise of the runs is in the propensity and not in the score.

    Parameters
    ----------
    initial, runs, box, cage
        As for `propensity_of_runs`; two runs or more. Of an odd number each split leaves out one.
    species : (particles,), optional
        None: all particles are alike.
    splits : int
    seed : int
        Of the splits.

    Returns
    -------
    Reliability
        NaN for a species with fewer than two particles, or whose halves do not correlate.

    Raises
    ------
    ValueError
        As `propensity_of_runs`, and for a single run.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> reach = random.uniform(0.5, 1.5, (1, 500, 1))
    >>> found = propensity_reliability(np.zeros((500, 3)), reach * random.normal(size=(16, 500, 3)))
    >>> found.ceiling.pearson.round(2).tolist()
    [0.93]
    """
    distance = np.asarray(distances_of_runs(initial, runs, box, cage), float)
    n_runs, n = distance.shape
    if n_runs < 2:
        raise ValueError(
            "expected two runs or more, got 1; try more runs, whose scatter says how well one is known"
        )
    codes = np.zeros(n, int) if species is None else np.asarray(arguments.labels(species, n))
    random = np.random.default_rng(arguments.whole(seed, "seed", least=0))
    halves: list[Correlation] = []
    for _ in range(arguments.whole(splits, "number of splits", least=1)):
        order = random.permutation(n_runs)
        one, other = (distance[part].mean(axis=0) for part in (order[: n_runs // 2], order[-(n_runs // 2) :]))
        found = [correlation(one[codes == s], other[codes == s]) for s in np.unique(codes)]
        halves.append(Correlation(*(np.array(x) for x in zip(*found, strict=True))))
    # Two halves make the whole; of an odd number of runs they make one less.
    longer = n_runs / (n_runs // 2)
    reliability, ceiling, spread = {}, {}, {}
    for name in Correlation._fields:
        r = np.stack([getattr(half, name) for half in halves])
        mean, _ = mean_and_error(r)
        with np.errstate(invalid="ignore"):
            rho = np.where(mean > 0, longer * mean / (1 + (longer - 1) * mean), np.nan)
            reliability[name], ceiling[name] = rho, np.sqrt(rho)
            spread[name] = np.std(longer * r / (1 + (longer - 1) * r), axis=0)
    return Reliability(Correlation(**reliability), Correlation(**ceiling), Correlation(**spread))


def propensity_ceiling(
    propensity: Numbers, errors: Numbers, species: Numbers
) -> Float[np.ndarray, "configurations species times"]:
    r"""The highest Pearson correlation that a score can be expected to have with propensities of known errors.

    .. math:: \sqrt{1 - \frac{\langle \sigma_i^2 \rangle}{\mathrm{var}(D_i)}}

    within each species: what of the variance is not noise. The same as `propensity_reliability`, where the runs
    themselves are no longer there.

    Parameters
    ----------
    propensity, errors : (configurations, times, particles), length units
        As `isoconfigurational` gives them for each configuration.
    species : (configurations, particles)

    Returns
    -------
    (configurations, species, times)
        The species in rising order, as in `correlation_with_propensity`; NaN where all is noise, or a
        configuration has fewer than two particles of a species.

    Raises
    ------
    ValueError
        The shapes do not fit together.

    Examples
    --------
    >>> moved, errors = np.array([[[1.0, 2.0, 3.0]]]), np.full((1, 1, 3), 0.6)
    >>> propensity_ceiling(moved, errors, [[0, 0, 0]]).round(2).tolist()
    [[[0.8]]]
    """
    moved, sigma = arguments.doubles(propensity, "propensities"), arguments.doubles(errors, "errors")
    codes = arguments.doubles(species, "species")
    if moved.ndim != 3 or sigma.shape != moved.shape or codes.shape != (len(moved), moved.shape[2]):
        raise ValueError(
            "expected propensities and errors (configurations, times, particles) and species (configurations, "
            f"particles), got {moved.shape}, {sigma.shape} and {codes.shape}; try a leading axis of one for one "
            "configuration"
        )

    def ceiling(of: np.ndarray, c: int) -> np.ndarray:
        if of.sum() < 2:
            return np.full(moved.shape[1], np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(1 - (sigma[c][:, of] ** 2).mean(axis=1) / moved[c][:, of].var(axis=1, ddof=1))

    return of_each_species(codes, ceiling)
