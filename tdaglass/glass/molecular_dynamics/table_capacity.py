"""Neighbour tables of a batch, and room for them: expected from the density, and grown when it was too little."""

import logging
import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from tdaglass.glass.contract import Model
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.molecular_dynamics.baths import Ensemble
from tdaglass.glass.molecular_dynamics.kinetics import axes_first
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.neighbor_tables import CHUNK, NeighborTable, build_neighbor_table, build_shared_table
from tdaglass.space import BYTES_OF_WORDS, Grid, bytes_of_words, choose_grid

logger = logging.getLogger(__name__)

# A table for all replicas takes longer to build and is read faster than tables of their own; that pays until it is
# about three times as long as they are, which is twice the room they are given.
SHARED_SKIN = 1.5
SHARED_LIMIT = 2

# Slots come in eights, but for where others are asked for.
UNIT = 8
# Of one system: four bytes each, and more where forces are summed over them.
MOST_SLOTS = 2**28

# Slots that turned out to be needed, so that the next call starts with them.
_known_capacity: dict[tuple[Model, float], int] = {}


class Settings(NamedTuple):
    """What is compiled in.

    With `shared_table` the systems of a batch are replicas with one neighbour table; with `accelerator` programs
    have the form that accelerators want, few large kernels, and the same results to rounding.
    """

    model: Model
    ensemble: Ensemble
    dt: float
    skin: float
    capacity: int
    grid: Grid | None
    shared_table: bool
    accelerator: bool = False


def on_accelerator(state: State) -> bool:
    """Whether programs on a state are compiled for something else than a CPU."""
    return any(device.platform != "cpu" for device in jnp.asarray(state.box).devices())


def engine_settings(
    model: Model,
    state: State,
    ensemble: Ensemble,
    dt: float,
    skin: float | None = None,
    *,
    shared_table: bool = False,
) -> Settings:
    """Settings of the compiled engine, with room for the neighbours expected at the density."""
    if skin is None:
        skin = SHARED_SKIN * model.skin if shared_table else model.skin
    capacity = min(expected_room(model, state.box, skin), model.n_particles)
    known = _known_capacity.get((model, skin), 0)
    accelerator = on_accelerator(state)
    capacity = known if accelerator and known else max(capacity, known)
    if shared_table:
        capacity = min(SHARED_LIMIT * capacity, model.n_particles)
    grid = _grid(model, skin, state.box, accelerator)
    return Settings(model, ensemble, dt, skin, capacity, grid, shared_table, accelerator)


def expected_room(model: Model, box: Float[Array, "*batch dim"], skin: float) -> int:
    """Slots for the particles within reach of one, on average, in the densest system of a batch; and some more."""
    edges = np.asarray(box, dtype=np.float64).reshape(-1, model.dimension)
    reach = model.reach + skin
    ball = math.pi * reach**2 if model.dimension == 2 else 4 / 3 * math.pi * reach**3
    expected = model.n_particles / float(np.prod(edges, axis=1).min()) * ball
    return UNIT * math.ceil((1.3 * expected + 8) / UNIT)


def room_for(longest: int, unit: int = UNIT) -> int:
    """Slots for what was found, and some more, so that they do not grow again soon."""
    return unit * math.ceil((1.1 * longest + 4) / unit)


def _grid(model: Model, skin: float, box: Float[Array, "*batch dim"], accelerator: bool) -> Grid | None:
    smallest = np.asarray(box, dtype=np.float64).reshape(-1, model.dimension).min(0)
    return choose_grid(model.n_particles, tuple(smallest), model.reach + skin, accelerator=accelerator)


def fitted(settings: Settings, states: State) -> Settings:
    """Settings for a batch on an accelerator, which reads every slot: no more of them than a few to spare."""
    known = (settings.model, settings.skin) in _known_capacity
    if known or not settings.accelerator:
        return settings
    longest = int(_longest(settings._replace(capacity=1), states))
    capacity = _room(longest, settings)
    _known_capacity[settings.model, settings.skin] = capacity
    return settings._replace(capacity=capacity)


@partial(jax.jit, static_argnames="settings")
def _longest(settings: Settings, states: State) -> Int[Array, ""]:
    return build_tables(settings, axes_first(states))[1]


def _room(longest: int, settings: Settings) -> int:
    return min(room_for(longest, CHUNK if settings.accelerator else UNIT), settings.model.n_particles)


def with_room(settings: Settings, longest: int, box: Float[Array, "*batch dim"]) -> Settings:
    """Settings with room for what was found, and some more; `box` is the present one."""
    grid = settings.grid
    if longest <= settings.capacity and grid is not None:
        renewed = _grid(settings.model, settings.skin, box, settings.accelerator)
        unchanged = renewed is not None and renewed.shape == grid.shape
        # Cells that a changed box has outdated are cut anew; otherwise one of them was full.
        grid = grid._replace(capacity=math.ceil(1.3 * grid.capacity)) if unchanged else renewed
    capacity = max(settings.capacity, _room(longest, settings))
    if capacity * settings.model.n_particles > MOST_SLOTS:
        raise SimulationError(
            f"expected particles that are spread over the box, got one with {longest} others within reach; try "
            "removing those at one place, or a lower density"
        )
    logger.info("neighbour tables grow from %d to %d slots", settings.capacity, capacity)
    _known_capacity[settings.model, settings.skin] = capacity
    return settings._replace(capacity=capacity, grid=grid)


def batch_axes(settings: Settings) -> tuple[Any, int | None]:
    """Axes of a state and of the slots over which a batch is mapped; None for what its systems share."""
    axes: Any = State(*[0] * len(State._fields))  # type: ignore[arg-type]  # axes in the place of arrays
    return (axes._replace(species=None, diameters=None), None) if settings.shared_table else (axes, 0)


def build_tables(settings: Settings, states: State) -> tuple[NeighborTable, Int[Array, ""]]:
    """Neighbour tables of a batch with axes first, and the number of slots that any of them needs."""
    model, skin, capacity = settings.model, settings.skin, settings.capacity
    batch = states.position.fraction, states.species, states.diameters, states.box
    if settings.shared_table:
        tables = build_shared_table(model, *batch, skin=skin, capacity=capacity)
    else:
        build = partial(
            build_neighbor_table,
            model,
            skin=skin,
            capacity=capacity,
            grid=settings.grid,
            accelerator=settings.accelerator,
        )
        at_once = BYTES_OF_WORDS // bytes_of_words(model.n_particles, settings.grid)
        if settings.accelerator and len(states.step) > at_once:
            tables = lax.map(lambda system: build(*system), batch, batch_size=max(at_once, 1))
        else:
            tables = jax.vmap(build)(*batch)
    return tables, jnp.max(tables.longest)


def slots_to_read(settings: Settings, longest: Int[Array, ""]) -> Int[Array, ""] | int:
    """Slots over which forces are summed: those in use, or, for an accelerator, a number that is compiled in."""
    return settings.capacity if settings.accelerator else longest
