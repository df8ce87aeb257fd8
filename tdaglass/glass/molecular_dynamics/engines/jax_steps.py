"""Engine 1: many steps in one compiled call, on any device.

Two nested loops: the inner one steps while the neighbour tables are certain to hold, the outer one rebuilds
them. One trigger serves a whole batch, so that a batched rebuild stays a rebuild now and then (under `vmap` a
conditional rebuild would become one at every step). The trigger looks ahead: the table is rebuilt *before* a
step that could carry a particle further than half the skin.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec
from jaxtyping import Array, Bool, Float, Int

from tdaglass.glass.molecular_dynamics.baths import Schedule
from tdaglass.glass.molecular_dynamics.integrators import make_step
from tdaglass.glass.molecular_dynamics.kinetics import axes_first, masses, squared_length
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.molecular_dynamics.table_capacity import (
    Settings,
    batch_axes,
    build_tables,
    slots_to_read,
)
from tdaglass.glass.neighbor_tables import NeighborTable
from tdaglass.space.fixed_point import scale

RUNNING, INCOMPLETE_TABLE, EXPLODED, BOX_TOO_SMALL = (np.int32(k) for k in range(4))


class Progress(NamedTuple):
    """How far a call came, for each device's share of the batch.

    Attributes
    ----------
    made : steps made
    status : RUNNING (all steps made), INCOMPLETE_TABLE, EXPLODED or BOX_TOO_SMALL
    longest : most neighbours seen by a particle
    """

    made: Int[Array, " shares"]
    status: Int[Array, " shares"]
    longest: Int[Array, " shares"]


@partial(jax.jit, static_argnames=("settings", "mesh"))
def advance(
    settings: Settings,
    mesh: Mesh | None,
    states: State,
    schedule: Schedule,
    first: Int[Array, " shares"],
    last: Int[Array, " shares"],
) -> tuple[State, Progress]:
    """Make steps `first` to `last` of a schedule on a batch, as far as the tables allow.

    The batch is the leading axis; with a mesh it is split over the devices, each of which loops on its own.
    """

    def share(states: State, schedule: Schedule, first: Array, last: Array) -> tuple[State, Progress]:
        states, progress = _advance(settings, axes_first(states), schedule, first[0], last[0])
        return axes_first(states), progress

    if mesh is not None:
        spec = PartitionSpec(mesh.axis_names[0])
        share = jax.shard_map(share, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)
    return share(states, schedule, first, last)


def _advance(
    settings: Settings, states: State, schedule: Schedule, first: Array, last: Array
) -> tuple[State, Progress]:
    species, diameters = states.species, states.diameters
    axes, table_axis = batch_axes(settings)
    if settings.shared_table:
        states = states._replace(species=species[0], diameters=diameters[0])
    step = make_step(settings.model, settings.ensemble, settings.dt, accelerator=settings.accelerator)
    step = jax.vmap(step, (axes, 0, 0, table_axis, None), axes)

    def unfinished(carry: tuple) -> Array:
        _, made, status, _ = carry
        return (made < last) & (status == RUNNING)

    def rebuild_and_run(carry: tuple) -> tuple:
        states, made, _, longest = carry
        tables, needed = build_tables(settings, states)
        n_slots, longest = slots_to_read(settings, needed), jnp.maximum(longest, needed)
        box_built = states.box

        def certain(carry: tuple) -> Array:
            _, made, safe = carry
            return (made < last) & safe

        def advance_once(carry: tuple) -> tuple:
            states, made, _ = carry
            kT = schedule.temperature + schedule.slope * made.astype(schedule.slope.dtype)
            states = step(states, kT, schedule.pressure, tables.slots, n_slots)
            if settings.accelerator:
                states = _laid_out(states)
            return states, made + 1, jnp.all(_next_step_is_safe(settings, states, tables, box_built))

        complete = ~jnp.any(tables.incomplete)
        # A step that outruns a fresh table, or is not a number, will not be saved by another table.
        sane = jnp.all(_next_step_is_safe(settings, states, tables, box_built))
        status = jnp.where(complete, jnp.where(sane, RUNNING, EXPLODED), INCOMPLETE_TABLE)
        status = jnp.where(jnp.any(_box_is_too_small(settings, states)), BOX_TOO_SMALL, status)
        states, made, _ = lax.while_loop(certain, advance_once, (states, made, status == RUNNING))
        return states, made, status, longest

    zero = jnp.zeros((), jnp.int32)
    states, made, status, longest = lax.while_loop(
        unfinished, rebuild_and_run, (states, first, zero + RUNNING, zero)
    )
    # Velocities that stopped being numbers at the very last step are found here.
    finite = jnp.all(jnp.isfinite(states.velocity))
    status = jnp.where(finite | (status != RUNNING), status, EXPLODED)
    return states._replace(species=species, diameters=diameters), Progress(
        made[None], status[None], longest[None]
    )


def _laid_out(states: State) -> State:
    """The same states; XLA would keep theirs with the axes of all systems apart, and transpose them every step."""
    vectors = states.position, states.velocity, states.force
    rows = lax.optimization_barrier(jax.tree.map(lambda x: x.reshape(len(x), -1), vectors))
    position, velocity, force = jax.tree.map(lambda row, x: row.reshape(x.shape), rows, vectors)
    return states._replace(position=position, velocity=velocity, force=force)


def _next_step_is_safe(
    settings: Settings, states: State, tables: NeighborTable, box_built: Float[Array, "batch dim"]
) -> Bool[Array, " batch"]:
    """Whether no pair can come within its cut-off during the next step without being in the table."""
    model, dt = settings.model, settings.dt

    def safe(state: State, built_at: Array, box_built: Array) -> Array:
        dtype = state.box.dtype
        moved = (state.position.fraction - built_at).astype(dtype) * (state.box * scale(dtype))[:, None]
        # A tenth more than velocity Verlet will move it, for what the thermostat may add.
        ahead = jnp.abs(state.velocity) * dt + jnp.abs(state.force) / masses(model, state) * dt**2 / 2
        reached = jnp.sqrt(squared_length(moved)) + 1.1 * jnp.sqrt(squared_length(ahead))
        # In a box that has shrunk since, distances were longer when the table was built.
        shrunk = jnp.minimum(jnp.min(state.box / box_built), 1)
        usable = settings.skin - (1 - shrunk) * (model.reach + settings.skin)
        return jnp.max(reached) < 0.999 * usable / 2

    safe_each = jax.vmap(safe, (batch_axes(settings)[0], 0, 0))
    return safe_each(states, tables.built_at, box_built) & ~_box_is_too_small(settings, states)


def _box_is_too_small(settings: Settings, states: State) -> Bool[Array, " batch"]:
    """Whether more than the nearest image of a particle may be within a cut-off."""
    return jnp.min(states.box, axis=-1) * (1 + 1e-6) < 2 * settings.model.reach
