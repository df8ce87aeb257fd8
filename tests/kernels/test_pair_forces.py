"""Forces, energies and virials of the kernels beside engine 1's, on the same fixed-point positions."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from glass_systems import LIQUIDS

from tdaglass import glass
from tdaglass.glass.molecular_dynamics.engines import cpu_kernels, kernel_calls
from tdaglass.glass.neighbor_tables import build_neighbor_table
from tdaglass.kernels.molecular_dynamics import measure
from tdaglass.space import from_positions


@dataclasses.dataclass(frozen=True)
class NoLoop(glass.LennardJones):
    """Of a class of its own, it may have energies of its own."""


def by_engine_1(model, *system):
    """Forces, energy and virial from a neighbour table, in single precision."""

    @jax.jit
    def compute(fraction, species, diameters, box):
        n, system = model.n_particles, (fraction.T, species, diameters, box)
        table = build_neighbor_table(model, *system, skin=0.3, capacity=n, grid=None)
        arguments = *system, table.slots, table.longest
        forces = model.forces_from_table(*arguments).T
        return table.incomplete, forces, *model.energy_and_virial_from_table(*arguments)

    incomplete, *found = compute(*system)
    assert not bool(incomplete)
    return found


def check(model, fraction, species, box, diameters=None):
    if diameters is None:
        diameters = jnp.ones(len(species), jnp.float32)
    system = fraction, species, diameters, box
    force, energy, virial, status = measure(*system, interaction=kernel_calls.interaction(model))
    assert int(status) == 0
    expected, expected_energy, expected_virial = by_engine_1(model, *system)
    np.testing.assert_allclose(force, expected, rtol=0, atol=1e-5 * float(jnp.abs(expected).max()))
    n = model.n_particles
    np.testing.assert_allclose(energy / n, expected_energy / n, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(virial / n, expected_virial / n, rtol=1e-5, atol=1e-5)
    return force


@pytest.mark.parametrize("name", LIQUIDS)
def test_engine_1_agrees(name, liquid):
    model, (positions, species, box) = liquid(name)
    check(model, from_positions(positions, box).fraction, species, box)


@pytest.mark.parametrize("name", ["kob_andersen_3d", "kob_andersen_2d"])
def test_a_shift_through_the_faces_changes_no_bit(name, liquid):
    model, configuration = liquid(name)
    (positions, species, box), diameters = configuration, configuration.diameters
    fraction = from_positions(positions, box).fraction
    parameters = kernel_calls.interaction(model)
    here = measure(fraction, species, diameters, box, interaction=parameters)[0]
    # Odd numbers of quanta, so that particles come to lie across every face.
    shift = jnp.asarray([1_900_000_001, -1_200_000_001, 700_000_001][: model.dimension], jnp.int32)
    there = measure(fraction + shift, species, diameters, box, interaction=parameters)[0]
    np.testing.assert_array_equal(there, here)
    order = jnp.asarray(np.random.default_rng(0).permutation(model.n_particles))
    permuted = measure(fraction[order], species[order], diameters, box, interaction=parameters)[0]
    np.testing.assert_array_equal(permuted, here[order])
    # Two particles feel opposite forces, to the last bit.
    assert float(jnp.abs(jnp.sum(here.astype(jnp.float64), axis=0)).max()) < 1e-3


@pytest.mark.parametrize(("n_species", "truncation"), [(1, "shift"), (3, "force_shift"), (4, "shift")])
@pytest.mark.parametrize("dimension", [2, 3])
def test_one_to_four_species(n_species, dimension, truncation):
    rng = np.random.default_rng(n_species)
    upper = 0.7 + 0.3 * rng.random((n_species, n_species))
    sigma = tuple(tuple(row) for row in np.maximum(upper, upper.T))
    model = glass.PairModel(
        name="mixture",
        dimension=dimension,
        counts=(40, 31, 20, 9)[:n_species],
        number_density=1.0,
        masses=(1.0, 2.0, 0.5, 1.5)[:n_species],
        sigma=sigma,
        epsilon=tuple(tuple(1.5 - 0.5 * x for x in row) for row in sigma),
        cutoff=tuple(tuple(1.7 * x for x in row) for row in sigma),
        truncation=truncation,
    )
    lattice = glass.random_lattice(jax.random.key(1), model)
    box = jnp.asarray(lattice.box, jnp.float32)
    positions = jnp.asarray(lattice.positions, jnp.float32)
    positions += 0.1 * jax.random.uniform(jax.random.key(2), positions.shape, jnp.float32)
    check(model, from_positions(positions, box).fraction, lattice.species, box)


def many_species(potential, truncation, n_species=7, dimension=3):
    sizes = np.linspace(0.8, 1.1, n_species)
    sigma = tuple(tuple(float((a + b) / 2) for b in sizes) for a in sizes)
    return glass.PairModel(
        name="many_species",
        dimension=dimension,
        counts=(150 // n_species,) * n_species,
        number_density=1.0,
        masses=(1.0,) * n_species,
        sigma=sigma,
        epsilon=((1.0,) * n_species,) * n_species,
        cutoff=tuple(tuple(1.8 * x for x in row) for row in sigma),
        truncation=truncation,
        potential=potential,
    )


def soft(n, **arguments):
    """Dilute: on a dense lattice the largest would overlap too much."""
    return dataclasses.replace(glass.polydisperse_soft_spheres(n, **arguments), number_density=0.6)


OTHERS = {
    "polydisperse": soft(150),
    "ternary": glass.ternary_soft_spheres(150),
    "many species": many_species(glass.LennardJones(), "smooth"),
}
MORE = {
    "polydisperse in two dimensions": soft(100, dimension=2),
    "polydisperse Lennard-Jones": dataclasses.replace(
        soft(150), potential=glass.LennardJones(), truncation="force_shift"
    ),
    "polydisperse, another power": dataclasses.replace(
        soft(150), potential=glass.InversePower(18), number_density=0.4
    ),
    "another power": many_species(glass.InversePower(8), "force_shift", 2, 2),
    "a power, shifted": many_species(glass.InversePower(12), "shift", 3),
    "many species, shifted": many_species(glass.LennardJones(), "force_shift"),
}


@pytest.mark.parametrize("name", [*OTHERS, *(pytest.param(name, marks=pytest.mark.slow) for name in MORE)])
def test_other_potentials_many_species_and_diameters(name):
    model = (OTHERS | MORE)[name]
    lattice = glass.random_lattice(jax.random.key(1), model)
    positions, box = (jnp.asarray(x, jnp.float32) for x in (lattice.positions, lattice.box))
    positions += 0.1 * jax.random.uniform(jax.random.key(2), positions.shape, jnp.float32)
    diameters = jnp.asarray(lattice.diameters, jnp.float32)
    check(model, from_positions(positions, box).fraction, lattice.species, box, diameters)


def test_what_there_is_no_loop_for_is_said():
    for potential in (glass.InversePower(66), NoLoop()):
        said = cpu_kernels.why_not(many_species(potential, "shift"), "nvt", np.dtype(np.float32))
        assert said == f"the CPU kernels have no loop for {potential}; try engine='jax'"


@pytest.mark.parametrize("dimension", [2, 3])
def test_edges_of_different_lengths_with_few_cells_and_many(dimension, liquid):
    """One cell along the first axis, which is as short as can be, several along the others."""
    model = dataclasses.replace(LIQUIDS["wahnstrom"](300), dimension=dimension, number_density=0.5)
    box = jnp.asarray([2 * model.reach * 1.001, 9.0, 11.5][:dimension], jnp.float32)
    model = dataclasses.replace(model, counts=(int(0.25 * np.prod(box)),) * 2)
    sites = np.stack(np.meshgrid(*[np.arange(int(x)) for x in box / 1.1], indexing="ij"), -1).reshape(
        -1, dimension
    )
    chosen = np.random.default_rng(0).permutation(len(sites))[: model.n_particles]
    jitter = 0.05 * np.random.default_rng(1).random((model.n_particles, dimension))
    positions = jnp.asarray(1.1 * sites[chosen] + jitter, jnp.float32)
    check(model, from_positions(positions, box).fraction, jnp.asarray(model.species), box)


def test_two_particles():
    model = glass.PairModel("dimer", 3, (2,), 0.01, (1.0,), ((1.0,),), ((1.0,),), ((2.5,),))
    box = jnp.full(3, 6.0, jnp.float32)
    positions = jnp.asarray([[0.1, 0.0, 0.0], [5.0, 0.0, 0.0]], jnp.float32)  # 1.1 apart, through a face
    force = check(model, from_positions(positions, box).fraction, jnp.zeros(2, jnp.int32), box)
    expected = 48 / 1.1**13 - 24 / 1.1**7
    np.testing.assert_allclose(force[0], [expected, 0, 0], atol=2e-5)


@pytest.mark.parametrize("wrong", [jnp.int16, jnp.float16, jnp.bfloat16, jnp.float64, jnp.uint32])
def test_numbers_of_another_type_are_refused(wrong):
    model = glass.wahnstrom(n=64)
    lattice = glass.random_lattice(jax.random.key(0), model)
    positions, species, box, diameters = (
        x.astype(jnp.float32 if x.dtype == jnp.float64 else x.dtype) for x in jax.tree.leaves(lattice)
    )
    system = [from_positions(positions, box).fraction, species, diameters, box]
    for k in range(len(system)):
        given = [x.astype(wrong) if i == k else x for i, x in enumerate(system)]
        if given[k].dtype == system[k].dtype:
            continue
        with pytest.raises(Exception, match=r"(?i)type"):
            jax.block_until_ready(measure(*given, interaction=kernel_calls.interaction(model)))
