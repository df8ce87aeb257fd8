"""Energies by networks: SOAP and two layers for each atom, a convolutional network on histograms, and SchNet."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from energies_from_holes_data import soap_of
from energies_from_holes_frames import Frames
from energies_from_holes_linear import error, folds_of, histograms, standardized
from energies_from_holes_records import Described, Kind, Network, Scored, Settings, kinds_of

from tdaglass import learning, parallel, structure
from tdaglass.checkpoints import parts_of
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

# Neighbours of SchNet that an atom has room for in a search; slots that a frame does not need are cut off.
ROOM = 128
KEEP_EVERY = 10  # epochs

Samples = Any  # a pytree of arrays (frames, ...)


class Trainable(NamedTuple):
    """A network: what it sees of the frames, how that is scaled, and how it is trained."""

    title: str
    network: Callable[[Settings], learning.Network]
    samples: Callable[[Settings, Frames, Described], Samples]
    scale: Callable[[Settings, Samples], Callable[[Samples], Samples]]  # by the samples that are learned from
    epochs: Callable[[Settings], int]
    batch_size: int
    rate: float
    optimizer: Callable[[int], optax.GradientTransformation] | None  # published, of the batches in an epoch


class Seen:
    """What networks see of the frames and of the larger systems, made once for all trainings of a process."""

    def __init__(self, settings: Settings, of: list[tuple[Frames, Described]]):
        self.settings, self.of = settings, of
        self.made: tuple[Network | None, list[Samples]] = None, []

    def by(self, name: Network) -> list[Samples]:
        """Of each size; of another network only the last are kept, which are large."""
        if self.made[0] != name:
            self.made = None, []
            self.made = name, [NETWORKS[name].samples(self.settings, *one) for one in self.of]
        return self.made[1]


class Told(NamedTuple):
    """What one training says."""

    predicted: np.ndarray  # (frames,) eV for each atom, of all frames
    larger: np.ndarray  # the same of the larger systems; empty without
    loss: np.ndarray  # (epochs,) mean square in units of the variance
    features: np.ndarray  # (frames, features) means of what SchNet makes of atoms; empty of others
    parameters: learning.Parameters


class Trained(NamedTuple):
    """What all trainings say, and what later steps ask of the first with random frames left out."""

    scores: dict[str, dict[str, Scored]]
    schnet: np.ndarray  # (frames, features); no features where it was not trained
    cnn: learning.Parameters | None  # None where it was not trained


def atoms(settings: Settings, frames: Frames, described: Described) -> Samples:
    """SOAP of every atom."""
    del described
    rows = [soap_of(settings.basis, frames, i) for i in range(len(frames.run))]
    mask = np.arange(frames.atoms.max()) < frames.atoms[:, None]
    # By hand, as there are gigabytes of them: one copy, on the host.
    each = np.zeros((*mask.shape, rows[0].shape[1]), np.float32)
    for room, row in zip(each, rows, strict=True):
        room[: len(row)] = row
    kept: Any = each, mask
    return learning.AtomicDescriptors(*kept)


def scale_atoms(settings: Settings, samples: Samples) -> Callable[[Samples], Samples]:
    """Every number of an atom to mean 0 and variance 1."""
    del settings
    rows, mask = np.asarray(samples.descriptors), np.asarray(samples.mask, bool)[..., None]
    mean = rows.mean(axis=(0, 1), dtype=float, where=mask)
    # Frame by frame: all deviations at once would be twice as large as all there is.
    squares = [np.mean((x - mean) ** 2, axis=0, where=here) for x, here in zip(rows, mask, strict=True)]
    spread = np.sqrt(np.mean(squares, axis=0))
    moments: Any = mean, np.where(spread > 1e-6 * spread.max(), spread, np.inf)
    scale = learning.Standardization(*moments)
    return lambda new: new._replace(descriptors=np.asarray(learning.standardize(scale, new.descriptors)))


def images(settings: Settings, frames: Frames, described: Described) -> np.ndarray:
    """Histograms of fewer cells, (frames, 1, deaths, births)."""
    del frames
    found = histograms(settings, described)
    joined = settings.cells // settings.pixels
    shape = (len(found), settings.pixels, joined, settings.pixels, joined)
    return found.reshape(shape).sum(axis=(2, 4))[:, None]


def scale_images(settings: Settings, samples: np.ndarray) -> Callable[[Samples], Samples]:
    """Each image over its cells, or each cell over the images, to mean 0 and variance 1."""
    if settings.scale_cnn == "image":
        return lambda new: standardized(new.reshape(len(new), -1).T).T.reshape(new.shape)
    scale = learning.fit_standardization(samples.reshape(len(samples), -1))
    return lambda new: np.asarray(learning.standardize(scale, new.reshape(len(new), -1))).reshape(new.shape)


def graphs(settings: Settings, frames: Frames, described: Described) -> learning.ParticleGraph:
    """Distances to neighbours."""
    del described
    tables = []
    for i in range(len(frames.run)):
        near: Any = structure.cutoff_neighbors(*frames.system(i), settings.reach, capacity=ROOM)
        structure.check_neighbors(near)
        mask = np.asarray(near.mask)
        slots = int(np.flatnonzero(mask.any(axis=0)).max(initial=0)) + 1
        idx, displacement = np.asarray(near.idx), np.asarray(near.displacement)
        tables.append(
            near._replace(idx=idx[:, :slots], displacement=displacement[:, :slots], mask=mask[:, :slots])
        )
    return learning.stack_graphs(tables)


def unscaled(settings: Settings, samples: Samples) -> Callable[[Samples], Samples]:
    """Distances are angstroms."""
    del settings, samples
    return lambda new: new


@cache
def falling_adam(rate: float, steps: int) -> optax.GradientTransformation:
    """One object for all trainings of a process, so that they share what is compiled."""
    return optax.adam(optax.cosine_decay_schedule(rate, steps))


def halved(rate: float, epochs: tuple[int, ...], steps: int) -> optax.Schedule:
    """A rate that is halved at some epochs of so many steps."""
    return optax.piecewise_constant_schedule(rate, {epoch * steps: 0.5 for epoch in epochs})


@cache
def published_descent(steps: int) -> optax.GradientTransformation:
    """Of the convolutional network."""
    rate = halved(1.5e-3, (200, 400, 800, 1200, 1600), steps)
    return optax.chain(optax.add_decayed_weights(1e-3), optax.sgd(rate, momentum=0.9, nesterov=True))


@cache
def published_adam(steps: int) -> optax.GradientTransformation:
    """Of SOAP and two layers."""
    return optax.adam(halved(1e-3, (200, 500, 1000, 2000), steps))


NETWORKS: dict[Network, Trainable] = {
    "soap_network": Trainable(
        "SOAP, 40-40 network",
        lambda _: learning.Atomwise((40, 40), pooling="mean"),
        atoms,
        scale_atoms,
        lambda settings: settings.epochs_soap_network,
        16,
        2e-3,
        published_adam,
    ),
    "cnn": Trainable(
        "histogram, CNN",
        lambda settings: learning.CNN(
            settings.channels,
            padding="zero",
            pooling=True,
            dense=(128,),
            dropout=0.0,
            outputs=1,
            # Where loops crowd, a scaled histogram is a hundred: larger weights begin far from all energies, learn
            # by heart, and diverge at the published rate.
            weight_variance=1 / 3,
        ),
        images,
        scale_images,
        lambda settings: settings.epochs_cnn,
        32,
        1e-3,
        published_descent,
    ),
    "schnet": Trainable(
        "SchNet",
        lambda settings: learning.SchNet(
            settings.features, settings.interactions, settings.gaussians, settings.reach, pooling="mean"
        ),
        graphs,
        unscaled,
        lambda settings: settings.epochs_schnet,
        8,
        2e-3,
        None,
    ),
}


def train_networks(
    settings: Settings,
    frames: Frames,
    described: Described,
    larger: tuple[Frames, Described] | None,
    run: Run,
    executor: Any,
) -> Trained:
    """All networks, some parts of every kind left out."""
    kinds = [kind for kind in settings.networks_without if kind in kinds_of(frames)]
    items = [
        (name, kind, k)
        for name in settings.networks
        for kind in kinds
        for k in range(min(settings.trainings, int(folds_of(settings, frames, kind).max()) + 1))
    ]
    both = [(frames, described), *([] if larger is None else [larger])]
    light = frames.light()
    told = parallel.map_independent(
        partial(train_one, settings, light, Seen(settings, both), run.chunk, executor is None),
        items,
        executor=executor,
        keep=run.chunk,
        names=piece,
        progress="networks",
    )
    scores: dict[str, dict[str, Scored]] = {}
    for name in settings.networks:
        scores[name] = {}
        for kind in kinds:
            of_kind = [one for item, one in zip(items, told, strict=True) if item[:2] == (name, kind)]
            part = folds_of(settings, frames, kind)
            scores[name][kind] = scored(frames, larger, part, kind, of_kind)
    first = {item[0]: one for item, one in zip(items, told, strict=True) if item[1:] == ("frames", 0)}
    return Trained(
        scores,
        first["schnet"].features if "schnet" in first else np.zeros((len(frames.run), 0)),
        first["cnn"].parameters if "cnn" in first else None,
    )


def scored(
    frames: Frames, larger: tuple[Frames, Described] | None, part: np.ndarray, kind: Kind, told: list[Told]
) -> Scored:
    """Errors of trainings, the k-th without part k."""
    y, predicted = frames.energy, np.full(len(part), np.nan)
    train, test, at_larger = [], [], []
    for k, one in enumerate(told):
        out = part == k
        predicted[out] = one.predicted[out]
        train.append(error(y[~out], one.predicted[~out]))
        test.append(error(y[out], one.predicted[out]))
        if larger is not None and kind == "frames":
            at_larger.append(error(larger[0].energy, one.larger))
    return Scored(np.array(train), np.array(test), predicted, np.array(at_larger))


def piece(item: tuple[Network, Kind, int]) -> str:
    """Name of a training."""
    return "-".join(map(str, item)).replace("_", "-")


def train_one(
    settings: Settings,
    frames: Frames,
    seen: Seen,
    keep: Chunks,
    here: bool,
    item: tuple[Network, Kind, int],
) -> Told:
    """One network, without one part of one kind."""
    name, kind, fold = item
    how = NETWORKS[name]
    learn = folds_of(settings, frames, kind) != fold
    samples, *larger = seen.by(name)
    scaled = how.scale(settings, jax.tree.map(lambda x: x[learn], samples))
    samples = scaled(samples)
    mean, spread = frames.energy[learn].mean(), frames.energy[learn].std()
    targets = jnp.asarray((frames.energy[learn] - mean) / spread, jnp.float32)[:, None]
    network, epochs = how.network(settings), how.epochs(settings)
    steps = int(learn.sum()) // how.batch_size
    if settings.published_optimizers and how.optimizer is not None:
        optimizer = how.optimizer(steps)
    else:
        optimizer = falling_adam(how.rate, epochs * steps)
    trained = learning.fit_network(
        jax.random.fold_in(jax.random.key(settings.source.seed), fold),
        network,
        jax.tree.map(lambda x: jnp.asarray(x[learn]), samples),
        targets,
        loss="squared",
        optimizer=optimizer,
        epochs=epochs,
        batch_size=how.batch_size,
        keep=parts_of(keep, piece(item)),
        keep_every=KEEP_EVERY,
        name=piece(item),
        # Bars of workers would write over that of all pieces.
        progress=None if here else False,
    )
    learning.check_training(trained)

    def tell(of: Samples) -> np.ndarray:
        found = learning.predict(network, trained.parameters, jax.tree.map(jnp.asarray, of), batch_size=16)
        return np.asarray(found, float)[:, 0] * spread + mean

    at_larger = np.zeros(0)
    if larger and kind == "frames":
        at_larger = tell(scaled(larger[0]))
    features = np.zeros((len(learn), 0))
    if isinstance(network, learning.SchNet):
        features = np.asarray(
            learning.in_batches(
                lambda some: network.particle_features(trained.parameters, some).mean(axis=1),
                jax.tree.map(jnp.asarray, samples),
                16,
            )
        )
    loss = np.asarray(trained.history.training_loss)
    return Told(tell(samples), at_larger, loss, features, jax.tree.map(np.asarray, trained.parameters))
