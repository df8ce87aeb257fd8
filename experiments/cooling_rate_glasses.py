"""The glasses of `cooling_rate.py`: cooled from independent liquids, or read from files of others."""

import hashlib
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from cooling_rate_records import Cooling, Glasses, Settings

from tdaglass import glass, io, parallel
from tdaglass.checkpoints import parts_of
from tdaglass.configuration import Configuration
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

# Of the hold the last quarter is measured, at so many moments: before, what was cooled fast still cools down.
MOMENTS = 10


def cool(cooling: Cooling, run: Run, executor: Any) -> Glasses:
    """One glass at each rate, and the repeats."""
    pieces = list(cooling.pieces())
    found = parallel.map_independent(
        partial(cool_some, cooling, run.chunk),
        pieces,
        executor=executor,
        keep=run.chunk,
        names=name_of,
        progress="glasses",
    )
    rate = np.concatenate([[rate] * len(numbers) for rate, numbers in pieces])
    number = np.concatenate([numbers for _, numbers in pieces])
    order = np.lexsort((number, -rate))
    configuration, energy, pressure = jax.tree.map(lambda *x: np.concatenate(x)[order], *found)
    return Glasses(rate[order], number[order], configuration, energy, pressure)


def name_of(piece: tuple[float, tuple[int, ...]]) -> str:
    """Of glasses cooled at once."""
    rate, numbers = piece
    return f"rate-{rate:g}-glasses-{numbers[0]}-{numbers[-1]}".replace("+", "")


def cool_some(
    cooling: Cooling, keep: Chunks, piece: tuple[float, tuple[int, ...]]
) -> tuple[Configuration, np.ndarray, np.ndarray]:
    """Glasses of one rate, and their energies and pressures.

    A glass is the same in whichever company it is cooled: its velocities are drawn from its rate and its number.
    """
    rate, numbers = piece
    system = cooling.of
    model = cooling.model
    hot, cold = (t * system.temperature for t in (cooling.hot, cooling.cold))
    bath: dict[str, Any] = {"dt": cooling.dt, **cooling.ensemble}
    parts: dict[str, Any] = {"keep": parts_of(keep, name_of(piece)), "progress": False}
    of_rate = jax.random.fold_in(jax.random.key(cooling.seed), int(np.float32(rate).view(np.uint32)))
    keys = jax.vmap(partial(jax.random.fold_in, of_rate))(jnp.array(numbers))
    states = jax.vmap(lambda key: glass.initialize(key, model, hot))(keys)
    states = glass.settle_overlaps(states, model, temperature=hot, **bath)
    states = glass.run_in_parts(
        states, model, cooling.equilibration, name="liquid", temperature=hot, **parts, **bath
    )
    states, _ = glass.cool_in_parts(
        states, model, start=hot, stop=cold, rate=rate * system.rate, name="cooling", **parts, **bath
    )
    every = cooling.hold // (4 * MOMENTS)
    settling = cooling.hold - MOMENTS * every
    states = glass.run(states, model, settling, temperature=cold, **bath)
    states, held = glass.trajectory(states, model, MOMENTS * every, every=every, temperature=cold, **bath)
    parallel.check_finite(states.configuration)
    measured = held.thermo.potential_energy / cooling.n, held.thermo.pressure
    energy, pressure = (np.asarray(x)[1:].mean(axis=0) for x in measured)
    return jax.tree.map(np.asarray, states.configuration), energy, pressure


def read(settings: Settings) -> Glasses:
    """Glasses of others: the first at each rate is the single one, all others repeats."""
    rate, frames = [], []
    for path, of_file in zip(settings.data, settings.cooling.rates, strict=True):
        for frame in io.iterate_trajectory(path):
            if frame.configuration.box is None:
                raise ValueError(f"expected a periodic cell in {path}, got none; try a file that has it")
            frames.append(frame.configuration)
            rate.append(of_file)
    sizes = {tuple(np.bincount(one.species, minlength=2).tolist()) for one in frames}
    if len(sizes) > 1 or len(next(iter(sizes))) != 2:
        raise ValueError(
            f"expected glasses of two species and of as many atoms each, got {sorted(sizes)}; try others: images "
            "grow with the number of atoms"
        )
    seen: dict[float, int] = {}
    number = []
    for one in rate:
        number.append(seen.get(one, 0))
        seen[one] = number[-1] + 1
    order = np.lexsort((np.array(number), -np.array(rate)))
    configuration = jax.tree.map(lambda *x: np.stack(x)[order], *frames)
    unknown = np.full(len(rate), np.nan)
    return Glasses(np.array(rate)[order], np.array(number)[order], configuration, unknown, unknown)


def fingerprint(glasses: Glasses) -> str:
    """Of the configurations: files of --data may be replaced by others."""
    return hashlib.sha256(np.ascontiguousarray(glasses.configuration.positions).tobytes()).hexdigest()[:8]
