"""How well predictions hold for samples that were not learned from, and how well that is known."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.batches import count_samples, take_samples

Score = Callable[[Array, Array, Array], Array]


class Estimate(NamedTuple):
    """A number and its standard error."""

    value: Float[Array, "*batch"]
    error: Float[Array, "*batch"]


def r_squared(y: Numbers, predicted: Numbers, weights: Numbers | None = None) -> Float[Array, "*batch"]:
    r"""The fraction of the variance of y that predictions explain.

    .. math:: R^2 = 1 - \sum (y - \hat y)^2 / \sum (y - \bar y)^2

    One for perfect predictions, zero for the mean, negative for worse. Predictions of samples left out, one by one
    or by folds, are best given together: a single R2 of them all, in which the mean is that of all.

    Parameters
    ----------
    y : (samples,)
    predicted : (..., samples)
    weights : (samples,), optional
        Of the samples.

    Returns
    -------
    (...)
        Not a number where y does not vary.

    Raises
    ------
    ValueError
        For another number of predictions.

    Examples
    --------
    >>> float(r_squared([0.0, 1.0, 2.0], [0.0, 1.0, 1.0]))
    0.5
    """
    y, predicted, weights = _compared(y, predicted, weights)
    mean = jnp.sum(weights * y) / jnp.sum(weights)
    return 1 - jnp.sum(weights * (y - predicted) ** 2, axis=-1) / jnp.sum(weights * (y - mean) ** 2)


def root_mean_square_error(
    y: Numbers, predicted: Numbers, weights: Numbers | None = None
) -> Float[Array, "*batch"]:
    r"""Typical error of predictions, :math:`\sqrt{\langle (y - \hat y)^2 \rangle}`, in the units of y.

    Parameters, results and errors are those of `r_squared`.

    Examples
    --------
    >>> float(root_mean_square_error([0.0, 0.0], [3.0, -3.0]))
    3.0
    """
    y, predicted, weights = _compared(y, predicted, weights)
    return jnp.sqrt(jnp.sum(weights * (y - predicted) ** 2, axis=-1) / jnp.sum(weights))


def jackknife(score: Score, y: Numbers, predicted: Numbers, groups: Any = None) -> Estimate:
    r"""A score of predictions, and its standard error from how it varies as each group is taken out in turn.

    .. math:: \sigma^2 = \frac{G - 1}{G} \sum_g (s_{(g)} - \bar s)^2

    The error says what a score of so few samples would vary by if other samples of the same kind had been
    predicted. It does not say how a model learned from other samples would differ, for which one learns again.
    Samples that are not independent, frames of one run or copies of one quench, belong in one group, or the error
    is too small. Efron, SIAM CBMS 38, chapter 3 (1982).

    Parameters
    ----------
    score : callable
        Of y, predictions and weights, such as `r_squared`; groups are taken out by weights of zero.
    y : (samples,)
    predicted : (..., samples)
    groups : (samples,) numbers or names, optional
        By default each sample is one of its own.

    Returns
    -------
    Estimate
        Of shape (...).

    Raises
    ------
    ValueError
        For fewer than three groups, or other numbers of predictions or groups than of samples.

    Examples
    --------
    >>> found = jackknife(root_mean_square_error, [0.0, 0.0, 0.0], [1.0, -1.0, 1.0])
    >>> found.value.tolist(), found.error.tolist()
    (1.0, 0.0)
    """
    y, predicted, ones = _compared(y, predicted, None)
    of = np.arange(len(y)) if groups is None else group_numbers(groups, len(y))
    n = int(of.max()) + 1
    if n < 3:
        raise ValueError(
            f"expected at least 3 groups to take out in turn, got {n}; try groups=None, which takes samples"
        )
    without = _without_each(score, y, predicted, ones, jnp.asarray(of), n)
    return Estimate(score(y, predicted, ones), jnp.sqrt(without.var(axis=0) * (n - 1)))


@partial(jax.jit, static_argnames=("score", "groups"))  # of one score and one shape there is one program
def _without_each(score: Score, y: Array, predicted: Array, ones: Array, of: Array, groups: int) -> Array:
    return jax.lax.map(lambda g: score(y, predicted, ones * (of != g)), jnp.arange(groups))


def random_folds(
    key: Key[Array, ""], samples: int, folds: int, groups: Any = None
) -> Int[np.ndarray, " samples"]:
    """Folds of about equal size, to be left out in turn: each sample, or each group, is in one of them.

    Parameters
    ----------
    key
        The same key makes the same folds.
    samples : int
    folds : int
    groups : (samples,) numbers or names, optional
        Samples that must not be parted. Folds then have equal numbers of groups.

    Returns
    -------
    (samples,) int
        0 ... folds - 1.

    Raises
    ------
    ValueError
        For fewer than two folds, or more folds than samples or groups.

    Examples
    --------
    >>> folds = random_folds(jax.random.key(0), 6, 3)
    >>> sorted(folds.tolist())
    [0, 0, 1, 1, 2, 2]
    """
    arguments.check_key(key)
    samples = arguments.whole(samples, "samples", least=2)
    folds = arguments.whole(folds, "folds", least=2)
    of = np.arange(samples) if groups is None else group_numbers(groups, samples)
    n = int(of.max()) + 1
    if folds > n:
        what = "samples" if groups is None else "groups"
        raise ValueError(f"expected at most as many folds as {what}, {n}, got {folds}; try {n}")
    return (np.asarray(jax.random.permutation(key, n)) % folds)[of]


def cross_validate(
    fit_predict: Callable[[Any, Array, Any], Array], x: Any, y: Numbers, groups: Any
) -> Float[Array, "*batch samples"]:
    """Predictions of every sample by what was learned from the other groups.

    Whatever is learned must be learned inside, scales of features included, or test samples leak into it. Ridge
    alone needs no refits: see `ridge_left_out`.

    Parameters
    ----------
    fit_predict : callable
        Of samples and targets to learn from and of the samples left out; returns predictions (..., left out).
    x : array or pytree of arrays (samples, ...)
    y : (samples, ...)
    groups : (samples,) numbers or names
        Such as `random_folds`, runs or densities; each is left out in turn, whole.

    Returns
    -------
    (..., samples)

    Raises
    ------
    ValueError
        For fewer than two groups, other numbers of targets or groups than of samples, or predictions that are not
        one for each sample left out.

    Examples
    --------
    >>> x, y = jnp.arange(6.0)[:, None], 2 * jnp.arange(6.0)
    >>> mean = lambda x, y, new: jnp.full(len(new), y.mean())
    >>> cross_validate(mean, x, y, [0, 0, 0, 1, 1, 1]).tolist()
    [8.0, 8.0, 8.0, 2.0, 2.0, 2.0]
    """
    x = jax.tree.map(jnp.asarray, x)
    n, y = count_samples(x), arguments.floats(y, "targets")
    if y.shape[:1] != (n,):
        raise ValueError(f"expected a target for each of {n} samples, got shape {y.shape}; try one row each")
    of = group_numbers(groups, n)
    order: list[Array] = []
    parts: list[Array] = []
    for g in range(int(of.max()) + 1):
        others, idx = jnp.asarray(np.flatnonzero(of != g)), jnp.asarray(np.flatnonzero(of == g))
        predicted = jnp.asarray(fit_predict(take_samples(x, others), y[others], take_samples(x, idx)))
        if predicted.shape[-1:] != idx.shape:
            raise ValueError(
                f"expected a prediction for each of {len(idx)} samples left out, got shape {predicted.shape}; "
                "try predictions with the samples last"
            )
        order.append(idx)
        parts.append(predicted)
    return jnp.concatenate(parts, axis=-1)[..., jnp.argsort(jnp.concatenate(order))]


def group_numbers(groups: Any, n: int) -> Int[np.ndarray, " samples"]:
    """Groups as 0, 1, ...; they decide shapes, so they are known outside transformations.

    Raises
    ------
    ValueError
        For a single group, other numbers than of samples, or values that are being traced.
    """
    if isinstance(groups, jax.core.Tracer):
        raise ValueError("expected groups whose values are known, got a traced array; try to close over them")
    names, of = np.unique(np.asarray(groups), return_inverse=True)
    if of.shape != (n,):
        raise ValueError(
            f"expected a group for each of {n} samples, got shape {of.shape}; try one number each"
        )
    if len(names) < 2:
        raise ValueError("expected at least 2 groups, got 1; try random_folds")
    return of


def _compared(y: Numbers, predicted: Numbers, weights: Numbers | None) -> tuple[Array, Array, Array]:
    y = arguments.floats(y, "targets")
    predicted = arguments.floats(predicted, "predictions", like=y)
    weights = jnp.ones_like(y) if weights is None else arguments.floats(weights, "weights", like=y)
    if y.ndim != 1 or not len(y) or predicted.shape[-1:] != y.shape or weights.shape != y.shape:
        raise ValueError(
            f"expected targets (samples,) and predictions (..., samples), got shapes {y.shape} and "
            f"{predicted.shape}; try predictions with the samples last"
        )
    return y, predicted, weights
