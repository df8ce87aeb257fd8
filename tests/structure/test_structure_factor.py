"""S(q) against its defining sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import structure_factor, wave_vectors

structure_factor_fn = jax.jit(structure_factor, static_argnames="species_count")


def test_shells_average_all_their_vectors(liquid):
    positions, box = liquid
    edges = np.linspace(1.0, 9.0, 31)
    found = structure_factor_fn(positions, box, wave_vectors(box, 9.0), edges=edges)
    grid = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), -1).reshape(-1, 3)
    waves = 2 * np.pi * grid / np.asarray(box)
    length = np.linalg.norm(waves, axis=1)
    waves, length = waves[(length > 0) & (length < 9.0)], length[(length > 0) & (length < 9.0)]
    s = np.abs(np.exp(-1j * waves @ np.asarray(positions).T).sum(1)) ** 2 / len(positions)
    number = np.histogram(length, edges)[0]
    np.testing.assert_allclose(found.s, np.histogram(length, edges, weights=s)[0] / number, rtol=1e-9)
    np.testing.assert_allclose(found.q, np.histogram(length, edges, weights=length)[0] / number, rtol=1e-12)
    empty = structure_factor_fn(positions, box, wave_vectors(box, 2.0), edges=np.array([0.1, 0.2, 2.0])).s
    assert np.isnan(empty).tolist() == [True, False]


@pytest.mark.float32
def test_partial_structure_factors_by_their_definition(liquid, reference):
    positions, box = liquid
    species = reference["species"]
    vectors = wave_vectors(box, 9.0, q_min=6.0, per_shell=3)
    q = 2 * np.pi * vectors / np.asarray(box)
    waves = np.exp(-1j * q @ np.asarray(positions, float).T)
    rho = np.stack([waves[:, species == a].sum(1) for a in (0, 1)])
    number = np.array([np.sum(species == a) for a in (0, 1)])
    expected = (rho[:, None] * rho[None].conj()).real / np.sqrt(number[:, None] * number)[..., None]
    partial = structure_factor_fn(positions, box, vectors, species=jnp.asarray(species), species_count=2)
    total = structure_factor_fn(positions, box, vectors)
    scale = 1e-9 if positions.dtype == jnp.float64 else 1e-3
    np.testing.assert_allclose(partial.s, expected, atol=scale)
    np.testing.assert_allclose(total.s, np.abs(rho.sum(0)) ** 2 / len(positions), atol=scale)
    np.testing.assert_allclose(total.q, np.linalg.norm(q, axis=1), rtol=1e-6)


def test_structure_factor_inside_jit_and_its_gradient(liquid):
    positions, box = liquid
    vectors = wave_vectors(box, 7.0, q_min=6.5)
    moved = positions + jnp.array([1.0, -2.0, 0.0]) * box + 0.3

    def loss(x):
        return jnp.sum(structure_factor(x, box, vectors, edges=jnp.array([6.5, 6.7, 7.0])).s)

    both = jax.jit(jax.value_and_grad(loss))
    value, gradient = both(moved)
    np.testing.assert_allclose(value, both(positions)[0], rtol=1e-12)
    shift = np.zeros(positions.shape)
    shift[11, 2] = 1e-5
    central = (both(positions + shift)[0] - both(positions - shift)[0]) / 2e-5
    np.testing.assert_allclose(gradient[11, 2], central, rtol=1e-6)


def test_wave_vectors_fill_half_a_ball():
    box = np.array([7.0, 8.0, 9.0])
    vectors = wave_vectors(box, 4.0)
    both = {tuple(v) for v in np.concatenate([vectors, -vectors]).tolist()}
    grid = np.stack(np.meshgrid(*[np.arange(-7, 8)] * 3, indexing="ij"), -1).reshape(-1, 3)
    length = np.linalg.norm(2 * np.pi * grid / box, axis=1)
    assert both == {tuple(v) for v in grid[(length <= 4.0) & (length > 0)].tolist()}
    assert len(both) == 2 * len(vectors)
    few = wave_vectors(box, 4.0, q_min=2.0, per_shell=4)
    length = np.linalg.norm(2 * np.pi * few / box, axis=1)
    assert length.min() >= 2.0
    assert np.bincount((length / (2 * np.pi / 9.0)).astype(int)).max() == 4
    assert {tuple(v) for v in few.tolist()} <= both
    with pytest.raises(ValueError, match="try a larger q_max"):
        wave_vectors(box, 0.5)


def test_bad_input_is_named(liquid):
    positions, box = liquid
    with pytest.raises(ValueError, match="expected finite positions"):
        structure_factor(positions.at[0].set(jnp.inf), box, np.array([[1, 0, 0]]))
