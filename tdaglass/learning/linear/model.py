"""What the linear models share: the record of coefficients, what they predict, and how data enter."""

from typing import NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.pieces import in_pieces
from tdaglass.learning.standardize import rows_of_fit


class LinearModel(NamedTuple):
    """What `ridge` learns; the coefficients of images are an image again: see `topology.Grid.image`.

    Attributes
    ----------
    coefficients : (features,) or (alphas, features)
        In units of the target over those of the features.
    intercept : () or (alphas,)
    """

    coefficients: Float[Array, "*alphas features"]
    intercept: Float[Array, "*alphas"]


@runtime_checkable
class Linear(Protocol):
    """Any record of a linear model."""

    @property
    def coefficients(self) -> Array:
        """Of the features, last axis."""
        ...

    @property
    def intercept(self) -> Array:
        """As `LinearModel` has it."""
        ...


class Centred(NamedTuple):
    """Samples and targets about their means, which are zero without an intercept."""

    x: Float[Array, "samples features"]
    y: Float[Array, " samples"]
    mean_x: Float[Array, " features"]
    mean_y: Float[Array, ""]


def predict_linear(model: Linear, x: Numbers) -> Float[Array, "*alphas samples"]:
    """Predictions b + x w of a linear model, for each of its alphas.

    Parameters
    ----------
    model : LinearModel or LassoModel
    x : (samples, features)

    Returns
    -------
    (samples,) or (alphas, samples)

    Raises
    ------
    ValueError
        For another number of features than were learned from.

    Examples
    --------
    >>> model = LinearModel(jnp.array([2.0, -1.0]), jnp.array(0.5))
    >>> predict_linear(model, [[1, 0], [0, 1]]).tolist()
    [2.5, -0.5]
    """
    rows = rows_of_fit(arguments.table(x), model.coefficients.shape[-1])
    products = jnp.einsum("...f,sf->...s", model.coefficients, rows, precision="highest")
    return products + model.intercept[..., None]


def samples_and_targets(
    x: Numbers, y: Numbers
) -> tuple[Float[Array, "samples features"], Float[Array, " samples"]]:
    """Rows of features and a target of each.

    Raises
    ------
    ValueError
        For fewer than two samples, as many targets as there are not samples, NaN or infinite values.
    """
    x = finite(arguments.table(x, "samples"), "samples")
    y = finite(arguments.floats(y, "targets", like=x), "targets")
    if len(x) < 2:
        raise ValueError(f"expected at least 2 samples to learn from, got {len(x)}; try more of them")
    if y.shape != x.shape[:1]:
        raise ValueError(
            f"expected a target for each of {len(x)} samples, got shape {y.shape}; "
            "try jax.vmap over the columns of several targets"
        )
    return x, y


def finite(values: Array, name: str) -> Array:
    """Values without NaN and infinity, where they are known.

    Raises
    ------
    ValueError
        Saying how many there are.
    """
    known = arguments.concrete(values)
    if known is not None and not np.isfinite(known).all():
        bad = int(np.sum(~np.isfinite(known.reshape(len(known), -1)).all(axis=1)))
        raise ValueError(
            f"expected finite {name}, got NaN or infinity in {bad} of {len(known)}; try without those samples"
        )
    return values


def penalties(alpha: Numbers, like: Array) -> Float[Array, "*alphas"]:
    """A positive number or a row of them; inside a transformation one that is not positive becomes NaN.

    Raises
    ------
    ValueError
        For others.
    """
    values = arguments.floats(alpha, "alpha", like=like)
    if values.ndim > 1 or values.size == 0:
        raise ValueError(
            f"expected one alpha or a row of them, got shape {values.shape}; try jnp.logspace(-2, 4, 13)"
        )
    known = arguments.concrete(values)
    bad = [] if known is None else known[~(np.isfinite(known) & (known > 0))]
    if len(bad):
        raise ValueError(f"expected positive alpha, got {bad[0]:g}; try 1.0, or 1e-8 for hardly any penalty")
    return jnp.where(values > 0, values, jnp.nan)


def centre(x: Array, y: Array, intercept: bool) -> Centred:
    """An intercept that is not penalised is what is learned from samples about their means."""
    mean_x = x.mean(axis=0) if intercept else jnp.zeros_like(x[0])
    mean_y = y.mean() if intercept else jnp.zeros_like(y[0])
    return Centred(x - mean_x, y - mean_y, mean_x, mean_y)


def intercept_of(centred: Centred, coefficients: Float[Array, "*alphas features"]) -> Float[Array, "*alphas"]:
    """What makes the model pass through the means."""
    return centred.mean_y - product(coefficients, centred.mean_x)


def product(a: Array, b: Array) -> Array:
    """A product of matrices in full precision, which accelerators give only where it is asked for."""
    return jnp.matmul(a, b, precision="highest")


def products_of(x: Float[Array, "samples features"]) -> Float[Array, "n n"]:
    """Of samples with one another, or of features if these are not more."""
    if x.shape[1] > x.shape[0]:
        return product(x, x.T)
    return jax.lax.platform_dependent(x, cpu=_added_up, default=lambda x: product(x.T, x))


def _added_up(x: Array) -> Array:
    """Of features, from a few samples at a time: the order of longer sums depends on the number of threads."""
    some = in_pieces(x)

    def add(total: Array, rows: Array) -> tuple[Array, None]:
        return total + product(rows.T, rows), None

    return jax.lax.scan(add, product(some[0].T, some[0]), some[1:])[0]
