"""Ridge regression in whichever of its two forms is smaller, and what it says of samples that it has not seen."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass.arguments import Numbers
from tdaglass.learning.linear.damped import damped_solver
from tdaglass.learning.linear.model import (
    LinearModel,
    centre,
    intercept_of,
    penalties,
    product,
    products_of,
    samples_and_targets,
)
from tdaglass.learning.linear.validation import group_numbers


def ridge(x: Numbers, y: Numbers, alpha: Numbers, *, intercept: bool = True) -> LinearModel:
    r"""Least squares with a penalty on the squared coefficients (Hoerl and Kennard, Technometrics 12, 55, 1970).

    .. math:: \min_{w, b} \; \sum_i (y_i - b - x_i \cdot w)^2 + \alpha |w|^2

    With more features than samples :math:`w = X^\top (X X^\top + \alpha)^{-1} y` is computed, else
    :math:`w = (X^\top X + \alpha)^{-1} X^\top y`, of samples about their mean. All alphas share one eigenvalue
    decomposition, and so do several targets under `jax.vmap`. Derivatives with respect to samples, targets and
    alpha solve the same equations and take none of eigenvectors, so repeated eigenvalues do not harm them.

    Parameters
    ----------
    x : (samples, features)
    y : (samples,)
    alpha : positive number or (alphas,)
        In squared units of the features; the same as scikit-learn's.
    intercept : bool
        Whether to learn b, which is not penalised; else it is 0.

    Returns
    -------
    LinearModel
        With a leading axis where alpha has one.

    Raises
    ------
    ValueError
        For fewer than two samples, a target too many or too few, alphas that are not positive, NaN.

    Examples
    --------
    >>> x = jnp.array([[0.0], [1.0], [2.0]])
    >>> model = ridge(x, jnp.array([1.0, 3.0, 5.0]), [1e-6, 2.0])
    >>> [round(float(w), 3) for w in model.coefficients[:, 0]]
    [2.0, 1.0]
    """
    x, y = samples_and_targets(x, y)
    return _ridge(x, y, penalties(alpha, x), bool(intercept))


@partial(jax.jit, static_argnames="intercept")
def _ridge(x: Array, y: Array, alpha: Array, intercept: bool) -> LinearModel:
    centred = centre(x, y, intercept)
    wide = x.shape[1] > x.shape[0]
    right = centred.y if wide else product(centred.x.T, centred.y)
    solve = damped_solver(products_of(centred.x), alpha)

    def of_one(alpha: Array) -> Array:
        return solve(alpha, right[:, None])[:, 0]

    found = jax.vmap(of_one)(alpha) if alpha.ndim else of_one(alpha)
    coefficients = product(found, centred.x) if wide else found
    return LinearModel(coefficients, intercept_of(centred, coefficients))


def ridge_left_out(
    x: Numbers, y: Numbers, alpha: Numbers, groups: Numbers | None = None, *, intercept: bool = True
) -> Float[Array, "*alphas samples"]:
    r"""What `ridge` predicts of each sample when it learns from all others, without learning again.

    With :math:`\hat y = H y` for all samples, the residuals of the samples of a group, had they been left out,
    solve :math:`(1 - H)_{gg} \, e_g = (y - \hat y)_g`; of a single sample that is the division by
    :math:`1 - H_{ii}` (Allen, Technometrics 16, 125, 1974). This is exact, the intercept included.

    Parameters
    ----------
    x : (samples, features)
    y : (samples,)
    alpha : positive number or (alphas,)
    groups : (samples,) int, optional
        Samples with the same number are left out together, as frames of one run, or a fold of `random_folds`;
        by default each alone.
    intercept : bool
        As for `ridge`.

    Returns
    -------
    (samples,) or (alphas, samples)
        For `r_squared`, and `jackknife` for its error. Memory grows as the square of the samples.

    Raises
    ------
    ValueError
        As `ridge`, and for fewer than two groups.

    Examples
    --------
    >>> x, y = jnp.array([[0.0], [1.0], [2.0]]), jnp.array([0.0, 1.0, 5.0])
    >>> others = ridge(x[1:], y[1:], 0.5)
    >>> left_out = ridge_left_out(x, y, 0.5)
    >>> bool(jnp.isclose(left_out[0], others.intercept, atol=1e-5))
    True
    """
    x, y = samples_and_targets(x, y)
    of = None if groups is None else jnp.asarray(group_numbers(groups, len(y)))
    return _ridge_left_out(x, y, penalties(alpha, x), of, bool(intercept))


@partial(jax.jit, static_argnames="intercept")
def _ridge_left_out(x: Array, y: Array, alpha: Array, of: Array | None, intercept: bool) -> Array:
    centred = centre(x, y, intercept)
    n, features = x.shape
    # What the intercept leaves of each sample.
    rest = jnp.eye(n, dtype=x.dtype) - (1 / n if intercept else 0)
    wide = features > n
    solve = damped_solver(products_of(centred.x), alpha)

    def unexplained_by(alpha: Array) -> Array:
        # 1 - H: not as a difference where features are many, as that would lose the digits of a small alpha.
        if wide:
            return alpha * solve(alpha, rest)
        return rest - product(centred.x, solve(alpha, centred.x.T))

    def left_out(alpha: Array) -> Array:
        unexplained = unexplained_by(alpha)
        residual = product(unexplained, centred.y)
        if of is None:
            return y - residual / jnp.diagonal(unexplained)
        return y - jnp.linalg.solve(jnp.where(of[:, None] == of, unexplained, 0), residual)

    # In turn: memory does not grow with their number.
    return jax.lax.map(left_out, alpha) if alpha.ndim else left_out(alpha)
