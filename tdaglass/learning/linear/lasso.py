"""LASSO: the few features of many that a linear model needs."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.linear.model import centre, intercept_of, penalties, product, samples_and_targets

# Passes over the features in work, between two looks at all of them.
PASSES = 10


class LassoModel(NamedTuple):
    """What `lasso` learns, for `predict_linear`; how exact it is.

    Attributes
    ----------
    coefficients : (features,) or (alphas, features)
        Most are exactly zero.
    intercept : () or (alphas,)
    gap : () or (alphas,)
        Duality gap in units of the sum of squared targets: no other coefficients lower the squared residuals and
        penalty by more than this.
    converged : () or (alphas,)
        Whether the gap is within the tolerance.
    """

    coefficients: Float[Array, "*alphas features"]
    intercept: Float[Array, "*alphas"]
    gap: Float[Array, "*alphas"]
    converged: Bool[Array, "*alphas"]


def lasso(
    x: Numbers,
    y: Numbers,
    alpha: Numbers,
    *,
    intercept: bool = True,
    tolerance: float = 1e-6,
    max_iterations: int = 1000,
) -> LassoModel:
    r"""Least squares with a penalty on the sizes of coefficients (Tibshirani, J. R. Stat. Soc. B 58, 267, 1996).

    .. math:: \min_{w, b} \; \frac{1}{2 n} \sum_i (y_i - b - x_i \cdot w)^2 + \alpha \sum_j |w_j|

    Coordinate descent (Friedman, Hastie and Tibshirani, J. Stat. Softw. 33, 1, 2010) on the features that matter
    most, which are chosen anew after ten passes; then the least squares of those that are not zero are solved, if
    that changes no sign. Derivatives with respect to samples, targets and alpha are those of that
    solution, with the same features: where a feature is about to enter or leave, there are none.

    Parameters
    ----------
    x : (samples, features)
        Of comparable spread: the penalty is the same for all.
    y : (samples,)
    alpha : positive number or (alphas,)
        The same as scikit-learn's.
    intercept : bool
        Whether to learn b, which is not penalised; else it is 0.
    tolerance : float
        Of the duality gap; at least sixteen roundings, 2e-6 in single precision, are allowed.
    max_iterations : int
        Choices of features, ten passes each.

    Returns
    -------
    LassoModel
        `check_lasso` says whether it converged.

    Raises
    ------
    ValueError
        As `ridge`, and for a tolerance or number of iterations that is not positive.

    Examples
    --------
    >>> x = jnp.array([[1.0, 0.1], [-1.0, 0.1], [1.0, -0.1], [-1.0, -0.1]])
    >>> model = lasso(x, 2 * x[:, 0] + x[:, 1], 0.5)
    >>> model.coefficients.round(3).tolist()
    [1.5, 0.0]
    """
    x, y = samples_and_targets(x, y)
    penalty = len(y) * penalties(alpha, x)
    tolerance = arguments.positive(tolerance, "tolerance", "1e-6")
    max_iterations = arguments.whole(max_iterations, "iterations", least=1)
    tolerance = max(tolerance, 16 * float(jnp.finfo(x.dtype).eps))
    return _lasso(x, y, penalty, bool(intercept), tolerance, max_iterations)


@partial(jax.jit, static_argnames=("intercept", "tolerance", "max_iterations"))
def _lasso(
    x: Array, y: Array, penalty: Array, intercept: bool, tolerance: float, max_iterations: int
) -> LassoModel:
    centred = centre(x, y, intercept)
    one = partial(_solution, tolerance, max_iterations, centred.x, centred.y)
    coefficients, gap = jax.lax.map(one, penalty) if penalty.ndim else one(penalty)
    return LassoModel(coefficients, intercept_of(centred, coefficients), gap, gap <= tolerance)


def check_lasso(model: LassoModel) -> None:
    """Say whether a model is as exact as was asked for.

    Raises
    ------
    ValueError
        Where it is not.
    """
    bad = ~np.atleast_1d(model.converged)
    if bad.any():
        raise ValueError(
            f"expected a duality gap within the tolerance, got up to {np.atleast_1d(model.gap)[bad].max():.2g} "
            "of the squared targets; try more iterations, a larger alpha, or features of comparable spread"
        )


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _solution(
    tolerance: float,
    max_iterations: int,
    x: Float[Array, "samples features"],
    y: Float[Array, " samples"],
    penalty: Float[Array, ""],
) -> tuple[Float[Array, " features"], Float[Array, ""]]:
    """Coefficients and duality gap."""
    n, features = x.shape
    columns = x.T
    lengths_sq = jnp.sum(columns**2, axis=1)
    scale = jnp.sum(y**2)
    scale = jnp.where(scale > 0, scale, 1)
    # No solution needs more features than samples.
    in_work = min(features, 2 * n)

    def look(w: Array, residual: Array) -> tuple[Array, Array]:
        """How every feature correlates with what is left, and the gap to the dual point along it."""
        correlation = product(columns, residual)
        shrink = jnp.minimum(1, penalty / jnp.maximum(jnp.abs(correlation).max(), jnp.finfo(x.dtype).tiny))
        gap = (
            (1 + shrink**2) / 2 * jnp.sum(residual**2)
            + penalty * jnp.sum(jnp.abs(w))
            - shrink * jnp.sum(residual * y)
        )
        return correlation, jnp.maximum(gap, 0) / scale

    def improve(state: tuple) -> tuple:
        w, _, correlation, _, k = state
        urgency = jnp.where(w != 0, jnp.inf, jnp.abs(correlation))
        chosen = jax.lax.top_k(urgency, in_work)[1] if in_work < features else jnp.arange(features)
        work, length_sq = columns[chosen], lengths_sq[chosen]

        def descend(j: Array, at: tuple) -> tuple:
            w, residual = at
            i = j % in_work
            column, size = work[i], length_sq[i]
            slope = column @ residual + size * w[i]
            new = jnp.sign(slope) * jnp.maximum(jnp.abs(slope) - penalty, 0) / jnp.where(size > 0, size, 1)
            return w.at[i].set(new), residual + column * (w[i] - new)

        residual = y - product(w[chosen], work)
        part, _ = jax.lax.fori_loop(0, PASSES * in_work, descend, (w[chosen], residual))
        w = jnp.zeros_like(w).at[chosen].set(part)
        solved = _on_support(w, x, y, penalty)
        # The lowest of all with these signs, if it has them: never a step back.
        w = jnp.where(jnp.all(jnp.sign(solved) == jnp.sign(w)), solved, w)
        residual = y - product(w[chosen], work)
        return w, residual, *look(w, residual), k + 1

    def unfinished(state: tuple) -> Bool[Array, ""]:
        *_, gap, k = state
        return (gap > tolerance) & (k < max_iterations)

    w = jnp.zeros(features, x.dtype)
    state = jax.lax.while_loop(unfinished, improve, (w, y, *look(w, y), 0))
    return state[0], state[3]


@_solution.defjvp
def _solution_jvp(tolerance: float, max_iterations: int, primals: tuple, tangents: tuple) -> tuple:
    w, gap = _solution(tolerance, max_iterations, *primals)
    _, change = jax.jvp(partial(_on_support, jax.lax.stop_gradient(w)), primals, tangents)
    return (w, gap), (change, jnp.zeros_like(gap))


def _on_support(
    w: Float[Array, " features"],
    x: Float[Array, "samples features"],
    y: Float[Array, " samples"],
    penalty: Float[Array, ""],
) -> Float[Array, " features"]:
    r"""Where the features of w and their signs are given, the rest is linear: :math:`X^\top (y - X w) = p s`."""
    features = len(w)
    support: Int[Array, " most"] = jnp.nonzero(w, size=min(x.shape), fill_value=features)[0]
    columns = x.at[:, support].get(mode="fill", fill_value=0)
    signs = jnp.sign(w.at[support].get(mode="fill", fill_value=0))
    absent = jnp.diag((support == features).astype(x.dtype))
    right = product(columns.T, y) - penalty * signs
    found = jnp.linalg.solve(product(columns.T, columns) + absent, right)
    return jnp.zeros_like(w).at[support].set(found, mode="drop")
