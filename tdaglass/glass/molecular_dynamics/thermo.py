"""Energies, temperature and pressure of states, as a simulation records them."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from tdaglass.glass.molecular_dynamics.kinetics import axes_first, temperature
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.molecular_dynamics.table_capacity import Settings, build_tables, slots_to_read


class Thermo(NamedTuple):
    """Thermodynamic record of a system at one moment, in the model's units.

    Attributes
    ----------
    potential_energy, kinetic_energy : (...,), per system
    temperature : (...,), kinetic, with d (N - 1) degrees of freedom
    pressure : (...,), instantaneous
    """

    potential_energy: Float[Array, "*batch"]
    kinetic_energy: Float[Array, "*batch"]
    temperature: Float[Array, "*batch"]
    pressure: Float[Array, "*batch"]


@partial(jax.jit, static_argnames="settings")
def thermo(settings: Settings, states: State) -> tuple[Thermo, Bool[Array, ""], Int[Array, ""]]:
    """Thermodynamic record of a batch; also whether the tables were incomplete, and the slots they need."""
    states = axes_first(states)
    tables, longest = build_tables(settings, states)
    n_slots = slots_to_read(settings, longest)
    model = settings.model

    def one(state: State, slots: Array) -> Thermo:
        energy, virial = model.energy_and_virial_from_table(
            state.position.fraction, state.species, state.diameters, state.box, slots, n_slots
        )
        kT = temperature(model, state)
        volume = jnp.prod(state.box)
        kinetic = kT * model.dimension * (model.n_particles - 1) / 2
        pressure = ((model.n_particles - 1) * kT + virial / model.dimension) / volume
        return Thermo(energy, kinetic, kT, pressure)

    return jax.vmap(one)(states, tables.slots), jnp.any(tables.incomplete), longest
