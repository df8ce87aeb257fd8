"""How well a score of the structure foretells the motion, and what it sees: correlations within species."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.statistics import Correlation, correlation


def correlation_with_propensity(scores: Numbers, propensity: Numbers, species: Numbers) -> Correlation:
    """Correlation of a score with the propensity at each time, within each species of each configuration.

    Within a species, since species differ in both: a mixture would be correlated without any structure.

    Parameters
    ----------
    scores : (configurations, particles)
        What the structure says of each particle.
    propensity : (configurations, times, particles)
        As `isoconfigurational` gives it for each configuration.
    species : (configurations, particles)

    Returns
    -------
    Correlation
        Both of shape (configurations, species, times), the species in rising order; NaN where a configuration has
        fewer than two particles of a species, or all are alike.

    Raises
    ------
    ValueError
        The shapes do not fit together.

    Examples
    --------
    >>> scores, species = np.array([[0.0, 1.0, 2.0, 5.0, 4.0, 3.0]]), np.array([[0, 0, 0, 1, 1, 1]])
    >>> moved = np.array([[[0.1, 0.2, 0.3, 0.1, 0.2, 0.3]]])
    >>> correlation_with_propensity(scores, moved, species).spearman.round(3).tolist()
    [[[1.0], [-1.0]]]
    """
    return _within_species(scores, propensity, species, "propensities", "times")


def correlation_with_clusters(scores: Numbers, of_particle: Numbers, species: Numbers) -> Correlation:
    """Correlation of a score, or of propensities, with the numbers of clusters that particles are part of.

    Within each species of each configuration, type by type, as for `correlation_with_propensity`. Types that no
    particle of a species is part of, or all alike, have none.

    Parameters
    ----------
    scores : (configurations, particles)
        Such as P_red, or propensities.
    of_particle : (configurations, types, particles)
        As `structure.topological_clusters` counts them.
    species : (configurations, particles)

    Returns
    -------
    Correlation
        Both of shape (configurations, species, types), the species in rising order; NaN where there is none.
        `statistics.mean_and_error` takes the mean over configurations.

    Raises
    ------
    ValueError
        The shapes do not fit together.

    Examples
    --------
    >>> of_particle = np.array([[[3, 2, 1, 0], [0, 0, 0, 0]]])
    >>> found = correlation_with_clusters([[0.1, 0.2, 0.3, 0.4]], of_particle, [[0, 0, 0, 0]])
    >>> found.spearman.round(3).tolist()
    [[[-1.0, nan]]]
    """
    return _within_species(scores, of_particle, species, "numbers of clusters", "types")


def _within_species(scores: Numbers, values: Numbers, species: Numbers, name: str, axis: str) -> Correlation:
    scores, values = arguments.doubles(scores, "scores"), arguments.doubles(values, name)
    species = arguments.doubles(species, "species")
    if values.ndim != 3 or not scores.shape == species.shape == (len(values), values.shape[2]):
        raise ValueError(
            f"expected scores and species (configurations, particles) and {name} (configurations, {axis}, "
            f"particles), got {scores.shape}, {species.shape} and {values.shape}; try a leading axis of one "
            "for one configuration"
        )
    found = of_each_species(species, lambda of, c: np.stack(correlation(scores[c, of], values[c][:, of])))
    return Correlation(found[:, :, 0], found[:, :, 1])


def of_each_species(
    species: np.ndarray, value_fn: Callable[[np.ndarray, int], np.ndarray]
) -> Float[np.ndarray, "configurations species *values"]:
    """What a function says of the particles (a mask) of each species of each configuration (its number)."""
    return np.array([[value_fn(row == s, c) for s in np.unique(species)] for c, row in enumerate(species)])
