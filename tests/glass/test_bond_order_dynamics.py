"""Bond orders in motion by the JAX engine: as the CPU kernels move them, and always with the same bits."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import Configuration, glass
from tdaglass.glass import units

BATH = {"temperature": 9000 * units.KELVIN, "dt": 1e-3}


@pytest.fixture(scope="module")
def melt():
    """Three replicas of carbon at 9000 K, in single precision."""
    model = glass.tersoff("erhart_albe", counts=(64,), number_density=0.1505)
    with np.load(Path(__file__).parents[1] / "reference" / "bond_orders.npz") as arrays:
        positions, box = (
            arrays[f"erhart_albe/melt/{field}"].astype(np.float32) for field in ("positions", "box")
        )
    configuration = Configuration(jnp.asarray(positions), jnp.zeros(64, jnp.int32), jnp.asarray(box))
    keys = jax.random.split(jax.random.key(1), 3)
    return model, jax.vmap(lambda key: glass.initialize(key, model, BATH["temperature"], configuration))(keys)


def test_both_engines_take_the_same_way(melt):
    model, states = melt
    by_jax, by_kernels = (glass.run(states, model, 20, engine=engine, **BATH) for engine in ("jax", "cpu"))
    np.testing.assert_allclose(
        by_jax.configuration.positions, by_kernels.configuration.positions, rtol=0, atol=5e-5
    )
    np.testing.assert_allclose(by_jax.force, by_kernels.force, rtol=0, atol=1e-4 * np.abs(by_jax.force).max())
    np.testing.assert_allclose(
        by_jax.thermostat.momentum, by_kernels.thermostat.momentum, rtol=1e-3, atol=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("ensemble", ["nve", "nvt", "npt"])
def test_batches_calls_and_skins_change_no_bit(melt, ensemble):
    model, states = melt
    bath = {"ensemble": ensemble, "pressure": 0.1, "engine": "jax", **BATH}
    whole = glass.run(states, model, 60, **bath)
    assert_same_bits(glass.run(glass.run(states, model, 23, **bath), model, 37, **bath), whole)
    assert_same_bits(glass.run(states, model, 60, skin=1.0, **bath), whole)
    alone = glass.run(jax.tree.map(lambda x: x[1], states), model, 60, **bath)
    assert_same_bits(alone, jax.tree.map(lambda x: x[1], whole))


@pytest.mark.slow
def test_graphene_in_a_thick_cell_stays_a_sheet_and_keeps_its_energy():
    """In double precision: 0.05 ps of NVE from 600 K."""
    model = glass.tersoff("lindsay_broido", counts=(80,))
    sheet = glass.graphene((5, 4), 1.4385)
    state = glass.initialize(jax.random.key(0), model, 600 * units.KELVIN, sheet)
    before = glass.measure(state, model)
    moved = glass.run(state, model, 500, ensemble="nve", dt=0.1e-3)
    after = glass.measure(moved, model)
    total = [float(x.potential_energy + x.kinetic_energy) / 80 for x in (before, after)]
    assert abs(total[1] - total[0]) < 1e-5
    assert float(before.temperature - after.temperature) > 200 * units.KELVIN  # half goes into bonds
    assert np.ptp(moved.configuration.positions[:, 2]) < 2


@pytest.mark.slow
def test_a_quench_ends_in_bonds():
    """A melt follows its energy down: carbon of 3 g/cm3, some five eV an atom below the melt's lattice."""
    model = glass.tersoff("erhart_albe", counts=(64,), number_density=0.1505)
    lattice = glass.random_lattice(jax.random.key(0), model)
    jitter = jax.random.normal(jax.random.key(1), lattice.positions.shape)
    rough = lattice._replace(positions=lattice.positions + 0.1 * jitter)
    inherent, info = glass.minimize(model, rough, tolerance=1e-2)
    assert info.converged
    assert float(info.potential_energy) < float(glass.potential_energy(model, rough)) - 64
    np.testing.assert_allclose(glass.forces(model, inherent), 0, atol=1e-2)
