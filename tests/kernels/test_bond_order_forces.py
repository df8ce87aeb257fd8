"""Bond orders in the CPU kernels: LAMMPS's forces, energies and virials, and always the same bits."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import Configuration, glass
from tdaglass.glass import units
from tdaglass.glass.molecular_dynamics.engines import kernel_calls
from tdaglass.glass.potentials.tersoff_parameters import CARBON
from tdaglass.kernels.molecular_dynamics import measure
from tdaglass.space import from_positions

REFERENCE = Path(__file__).parents[1] / "reference" / "bond_orders.npz"
HOT = 9000 * units.KELVIN
BATHS = {
    "nve": {"ensemble": "nve", "dt": 1e-3},
    "nvt": {"ensemble": "nvt", "temperature": HOT, "dt": 1e-3},
    "npt": {"ensemble": "npt", "temperature": HOT, "pressure": 0.0, "dt": 1e-3},
}


def reference(name, kind):
    with np.load(REFERENCE) as arrays:
        fields = ("positions", "box", "energy", "forces", "stress")
        return [arrays[f"{name}/{kind}/{field}"] for field in fields]


def melt(name="erhart_albe", replicas=None):
    """Carbon at 9000 K; replicas have velocities of their own."""
    model = glass.tersoff(name, counts=(64,), number_density=0.1505)
    positions, box, *_ = reference(name, "melt")
    configuration = Configuration(
        jnp.asarray(positions, jnp.float32), jnp.zeros(64, jnp.int32), jnp.asarray(box, jnp.float32)
    )
    key = jax.random.key(1)
    if replicas is None:
        return model, glass.initialize(key, model, HOT, configuration)
    keys = jax.random.split(key, replicas)
    return model, jax.vmap(lambda key: glass.initialize(key, model, HOT, configuration))(keys)


@pytest.mark.parametrize("name", CARBON)
@pytest.mark.parametrize("kind", ["diamond", "graphene", "melt"])
def test_forces_energy_and_virial_are_lammps_s(name, kind):
    positions, box, energy, forces, stress = reference(name, kind)
    edges = jnp.asarray(box, jnp.float32)
    fraction = from_positions(jnp.asarray(positions, jnp.float32), edges).fraction
    interaction = kernel_calls.interaction(glass.tersoff(name, counts=(64,)))
    system = fraction, jnp.zeros(64, jnp.int32), jnp.ones(64, jnp.float32), edges
    found, found_energy, found_virial, status = measure(*system, interaction=interaction)
    assert int(status) == 0
    # Positions of single precision are 1e-6 off, which the steepest bonds turn into as much as 1e-4 of force.
    np.testing.assert_allclose(found, forces, rtol=0, atol=1e-5 * np.abs(forces).max())
    np.testing.assert_allclose(found_energy, energy, rtol=2e-6)
    np.testing.assert_allclose(
        found_virial, np.trace(stress) * np.prod(box), rtol=0, atol=2e-5 * np.abs(energy)
    )
    assert np.abs(np.asarray(found, float).sum(0)).max() < 1e-4
    # Odd numbers of quanta, so that atoms come to lie across every face.
    shift = jnp.asarray([1_900_000_001, -1_200_000_001, 700_000_001], jnp.int32)
    there = measure(fraction + shift, *system[1:], interaction=interaction)[0]
    np.testing.assert_array_equal(there, found)


@pytest.mark.parametrize("ensemble", BATHS)
def test_calls_skins_and_batches_change_no_bit(ensemble):
    model, states = melt(replicas=3)
    assert glass.choose_engine("auto", model, ensemble, jnp.float32) == "cpu"
    whole = glass.run(states, model, 200, **BATHS[ensemble])
    parts = states
    for steps in (1, 0, 99, 100):
        parts = glass.run(parts, model, steps, **BATHS[ensemble])
    assert_same_bits(parts, whole)
    assert_same_bits(glass.run(states, model, 200, skin=1.0, **BATHS[ensemble]), whole)
    alone = glass.run(jax.tree.map(lambda x: x[1], states), model, 200, **BATHS[ensemble])
    assert_same_bits(alone, jax.tree.map(lambda x: x[1], whole))
    assert float(jnp.abs(whole.position.image).max()) > 0  # faces were crossed


@pytest.mark.parametrize("name", ["tersoff_1989", "erhart_albe"])
def test_energy_is_conserved(name):
    """Of a melt at 9000 K, whose bonds end steeply: a thousandth of k T in half a picosecond, of 0.06 fs a step.

    With steps of 0.25 fs it wanders by a hundredth of k T in a picosecond, and with 1 fs, as published for a
    thermostat, by one k T: halving the step takes more than the fourth part of what bonds that are cut off leave.
    """
    model, state = melt(name)
    interaction = kernel_calls.interaction(model)
    total = []
    for _ in range(5):
        state = glass.run(state, model, 1600, ensemble="nve", dt=0.0625e-3)
        system = state.position.fraction, state.species, state.diameters, state.box
        potential = float(measure(*system, interaction=interaction)[1])
        kinetic = model.masses[0] / 2 * float(np.square(np.asarray(state.velocity, float)).sum())
        total.append((potential + kinetic) / 64)
    assert np.ptp(total) < 1e-3 * HOT


def test_atoms_on_top_of_each_other_stop_with_a_remedy():
    model, state = melt()
    positions = state.configuration.positions.at[:20].set(
        1e-3 * jnp.arange(60.0, dtype=jnp.float32).reshape(20, 3)
    )
    squeezed = state._replace(position=from_positions(positions, state.box), force=0 * state.force)
    with pytest.raises(
        glass.SimulationError, match=r"two particles are so close .*; try glass.settle_overlaps"
    ):
        glass.run(squeezed, model, 5, ensemble="nve", dt=1e-4)


def test_replicas_are_moved_but_not_looked_at():
    model, state = melt()
    mover = glass.choose_mover(model, state.configuration, temperature=HOT, dt=1e-3, engine="cpu")
    assert not hasattr(mover, "advance_and_observe")
