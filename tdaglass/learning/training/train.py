"""Training of any network by stochastic gradient descent, whole epochs at a time on the device."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Int, Key, Num

from tdaglass.arguments import check_key, floats
from tdaglass.checkpoints import Keep
from tdaglass.learning.batches import count_samples, take_samples
from tdaglass.learning.loss import Loss, require_targets
from tdaglass.learning.network import Network, Parameters, Samples
from tdaglass.learning.training.epoch import Augment, History, Plan, TrainingState, first_state, train_epoch
from tdaglass.progress import progress as progress_bar

# One object, so that all trainings with it share one compilation.
ADAM = optax.adam(1e-3)


class Trained(NamedTuple):
    """A trained network.

    Attributes
    ----------
    parameters : dict
        Those of the best epoch, finished for use: for `predict`, `grad_cam`, and `apply` without a key.
    history : History
    best_epoch : scalar
        The epoch, from 0, of the smallest validation loss; without validation, the last one trained.
    stopped_early : scalar
        Whether patience ended the training.
    """

    parameters: Parameters
    history: History
    best_epoch: Int[Array, ""]
    stopped_early: Bool[Array, ""]


def fit_network(
    key: Key[Array, ""],
    network: Network,
    samples: Samples,
    targets: Num[Array, "samples ..."],
    *,
    loss: Loss = "cross_entropy",
    optimizer: optax.GradientTransformation = ADAM,
    epochs: int = 100,
    batch_size: int = 32,
    augment: Augment | None = None,
    validation: tuple[Any, Array] | None = None,
    patience: int | None = None,
    keep: Keep | None = None,
    keep_every: int = 25,
    name: str = "training",
    progress: bool | None = None,
) -> Trained:
    """Train a network from random parameters and keep those of its best epoch.

    Every epoch shuffles the samples and goes through all whole mini-batches once; the few samples that are left
    over are others in every epoch. Trainings of equal networks that share shapes and the *objects* `optimizer`
    and `augment` share one compilation, so several seeds are a loop,
    ``[fit_network(fold_in(key, seed), ...) for seed in ...]``: on a CPU it takes two thirds of the time of
    `vmap`, and each ends by its own patience. Several processors or machines share them, and the folds of a
    cross-validation, by `parallel.map_independent`, as in the second example.

    Parameters
    ----------
    key
        Of the first parameters, the shuffling, and what network and `augment` draw; the same key gives the same
        bits.
    network : Network
    samples : pytree of arrays (samples, ...)
        What the network reads, in numbers of order one: images (samples, channels, *grid) for a `CNN`,
        `AtomicDescriptors` for an `Atomwise`. Their precision is that of the training.
    targets : (samples,) int, or (samples, outputs)
        Classes from 0 for the cross-entropy; numbers, best of mean 0 and variance 1, for the squared error.
    loss : "cross_entropy" or "squared"
        The squared error is a mean over the outputs.
    optimizer : optax.GradientTransformation
        Schedules count mini-batches, ``samples // batch_size`` an epoch.
    epochs : int
        At most.
    batch_size : int
        Samples in a mini-batch.
    augment : callable ``(key, samples) -> samples``, optional
        Other samples with the same targets, drawn anew for every mini-batch: `random_symmetry` for images.
    validation : (samples, targets), optional
        By which the best epoch is chosen.
    patience : int, optional
        Stop after so many epochs without a smaller validation loss.
    keep : callable ``(name, compute) -> result``, optional
        Such as `Run.chunk`: returns the part of that name if it is finished, else computes and stores it. A
        training that was killed goes on from the last part and ends with the same bits.
    keep_every : int
        Epochs in a part. Each holds the parameters twice and what the optimizer carries.
    name : str
        Of the training, its parts (``name-epochs``) and its progress bar.
    progress : bool, optional
        Whether to show a bar; None leaves it to the terminal.

    Returns
    -------
    Trained
        `check_training` says in words where it failed.

    Raises
    ------
    ValueError
        For fewer samples than a mini-batch, targets that do not fit the loss, patience without validation, NaN,
        an `augment` that changes shapes.

    Examples
    --------
    >>> from tdaglass.learning import CNN, accuracy
    >>> images = jax.random.normal(jax.random.key(0), (64, 1, 8, 8))
    >>> smooth = (images + jnp.roll(images, 1, axis=-1)) / 2**0.5
    >>> network = CNN(convolutions=(8,), dense=None)
    >>> trained = fit_network(jax.random.key(1), network, jnp.concatenate([images, smooth]),
    ...                       jnp.repeat(jnp.arange(2), 64), optimizer=optax.adam(0.01), epochs=30)
    >>> bool(accuracy(network, trained.parameters, smooth, jnp.ones(64, int)) > 0.9)
    True

    Trainings with several seeds, of which one that diverged is named; samples go to each worker once:

    >>> from tdaglass.parallel import checked, map_independent
    >>> def train(network, samples, targets, seed):
    ...     return fit_network(jax.random.key(seed), network, samples, targets, epochs=30)
    >>> work = partial(train, network, images, jnp.arange(64) % 2)
    >>> several = map_independent(checked(work, check_training), range(2))
    >>> [len(one.history.training_loss) for one in several]
    [30, 30]
    """
    check_key(key)
    samples, targets = _arrays(samples, targets)
    _require_samples(samples, targets, batch_size)
    if validation is not None:
        validation = _arrays(*validation)
        _require_samples(validation[0], validation[1], 1)
    elif patience is not None:
        raise ValueError("expected validation samples to be patient by, got none; try validation=(...)")
    if min(epochs, keep_every, 1 if patience is None else patience) < 1:
        raise ValueError(
            f"expected epochs, keep_every and patience of at least 1, got {epochs}, {keep_every}, {patience}; "
            "try 100, 25, 20"
        )
    if augment is not None:
        _require_same_shapes(augment, key, samples)

    first_key, epoch_key = jax.random.split(key)
    parameters = network.init(first_key, take_samples(samples, 0))
    outputs = jax.eval_shape(network.apply, parameters, samples)
    if outputs.shape[:1] != targets.shape[:1] or len(outputs.shape) != 2:
        raise ValueError(
            f"expected a network with outputs of shape ({len(targets)}, outputs), got {outputs.shape}; try a "
            "last axis of length one where it tells one number"
        )
    for some in (targets, *(() if validation is None else validation[1:])):
        require_targets(loss, some, outputs.shape[1])
    plan = Plan(network, loss, optimizer, batch_size, augment)
    said = ""
    bar = progress_bar(range(epochs), name, enabled=progress, note=lambda: said)

    def advance(state: TrainingState, end: int) -> TrainingState:
        nonlocal said
        for epoch in bar:
            if epoch < state.epoch:
                continue  # it was read
            state = train_epoch(epoch_key, plan, state, (samples, targets), validation)
            said = f"loss {state.history.training_loss[epoch]:.3g}"
            if validation is not None:
                said += f", validation {state.history.validation_loss[epoch]:.3g}"
            if epoch + 1 == end or _ended(state, patience):
                break
        return state

    state = first_state(plan, parameters, epochs, outputs.dtype)
    for end in [*range(keep_every, epochs, keep_every), epochs]:
        compute = partial(advance, state, end)
        state = compute() if keep is None else keep(f"{name}-{end}", compute)
        state = jax.tree.map(jnp.asarray, state)
        if _ended(state, patience):
            break
    stopped_early = jnp.asarray(_stalled(state, patience) and not _diverged(state))
    return Trained(state.best_parameters, state.history, state.best_epoch, stopped_early)


def check_training(trained: Trained) -> None:
    """Say what went wrong in a training and what to do about it.

    Raises
    ------
    ValueError
        Where the loss was not finite, which ends a training.
    """
    finite = jnp.isfinite(trained.history.training_loss)
    if not bool(trained.stopped_early) and not finite.all():
        raise ValueError(
            f"expected a finite loss, got none in epoch {int(jnp.argmin(finite))}; try a smaller learning rate, "
            "samples and targets of order one, or optax.clip_by_global_norm before the optimizer"
        )


def _ended(state: TrainingState, patience: int | None) -> bool:
    return _diverged(state) or _stalled(state, patience)


def _diverged(state: TrainingState) -> bool:
    return not bool(jnp.isfinite(state.history.training_loss[state.epoch - 1]))


def _stalled(state: TrainingState, patience: int | None) -> bool:
    return patience is not None and bool(state.epoch - 1 - state.best_epoch >= patience)


def _arrays(samples: Any, targets: Any) -> tuple[Any, Array]:
    samples = jax.tree.map(jnp.asarray, samples)
    # Pixels are counts; in a pytree whole numbers may be indices.
    if isinstance(samples, jax.Array) and not jnp.issubdtype(samples.dtype, jnp.floating):
        samples = floats(samples, "samples")
    return samples, jnp.asarray(targets)


def _require_samples(samples: Samples, targets: Array, fewest: int) -> None:
    count = count_samples(samples)
    if fewest < 1 or count < fewest or targets.shape[0] != count:
        raise ValueError(
            f"expected a target for each sample, and a mini-batch of them or more, got {count} samples, "
            f"{targets.shape[0]} targets, mini-batches of {fewest}; try a smaller batch_size"
        )
    numbers = [leaf for leaf in jax.tree.leaves(samples) if jnp.issubdtype(leaf.dtype, jnp.inexact)]
    if not all(bool(jnp.isfinite(leaf).all()) for leaf in numbers):
        raise ValueError(
            "expected finite samples, got NaN or infinity; try leaving those samples out, and zeros where a mask "
            "hides them"
        )


def _require_same_shapes(augment: Augment, key: Array, samples: Samples) -> None:
    after = jax.eval_shape(augment, key, samples)
    shapes, others = (jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype.name), x) for x in (samples, after))
    if shapes != others:
        raise ValueError(
            f"expected an augment that keeps shapes and types, {shapes}, got {others}; try a function of "
            "(key, samples) that returns samples of the same kind"
        )
