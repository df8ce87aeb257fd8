"""A small auto-encoder that finds the few directions, straight or curved, along which the samples differ.

The network of Boattini, Dijkstra and Filion, J. Chem. Phys. 151, 154901 (2019), and Boattini et al., Nat. Commun.
11, 5479 (2020): one tanh layer on either side of a linear bottleneck.  They train it with mini-batches; these
networks have a few hundred weights, so a quasi-Newton method on all samples at once reaches the same or a lower
loss in fewer passes, from any start, and without a learning rate to choose.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int, Key

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.learning.network import Parameters
from tdaglass.learning.networks.autoencoder import Autoencoder, close_units, cut_bottleneck, network_of
from tdaglass.learning.standardize import (
    Standardization,
    fit_standardization,
    require_samples,
    standardize,
    unstandardize,
)

# A step of the quasi-Newton method may stall once and go on; only a stall of this many steps ends the fit.
STALL = 10


class AutoencoderInfo(NamedTuple):
    """How the fit went.

    Attributes
    ----------
    loss_history : (starts, iterations)
        Loss before each step of each start; NaN after the start had ended.
    converged : (starts,)
        True where the loss had stopped falling before the iterations ran out.
    start_variance_explained : (starts,)
        Fraction of variance explained by each start; the largest was kept.
    bottleneck_variance_explained : (features,)
        The same for the best start at each bottleneck that was tried, 1, 2, ...; NaN for those that were not.
    """

    loss_history: Float[Array, "starts iterations"]
    converged: Bool[Array, " starts"]
    start_variance_explained: Float[Array, " starts"]
    bottleneck_variance_explained: Float[Array, " features"]


class FittedAutoencoder(NamedTuple):
    """A fitted auto-encoder; all that `encode` and `decode` need, and how the fit went."""

    standardization: Standardization
    parameters: Parameters
    info: AutoencoderInfo


def fit_autoencoder(
    key: Key[Array, ""],
    data: Numbers,
    *,
    bottleneck: int | None = None,
    variance_explained: float = 0.75,
    hidden: int = 10,
    weight_decay: float = 1e-5,
    starts: int = 5,
    max_iterations: int = 500,
    tolerance: float = 1e-4,
) -> FittedAutoencoder:
    r"""Fit the auto-encoder by limited-memory BFGS on all samples, from several random starts.

    With x standardised and x' its reconstruction, the weights minimise

    .. math:: \langle (x - x')^2 \rangle + \lambda \sum_w w^2 .

    Parameters
    ----------
    key
        Seed of the starts; the same key gives the same fit.
    data : (samples, features)
        In any units: it is standardised here.
    bottleneck
        Dimension of the bottleneck; None takes the smallest that explains enough of the variance.
    variance_explained
        The fraction of variance that is enough, where `bottleneck` is None.
    hidden
        Width of the tanh layers.
    weight_decay
        The lambda above.
    starts
        Random starts; the one that explains most of the variance is kept.
    max_iterations, tolerance
        A start ends when its loss fell by less than this fraction over the last ten steps.

    Returns
    -------
    FittedAutoencoder
        Its `info` tells whether the starts converged; `check_autoencoder` turns that into a sentence.

    Raises
    ------
    ValueError
        For a bottleneck outside 1...features, a fraction outside (0, 1), fewer samples than features, NaN.

    Examples
    --------
    >>> angle = jax.random.uniform(jax.random.key(0), (200,)) * 2
    >>> arc = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
    >>> model = fit_autoencoder(jax.random.key(1), arc, bottleneck=1)
    >>> encode(model, arc).shape
    (200, 1)
    >>> bool(fraction_of_variance_explained(model, arc) > 0.95)
    True

    References
    ----------
    Boattini, Dijkstra, Filion, J. Chem. Phys. 151, 154901 (2019), section II B; Boattini et al., Nat. Commun. 11,
    5479 (2020), Methods.
    """
    arguments.check_key(key)
    data = arguments.table(data)
    features = data.shape[1]
    bottleneck = None if bottleneck is None else arguments.whole(bottleneck, "bottleneck")
    hidden, starts = arguments.whole(hidden, "hidden"), arguments.whole(starts, "starts")
    max_iterations = arguments.whole(max_iterations, "max_iterations")
    if bottleneck is not None and not 1 <= bottleneck <= features:
        raise ValueError(
            f"expected a bottleneck of 1 to {features}, the number of features, got {bottleneck}; "
            "try None, which chooses it by the variance explained"
        )
    if not 0 < variance_explained < 1:
        raise ValueError(
            f"expected a fraction of variance between 0 and 1, got {variance_explained}; try 0.75"
        )
    if min(hidden, starts, max_iterations) < 1:
        raise ValueError(
            f"expected hidden, starts and max_iterations of at least 1, got {hidden}, {starts}, "
            f"{max_iterations}; try 10, 5, 1000"
        )
    require_samples(data, features)

    standardization = fit_standardization(data)
    scaled = standardize(standardization, data)
    tried = jnp.full((features,), jnp.nan, data.dtype)
    # Every bottleneck is the same network with fewer of its units open, so all of them share one compilation.
    for width in range(1, features + 1) if bottleneck is None else [bottleneck]:
        fits = _fit_starts(
            key, scaled, jnp.arange(features) < width, weight_decay, tolerance, hidden, starts, max_iterations
        )
        parameters, explained, history, converged = fits
        tried = tried.at[width - 1].set(explained.max())
        if explained.max() >= variance_explained:
            break
    best = jnp.argmax(explained)
    parameters = cut_bottleneck(jax.tree.map(lambda leaf: leaf[best], parameters), width)
    info = AutoencoderInfo(history, converged, explained, tried)
    return FittedAutoencoder(standardization, parameters, info)


def encode(model: FittedAutoencoder, data: Numbers) -> Float[Array, "*batch bottleneck"]:
    """Coordinates of the samples in the bottleneck."""
    return network_of(model.parameters).encode(model.parameters, standardize(model.standardization, data))


def decode(model: FittedAutoencoder, latent: Numbers) -> Float[Array, "*batch features"]:
    """The samples, in their own units, that bottleneck coordinates stand for."""
    return unstandardize(
        model.standardization,
        network_of(model.parameters).decode(model.parameters, arguments.floats(latent, "latent")),
    )


def fraction_of_variance_explained(model: FittedAutoencoder, data: Numbers) -> Float[Array, ""]:
    r"""1 - sum |x - x'|^2 / sum |x - <x>|^2, in standardised units (Boattini et al. 2019, equation 6)."""
    return _variance_explained(model.parameters, standardize(model.standardization, data))


def check_autoencoder(model: FittedAutoencoder) -> None:
    """Say what went wrong in a fit and what to do about it.

    Raises
    ------
    ValueError
        Where the kept start had not converged, or its loss is not finite.
    """
    best = int(jnp.argmax(model.info.start_variance_explained))
    explained = float(model.info.start_variance_explained[best])
    if not jnp.isfinite(explained):
        raise ValueError(
            "expected a finite loss, got NaN; try data without NaN and without columns of vastly different size"
        )
    if not bool(model.info.converged[best]):
        raise ValueError(
            f"expected a converged fit, got one still improving after {model.info.loss_history.shape[1]} "
            f"iterations at {explained:.3f} of the variance; try a larger max_iterations or tolerance"
        )


def _variance_explained(parameters: Parameters, scaled: Array) -> Array:
    rest = scaled - network_of(parameters).apply(parameters, scaled)
    return 1 - jnp.sum(rest**2) / jnp.sum((scaled - scaled.mean(axis=0)) ** 2)


@partial(jax.jit, static_argnames=("hidden", "starts", "max_iterations"))
def _fit_starts(
    key: Key[Array, ""],
    scaled: Float[Array, "samples features"],
    open_units: Bool[Array, " features"],
    weight_decay: float | Float[Array, ""],
    tolerance: float | Float[Array, ""],
    hidden: int,
    starts: int,
    max_iterations: int,
) -> tuple:
    """Parameters, variance explained, loss history and convergence of every start."""
    network = Autoencoder(hidden, bottleneck=scaled.shape[1])
    columns = scaled.T

    def first_parameters(start: Int[Array, ""]) -> Parameters:
        return close_units(network.init(jax.random.fold_in(key, start), scaled[0]), open_units)

    # One vector of weights instead of eight arrays: the optimiser compiles several times faster.
    _, unravel = ravel_pytree(first_parameters(jnp.array(0)))

    def loss_fn(weights: Array) -> Array:
        parameters = unravel(weights)
        rest = columns - network.apply_to_columns(parameters, columns)
        penalty = sum(jnp.sum(layer["W"] ** 2) for layer in parameters["layers"].values())
        return jnp.mean(rest**2) + weight_decay * penalty

    # Backtracking: optax's default search, of interpolations, compiles several times as long and runs longer,
    # to the same loss.
    search = optax.scale_by_backtracking_linesearch(max_backtracking_steps=20, store_grad=True)
    optimizer = optax.lbfgs(memory_size=20, linesearch=search)
    value_and_grad = optax.value_and_grad_from_state(loss_fn)

    def falling(carry: tuple) -> Bool[Array, ""]:
        _, _, history, step = carry
        now, before = history[step - 1], history[step - 1 - STALL]
        stalled = (step > STALL) & ~(before - now > tolerance * now)
        return (step < max_iterations) & ~stalled

    def advance(carry: tuple) -> tuple:
        weights, state, history, step = carry
        loss, gradient = value_and_grad(weights, state=state)
        update, state = optimizer.update(
            gradient, state, weights, value=loss, grad=gradient, value_fn=loss_fn
        )
        return optax.apply_updates(weights, update), state, history.at[step].set(loss), step + 1

    def one_start(start: Int[Array, ""]) -> tuple:
        weights, _ = ravel_pytree(first_parameters(start))
        history = jnp.full((max_iterations,), jnp.nan, scaled.dtype)
        weights, _, history, step = jax.lax.while_loop(
            falling, advance, (weights, optimizer.init(weights), history, 0)
        )
        parameters = unravel(weights)
        return parameters, _variance_explained(parameters, scaled), history, step < max_iterations

    # One after the other. Side by side, all would wait in every step for the longest line search and in the end
    # for the slowest start, and both sides of every branch would be computed: more than twice the work.
    return jax.lax.map(one_start, jnp.arange(starts))
