"""Energy, forces and pressure of every liquid against LAMMPS, by all pairs and through the neighbour tables."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import LIQUIDS, PRECISION

from tdaglass import glass
from tdaglass.glass.neighbor_tables import build_neighbor_table
from tdaglass.space import from_positions

# LAMMPS prints and stores doubles; single precision is compared to the size of the largest force.
RTOL = 1e-10 if PRECISION == "float64" else 1e-5
# In single precision too, one of each dimension and truncation.
SINGLE = ("kob_andersen_3d", "additive_mixture_2d")
liquids = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.float32 if name in SINGLE else ()) for name in LIQUIDS]
)


def assert_forces_are_lammps(found, lammps):
    scale = np.abs(lammps["forces"]).max()
    # Both ends of a pair are rounded to the resolution of single-precision positions, and the force of a close
    # pair, going as r**-13, changes by 14 times the relative change of its distance.
    rounding = 2 * float(np.max(lammps["box"])) * np.finfo(PRECISION).eps * 14
    np.testing.assert_allclose(found, lammps["forces"], rtol=RTOL, atol=max(RTOL, rounding) * scale)


@liquids
def test_all_pairs(name, liquid):
    model, configuration, lammps = liquid(name)

    @jax.jit
    def evaluate(configuration):
        functions = glass.particle_energies, glass.pressure, glass.forces
        return tuple(function(model, configuration) for function in functions)

    energies, pressure, forces = evaluate(configuration)
    assert energies.dtype == PRECISION
    np.testing.assert_allclose(jnp.sum(energies), lammps["potential_energy"], rtol=RTOL)
    np.testing.assert_allclose(pressure, lammps["pressure"], rtol=RTOL)
    assert_forces_are_lammps(forces, lammps)


@liquids
def test_neighbor_table(name, liquid):
    model, configuration, lammps = liquid(name)
    positions, species, box = configuration
    diameters = model.diameters_of(configuration)

    @jax.jit
    def evaluate(positions, box):
        fraction = from_positions(positions, box).fraction.T
        system = fraction, species, diameters, box
        table = build_neighbor_table(model, *system, skin=0.3, capacity=200, grid=None)
        arguments = (*system, table.slots, table.longest)
        forces, sums = model.forces_from_table(*arguments), model.energy_and_virial_from_table(*arguments)
        return table.incomplete, forces, sums

    incomplete, force, (energy, virial) = evaluate(positions, box)
    assert not incomplete
    assert force.dtype == energy.dtype == PRECISION
    # Positions were rounded to 2**-32 of the box beside single precision, finer than they came.
    assert_forces_are_lammps(force.T, lammps)
    np.testing.assert_allclose(energy, lammps["potential_energy"], rtol=RTOL)
    np.testing.assert_allclose(virial / model.dimension / jnp.prod(box), lammps["pressure"], rtol=RTOL)


@pytest.mark.float32
@pytest.mark.parametrize("name", ["kob_andersen_3d", "additive_mixture_2d"])
def test_measure(name, liquid):
    model, configuration, lammps = liquid(name)
    start = partial(glass.initialize, jax.random.key(3), model, configuration=configuration)
    thermo = glass.measure(start(temperature=0.0), model)
    np.testing.assert_allclose(thermo.potential_energy, lammps["potential_energy"], rtol=RTOL)
    np.testing.assert_allclose(thermo.pressure, lammps["pressure"], rtol=RTOL)
    assert thermo.temperature == thermo.kinetic_energy == 0
    warm = glass.measure(start(temperature=0.7), model)
    np.testing.assert_allclose(
        warm.pressure, glass.pressure(model, configuration, warm.temperature), rtol=RTOL
    )
    expected = warm.temperature * model.dimension * (model.n_particles - 1) / 2
    np.testing.assert_allclose(warm.kinetic_energy, expected, rtol=RTOL)
