"""Debye's formula against freud, cases known by hand, and an ideal gas."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import debye_structure_factor

ATOMS = 60


@pytest.fixture(scope="module")
def expected():
    with np.load(Path(__file__).parents[1] / "reference" / "local_structure.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def atoms(reference):
    return jnp.asarray(reference["positions"][:ATOMS])


@pytest.mark.float32
def test_a_set_of_atoms_scatters_as_freud_says(atoms, expected):
    found = debye_structure_factor(atoms, jnp.asarray(expected["q"], atoms.dtype))
    np.testing.assert_allclose(found, expected["debye"], rtol=2e-5, atol=2e-5)
    assert found[0] == pytest.approx(ATOMS, rel=1e-6)


def test_a_pair_of_two_kinds_is_known_by_hand():
    q, (a, b) = np.linspace(0.0, 9.0, 10), (10.3, 5.13)
    found = debye_structure_factor([[0, 0, 0], [0, 1.5, 2]], q, scattering_lengths=[a, b])
    np.testing.assert_allclose(found, 1 + 2 * a * b * np.sinc(2.5 * q / np.pi) / (a**2 + b**2), rtol=1e-12)


def test_atoms_of_no_length_are_not_there_and_a_batch_is_its_members(atoms):
    q = jnp.linspace(0.0, 8.0, 9)
    sets = jnp.stack([atoms, atoms[::-1] * 1.1])
    lengths = jnp.stack([jnp.where(jnp.arange(ATOMS) < 20, 2.0, 0.0), jnp.ones(ATOMS)])
    both = jax.vmap(lambda x, b: debye_structure_factor(x, q, scattering_lengths=b))(sets, lengths)
    np.testing.assert_allclose(both[0], debye_structure_factor(atoms[:20], q), rtol=1e-10)
    np.testing.assert_allclose(both[1], debye_structure_factor(sets[1], q), rtol=1e-10)


def test_an_ideal_gas_in_a_sphere_is_one_when_its_shape_is_taken_away():
    random, radius, q = np.random.default_rng(3), 2.0, jnp.linspace(0.0, 8.0, 9)
    place = random.normal(size=(400, 40, 3))
    place *= radius * random.random((400, 40, 1)) ** (1 / 3) / np.linalg.norm(place, axis=-1, keepdims=True)
    lengths = jnp.asarray(random.choice([1.0, 3.0], 40))
    of_gas = jax.jit(
        jax.vmap(lambda x: debye_structure_factor(x, q, scattering_lengths=lengths, radius=radius))
    )
    found = np.asarray(of_gas(jnp.asarray(place)))
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert np.all(np.abs(found.mean(axis=0) - 1) < 4 * error + 1e-9)
    # And it is not without: there the set scatters as a whole.
    assert np.asarray(debye_structure_factor(place[0], q))[1] > 10


def test_the_gradient_is_the_central_difference(atoms):
    q = jnp.asarray([0.0, 0.7, 3.0])

    def total(x):
        return jnp.sum(debye_structure_factor(x, q, radius=3.0) * jnp.array([1.0, 2.0, 3.0]))

    gradient = jax.grad(total)(atoms)
    shift = np.zeros(atoms.shape)
    shift[7, 1] = 1e-5
    central = (total(atoms + shift) - total(atoms - shift)) / 2e-5
    np.testing.assert_allclose(gradient[7, 1], central, rtol=1e-6)


def test_bad_input_is_said(atoms):
    with pytest.raises(ValueError, match="expected a row of wave numbers from 0, got -1"):
        debye_structure_factor(atoms, [-1.0, 2.0])
    with pytest.raises(ValueError, match="expected a row of wave numbers from 0, got shape"):
        debye_structure_factor(atoms, 2.0)
    with pytest.raises(ValueError, match="expected a scattering length for each of 60 atoms, got shape"):
        debye_structure_factor(atoms, [1.0], scattering_lengths=[1.0, 2.0])
