"""Glass or liquid: what a network looks at.

The study of Oyama, Koyama and Kawasaki, Front. Phys. 10, 1007861 (2022), in two dimensions. Liquids are cooled at
a constant rate; of each, one configuration of the liquid and one of the glass are kept. A convolutional network
learns to tell them apart from the densities of the species on a grid, and Grad-CAM says where it looked. These
places are held against the free area around particles (Voronoi cells), against how well they are packed (Tong and
Tanaka's order parameter), and against how particles will leave their cages when the glass is heated.

The published network joins all cells of its last maps by a dense layer, which thousands of images teach. Ours
joins their means, standardised in training, which a hundred teach. ``--hidden 128`` is the published one and comes
with the published size, ``--hidden 0`` ours.

    python experiments/glass_or_liquid.py                                minutes on two cores
    python experiments/glass_or_liquid.py --system kob_andersen_2d
    python experiments/glass_or_liquid.py --preset paper                 the published size
    python experiments/glass_or_liquid.py --quenches FOLDER              what `keep_quenches.py` has kept
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from command_line import compute, parse, prepare

prepare()

import jax
import jax.numpy as jnp
import numpy as np
from glass_or_liquid_estimate import estimate
from glass_or_liquid_fields import coarse_grain, describe
from glass_or_liquid_files import read_quenches
from glass_or_liquid_records import (
    GLASS,
    KINDS,
    LIQUID,
    MODELS,
    PRESETS,
    Cooling,
    Fields,
    Motion,
    Results,
    Settings,
)
from glass_or_liquid_report import report
from glass_or_liquid_training import network_of, right, train
from reporting import assemble

from tdaglass import dynamics, glass, learning, parallel, structure
from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

# Of a heated glass, between two states that are kept.
MOST_STEPS = 2_000_000


def cool(settings: Cooling, run: Run, executor: Any, numbers: np.ndarray | None = None) -> Configuration:
    """Liquids and glasses of all quenches, or of those with some numbers, (2, quenches, ...)."""
    return glass.quench(
        jax.random.key(settings.seed),
        MODELS[settings.system](settings.n),
        jnp.arange(settings.number) if numbers is None else jnp.asarray(numbers),
        hot=settings.hot,
        equilibration=settings.equilibration,
        rate=settings.rate,
        snapshots=(settings.liquid, settings.glass),
        dt=settings.dt,
        batch=settings.batch,
        part_steps=settings.part_steps,
        executor=executor,
        keep=run.chunk,
    )


def split(settings: Settings) -> dict[str, np.ndarray]:
    """Numbers of the quenches to learn from, to watch, and to be tested on: liquid and glass stay together."""
    order = np.random.default_rng(settings.cooling.seed).permutation(settings.cooling.number)
    n_test, n_validation = (round(share * len(order)) for share in (settings.test, settings.validation))
    if settings.glasses > n_test:
        raise ValueError(
            f"expected at most {n_test} glasses to heat, as many as are tested with, got {settings.glasses}; try "
            f"--glasses {n_test}"
        )
    parts = np.split(order, [n_test, n_test + n_validation])
    return dict(zip(("test", "validation", "train"), map(np.sort, parts), strict=True))


def learn(
    settings: Settings, run: Run, executor: Any, both: Configuration, parts: dict[str, np.ndarray]
) -> list[learning.Trained]:
    """Networks from different seeds."""
    to_train, to_validate = (
        jax.tree.map(lambda x, name=name: x[:, parts[name]], both) for name in ("train", "validation")
    )
    return parallel.map_independent(
        partial(train, settings, run.chunk, to_train, to_validate, executor is None),
        range(settings.trainings),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"training-{k + 1}",
        progress=None if executor is None else "trainings",
    )


def look(
    settings: Settings, run: Run, executor: Any, trained: list[learning.Trained], tested: list[Configuration]
) -> list[Fields]:
    """What networks look at, and what is there, in liquids and in glasses."""
    return parallel.map_independent(
        partial(describe, settings, network_of(settings), trained, tested),
        (LIQUID, GLASS),
        executor=executor,
        keep=run.chunk,
        names=lambda kind: f"fields-{KINDS[kind]}",
        progress="fields",
    )


def heat(settings: Settings, run: Run, executor: Any, glasses: Configuration) -> list[Motion]:
    """How particles of glasses move at higher temperatures, from the lowest to the highest."""
    pieces = [(t, g) for t in sorted(settings.temperatures) for g in range(settings.glasses)]
    found = parallel.map_independent(
        partial(move, settings, run.chunk, glasses, executor is None),
        pieces,
        executor=executor,
        keep=run.chunk,
        names=name_of_heated,
        progress=None if executor is None else "heated glasses",
    )
    motions = []
    for temperature in sorted(settings.temperatures):
        of = [moved for (t, _), moved in zip(pieces, found, strict=True) if t == temperature]
        motions.append(Motion(temperature, *(np.stack(x) for x in zip(*of, strict=True))))
    return motions


def name_of_heated(piece: tuple[float, int]) -> str:
    """Of a glass, by its number, at a temperature."""
    return "T{:g}-glass-{}".format(*piece)


def moments(settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Which times are shown, evenly spaced in their logarithm, among all at which states are seen, and kept."""
    dt = settings.cooling.dt
    shown = np.geomspace(20 * dt, settings.observation, settings.observations)
    # A run that is killed between two late ones should lose minutes, not hours.
    between = np.arange(MOST_STEPS * dt, settings.observation, MOST_STEPS * dt)
    far = np.abs(between[:, None] - shown).min(axis=1, initial=np.inf) > dt
    times = np.sort(np.concatenate([shown, between[far]]))
    return np.searchsorted(times, shown), times


