"""Glass or liquid: what a network looks at.

The study of Oyama, Koyama and Kawasaki, Front. Phys. 10, 1007861 (2022), in two dimensions. Liquids are cooled at
a constant rate; of each, one configuration of the liquid and one of the glass are kept. A convolutional network
learns to tell them apart from the densities of the species on a grid, and Grad-CAM says where it looked. These
places are held against the free area around particles (Voronoi cells), against how well they are packed (Tong and
Tanaka's order parameter), and against how particles will leave their cages when the glass is heated.

The published network joins all cells of its last maps by a dense layer, which thousands of images teach. Ours
joins their means, standardised in training, which a hundred teach; ``--hidden 128`` is the published one.

    python experiments/glass_or_liquid.py                                minutes on two cores
    python experiments/glass_or_liquid.py --system kob_andersen_2d
    python experiments/glass_or_liquid.py --preset paper                 the published size
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

# Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax
import jax.numpy as jnp
import numpy as np
import optax
import tyro
from glass_or_liquid_report import report

from tdaglass import dynamics, glass, learning, runs, structure
from tdaglass.configuration import Configuration
from tdaglass.progress import progress

System = Literal["additive_mixture_2d", "kob_andersen_2d"]
MODELS: dict[str, Callable[[int], glass.PairModel]] = {
    "additive_mixture_2d": glass.additive_mixture_2d,
    "kob_andersen_2d": glass.kob_andersen_2d,
}
LIQUID, GLASS = 0, 1


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths, energies and times in Lennard-Jones units."""

    system: System = "additive_mixture_2d"
    """Mixture to cool."""
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    n: int = 500
    """Particles."""
    quenches: int = 96
    """Independent liquids that are cooled."""
    batch: int = 16
    """Of them at once; a finished batch is kept."""
    hot: float = 4.0
    """Temperature from which they are cooled, epsilon / k_B."""
    equilibration: float = 100.0
    """Time at it."""
    liquid: float = 3.0
    """Temperature at which the liquid is taken, epsilon / k_B; so high that it flows in the time it is given."""
    glass: float = 0.05
    """Temperature at which the glass is taken, epsilon / k_B."""
    rate: float = 1e-2
    """Of cooling, temperature per time."""
    dt: float = 0.005
    """Time step."""
    validation: float = 0.1
    """Share of the quenches that decide when training ends."""
    test: float = 0.2
    """Share of the quenches that the network never sees."""
    cells: int = 96
    """Of the grid, along each axis."""
    assignment: Literal["nearest", "linear"] = "linear"
    """Of a particle to its cell, or to the four nearest with weights that keep its place."""
    channels: tuple[int, ...] = (8, 16, 16)
    """Feature maps of each convolution."""
    hidden: int = 0
    """Units of a dense layer that reads all cells of the last maps; 0: outputs read the means of the maps."""
    dropout: float = 0.5
    """Share of these units that is silent in training."""
    epochs: int = 20
    """At most."""
    patience: int = 8
    """Epochs without improvement that end a training."""
    batch_size: int = 16
    """Images in a mini-batch."""
    learning_rate: float = 3e-3
    """Of Adam, falling to nothing along a cosine."""
    keep_every: int = 5
    """Epochs between two states of a training that are kept."""
    trainings: int = 6
    """From different seeds."""
    length: float = 3.0
    """Over which fields are coarse-grained."""
    temperatures: tuple[float, ...] = (3.0, 3.5, 4.0)
    """To which glasses are heated to see them move, epsilon / k_B."""
    glasses: int = 12
    """Of the test set, that are heated."""
    replicas: int = 16
    """Isoconfigurational runs of each."""
    observation: float = 120.0
    """Their longest time."""
    observations: int = 16
    """Times at which they are observed, evenly spaced in their logarithm."""
    seed: int = 0
    """Of all random numbers."""
    root: Path = field(default=Path("runs"), compare=False)
    """Folder of all runs."""


KOB_ANDERSEN = Settings(
    system="kob_andersen_2d", hot=2.0, liquid=0.8, rate=5e-3, temperatures=(0.4, 0.5, 0.6)
)
PUBLISHED: dict[str, Any] = {
    "preset": "paper",
    "n": 2000,
    "quenches": 5000,
    "hot": 4.0,
    "rate": 8.33e-5,
    "validation": 0.08,
    "test": 0.12,
    "cells": 192,
    "channels": (32, 32, 32),
    "epochs": 250,
    "patience": 250,
    "batch_size": 64,
    "glasses": 50,
    "replicas": 30,
    "observation": 1.5e6,
    "observations": 40,
}
PRESETS = {
    ("additive_mixture_2d", "default"): Settings(),
    ("additive_mixture_2d", "paper"): replace(
        Settings(), **PUBLISHED, liquid=2.0, temperatures=(1.0, 1.25, 1.5, 2.0)
    ),
    ("kob_andersen_2d", "default"): KOB_ANDERSEN,
    ("kob_andersen_2d", "paper"): replace(KOB_ANDERSEN, **PUBLISHED, temperatures=(0.37, 0.4, 0.5, 0.6)),
}
QUENCHES = (
    "system",
    "n",
    "quenches",
    "batch",
    "hot",
    "equilibration",
    "liquid",
    "glass",
    "rate",
    "dt",
    "seed",
)


