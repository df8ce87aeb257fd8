"""jax-md's FIRE on fixed-point positions, with neighbour tables renewed before they are outrun."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax_md import minimize as jax_md
from jaxtyping import Array, Float, Int

import tdaglass.glass.molecular_dynamics.integrators  # noqa: F401 (teaches jax-md to move fixed-point positions)
from tdaglass.glass.molecular_dynamics.kinetics import squared_length
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.molecular_dynamics.table_capacity import Settings, build_tables, slots_to_read
from tdaglass.space import FixedPoint, fixed_point
from tdaglass.space.fixed_point import scale

# No particle moves further in one step, whatever the force: overlaps come apart gently.
LONGEST_MOVE = 0.05


def at_rest(state: State) -> jax_md.FireDescentState:
    """FIRE's state before its first step; single precision is enough for its step size and its mixing."""
    return jax_md.FireDescentState(
        position=state.position,
        momentum=jnp.zeros_like(state.force),
        force=state.force,
        mass=jnp.ones((), state.box.dtype),
        dt=jnp.asarray(0.005, jnp.float32),
        alpha=jnp.asarray(0.1, jnp.float32),
        n_pos=jnp.zeros((), jnp.int32),
    )


def largest_force(force: Float[Array, "dim n"]) -> Float[Array, ""]:
    """Length of the largest force on any particle."""
    return jnp.sqrt(jnp.max(squared_length(force)))


@partial(jax.jit, static_argnames=("settings", "max_steps"))
def descend(
    settings: Settings,
    state: State,
    fire: jax_md.FireDescentState,
    made: Int[Array, ""],
    tolerance: Float[Array, ""],
    max_steps: int,
) -> tuple[jax_md.FireDescentState, Array, Array, Array]:
    """FIRE steps until the tolerance, `max_steps`, or a table that does not fit."""
    dtype = state.box.dtype
    model = settings.model

    def force_fn(position: FixedPoint, *, slots: Array, n_slots: Array | int, box: Array) -> Array:
        return model.forces_from_table(position.fraction, state.species, state.diameters, box, slots, n_slots)

    def careful_shift(position: FixedPoint, move: Array, box: Array) -> FixedPoint:
        length = jnp.sqrt(squared_length(move))
        return fixed_point.shift(position, move * jnp.minimum(1, LONGEST_MOVE / (length + 1e-12)), box)

    _, fire_step = jax_md.fire_descent(force_fn, careful_shift, dt_start=0.005, dt_max=0.02)

    def go_on(made: Array, force: Array) -> Array:
        largest = largest_force(force)
        return (made < max_steps) & (largest >= tolerance) & jnp.isfinite(largest)

    def rebuild_and_descend(carry: tuple) -> tuple:
        fire, made, longest, _ = carry
        batch_of_one = jax.tree.map(lambda x: x[None], state._replace(position=fire.position))
        tables, needed = build_tables(settings, batch_of_one)
        n_slots = slots_to_read(settings, needed)
        built_at, slots = tables.built_at[0], tables.slots[0]

        def certain(carry: tuple) -> Array:
            fire, made = carry
            moved = (fire.position.fraction - built_at).astype(dtype) * (state.box * scale(dtype))[:, None]
            furthest = jnp.sqrt(jnp.max(squared_length(moved)))
            return (
                go_on(made, fire.force)
                & (furthest + LONGEST_MOVE < settings.skin / 2)
                & ~tables.incomplete[0]
            )

        def descend_once(carry: tuple) -> tuple:
            fire, made = carry
            return fire_step(fire, slots=slots, n_slots=n_slots, box=state.box), made + 1

        fire, made = lax.while_loop(certain, descend_once, (fire, made))
        return fire, made, jnp.maximum(longest, needed), tables.incomplete[0]

    def unfinished(carry: tuple) -> Array:
        fire, made, _, incomplete = carry
        return go_on(made, fire.force) & ~incomplete

    start = (fire, made, jnp.zeros((), jnp.int32), jnp.zeros((), bool))
    return lax.while_loop(unfinished, rebuild_and_descend, start)
