"""Averages over independent configurations, with their errors, and correlations."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Correlation(NamedTuple):
    """Coefficients of correlation between two quantities, -1 to 1.

    Attributes
    ----------
    spearman
        Of their ranks.
    pearson
        Of their values.
    """

    spearman: np.ndarray
    pearson: np.ndarray


def mean_and_error(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the first axis and its standard error, of what is not NaN.

    Parameters
    ----------
    values : (samples, ...)

    Returns
    -------
    mean, error : (...)
        NaN for the mean of nothing, and for the error of a single sample.

    Examples
    --------
    >>> mean, error = mean_and_error([1.0, 3.0, np.nan])
    >>> float(mean), float(error)
    (2.0, 1.0)
    """
    values = np.asarray(values, float)
    known = np.isfinite(values)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, values, 0).sum(axis=0) / n
        variance = np.where(known, (values - mean) ** 2, 0).sum(axis=0) / (n - 1)
        return np.asarray(mean), np.asarray(np.sqrt(variance / n))


def correlation(x: ArrayLike, y: ArrayLike) -> Correlation:
    """Correlation of two quantities along the last axis.

    Parameters
    ----------
    x, y : (..., samples)
        All other axes are broadcast against each other.

    Returns
    -------
    Correlation
        Both of shape (...); NaN where one of the quantities does not vary.

    Examples
    --------
    >>> found = correlation([0.0, 1.0, 2.0], [[0.0, 1.0, 8.0], [5.0, 5.0, 5.0]])
    >>> found.spearman.round(3).tolist(), found.pearson.round(3).tolist()
    ([1.0, nan], [0.918, nan])
    """
    x, y = np.broadcast_arrays(x, y)
    found = Correlation(np.full(x.shape[:-1], np.nan), np.full(x.shape[:-1], np.nan))
    if x.shape[-1] < 2:
        return found
    # Half a second, which workers that only simulate need not wait for.
    from scipy.stats import pearsonr, spearmanr

    for i in np.ndindex(x.shape[:-1]):
        if np.ptp(x[i]) and np.ptp(y[i]):
            found.spearman[i], found.pearson[i] = spearmanr(x[i], y[i])[0], pearsonr(x[i], y[i])[0]
    return found