class Fields(NamedTuple):
    """Of particles, (configurations, particles), coarse-grained and scaled to [0, 1]."""

    grad_cam: np.ndarray  # (trainings, configurations, particles)
    area: np.ndarray
    packing: np.ndarray  # 1 - Theta


class Motion(NamedTuple):
    """How the particles of a glass leave their cages at one temperature."""

    temperature: float
    displacement: np.ndarray  # (glasses, times) root of Delta, mean over particles
    stillness: np.ndarray  # (glasses, times, particles) 1 - Delta, coarse-grained and scaled


def cool(settings: Settings, run: runs.Run) -> Configuration:
    """Liquids and glasses of all quenches, (2, quenches, ...)."""
    model, key = MODELS[settings.system](settings.n), jax.random.key(settings.seed)
    batches = np.array_split(np.arange(settings.quenches), -(-settings.quenches // settings.batch))
    found = []
    for b, numbers in enumerate(progress(batches, "quenches")):

        def compute(name: str, numbers: np.ndarray = numbers) -> Configuration:
            return glass.quench(
                key,
                model,
                jnp.asarray(numbers),
                hot=settings.hot,
                equilibration=settings.equilibration,
                rate=settings.rate,
                snapshots=(settings.liquid, settings.glass),
                dt=settings.dt,
                keep=run.parts_of(f"{name}-part"),
                progress=False,
            )

        name = f"quenches-{b}"
        found.append(run.chunk(name, partial(compute, name)))
        run.discard(f"{name}-part-")
    return jax.tree.map(lambda *x: np.concatenate(x, axis=1), *found)


def split(settings: Settings) -> dict[str, np.ndarray]:
    """Numbers of the quenches to learn from, to watch, and to be tested on: liquid and glass stay together."""
    order = np.random.default_rng(settings.seed).permutation(settings.quenches)
    n_test, n_validation = (round(share * len(order)) for share in (settings.test, settings.validation))
    parts = np.split(order, [n_test, n_test + n_validation])
    return dict(zip(("test", "validation", "train"), map(np.sort, parts), strict=True))


def densities(settings: Settings, configuration: Configuration) -> jax.Array:
    """Images (configurations, species, cells, cells)."""
    make = partial(
        structure.density_field, shape=2 * (settings.cells,), species_count=2, assignment=settings.assignment
    )
    return jax.lax.map(lambda one: make(*one), tuple(jnp.asarray(x) for x in configuration)).astype(
        jnp.float32
    )


def images_of(settings: Settings, both: Configuration, quenches: np.ndarray) -> tuple[jax.Array, jax.Array]:
    """Liquids, then glasses, of some quenches, and which they are."""
    chosen = jax.tree.map(lambda x: x[:, quenches].reshape(-1, *x.shape[2:]), both)
    return densities(settings, chosen), jnp.repeat(jnp.array([LIQUID, GLASS]), len(quenches))


def learn(
    settings: Settings, run: runs.Run, both: Configuration, parts: dict[str, np.ndarray]
) -> tuple[learning.CNN, list[learning.Trained]]:
    """Networks from different seeds."""
    dense = (settings.hidden,) if settings.hidden else None
    network = learning.CNN(
        settings.channels, dense=dense, dropout=settings.dropout, outputs=2, standardized=dense is None
    )
    images, kinds = images_of(settings, both, parts["train"])
    validation = images_of(settings, both, parts["validation"])
    steps = settings.epochs * (len(images) // settings.batch_size)
    # One object, so that all trainings share what is compiled.
    optimizer = optax.adam(optax.cosine_decay_schedule(settings.learning_rate, steps))
    trained = [
        learning.fit_network(
            jax.random.fold_in(jax.random.key(settings.seed), k),
            network,
            images,
            kinds,
            optimizer=optimizer,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            augment=learning.random_symmetry,
            validation=validation,
            patience=settings.patience,
            keep=run.chunk,
            keep_every=settings.keep_every,
            name=f"training-{k + 1}",
        )
        for k in range(settings.trainings)
    ]
    return network, trained


averages = jax.jit(jax.vmap(structure.exponential_average, (0, 0, 0, None)))


def coarse_grain(settings: Settings, values: np.ndarray, configuration: Configuration) -> np.ndarray:
    """Scores (configurations, particles), averaged over the surroundings and scaled to [0, 1]."""
    arrays = map(jnp.asarray, (values, configuration.positions, configuration.box))
    smooth = averages(*arrays, settings.length)
    return np.asarray(structure.scale_to_unit(smooth, axis=-1))


def describe(
    settings: Settings,
    network: learning.CNN,
    trained: list[learning.Trained],
    configuration: Configuration,
    kind: int,
) -> Fields:
    """Where networks look in configurations of one kind, and what is there."""
    positions, species, box = (jnp.asarray(x) for x in configuration)
    images = densities(settings, configuration)
    on_particles = jax.vmap(structure.particle_values)
    looked = [
        on_particles(learning.grad_cam(network, t.parameters, images, kind), positions, box) for t in trained
    ]
    cells = structure.voronoi(configuration.positions, configuration.box)
    sigma = additive_sigma(MODELS[settings.system](settings.n))
    theta = jax.vmap(structure.tong_tanaka, (0, 0, 0, 0, None))(cells, positions, species, box, sigma)
    smooth = partial(coarse_grain, settings, configuration=configuration)
    return Fields(
        np.stack([smooth(np.asarray(x)) for x in looked]), smooth(cells.volume), smooth(-np.asarray(theta))
    )


def additive_sigma(model: glass.PairModel) -> np.ndarray:
    """Diameters of which each pair's is the mean, as the order parameter wants them."""
    own = model.table("sigma").diagonal()
    return (own[:, None] + own[None, :]) / 2


def heat(settings: Settings, run: runs.Run, configuration: Configuration, temperature: float) -> Motion:
    """Isoconfigurational ensembles from glasses at a higher temperature."""
    model = MODELS[settings.system](settings.n)
    times = np.geomspace(20 * settings.dt, settings.observation, settings.observations)
    displacement, stillness = [], []
    for g in range(settings.glasses):
        one = jax.tree.map(lambda x, g=g: jnp.asarray(x[g]), configuration)
        cage = structure.voronoi(one.positions, one.box).neighbors
        ensemble = dynamics.isoconfigurational(
            jax.random.fold_in(jax.random.key(settings.seed), g),
            model,
            one,
            temperature=temperature,
            times=times,
            replicas=settings.replicas,
            observables=("cage_relative",),
            dt=settings.dt,
            cage=cage,
            keep=run.parts_of(f"T{temperature:g}-glass-{g}"),
            progress=f"T = {temperature:g}: glass {g + 1} of {settings.glasses}",
        )
        moved_sq = np.asarray(ensemble.cage_relative)
        at_all_times = jax.tree.map(lambda x: jnp.repeat(x[None], len(times), axis=0), one)
        displacement.append(np.sqrt(moved_sq).mean(axis=1))
        stillness.append(coarse_grain(settings, -moved_sq, at_all_times))
    return Motion(temperature, np.stack(displacement), np.stack(stillness))


def main(settings: Settings) -> None:
    runs.keep_compiled(settings.root)
    model = MODELS[settings.system](settings.n)
    engine = glass.describe_engine("auto", model)
    print(f"Simulating with {engine}.")
    kept_settings: dict[str, Any] = {name: getattr(settings, name) for name in QUENCHES}
    with runs.Run.open(settings.root, "quenches", kept_settings, engine=engine, wait=True) as kept:
        both = cool(settings, kept)
    parts = split(settings)
    with runs.Run.open(settings.root, "glass_or_liquid", settings, engine=engine) as run:
        network, trained = learn(settings, run, both, parts)
        images, kinds = images_of(settings, both, parts["test"])
        right = np.stack(
            [learning.predict(network, t.parameters, images).argmax(axis=1) == kinds for t in trained]
        )
        tested = [jax.tree.map(lambda x, k=kind: x[k, parts["test"]], both) for kind in (LIQUID, GLASS)]
        fields = [describe(settings, network, trained, tested[kind], kind) for kind in (LIQUID, GLASS)]
        motions = [heat(settings, run, tested[GLASS], t) for t in sorted(settings.temperatures)]
        report(
            settings, PRESETS[settings.system, "paper"], run, parts, trained, right, tested, fields, motions
        )


def parse() -> Settings:
    """Settings from the command line: system and preset choose the defaults of everything else."""

    @dataclass(frozen=True)
    class Choice:
        system: System = "additive_mixture_2d"
        preset: Literal["default", "paper"] = "default"

    chosen, _ = tyro.cli(Choice, return_unknown_args=True, add_help=False)
    return tyro.cli(Settings, default=PRESETS[chosen.system, chosen.preset], description=__doc__)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main(parse())
