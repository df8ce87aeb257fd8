"""Networks of `glass_or_liquid.py` that tell glasses from liquids, learned from images of both."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
from glass_or_liquid_fields import densities
from glass_or_liquid_records import GLASS, LIQUID, Settings

from tdaglass import learning
from tdaglass.configuration import Configuration
from tdaglass.runs.chunks import Chunks


def images_of(settings: Settings, both: Configuration) -> tuple[jax.Array, jax.Array]:
    """Of all liquids, then of all glasses, and which they are."""
    quenches = both.positions.shape[1]
    flat = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), both)
    return densities(settings, flat), jnp.repeat(jnp.array([LIQUID, GLASS]), quenches)


def network_of(settings: Settings) -> learning.CNN:
    """What is trained."""
    dense = (settings.hidden,) if settings.hidden else None
    return learning.CNN(
        settings.channels, dense=dense, dropout=settings.dropout, outputs=2, standardized=dense is None
    )


def train(
    settings: Settings,
    keep: Chunks,
    to_train: Configuration,
    to_validate: Configuration | None,
    here: bool,
    k: int,
) -> learning.Trained:
    """The k-th network. Images are many times what they are made of, so workers get configurations."""
    images, kinds = images_of(settings, to_train)
    steps = settings.epochs * (len(images) // settings.batch_size)
    return learning.fit_network(
        jax.random.fold_in(jax.random.key(settings.cooling.seed), k),
        network_of(settings),
        images,
        kinds,
        optimizer=falling_adam(settings.learning_rate, steps),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        augment=learning.random_symmetry,
        validation=None if to_validate is None else images_of(settings, to_validate),
        patience=None if to_validate is None else settings.patience,
        keep=keep.within(f"training-{k + 1}"),
        keep_every=settings.keep_every,
        name=f"training-{k + 1}",
        # Bars of workers would write over that of all pieces.
        progress=None if here else False,
    )


@cache
def falling_adam(rate: float, steps: int) -> optax.GradientTransformation:
    """One object, so that all trainings of a process share what is compiled."""
    return optax.adam(optax.cosine_decay_schedule(rate, steps))


def right(settings: Settings, trained: list[learning.Trained], to_test: Configuration) -> np.ndarray:
    """Which images of the test set each network tells right, (trainings, images)."""
    images, kinds = images_of(settings, to_test)
    network = network_of(settings)
    return np.stack(
        [learning.predict(network, t.parameters, images).argmax(axis=1) == kinds for t in trained]
    )
