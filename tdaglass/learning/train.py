"""Training of convolutional networks by stochastic gradient descent, whole epochs at a time on the device."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key, Num

from tdaglass.checkpoints import Keep
from tdaglass.learning.cnn import CNN, Parameters
from tdaglass.learning.epoch import History, Loss, Plan, TrainingState, first_state, train_epoch
from tdaglass.learning.symmetries import Symmetry, require_symmetries
from tdaglass.progress import progress as progress_bar

# One object, so that all trainings with it share one compilation.
ADAM = optax.adam(1e-3)


class Trained(NamedTuple):
    """A trained network.

    Attributes
    ----------
    parameters : dict
        Those of the best epoch, for `apply_network`, `predict` and `grad_cam`.
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
    architecture: CNN,
    images: Float[Array, "samples channels *grid"],
    targets: Num[Array, "samples ..."],
    *,
    loss: Loss = "cross_entropy",
    optimizer: optax.GradientTransformation = ADAM,
    epochs: int = 100,
    batch_size: int = 32,
    symmetries: tuple[Symmetry, ...] = (),
    standardized: bool = False,
    validation: tuple[Array, Array] | None = None,
    patience: int | None = None,
    keep: Keep | None = None,
    keep_every: int = 25,
    name: str = "training",
    progress: bool | None = None,
) -> Trained:
    """Train a network from random parameters and keep those of its best epoch.

    Every epoch shuffles the samples and goes through all whole mini-batches once; the few samples that are left
    over are others in every epoch. Trainings that share architecture, shapes and the *object* `optimizer` share
    one compilation, so several seeds are a loop, ``[fit_network(fold_in(key, seed), ...) for seed in ...]``: on a
    CPU it takes two thirds of the time of `vmap`, and each ends by its own patience.

    Parameters
    ----------
    key
        Of the first parameters, the shuffling, symmetries and dropout; the same key gives the same bits.
    architecture : CNN
    images : (samples, channels, *grid)
        In numbers of order one. Their precision is that of the training.
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
    symmetries : tuple of "translations", "rotations", "mirrors"
        Under which the targets do not change; see `random_symmetry`.
    standardized : bool
        Whether what the dense layers read is standardised over each mini-batch (Ioffe and Szegedy, ICML 2015),
        and afterwards over all samples, which is folded into their parameters. Means over many cells differ
        little between images, and without it a network may stay at chance for thousands of steps.
    validation : (images, targets), optional
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
        For fewer samples than a mini-batch, targets that do not fit the loss, patience without validation,
        symmetries that the grid has not.

    Examples
    --------
    >>> from tdaglass.learning import accuracy
    >>> images = jax.random.normal(jax.random.key(0), (64, 1, 8, 8))
    >>> smooth = (images + jnp.roll(images, 1, axis=-1)) / 2**0.5
    >>> architecture = CNN(convolutions=(8,), dense=None)
    >>> trained = fit_network(jax.random.key(1), architecture, jnp.concatenate([images, smooth]),
    ...                       jnp.repeat(jnp.arange(2), 64), optimizer=optax.adam(0.01), epochs=30)
    >>> bool(accuracy(architecture, trained.parameters, smooth, jnp.ones(64, int)) > 0.9)
    True
    """
    _require_data(architecture, images, targets, loss, batch_size)
    if validation is not None:
        _require_data(architecture, *validation, loss, 1)
    elif patience is not None:
        raise ValueError("expected validation samples to be patient by, got none; try validation=(...)")
    if min(epochs, keep_every, 1 if patience is None else patience) < 1:
        raise ValueError(
            f"expected epochs, keep_every and patience of at least 1, got {epochs}, {keep_every}, {patience}; "
            "try 100, 25, 20"
        )
    require_symmetries(symmetries, images.shape[2:])

    first_key, epoch_key = jax.random.split(key)
    plan = Plan(architecture, loss, optimizer, batch_size, symmetries, standardized)
    said = ""
    bar = progress_bar(range(epochs), name, enabled=progress, note=lambda: said)

    def advance(state: TrainingState, end: int) -> TrainingState:
        nonlocal said
        for epoch in bar:
            if epoch < state.epoch:
                continue  # it was read
            state = train_epoch(epoch_key, plan, state, (images, targets), validation)
            said = f"loss {state.history.training_loss[epoch]:.3g}"
            if validation is not None:
                said += f", validation {state.history.validation_loss[epoch]:.3g}"
            if epoch + 1 == end or _ended(state, patience):
                break
        return state

    state = first_state(first_key, plan, images, epochs)
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
            "images and targets of order one, or optax.clip_by_global_norm before the optimizer"
        )


def _ended(state: TrainingState, patience: int | None) -> bool:
    return _diverged(state) or _stalled(state, patience)


def _diverged(state: TrainingState) -> bool:
    return not bool(jnp.isfinite(state.history.training_loss[state.epoch - 1]))


def _stalled(state: TrainingState, patience: int | None) -> bool:
    return patience is not None and bool(state.epoch - 1 - state.best_epoch >= patience)


def _require_data(architecture: CNN, images: Array, targets: Array, loss: Loss, fewest: int) -> None:
    samples = images.shape[0]
    if fewest < 1 or samples < fewest or targets.shape[0] != samples:
        raise ValueError(
            f"expected a target for each image, and a mini-batch of them or more, got {samples} images, "
            f"{targets.shape[0]} targets, mini-batches of {fewest}; try a smaller batch_size"
        )
    if loss == "cross_entropy":
        if targets.ndim != 1 or not jnp.issubdtype(targets.dtype, jnp.integer):
            raise ValueError(
                f"expected one integer class for each image, got {targets.dtype} of shape {targets.shape}; try "
                "targets.astype(int), or loss='squared'"
            )
        if not bool((targets >= 0).all() & (targets < architecture.outputs).all()):
            raise ValueError(
                f"expected classes of 0 to {architecture.outputs - 1}, got {targets.min()} to {targets.max()}; "
                "try a CNN of more outputs"
            )
    elif loss == "squared":
        if targets.shape != (samples, architecture.outputs):
            raise ValueError(
                f"expected targets of shape {(samples, architecture.outputs)}, got {targets.shape}; try "
                "targets[:, None]"
            )
    else:
        raise ValueError(
            f"expected a loss of cross_entropy or squared, got {loss!r}; try squared for energies"
        )
    for what, values in (("images", images), ("targets", targets)):
        if not bool(jnp.isfinite(values).all()):
            raise ValueError(f"expected finite {what}, got NaN or infinity; try leaving those samples out")
