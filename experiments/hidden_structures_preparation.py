"""How the liquids of `hidden_structures.py` come into equilibrium: cooled, or grown and left to collide."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass import glass
from tdaglass.configuration import Configuration
from tdaglass.glass import hard_spheres
from tdaglass.runs.chunks import Chunks

if TYPE_CHECKING:
    from hidden_structures_records import Simulation

# Configurations of all liquids, some of them by their numbers; with a bar, without, or as the terminal likes.
Prepare = Callable[["Simulation", list[Any], Chunks, Sequence[int], bool | None], list[Configuration]]
# Of collisions, time units: more than a million of them.
PRESSURE_TIME = 50.0


def keys_of(settings: "Simulation", numbers: Sequence[int]) -> jax.Array:
    key, _ = jax.random.split(jax.random.key(settings.seed))
    return jax.random.split(key, settings.configurations)[np.array(numbers)]


def cool(
    settings: "Simulation",
    models: list[Any],
    keep: Chunks,
    numbers: Sequence[int],
    progress: bool | None = None,
) -> list[Configuration]:
    """Cool some configurations in equilibrium from one temperature to the next."""
    model, hot = models[0], 2 * settings.temperatures[0]
    states = jax.vmap(lambda k: glass.initialize(k, model, hot))(keys_of(settings, numbers))
    states = glass.settle_overlaps(states, model, temperature=hot, dt=settings.dt)
    reached = []
    for temperature, name, time in settings.equilibrations():
        states = glass.run_in_parts(
            states,
            model,
            round(time / settings.dt),
            keep=keep,
            name=name,
            temperature=temperature,
            dt=settings.dt,
            progress=progress,
        )
        reached.append(jax.tree.map(np.asarray, states.configuration))
    return reached


def grow(
    settings: "Simulation",
    models: list[Any],
    keep: Chunks,
    numbers: Sequence[int],
    progress: bool | None = None,
) -> list[Configuration]:
    """Grow some configurations of hard spheres to each packing fraction, and let them collide there."""
    keys, reached = keys_of(settings, numbers), []
    for k, (model, (_, name, time)) in enumerate(zip(models, settings.equilibrations(), strict=True)):

        def grown(model: Any = model, k: int = k) -> hard_spheres.Spheres:
            return stacked([glass.initialize(jax.random.fold_in(key, k), model, 1.0) for key in keys])

        spheres = jax.tree.map(jnp.asarray, keep(f"{name}-0", grown))
        spheres = hard_spheres.run_in_parts(spheres, model, time, keep=keep, name=name, progress=progress)
        reached.append(jax.tree.map(np.asarray, spheres.configuration))
    return reached


def pressure_of_collisions(
    settings: "Simulation", models: list[Any], liquids: list[Configuration], k: int
) -> np.ndarray:
    """P V / N k T of each configuration of one liquid, from its collisions during a while."""
    model = models[k]
    starts = [jax.tree.map(lambda x, c=c: x[c], liquids[k]) for c in range(settings.configurations)]
    _, key = jax.random.split(jax.random.key(settings.seed))
    before = stacked(
        [glass.initialize(jax.random.fold_in(key, c), model, 1.0, x) for c, x in enumerate(starts)]
    )
    time = max(settings.observation * settings.relaxation_times[k], PRESSURE_TIME)
    return hard_spheres.compressibility(before, hard_spheres.run(before, model, time), model)


def stacked(spheres: list[hard_spheres.Spheres]) -> hard_spheres.Spheres:
    """Independent systems as one batch."""
    return jax.tree.map(lambda *x: jnp.stack(x), *spheres)
