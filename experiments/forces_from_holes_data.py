"""The frames of `forces_from_holes.py`, with the energies and forces of the teacher."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from carbon_melt_quench import melt_quench
from forces_from_holes_records import Frames, Settings

from tdaglass import glass, parallel
from tdaglass.configuration import Configuration
from tdaglass.glass.models import BondOrderModel
from tdaglass.runs import Run

# Time that the liquid is given, and between two of its frames.
EQUILIBRATION, APART = 40.0, 1.0


def frames_of(settings: Settings, run: Run, executor: Any) -> Frames:
    """Of all runs."""
    found = parallel.map_independent(
        partial(frames_of_runs, settings),
        range(settings.runs),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"run-{k}",
        progress="runs",
    )
    # (densities, frames, ...) of each run.
    positions, box = (np.stack(x).reshape(-1, *x[0].shape[2:]) for x in zip(*found, strict=True))
    densities, frames = found[0][0].shape[:2]
    run_of = np.repeat(np.arange(settings.runs * densities), frames)
    tested = run_of // densities >= settings.runs - settings.tested
    energy, forces = run.chunk("teacher", partial(taught, settings, positions, box))
    return Frames(positions, box, energy, forces, run_of, tested)


def frames_of_runs(settings: Settings, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and boxes (densities, frames, ...) of a run at each density.

    In single precision, which the CPU kernels have: which configurations there are does not matter.
    """
    with jax.enable_x64(False):
        return _simulated(settings, k)


def _simulated(settings: Settings, k: int) -> tuple[np.ndarray, np.ndarray]:
    key = jax.random.fold_in(jax.random.key(settings.seed), k)
    model, temperature, dt = settings.model, settings.temperature, 0.004
    if isinstance(model, BondOrderModel):
        _, seen, _ = melt_quench(key, model, settings.densities, settings.schedule, progress=False)
        positions, box = seen.positions, seen.box
        return np.moveaxis(np.asarray(positions, float), 1, 0), np.moveaxis(np.asarray(box, float), 1, 0)
    state = glass.initialize(key, model, temperature)
    state = glass.settle_overlaps(state, model, temperature=temperature, dt=dt)
    state = glass.run(state, model, round(EQUILIBRATION / dt), temperature=temperature, dt=dt)
    seen_at = []
    for _ in range(settings.frames[0]):
        state = glass.run(state, model, round(APART / dt), temperature=temperature, dt=dt)
        seen_at.append(np.asarray(state.configuration.positions, float))
    return np.stack(seen_at)[None], np.broadcast_to(np.asarray(state.box, float), (1, len(seen_at), 2))


def teacher(settings: Settings, positions: jax.Array, box: jax.Array) -> jax.Array:
    """Its energy, of all particles."""
    model = settings.model
    return glass.potential_energy(model, Configuration(positions, jnp.asarray(model.species), box))


def taught(settings: Settings, positions: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Energies and forces of the teacher."""
    of_one = jax.value_and_grad(partial(teacher, settings))
    energy, slope = jax.jit(lambda *x: jax.lax.map(lambda one: of_one(*one), x))(positions, box)
    return np.asarray(energy), -np.asarray(slope)
