"""How well a score of the structure foretells the motion: its correlation with the propensity, time by time."""

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
    scores, propensity = arguments.doubles(scores, "scores"), arguments.doubles(propensity, "propensities")
    species = arguments.doubles(species, "species")
    if propensity.ndim != 3 or not scores.shape == species.shape == (len(propensity), propensity.shape[2]):
        raise ValueError(
            "expected scores and species (configurations, particles) and propensities (configurations, times, "
            f"particles), got {scores.shape}, {species.shape} and {propensity.shape}; try a leading axis of one "
            "for one configuration"
        )
    found = of_each_species(species, lambda of, c: np.stack(correlation(scores[c, of], propensity[c][:, of])))
    return Correlation(found[:, :, 0], found[:, :, 1])


def of_each_species(
    species: np.ndarray, value_fn: Callable[[np.ndarray, int], np.ndarray]
) -> Float[np.ndarray, "configurations species *values"]:
    """What a function says of the particles (a mask) of each species of each configuration (its number)."""
    return np.array([[value_fn(row == s, c) for s in np.unique(species)] for c, row in enumerate(species)])
