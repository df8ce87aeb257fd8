"""One epoch of stochastic gradient descent, compiled as one loop over the mini-batches on the device."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int, Key

from tdaglass.learning.batches import count_samples, in_batches, take_samples
from tdaglass.learning.loss import Loss, score
from tdaglass.learning.network import Network, Parameters

# Of a key and samples: other samples with the same targets.
Augment = Callable[[Key[Array, ""], Any], Any]
Data = tuple[Any, Array]  # samples and targets


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

    network: Network
    loss: Loss
    optimizer: optax.GradientTransformation
    batch_size: int
    augment: Augment | None = None


def first_state(plan: Plan, parameters: Parameters, epochs: int, dtype: DTypeLike) -> TrainingState:
    """A training not begun, with room for the scores of so many epochs in the precision of the outputs."""
    nothing = jnp.full((epochs,), jnp.nan, dtype)
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
    key: Key[Array, ""], plan: Plan, state: TrainingState, training: Data, validation: Data | None
) -> TrainingState:
    """One pass over the training samples in a new order, then one over the validation samples."""
    count = count_samples(training)
    batches = count // plan.batch_size
    order_key, batch_key = jax.random.split(jax.random.fold_in(key, state.epoch))
    order = jax.random.permutation(order_key, count)[: batches * plan.batch_size]

    def step(carry: tuple, batch: tuple[Array, Array]) -> tuple[tuple, tuple[Array, Array]]:
        parameters, optimizer_state = carry
        idx, key = batch
        augment_key, network_key = jax.random.split(key)
        samples, targets = take_samples(training, idx)
        if plan.augment is not None:
            samples = plan.augment(augment_key, samples)

        def mean_loss(parameters: Parameters) -> tuple[Array, tuple[Array, Array]]:
            outputs = plan.network.apply(parameters, samples, network_key)
            losses, hits = score(plan.loss, outputs, targets)
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
    finished = plan.network.finish(parameters, training[0], plan.loss, plan.batch_size)

    if validation is None:
        validation_loss = validation_accuracy = jnp.array(jnp.nan, training_loss.dtype)
        better = jnp.isfinite(training_loss)
    else:

        def evaluate(batch: Data) -> tuple[Array, Array]:
            samples, targets = batch
            return score(plan.loss, plan.network.apply(finished, samples), targets)

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
        if_better(finished, state.best_parameters),
        if_better(state.epoch, state.best_epoch),
        jax.tree.map(lambda past, score: past.at[state.epoch].set(score), state.history, latest),
    )
