"""One epoch of stochastic gradient descent, compiled as one loop over the mini-batches on the device."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Key

from tdaglass.learning.cnn import (
    CNN,
    Parameters,
    apply_network,
    center_outputs,
    fold_standardization,
    from_features,
    init_network,
    read_features,
)
from tdaglass.learning.predict import in_batches
from tdaglass.learning.standardize import fit_standardization, standardize
from tdaglass.learning.symmetries import Symmetry, random_symmetry

Loss = Literal["cross_entropy", "squared"]
Samples = tuple[Array, Array]  # images and targets


class History(NamedTuple):
    """How a training went, one number an epoch; NaN for epochs not trained and for what was not asked.

    Attributes
    ----------
    training_loss, training_accuracy : (epochs,)
        Means over the epoch's mini-batches as they were trained on: with dropout, and before each step.
    validation_loss, validation_accuracy : (epochs,)
        After the epoch, over all validation samples. Accuracies are of classes only.
    """

    training_loss: Float[Array, " epochs"]
    training_accuracy: Float[Array, " epochs"]
    validation_loss: Float[Array, " epochs"]
    validation_accuracy: Float[Array, " epochs"]


class TrainingState(NamedTuple):
    """All that a training needs to go on, bit for bit.

    `epoch` counts the finished ones; `best_epoch` is -1 until there is one.
    """

    epoch: Int[Array, ""]
    parameters: Parameters
    optimizer_state: Any
    best_parameters: Parameters
    best_epoch: Int[Array, ""]
    history: History


@dataclass(frozen=True)
class Plan:
    """What is compiled in."""

    architecture: CNN
    loss: Loss
    optimizer: optax.GradientTransformation
    batch_size: int
    symmetries: tuple[Symmetry, ...]
    standardized: bool = False


def first_state(
    key: Key[Array, ""], plan: Plan, images: Float[Array, "samples channels *grid"], epochs: int
) -> TrainingState:
    """Random parameters in the precision of the images, and room for so many epochs."""
    parameters = init_network(key, plan.architecture, images.shape[1:], dtype=images.dtype)
    nothing = jnp.full((epochs,), jnp.nan, images.dtype)
    return TrainingState(
        jnp.zeros((), int),
        parameters,
        plan.optimizer.init(parameters),
        parameters,
        -jnp.ones((), int),
        History(nothing, nothing, nothing, nothing),
    )


@partial(jax.jit, static_argnames="plan")
def train_epoch(
    key: Key[Array, ""], plan: Plan, state: TrainingState, training: Samples, validation: Samples | None
) -> TrainingState:
    """One pass over the training samples in a new order, then one over the validation samples."""
    samples = training[0].shape[0]
    batches = samples // plan.batch_size
    order_key, batch_key = jax.random.split(jax.random.fold_in(key, state.epoch))
    order = jax.random.permutation(order_key, samples)[: batches * plan.batch_size]

    def step(carry: tuple, batch: tuple[Array, Array]) -> tuple[tuple, tuple[Array, Array]]:
        parameters, optimizer_state = carry
        idx, key = batch
        move_key, dropout_key = jax.random.split(key)
        images, targets = training[0][idx], training[1][idx]
        if plan.symmetries:
            images = random_symmetry(move_key, images, plan.symmetries)

        def mean_loss(parameters: Parameters) -> tuple[Array, tuple[Array, Array]]:
            features = read_features(plan.architecture, parameters, images)
            if plan.standardized:
                features = standardize(fit_standardization(features), features)
            outputs = from_features(plan.architecture, parameters, features, dropout_key)
            losses, hits = _score(plan.loss, outputs, targets)
            return losses.mean(), (losses.mean(), hits.mean())

        gradient, scores = jax.grad(mean_loss, has_aux=True)(parameters)
        update, optimizer_state = plan.optimizer.update(gradient, optimizer_state, parameters)
        return (optax.apply_updates(parameters, update), optimizer_state), scores

    (parameters, optimizer_state), scores = jax.lax.scan(
        step,
        (state.parameters, state.optimizer_state),
        (order.reshape(batches, plan.batch_size), jax.random.split(batch_key, batches)),
    )
    training_loss, training_accuracy = (score.mean() for score in scores)
    usable = _usable(plan, parameters, training[0])

    if validation is None:
        validation_loss = validation_accuracy = jnp.array(jnp.nan, training_loss.dtype)
        better = jnp.isfinite(training_loss)
    else:

        def evaluate(batch: Samples) -> tuple[Array, Array]:
            outputs = apply_network(plan.architecture, usable, batch[0])
            return _score(plan.loss, outputs, batch[1])

        scores = in_batches(evaluate, validation, plan.batch_size)
        validation_loss, validation_accuracy = (score.mean() for score in scores)
        least = jnp.where(state.best_epoch < 0, jnp.inf, state.history.validation_loss[state.best_epoch])
        better = validation_loss < least

    def if_better(new: Any, old: Any) -> Any:
        return jax.tree.map(partial(jnp.where, better), new, old)

    latest = History(training_loss, training_accuracy, validation_loss, validation_accuracy)
    return TrainingState(
        state.epoch + 1,
        parameters,
        optimizer_state,
        if_better(usable, state.best_parameters),
        if_better(state.epoch, state.best_epoch),
        jax.tree.map(lambda past, score: past.at[state.epoch].set(score), state.history, latest),
    )


def _usable(plan: Plan, parameters: Parameters, images: Array) -> Parameters:
    """Parameters of the network as it is applied: with the standardisation of all training images in them."""
    if plan.standardized:
        read_fn = partial(read_features, plan.architecture, parameters)
        features = in_batches(read_fn, images, plan.batch_size)
        parameters = fold_standardization(parameters, fit_standardization(features))
    return center_outputs(parameters) if plan.loss == "cross_entropy" else parameters


def _score(loss: Loss, outputs: Array, targets: Array) -> tuple[Array, Array]:
    """Loss of each sample, and whether its class was found: NaN where there are no classes."""
    if loss == "cross_entropy":
        hits = (jnp.argmax(outputs, axis=1) == targets).astype(outputs.dtype)
        return optax.softmax_cross_entropy_with_integer_labels(outputs, targets), hits
    losses = jnp.mean((outputs - targets) ** 2, axis=1)
    return losses, jnp.full_like(losses, jnp.nan)
