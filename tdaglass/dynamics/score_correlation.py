"""How well a score of the structure foretells the motion: its correlation with the propensity, time by time."""

import numpy as np
from numpy.typing import ArrayLike

from tdaglass.statistics import Correlation, correlation


def correlation_with_propensity(scores: ArrayLike, propensity: ArrayLike, species: ArrayLike) -> Correlation:
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
    scores, propensity, species = np.asarray(scores), np.asarray(propensity), np.asarray(species)
    if propensity.ndim != 3 or not scores.shape == species.shape == (len(propensity), propensity.shape[2]):
        raise ValueError(
            "expected scores and species (configurations, particles) and propensities (configurations, times, "
            f"particles), got {scores.shape}, {species.shape} and {propensity.shape}; try a leading axis of one "
            "for one configuration"
        )
    kinds = np.unique(species)
    shape = (len(scores), len(kinds), propensity.shape[1])
    found = Correlation(np.zeros(shape), np.zeros(shape))
    for c, k in np.ndindex(shape[:2]):
        of = species[c] == kinds[k]
        found.spearman[c, k], found.pearson[c, k] = correlation(scores[c, of], propensity[c][:, of])
    return found
