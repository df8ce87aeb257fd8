"""Averages over independent configurations, with their errors."""

import numpy as np
from numpy.typing import ArrayLike


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
        return mean, np.sqrt(variance / n)
