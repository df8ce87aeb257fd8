"""Principal components, from whichever of the two matrices of products is smaller."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.linear.model import finite, product, products_of
from tdaglass.learning.standardize import rows_of_fit


class PrincipalComponents(NamedTuple):
    """The directions of greatest variance.

    Attributes
    ----------
    mean : (features,)
    components : (components, features)
        Orthonormal, the greatest variance first; the entry of each that is largest in size is positive. Zero where
        the samples do not vary any more.
    variances : (components,)
        Of the samples along them (ddof = 1).
    shares : (components,)
        Of the total variance.
    """

    mean: Float[Array, " features"]
    components: Float[Array, "components features"]
    variances: Float[Array, " components"]
    shares: Float[Array, " components"]


def principal_components(x: Numbers, n_components: int) -> PrincipalComponents:
    """Eigenvectors of the covariance of the samples; nothing is rescaled.

    With more features than samples those of the products of samples are found and turned into directions of the
    features. Derivatives are right wherever they exist: a component depends smoothly on the samples as long as its
    variance is no other's, and the sum of what belongs to equal variances does always.

    Parameters
    ----------
    x : (samples, features)
    n_components : int
        At most features, and samples - 1.

    Returns
    -------
    PrincipalComponents
        Signs are those of scikit-learn's PCA.

    Raises
    ------
    ValueError
        For fewer than two samples, NaN, or more components than there can be.

    Examples
    --------
    >>> found = principal_components([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], 1)
    >>> found.components.shape, round(float(found.components[0, 0]), 3), round(float(found.shares[0]), 3)
    ((1, 2), 0.707, 1.0)
    """
    x = finite(arguments.table(x, "samples"), "samples")
    n, features = x.shape
    most = min(n - 1, features)
    n_components = arguments.whole(n_components, "components", least=1)
    if n_components > most:
        raise ValueError(
            f"expected at most {most} components of {n} samples of {features} features, got {n_components}; "
            f"try {max(most, 1)}{', and more samples' if most < 1 else ''}"
        )
    return _of_table(x, n_components)


def principal_coordinates(model: PrincipalComponents, x: Numbers) -> Float[Array, "*batch components"]:
    """Coordinates of samples along the components, from the mean of those that were learned from.

    Raises
    ------
    ValueError
        For another number of features.

    Examples
    --------
    >>> found = principal_components([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], 1)
    >>> round(float(principal_coordinates(found, [[2.0, 2.0]])[0, 0]), 3)
    1.414
    """
    return product(rows_of_fit(x, len(model.mean)) - model.mean, model.components.T)


@partial(jax.jit, static_argnums=1)
def _of_table(x: Float[Array, "samples features"], n_components: int) -> PrincipalComponents:
    mean = x.mean(axis=0)
    centred = x - mean
    values, rows = principal_axes(n_components, centred)
    rows = jnp.where(values[:, None] > 0, rows, 0)
    largest = jnp.take_along_axis(rows, jnp.argmax(jnp.abs(rows), axis=1)[:, None], axis=1)
    components = rows * jnp.where(largest < 0, -1, 1)
    variances, total = values / (len(x) - 1), jnp.sum(centred**2) / (len(x) - 1)
    return PrincipalComponents(mean, components, variances, variances / jnp.where(total > 0, total, 1))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def principal_axes(
    n_components: int, centred: Float[Array, "samples features"]
) -> tuple[Float[Array, " components"], Float[Array, "components features"]]:
    """The greatest eigenvalues of the products of features, and their vectors as rows."""
    values, rows = _all_axes(centred)
    return values[:n_components], rows[:n_components]


def _all_axes(centred: Float[Array, "samples features"]) -> tuple[Array, Array]:
    """Those of the features or, if they are more, as many as there are samples."""
    samples, features = centred.shape
    values, vectors = jnp.linalg.eigh(products_of(centred))
    values, rows = values[::-1], vectors.T[::-1]
    # Beyond rounding there is no variance and, among samples, no direction.
    varies = values > min(samples, features) * jnp.finfo(values.dtype).eps * values[0]
    values = jnp.where(varies, values, 0)
    if features > samples:
        lengths = jnp.sqrt(jnp.where(varies, values, 1))[:, None]
        rows = jnp.where(varies[:, None], product(rows, centred) / lengths, 0)
    return values, rows


@principal_axes.defjvp
def _principal_axes_jvp(n_components: int, primals: tuple, tangents: tuple) -> tuple:
    r"""Of :math:`S = X^\top X`: :math:`dc_j = \sum_i c_i (c_i \cdot dS \, c_j) / (\lambda_j - \lambda_i)`.

    Vectors of equal values are not defined one by one. What depends on all of them together does not feel how they
    turn into one another, so these terms are left out, where others would be infinite.
    """
    (centred,), (change,) = primals, tangents
    values, rows = _all_axes(centred)
    kept, top = values[:n_components], rows[:n_components]
    moved = product(product(top, centred.T), change) + product(product(top, change.T), centred)
    within = product(moved, rows.T)
    apart = kept[:, None] - values
    equal = jnp.abs(apart) <= 8 * len(values) * jnp.finfo(values.dtype).eps * values[0]
    turn = jnp.where(equal, 0, within / jnp.where(equal, 1, apart))
    # Directions in which no sample lies have the value zero.
    beyond = (moved - product(within, rows)) / jnp.where(kept > 0, kept, 1)[:, None]
    return (kept, top), (jnp.diagonal(within), product(turn, rows) + beyond)
