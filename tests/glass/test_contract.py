"""What every model must fulfil, whoever moves it: the reference and the sums over tables are one liquid."""

import dataclasses

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from contract_liquids import MODELS, WITHOUT_FORCES, liquid
from glass_systems import PRECISION
from oracles.soft_spheres import energy_and_forces

from tdaglass import glass
from tdaglass.glass.models import PairLiquid
from tdaglass.glass.neighbor_tables import build_neighbor_table
from tdaglass.space import from_positions

double = pytest.mark.skipif(PRECISION == "float32", reason="differences need double precision")

every = pytest.mark.parametrize("name", MODELS)
# LAMMPS checks the Lennard-Jones mixtures elsewhere.
LONG = {"wahnstrom", "kob_andersen_2d", "polydisperse_2d", "ternary"}
few = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in LONG else ())
        for name in MODELS
        if name not in WITHOUT_FORCES
    ],
)


@every
def test_a_model_is_a_static_record(name):
    model = MODELS[name]
    assert isinstance(model, glass.Model)
    assert hash(model) == hash(dataclasses.replace(model))
    assert model == dataclasses.replace(model)
    assert model != dataclasses.replace(model, number_density=0.1)
    assert len(model.species) == len(model.diameters) == model.n_particles == sum(model.counts)
    assert min(model.reach, model.skin, model.time_step) > 0


@few
def test_energies_forces_and_pressures_are_of_one_liquid(name, tolerance):
    """Through tables and of all pairs; and forces are the slope of the energy."""
    model, configuration = liquid(name)
    species, diameters = configuration.species, model.diameters_of(configuration)
    along = jnp.asarray(np.random.default_rng(3).normal(size=configuration.positions.shape), PRECISION)

    @jax.jit
    def evaluate(positions, box):
        def at(h):
            return configuration._replace(positions=positions + h * along, box=box)

        system = from_positions(positions, box).fraction.T, species, diameters, box
        table = build_neighbor_table(model, *system, skin=0.2, capacity=model.n_particles, grid=None)
        sums = *system, table.slots, table.longest
        by_table = model.forces_from_table(*sums).T, *model.energy_and_virial_from_table(*sums)
        virial = glass.pressure(model, at(0)) * jnp.prod(box) * model.dimension
        by_pairs = glass.forces(model, at(0)), glass.potential_energy(model, at(0)), virial
        return by_table, by_pairs, [glass.potential_energy(model, at(h)) for h in (1e-6, -1e-6)]

    by_table, by_pairs, (ahead, behind) = evaluate(configuration.positions, configuration.box)
    largest = float(jnp.abs(by_pairs[0]).max())
    chex.assert_trees_all_close(by_table[0], by_pairs[0], rtol=0, atol=50 * tolerance * largest)
    chex.assert_trees_all_close(by_table[1:], by_pairs[1:], rtol=100 * tolerance)
    if PRECISION == "float64":  # differences need it
        np.testing.assert_allclose(-jnp.sum(along * by_pairs[0]), (ahead - behind) / 2e-6, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(WITHOUT_FORCES))
def test_a_liquid_without_forces_says_so(name):
    model = MODELS[name]
    configuration = glass.random_lattice(jax.random.key(1), model)
    np.testing.assert_array_equal(
        np.sort(model.diameters_of(configuration)), np.sort(model.diameters.astype(PRECISION))
    )
    for ask in (
        glass.particle_energies,
        glass.potential_energy,
        glass.forces,
        glass.pressure,
        glass.minimize,
    ):
        with pytest.raises(ValueError, match=r"expected a liquid with forces, got the hard spheres .*; try"):
            ask(model, configuration)


