"""Particles moved at constant energy by forces that are learned, and how well the energy stays what it was."""

import time
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from forces_from_holes_learning import energies_and_slopes, energy_of
from forces_from_holes_models import Description
from forces_from_holes_records import Frames, Learned, Motion, Settings

from tdaglass import glass

# Configurations of an NVE run that are kept, and steps of its first start that are kept one by one.
KEPT, TRACKED = 100, 400


class Moving(NamedTuple):
    """A system between two steps."""

    position: jax.Array
    velocity: jax.Array
    force: jax.Array


def starts_of(settings: Settings, frames: Frames) -> np.ndarray:
    """Frames from which NVE runs begin."""
    runs = np.unique(frames.run[frames.tested])[-settings.starts :]
    return np.array([np.flatnonzero(frames.run == run)[settings.start] for run in runs])


def move(
    settings: Settings, frames: Frames, description: Description | None, model: Learned | None, dt: float
) -> Motion:
    """From all starts, side by side, with the velocities of the temperature in the settings."""
    liquid, chosen = settings.model, starts_of(settings, frames)
    box, positions = jnp.asarray(frames.box[chosen]), jnp.asarray(frames.positions[chosen])
    species = jnp.asarray(liquid.species)
    velocities = jnp.stack(
        [
            glass.maxwell_velocities(
                jax.random.key(settings.seed + 1000 + k),
                liquid,
                species,
                settings.temperature,
                positions.dtype,
            )
            for k in range(len(chosen))
        ]
    )
    calls, model = settings.steps(dt) // settings.steps_at_a_time, jax.tree.map(jnp.asarray, model)
    forces = -energies_and_slopes(settings, description, model, positions, box)[1]
    moving, used, seen = Moving(positions, velocities, forces), [], []
    for _ in range(calls):
        began = time.process_time()
        moving, some = jax.block_until_ready(_verlet(settings, description, model, moving, box, dt))
        used.append(time.process_time() - began)
        seen.append(jax.tree.map(np.asarray, some))
    total, kinetic, nearest, track = (np.concatenate(x) for x in zip(*seen, strict=True))
    every = np.linspace(0, len(track) - 1, min(KEPT, len(track))).astype(int)
    freedom = (liquid.n_particles - 1) * liquid.dimension
    return Motion(
        total.T,
        2 * kinetic.T / freedom,
        track[every].swapaxes(0, 1),
        track[:TRACKED, 0],
        nearest.min(0),
        # Not the mean: the first call may have been compiled.
        np.asarray(np.median(used) / settings.steps_at_a_time / len(chosen)),
    )


@partial(jax.jit, static_argnames=("settings", "description"))
def _verlet(
    settings: Settings,
    description: Description | None,
    model: Learned | None,
    moving: Moving,
    box: jax.Array,
    dt: float,
) -> tuple[Moving, tuple[jax.Array, ...]]:
    """Steps of velocity Verlet: total and kinetic energy, least distance and positions (steps, starts, ...)."""
    value_and_slope = jax.vmap(jax.value_and_grad(partial(energy_of, settings, description, model)))
    mass = settings.model.masses[0]

    def step(moving: Moving, _: None) -> tuple[Moving, tuple[jax.Array, ...]]:
        half = moving.velocity + dt / 2 / mass * moving.force
        position = moving.position + dt * half
        potential, slope = value_and_slope(position, box)
        velocity = half - dt / 2 / mass * slope
        kinetic = mass / 2 * jnp.sum(velocity**2, (1, 2))
        seen = (potential + kinetic, kinetic, jax.vmap(_nearest)(position, box), position)
        return Moving(position, velocity, -slope), seen

    return jax.lax.scan(step, moving, None, settings.steps_at_a_time)


def _nearest(position: jax.Array, box: jax.Array) -> jax.Array:
    """Least distance between two particles."""
    apart = position[:, None] - position
    distance_sq = jnp.sum((apart - box * jnp.round(apart / box)) ** 2, -1)
    return jnp.sqrt(jnp.min(distance_sq + jnp.diag(jnp.full(len(position), jnp.inf))))


def drift(motion: Motion) -> np.ndarray:
    """Root mean square of the total energy about where it was after the first step, of each start."""
    return np.sqrt(np.mean((motion.energy - motion.energy[:, :1]) ** 2, axis=1))
