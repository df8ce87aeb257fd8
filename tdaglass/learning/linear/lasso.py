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

# The strength of the augmented Lagrangian, in units of the longest feature squared, and by how much it grows.
START, GROWTH = 100.0, 5.0
# At most so many of Newton's steps between two updates of the multipliers, and halvings of a step.
NEWTON, HALVINGS = 30, 30


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
    max_iterations: int = 100,
) -> LassoModel:
    r"""Least squares with a penalty on the sizes of coefficients (Tibshirani, J. R. Stat. Soc. B 58, 267, 1996).

    .. math:: \min_{w, b} \; \frac{1}{2 n} \sum_i (y_i - b - x_i \cdot w)^2 + \alpha \sum_j |w_j|

    Newton's method on the augmented Lagrangian of the dual, whose unknowns are as many as samples and whose
    multipliers are the coefficients (Li, Sun and Toh, SIAM J. Optim. 28, 433, 2018); after each update of these
    the least squares of those that are not zero are solved, if that changes no sign. Derivatives with respect to
    samples, targets and alpha are those of that solution, with the same features: where a feature is about to
    enter or leave, there are none.

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
        Updates of the multipliers; ten are usually enough.

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
    >>> [round(float(w), 3) for w in model.coefficients]
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


class _Point(NamedTuple):
    coefficients: Float[Array, " features"]
    height: Float[Array, ""]  # what is to be least
    dual: Float[Array, " samples"]  # along what the coefficients leave
    gap: Float[Array, ""]  # between the two


@partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _solution(
    tolerance: float,
    max_iterations: int,
    x: Float[Array, "samples features"],
    y: Float[Array, " samples"],
    penalty: Float[Array, ""],
) -> tuple[Float[Array, " features"], Float[Array, ""]]:
    """Coefficients and duality gap."""
    scale = jnp.sum(y**2)
    scale = jnp.where(scale > 0, scale, 1)
    longest = jnp.maximum(jnp.max(jnp.sum(x**2, axis=0)), jnp.finfo(x.dtype).tiny)
    # Beyond that Newton's equations are singular within rounding.
    strongest = 0.01 / (jnp.finfo(x.dtype).eps * longest)

    def look(w: Array) -> _Point:
        residual = y - product(x, w)
        height = jnp.sum(residual**2) / 2 + penalty * jnp.sum(jnp.abs(w))
        largest = jnp.abs(product(residual, x)).max()
        dual = residual * jnp.minimum(1, penalty / jnp.maximum(largest, jnp.finfo(x.dtype).tiny))
        gap = height + jnp.sum(dual**2) / 2 - jnp.sum(dual * y)
        return _Point(w, height, dual, jnp.maximum(gap, 0) / scale)

    def improve(state: tuple) -> tuple:
        at, strength, k = state
        w = _update(x, y, penalty, at.coefficients, at.dual, strength)
        found, solved = look(w), look(_on_support(w, x, y, penalty))
        # The lowest of all with these signs, if it has them and no feature is a copy of others.
        better = solved.gap < found.gap
        found = jax.tree.map(partial(jnp.where, better), solved, found)
        # Rounding in what is too strong leads uphill.
        uphill = found.height > at.height * (1 + 8 * jnp.finfo(x.dtype).eps)
        at = jax.tree.map(partial(jnp.where, uphill), at, found)
        strength = jnp.where(uphill, strength / GROWTH, jnp.minimum(strength * GROWTH, strongest))
        return at, strength, k + 1

    def unfinished(state: tuple) -> Bool[Array, ""]:
        at, _, k = state
        return (at.gap > tolerance) & (k < max_iterations)

    start = look(jnp.zeros(x.shape[1], x.dtype)), START / longest, 0
    found, *_ = jax.lax.while_loop(unfinished, improve, start)
    return found.coefficients, found.gap


def _update(
    x: Array, y: Array, penalty: Array, w: Array, dual: Array, strength: Array
) -> Float[Array, " features"]:
    r"""The multipliers w after the dual variables u that minimise the augmented Lagrangian.

    .. math:: \frac{1}{2} |u|^2 - u \cdot y + \frac{1}{2 \sigma} |S_{\sigma p}(w + \sigma X^\top u)|^2

    with S the soft threshold: it is strongly convex, and its gradient has a derivative but for kinks.
    """

    def multipliers(correlation: Array) -> Array:
        v = w + strength * correlation
        return jnp.sign(v) * jnp.maximum(jnp.abs(v) - strength * penalty, 0)

    def lagrangian(u: Array, z: Array) -> Array:
        return jnp.sum(u**2) / 2 - jnp.sum(u * y) + jnp.sum(z**2) / (2 * strength)

    def step(at: tuple) -> tuple:
        u, correlation, z, gradient, k = at
        down = -_newton(x, z, gradient, strength)
        along = product(down, x)
        now, slope = lagrangian(u, z), jnp.sum(gradient * down)
        rounding = 8 * jnp.finfo(x.dtype).eps * (jnp.abs(now) + jnp.sum(y**2))

        def too_far(length: Array) -> Bool[Array, ""]:
            there = lagrangian(u + length * down, multipliers(correlation + length * along))
            return (there > now + 1e-4 * length * slope + rounding) & (length > 0.5**HALVINGS)

        length = jax.lax.while_loop(too_far, lambda length: length / 2, jnp.ones((), x.dtype))
        u, correlation = u + length * down, correlation + length * along
        z = multipliers(correlation)
        return u, correlation, z, u - y + product(x, z), k + 1

    def unfinished(at: tuple) -> Bool[Array, ""]:
        *_, z, gradient, k = at
        enough = 0.05 * jnp.sqrt(jnp.sum((z - w) ** 2) / strength)
        enough = jnp.maximum(enough, 4 * jnp.finfo(x.dtype).eps * jnp.sqrt(jnp.sum(y**2)))
        return (jnp.sqrt(jnp.sum(gradient**2)) > enough) & (k < NEWTON)

    correlation = product(dual, x)
    z = multipliers(correlation)
    _, _, z, *_ = jax.lax.while_loop(unfinished, step, (dual, correlation, z, dual - y + product(x, z), 0))
    return z


def _newton(x: Array, z: Array, gradient: Array, strength: Array) -> Float[Array, " samples"]:
    r"""Solution of :math:`(1 + \sigma X_J X_J^\top) d = g`, of the features J where z is not zero."""
    n, features = x.shape
    if features < n:
        columns = x * (z != 0)
        inner = product(columns.T, columns) + jnp.eye(features, dtype=x.dtype) / strength
        right = jax.scipy.linalg.solve(inner, product(columns.T, gradient), assume_a="pos")
        return gradient - product(columns, right)
    few = min(features, 2 * n)

    def of_few() -> Array:
        columns = x.at[:, jnp.nonzero(z, size=few, fill_value=features)[0]].get(mode="fill", fill_value=0)
        return product(columns, columns.T)

    def of_all() -> Array:
        return product(x * (z != 0), x.T)

    products = jax.lax.cond(jnp.sum(z != 0) <= few, of_few, of_all)
    return jax.scipy.linalg.solve(jnp.eye(n, dtype=x.dtype) + strength * products, gradient, assume_a="pos")


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
