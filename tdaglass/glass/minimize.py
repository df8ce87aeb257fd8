"""Inherent structures: the minimum of the potential energy that a configuration flows down to."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax_md import minimize as jax_md_minimize
from jaxtyping import Array, Bool, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass import engine
from tdaglass.glass.forces import forces_from_table
from tdaglass.glass.integrators import axes_first, squared_length
from tdaglass.glass.models import PairModel
from tdaglass.glass.potentials import check_configuration, potential_energy
from tdaglass.glass.simulate import DEFAULT_SKIN, SimulationError, engine_settings, with_room
from tdaglass.glass.state import State, initialize
from tdaglass.space import FixedPoint, fixed_point
from tdaglass.space.fixed_point import scale

# No particle moves further in one step, whatever the force: overlaps come apart gently.
LONGEST_MOVE = 0.05


class Minimization(NamedTuple):
    """How a minimisation ended.

    Attributes
    ----------
    converged : whether the largest force fell below the tolerance
    steps : FIRE steps made
    largest_force : largest force on any particle at the end
    potential_energy : total, at the end
    """

    converged: Bool[Array, ""]
    steps: Int[Array, ""]
    largest_force: Float[Array, ""]
    potential_energy: Float[Array, ""]


def minimize(
    configuration: Configuration,
    model: PairModel,
    *,
    tolerance: float = 1e-3,
    max_steps: int = 20_000,
    skin: float = DEFAULT_SKIN,
) -> tuple[Configuration, Minimization]:
    """Follow the potential energy down to its nearest minimum with jax-md's FIRE.

    Parameters
    ----------
    configuration : Configuration
        One system, periodic.
    model : PairModel
    tolerance : force units
        Stop when no particle feels a larger force.
    max_steps : int
    skin : length units

    Returns
    -------
    Configuration
        The inherent structure, unwrapped from the positions given.
    Minimization
        Ask it whether the tolerance was reached.

    Raises
    ------
    ValueError
        If the configuration does not fit the model.
    SimulationError
        If two particles coincide, so that no direction leads them apart.

    References
    ----------
    E. Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006).

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> lattice = glass.random_lattice(jax.random.key(0), model)
    >>> inherent, info = glass.minimize(lattice, model)
    >>> bool(info.converged)
    True
    """
    check_configuration(model, configuration)
    if not tolerance > 0:
        raise ValueError(f"expected a positive force tolerance, got {tolerance}; try 1e-3")
    if not skin > 2 * LONGEST_MOVE:
        # A table must outlast one step, or it would be rebuilt for ever.
        raise ValueError(f"expected a skin above {2 * LONGEST_MOVE}, got {skin}; try {DEFAULT_SKIN}")
    state = axes_first(initialize(jax.random.key(0), model, 0.0, configuration))
    settings = engine_settings(model, state, "nve", 0.005, skin)
    fire, made = _at_rest(state), jnp.zeros((), jnp.int32)
    while True:
        fire, made, longest, incomplete = _descend(
            settings, state, fire, made, jnp.asarray(tolerance, state.box.dtype), max_steps
        )
        if not incomplete:
            break
        settings = with_room(settings, int(longest), state.box)
    largest = _largest_force(fire.force)
    if not jnp.isfinite(largest):
        raise SimulationError(
            "expected particles at distinct positions, but a force is infinite or NaN; try removing duplicates, "
            "or displacing the particles at random by a hundredth of a diameter"
        )
    end = axes_first(state._replace(position=fire.position)).configuration
    info = Minimization(largest < tolerance, made, largest, potential_energy(model, end))
    return end, info


def _at_rest(state: State) -> jax_md_minimize.FireDescentState:
    """FIRE's state before its first step; single precision is enough for its step size and its mixing."""
    return jax_md_minimize.FireDescentState(
        position=state.position,
        momentum=jnp.zeros_like(state.force),
        force=state.force,
        mass=jnp.ones((), state.box.dtype),
        dt=jnp.asarray(0.005, jnp.float32),
        alpha=jnp.asarray(0.1, jnp.float32),
        n_pos=jnp.zeros((), jnp.int32),
    )


def _largest_force(force: Float[Array, "dim n"]) -> Float[Array, ""]:
    return jnp.sqrt(jnp.max(squared_length(force)))


@partial(jax.jit, static_argnames=("settings", "max_steps"))
def _descend(
    settings: engine.Settings,
    state: State,
    fire: jax_md_minimize.FireDescentState,
    made: Int[Array, ""],
    tolerance: Float[Array, ""],
    max_steps: int,
) -> tuple[jax_md_minimize.FireDescentState, Array, Array, Array]:
    """FIRE steps until the tolerance, `max_steps`, or a table that does not fit."""
    dtype = state.box.dtype
    model = settings.model

    def force_fn(position: FixedPoint, *, slots: Array, n_slots: Array, box: Array) -> Array:
        return forces_from_table(model, position.fraction, state.species, box, slots, n_slots)

    def careful_shift(position: FixedPoint, move: Array, box: Array) -> FixedPoint:
        length = jnp.sqrt(squared_length(move))
        return fixed_point.shift(position, move * jnp.minimum(1, LONGEST_MOVE / (length + 1e-12)), box)

    _, fire_step = jax_md_minimize.fire_descent(force_fn, careful_shift, dt_start=0.005, dt_max=0.02)

    def go_on(made: Array, force: Array) -> Array:
        largest = _largest_force(force)
        return (made < max_steps) & (largest >= tolerance) & jnp.isfinite(largest)

    def rebuild_and_descend(carry: tuple) -> tuple:
        fire, made, longest, _ = carry
        batch_of_one = jax.tree.map(lambda x: x[None], state._replace(position=fire.position))
        tables, n_slots = engine.build_tables(settings, batch_of_one)
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
        return fire, made, jnp.maximum(longest, n_slots), tables.incomplete[0]

    def unfinished(carry: tuple) -> Array:
        fire, made, _, incomplete = carry
        return go_on(made, fire.force) & ~incomplete

    start = (fire, made, jnp.zeros((), jnp.int32), jnp.zeros((), bool))
    return lax.while_loop(unfinished, rebuild_and_descend, start)
