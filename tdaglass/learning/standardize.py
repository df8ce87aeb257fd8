"""Bring every column to zero mean and unit variance, or to the range [0, 1], and back."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass import arguments
from tdaglass.arguments import Numbers


class Standardization(NamedTuple):
    """What to take from each column and what to divide it by; a column that never varies keeps the scale 1.

    Means and standard deviations (`fit_standardization`), or least values and ranges (`fit_min_max`).

    Attributes
    ----------
    mean : (features,)
    scale : (features,)
    """

    mean: Float[Array, " features"]
    scale: Float[Array, " features"]


def fit_standardization(data: Numbers) -> Standardization:
    """Mean and standard deviation (population, ddof = 0) of each column.

    A column whose spread is within rounding of zero says nothing; it is only centred, so that it adds zeros
    rather than amplified rounding noise.

    Examples
    --------
    >>> fit_standardization(jnp.array([[1.0, 5.0], [3.0, 5.0]])).scale.tolist()
    [1.0, 1.0]
    """
    data = arguments.table(data)
    require_samples(data, 1)
    mean = data.mean(axis=0)
    scale = data.std(axis=0)
    rounding = 8 * jnp.finfo(data.dtype).eps * jnp.abs(mean)
    return Standardization(mean, jnp.where(scale > rounding, scale, 1))


def fit_min_max(data: Numbers) -> Standardization:
    """Least value and range of each column, so that `standardize` brings the data to [0, 1].

    Examples
    --------
    >>> standardize(fit_min_max(jnp.array([[1.0, 5.0], [3.0, 5.0]])), jnp.array([[2.0, 5.0]])).tolist()
    [[0.5, 0.0]]
    """
    data = arguments.table(data)
    require_samples(data, 1)
    least, most = data.min(axis=0), data.max(axis=0)
    return Standardization(least, jnp.where(most > least, most - least, 1))


def standardize(model: Standardization, data: Numbers) -> Float[Array, "*batch features"]:
    """Columns in units of their own scale: (x - mean) / scale."""
    return (rows_of_fit(data, len(model.mean)) - model.mean) / model.scale


def unstandardize(model: Standardization, data: Numbers) -> Float[Array, "*batch features"]:
    """The inverse of `standardize`."""
    return rows_of_fit(data, len(model.mean)) * model.scale + model.mean


def rows_of_fit(data: Numbers, features: int) -> Float[Array, "*batch features"]:
    """Data with as many features as were fitted.

    Raises
    ------
    ValueError
        For another number of them.
    """
    rows = arguments.floats(data, "data")
    if rows.shape[-1:] != (features,):
        raise ValueError(
            f"expected data with the {features} features of the fit, got shape {rows.shape}; try its columns"
        )
    return rows


def require_samples(data: Float[Array, "samples features"], fewest: int) -> None:
    """Say in one sentence why data cannot be learned from.

    Values are looked at only where they are known; inside a transformation a bad value shows as NaN in the
    fitted record, which the record's own check explains.

    Raises
    ------
    ValueError
        For fewer than `fewest` samples, or for NaN or infinite values.
    """
    if data.shape[0] < fewest:
        raise ValueError(
            f"expected at least {fewest} samples, got {data.shape[0]}; try more particles or fewer components"
        )
    if isinstance(data, jax.core.Tracer):
        return
    bad = ~jnp.isfinite(data)
    if bad.any():
        rows, columns = int(bad.any(axis=1).sum()), int(bad.any(axis=0).sum())
        raise ValueError(
            f"expected finite values, got NaN or infinity in {rows} of {data.shape[0]} samples "
            f"({columns} of {data.shape[1]} columns); try a larger cut-off, so that no particle is left without "
            "neighbors, or drop those samples"
        )
