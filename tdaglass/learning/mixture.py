"""A mixture of Gaussians with full covariances, fitted by expectation and maximisation."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Bool, Float, Int, Key

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.standardize import require_samples, rows_of_fit


class Mixture(NamedTuple):
    """A fitted mixture; all that `membership` needs, and how the fit went.

    Attributes
    ----------
    weights : (components,)
        Fractions of the samples, which add up to one.
    means : (components, features)
    covariances : (components, features, features)
    log_likelihood : scalar
        Mean over the samples of log p(x).
    iterations : scalar
        Rounds that the kept start took.
    converged : scalar
        True where the log-likelihood had stopped growing before the rounds ran out.
    start_log_likelihood : (starts,)
        Where each start ended; the largest was kept.  Starts that disagree say that the clusters are not sharp.
    """

    weights: Float[Array, " components"]
    means: Float[Array, "components features"]
    covariances: Float[Array, "components features features"]
    log_likelihood: Float[Array, ""]
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]
    start_log_likelihood: Float[Array, " starts"]


def fit_mixture(
    key: Key[Array, ""],
    data: Numbers,
    components: int,
    *,
    starts: int = 10,
    max_iterations: int = 2000,
    tolerance: float = 1e-7,
    regularization: float = 1e-6,
) -> Mixture:
    r"""Maximise the likelihood of a mixture of Gaussians, from several starts.

    .. math:: \log L = \sum_i \log \sum_k w_k \, \mathcal N(x_i; \mu_k, \Sigma_k)

    Each start spreads its first centres by k-means++ (each next centre is a sample drawn with probability
    proportional to its squared distance from the centres so far) and gives every sample to the nearest one.

    Parameters
    ----------
    key
        Seed of the starts; the same key gives the same fit.
    data : (samples, features)
        Columns of comparable size: bottleneck coordinates, or standardised features.
    components
        Number of Gaussians.
    starts
        Starts; the one that ends with the largest likelihood is kept.
    max_iterations, tolerance
        A start ends when the mean log-likelihood of a sample grew by less than this in one round.
    regularization
        Added to the diagonal of the covariances, in the units of data squared, so that they stay invertible.

    Returns
    -------
    Mixture
        `check_mixture` turns its flags into a sentence.

    Raises
    ------
    ValueError
        For fewer than one component or start, fewer samples than components, NaN, negative regularization.

    Examples
    --------
    >>> here, there = jnp.split(jax.random.normal(jax.random.key(0), (200, 2)), 2)
    >>> data = jnp.concatenate([here, there + 10.0])
    >>> mixture = fit_mixture(jax.random.key(1), data, 2)
    >>> [round(float(weight), 2) for weight in mixture.weights]
    [0.5, 0.5]
    >>> membership(mixture, data).shape
    (200, 2)

    References
    ----------
    Dempster, Laird, Rubin, J. R. Stat. Soc. B 39, 1 (1977); Arthur, Vassilvitskii, k-means++ (SODA 2007).
    """
    arguments.check_key(key)
    data = arguments.table(data)
    components, starts = arguments.whole(components, "components"), arguments.whole(starts, "starts")
    max_iterations = arguments.whole(max_iterations, "max_iterations")
    _require_settings(components, starts, max_iterations, regularization)
    require_samples(data, max(components, 2))

    fits = _fit_starts(key, data, tolerance, regularization, components, starts, max_iterations)
    reached = fits.log_likelihood
    best = jnp.argmax(jnp.where(jnp.isnan(reached), -jnp.inf, reached))
    return jax.tree.map(lambda leaf: leaf[best], fits)._replace(start_log_likelihood=reached)


def refine_mixture(
    mixture: Mixture,
    data: Numbers,
    *,
    max_iterations: int = 2000,
    tolerance: float = 1e-7,
    regularization: float = 1e-6,
) -> Mixture:
    """Go on from a mixture: more rounds on the same data, or a warm start on other data of the same kind.

    Parameters are those of `fit_mixture`; of `mixture` only weights, means and covariances are used.
    """
    data = _rows_of(mixture, data)
    _require_settings(mixture.weights.shape[0], 1, max_iterations, regularization)
    require_samples(data, max(mixture.weights.shape[0], 2))
    first = mixture.weights, mixture.means, mixture.covariances
    return _climb(data, first, max_iterations, tolerance, regularization)


def membership(mixture: Mixture, data: Numbers) -> Float[Array, "samples components"]:
    """Probability of each component given the sample; rows add up to one."""
    joint = _joint_log_density(_rows_of(mixture, data), *mixture[:3])
    return jnp.exp(joint - logsumexp(joint, axis=0)).T


def log_likelihood(mixture: Mixture, data: Numbers) -> Float[Array, " samples"]:
    """Log density of the mixture at each sample."""
    return logsumexp(_joint_log_density(_rows_of(mixture, data), *mixture[:3]), axis=0)


def bayesian_information_criterion(mixture: Mixture, data: Numbers) -> Float[Array, ""]:
    """Parameters times log(samples) minus twice the log-likelihood; the smaller, the better supported.

    (Schwarz, Ann. Stat. 6, 461, 1978.)
    """
    components, features = mixture.means.shape
    parameters = components - 1 + components * features + components * features * (features + 1) // 2
    data = _rows_of(mixture, data)
    return parameters * jnp.log(len(data)) - 2 * log_likelihood(mixture, data).sum()


def check_mixture(mixture: Mixture) -> None:
    """Say what went wrong in a fit and what to do about it.

    Raises
    ------
    ValueError
        Where the likelihood is not finite, or had not stopped growing.
    """
    reached = float(mixture.log_likelihood)
    if not jnp.isfinite(reached):
        raise ValueError(
            f"expected a finite likelihood, got {reached}; try data without NaN and without columns that never "
            "vary, or a larger regularization"
        )
    if not bool(mixture.converged):
        raise ValueError(
            f"expected a converged fit, got one still improving after {int(mixture.iterations)} rounds; "
            "try a larger max_iterations or tolerance"
        )


def _rows_of(mixture: Mixture, data: Numbers) -> Float[Array, "samples features"]:
    return rows_of_fit(arguments.table(data), mixture.means.shape[1])


def _require_settings(components: int, starts: int, max_iterations: int, regularization: float) -> None:
    if min(components, starts, max_iterations) < 1:
        raise ValueError(
            f"expected components, starts and max_iterations of at least 1, got {components}, {starts}, "
            f"{max_iterations}; try 2, 10, 2000"
        )
    if not 0 <= regularization < jnp.inf:
        raise ValueError(f"expected a regularization of 0 or more, got {regularization}; try 1e-6")


def _distances_sq(data: Array, centers: Array) -> Float[Array, "samples components"]:
    return jnp.sum((data[:, None] - centers) ** 2, axis=-1)


def _spread_centers(key: Key[Array, ""], data: Array, components: int) -> Array:
    keys = jax.random.split(key, components)
    centers = [data[jax.random.randint(keys[0], (), 0, data.shape[0])]]
    for draw in keys[1:]:
        nearest_sq = _distances_sq(data, jnp.stack(centers)).min(axis=1)
        centers.append(data[jax.random.categorical(draw, jnp.log(nearest_sq))])
    return jnp.stack(centers)


def _joint_log_density(
    data: Array, weights: Array, means: Array, covariances: Array
) -> Float[Array, "components samples"]:
    """Logarithm of w_k N(x; mu_k, Sigma_k), by the inverse Cholesky factor of each covariance."""
    features = data.shape[1]
    factors = jnp.linalg.cholesky(covariances)
    identity = jnp.broadcast_to(jnp.eye(features, dtype=data.dtype), factors.shape)
    whiten = jax.lax.linalg.triangular_solve(factors, identity, left_side=True, lower=True)
    # Differences before products: W x - W mu would cancel in single precision.
    apart = data.T - means[:, :, None]  # (components, features, samples)
    # Sums that XLA fuses into one pass over the samples; its batched product of tiny matrices is slower.
    white = jnp.sum(whiten[..., None] * apart[:, None], axis=2)
    log_volume = jnp.sum(jnp.log(jnp.diagonal(factors, axis1=1, axis2=2)), axis=1)
    offset = jnp.log(weights) - log_volume - 0.5 * features * jnp.log(2 * jnp.pi)
    return offset[:, None] - 0.5 * jnp.sum(white**2, axis=1)


def _maximization(
    data: Array, responsibility: Float[Array, "components samples"], regularization: float | Array
) -> tuple[Array, Array, Array]:
    """Weights, means and covariances that maximise the likelihood at fixed memberships."""
    features = data.shape[1]
    # A component that lost all its samples must not divide by zero.
    count = responsibility.sum(axis=1) + 10 * jnp.finfo(data.dtype).eps
    means = responsibility @ data / count[:, None]
    apart = data.T - means[:, :, None]  # (components, features, samples)
    weighted = apart * responsibility[:, None]
    covariances = jnp.einsum("kdn,ken->kde", weighted, apart) / count[:, None, None]
    covariances += regularization * jnp.eye(features, dtype=data.dtype)
    return count / count.sum(), means, covariances


@jax.jit
def _climb(
    data: Array,
    first: tuple[Array, Array, Array],
    max_iterations: int | Array,
    tolerance: float | Array,
    regularization: float | Array,
) -> Mixture:
    """Rounds of expectation and maximisation until the likelihood stops growing."""

    def expectation(parameters: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        joint = _joint_log_density(data, *parameters)
        density = logsumexp(joint, axis=0)
        return density, jnp.exp(joint - density)

    def climbing(carry: tuple) -> Array:
        _, _, gain, step = carry
        return (step < max_iterations) & (gain > tolerance)

    def climb(carry: tuple) -> tuple:
        parameters, before, _, step = carry
        density, responsibility = expectation(parameters)
        # The mean of the differences resolves, in single precision, what the difference of the means cannot.
        gain = jnp.mean(density - before)
        return _maximization(data, responsibility, regularization), density, gain, step + 1

    nowhere = jnp.full(data.shape[:1], -jnp.inf, data.dtype)
    carry = first, nowhere, jnp.array(jnp.inf, data.dtype), jnp.array(0)
    parameters, _, _, steps = jax.lax.while_loop(climbing, climb, carry)
    reached = jnp.mean(expectation(parameters)[0])
    converged = (steps < max_iterations) & jnp.isfinite(reached)
    return Mixture(*parameters, reached, steps, converged, reached[None])


@partial(jax.jit, static_argnames=("components", "starts"))
def _fit_starts(
    key: Key[Array, ""],
    data: Array,
    tolerance: float | Array,
    regularization: float | Array,
    components: int,
    starts: int,
    max_iterations: int | Array,
) -> Mixture:
    """Every start's mixture; the leading axis of each field is the start."""

    def one_start(start: Array) -> Mixture:
        centers = _spread_centers(jax.random.fold_in(key, start), data, components)
        nearest = jnp.argmin(_distances_sq(data, centers), axis=1)
        responsibility = jax.nn.one_hot(nearest, components, axis=0, dtype=data.dtype)
        first = _maximization(data, responsibility, regularization)
        return _climb(data, first, max_iterations, tolerance, regularization)

    # One after the other: side by side, all would wait for the slowest.
    return jax.lax.map(one_start, jnp.arange(starts))