@every
def test_no_pair_reaches_beyond_its_kinds(name):
    """The search of neighbours finds every pair within its cut-off."""
    model = MODELS[name]
    if not isinstance(model, PairLiquid):
        pytest.skip("its particles do not interact in pairs")
    species, diameters = jnp.asarray(model.species), jnp.asarray(model.diameters, PRECISION)
    kinds, reach = model.search_kinds(species, diameters)
    ends = (species[:, None], diameters[:, None]), (species, diameters)
    cutoff = np.sqrt(np.asarray(model.between(*ends, jnp.dtype(PRECISION)).cutoff_sq))
    assert (cutoff <= reach[np.asarray(kinds)[:, None], np.asarray(kinds)] * (1 + 1e-6)).all()
    assert reach.max() <= model.reach * (1 + 1e-5)


@double
@pytest.mark.parametrize("name", ["polydisperse", "polydisperse_2d", "ternary"])
def test_soft_spheres_are_the_published_ones(name):
    model, configuration = liquid(name)
    positions, box = (np.asarray(x, float) for x in (configuration.positions, configuration.box))
    d = np.asarray(configuration.diameters, float)
    sigma = (d[:, None] + d) / 2
    if name != "ternary":
        sigma *= 1 - 0.2 * np.abs(d[:, None] - d)
    energy, forces = energy_and_forces(positions, box, sigma, 12, 1.25)
    np.testing.assert_allclose(glass.potential_energy(model, configuration), energy, rtol=1e-10)
    found = glass.forces(model, configuration)
    np.testing.assert_allclose(found, forces, rtol=1e-9, atol=1e-9 * np.abs(forces).max())


def test_diameters_have_the_published_distribution():
    """Density ~ sigma**-3 between bounds of ratio 0.45: mean 1, relative spread 23 %."""
    model = glass.polydisperse_soft_spheres(20_000)
    d = model.diameters
    assert model.smallest / model.largest == pytest.approx(0.45)
    assert d.mean() == pytest.approx(1, abs=1e-4)
    assert d.std() == pytest.approx(0.2291, abs=2e-4)
    # Equal intervals of sigma**-2 hold equally many.
    counts, _ = np.histogram(d**-2.0, bins=8)
    np.testing.assert_allclose(counts, 2500, atol=2)


@pytest.mark.usefixtures("unchecked")
def test_diameters_that_cannot_be_are_refused_with_a_remedy():
    model, configuration = liquid("polydisperse")
    for diameters, message in (
        (None, "the diameter of every particle"),
        (configuration.diameters.at[3].set(2.0), "diameters of 0.725 to 1.611"),
        (configuration.diameters.at[3].set(jnp.nan), "finite diameters, got nan for particle 3"),
    ):
        with pytest.raises(ValueError, match=f"expected {message}.*; try"):
            glass.potential_energy(model, configuration._replace(diameters=diameters))
    for change, message in (
        ({"smallest": 2.0}, "smallest < largest"),
        ({"cutoff": 0.0}, "a positive epsilon and cutoff"),
        ({"non_additivity": 0.4}, "a non-additivity of 0 to 0.31"),
    ):
        with pytest.raises(ValueError, match=f"expected .*{message}.*; try"):
            dataclasses.replace(model, **change)


def test_a_potential_of_ones_own_runs_in_a_batch_with_its_gradient():
    model, configuration = liquid("yukawa")
    keys = jax.random.split(jax.random.key(0), 3)
    states = jax.vmap(lambda key: glass.initialize(key, model, 1.0, configuration))(keys)
    assert "JAX (the CPU kernels have no loop for Yukawa" in glass.describe_engine(
        "auto", model, dtype="float32"
    )
    before = glass.measure(states, model)
    after = glass.measure(glass.run(states, model, 200, dt=0.002, ensemble="nve"), model)
    total = [np.asarray(x.potential_energy + x.kinetic_energy) for x in (before, after)]
    np.testing.assert_allclose(total[1], total[0], rtol=2e-4)
    assert (np.abs(np.asarray(after.potential_energy - before.potential_energy)) > 1e-2).all()


def test_a_potential_without_an_energy_says_so():
    with pytest.raises(NotImplementedError, match=r"expected PairPotential to define energy"):
        glass.PairPotential().energy(jnp.ones(()), None)
    with pytest.raises(ValueError, match="an even exponent of 2 or more, got 7; try 12"):
        glass.InversePower(7)
