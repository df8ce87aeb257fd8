"""Principal components, from whichever of the two matrices of products is smaller."""

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
    mean = x.mean(axis=0)
    centred = x - mean
    wide = features > n
    values, vectors = symmetric_eigen(products_of(centred))
    values, rows = values[::-1][:n_components], vectors.T[::-1][:n_components]
    # Beyond rounding there is no variance and no direction.
    varies = values > min(x.shape) * jnp.finfo(x.dtype).eps * values[0]
    values = jnp.where(varies, values, 0)
    if wide:
        rows = product(rows, centred) / jnp.sqrt(jnp.where(varies, values, 1))[:, None]
    rows = jnp.where(varies[:, None], rows, 0)
    largest = jnp.take_along_axis(rows, jnp.argmax(jnp.abs(rows), axis=1)[:, None], axis=1)
    components = rows * jnp.where(largest < 0, -1, 1)
    variances = values / (n - 1)
    total = jnp.sum(centred**2) / (n - 1)
    return PrincipalComponents(mean, components, variances, variances / jnp.where(total > 0, total, 1))


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


@jax.custom_jvp
def symmetric_eigen(matrix: Float[Array, "n n"]) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
    """Eigenvalues, the least first, and eigenvectors as columns; derivatives stay finite where values repeat.

    Vectors of equal values are not defined one by one. What depends on all of them together does not feel how
    they turn into one another, so that part of their derivative is left out.
    """
    values, vectors = jnp.linalg.eigh(matrix)
    return values, vectors


@symmetric_eigen.defjvp
def _symmetric_eigen_jvp(primals: tuple, tangents: tuple) -> tuple:
    values, vectors = symmetric_eigen(*primals)
    (change,) = tangents
    in_basis = product(vectors.T, product((change + change.T) / 2, vectors))
    apart = values[None, :] - values[:, None]
    rounding = 8 * len(values) * jnp.finfo(values.dtype).eps * jnp.abs(values).max()
    equal = jnp.abs(apart) <= rounding
    turn = jnp.where(equal, 0, in_basis / jnp.where(equal, 1, apart))
    return (values, vectors), (jnp.diagonal(in_basis), product(vectors, turn))
