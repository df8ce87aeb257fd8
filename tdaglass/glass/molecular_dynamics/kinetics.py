"""Masses, kinetic energy and temperature of states with axes first, added up in a fixed order."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.space import pairwise_sum, rounded


def axes_first(state: State) -> State:
    """The same state, or batch, with positions, velocities and forces as (dim, particles); and back again."""
    position, velocity, force = jax.tree.map(
        lambda x: jnp.swapaxes(x, -1, -2), (state.position, state.velocity, state.force)
    )
    return state._replace(position=position, velocity=velocity, force=force)


def kinetic_energy(momentum: Float[Array, "dim n"], mass: Float[Array, " n"]) -> Float[Array, ""]:
    """Kinetic energy, added up in a fixed order: the thermostat feeds its last bit back into every trajectory."""
    # Of a division by what replicas share the compiler makes a product, and of one by their own it does not.
    per_mass = rounded(1 / mass)
    return pairwise_sum(rounded(squared_length(momentum) * per_mass)) / 2


def squared_length(x: Float[Array, "dim n"]) -> Float[Array, " n"]:
    """Squared lengths of vectors, their axes added one after the other."""
    total, *others = rounded(x * x)
    for square in others:
        total = total + square
    return total


def masses(model: Model, state: State) -> Float[Array, " n"]:
    """Mass of every particle."""
    return jnp.asarray(model.masses, state.velocity.dtype)[state.species]


def degrees_of_freedom(model: Model) -> int:
    """Degrees of freedom, d (N - 1): the total momentum is zero. jax-md counts d N, hotter by N / (N - 1)."""
    return model.dimension * (model.n_particles - 1)


def temperature(model: Model, state: State) -> Float[Array, ""]:
    """Instantaneous kinetic temperature of a state with axes first."""
    mass = masses(model, state)
    return 2 * kinetic_energy(state.velocity * mass, mass) / degrees_of_freedom(model)