def move(
    settings: Settings, keep: Chunks, glasses: Configuration, here: bool, piece: tuple[float, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Displacement (times,) and stillness (times, particles) in an isoconfigurational ensemble from one glass."""
    temperature, g = piece
    shown, times = moments(settings)
    one = jax.tree.map(lambda x: jnp.asarray(x[g]), glasses)
    ensemble = dynamics.isoconfigurational(
        jax.random.fold_in(jax.random.key(settings.cooling.seed), g),
        MODELS[settings.cooling.system](settings.cooling.n),
        one,
        temperature=temperature,
        times=times,
        replicas=settings.replicas,
        observables=("cage_relative",),
        dt=settings.cooling.dt,
        cage=structure.voronoi(one.positions, one.box).neighbors,
        keep=keep.within(name_of_heated(piece)),
        progress=f"T = {temperature:g}: glass {g + 1} of {settings.glasses}" if here else None,
    )
    moved_sq = np.asarray(ensemble.cage_relative)[shown]
    at_all_times = jax.tree.map(lambda x: jnp.repeat(x[None], len(moved_sq), axis=0), one)
    return np.sqrt(moved_sq).mean(axis=1), coarse_grain(settings, -moved_sq, at_all_times)


def main(settings: Settings, executor: Any) -> None:
    place, kept = settings.place, settings.cooling.quenches
    engine = glass.describe_engine("auto", MODELS[settings.cooling.system](settings.cooling.n))
    print(f"Simulating with {engine}.")
    identity: Any = settings
    if isinstance(kept, Path):
        both, by = read_quenches(kept, settings.cooling)
        settings = replace(settings, cooling=replace(settings.cooling, quenches=both.positions.shape[1]))
        # Others may lie in the same folder another time.
        identity = {"settings": settings, "quenches": both.positions}
        print(f"{settings.cooling.number} quenches of {kept} were cooled with {by}.")
    parts = split(settings)
    if settings.preset == "paper":
        print(estimate(settings, made=isinstance(kept, Path)), flush=True)
    if not isinstance(kept, Path):
        with place.run("quenches", settings.cooling, engine=engine, wait=True) as run:
            both = cool(settings.cooling, run, executor)
    with place.run("glass_or_liquid", identity, engine=engine) as run:
        trained = learn(settings, run, executor, both, parts)
        to_test = jax.tree.map(lambda x: x[:, parts["test"]], both)
        tested = [jax.tree.map(lambda x, kind=kind: x[kind], to_test) for kind in (LIQUID, GLASS)]
        fields = look(settings, run, executor, trained, tested)
        motions = heat(settings, run, executor, tested[GLASS])
        results = Results(parts, trained, right(settings, trained, to_test), tested, fields, motions)
        assemble(run, partial(report, settings, run, results))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__))
