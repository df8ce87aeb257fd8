"""g(r) against freud, S(q) against its defining sum, an ideal gas, and curves with known extrema."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import (
    first_minimum,
    first_peak,
    radial_distribution,
    structure_factor,
    wave_vectors,
)


@pytest.mark.float32
def test_radial_distribution_counts_the_pairs_that_freud_counts(liquid, reference):
    positions, box = liquid
    species = jnp.asarray(reference["species"])
    n, volume, edges = len(positions), float(jnp.prod(box)), reference["rdf_edges"]
    shells = 4 / 3 * np.pi * np.diff(edges**3)
    total = radial_distribution(positions, box, 2.5, 40)
    np.testing.assert_allclose(total.r, (edges[1:] + edges[:-1]) / 2, rtol=1e-6)
    counts = np.asarray(total.g) * n * (n - 1) / volume * shells
    np.testing.assert_allclose(counts, reference["rdf_counts"], atol=1e-2)
    partial = radial_distribution(positions, box, 2.5, 40, species=species).g
    of_a, of_b = int(np.sum(species == 0)), int(np.sum(species == 1))
    counts = np.asarray(partial[0, 1]) * of_a * of_b / volume * shells
    np.testing.assert_allclose(counts, reference["rdf_partial_counts"], atol=1e-2)
    np.testing.assert_array_equal(partial[0, 1], partial[1, 0])
    mixed = of_a * (of_a - 1) * partial[0, 0] + 2 * of_a * of_b * partial[0, 1]
    mixed = (mixed + of_b * (of_b - 1) * partial[1, 1]) / (n * (n - 1))
    np.testing.assert_allclose(mixed, total.g, rtol=1e-5)


@pytest.mark.parametrize("dim", [2, 3])
def test_ideal_gas(dim):
    """Within four of its own standard errors; half the samples have an odd number of particles."""
    box = jnp.arange(6.0, 6.0 + dim)

    def sample(n):
        x = np.random.default_rng(n).random((30, n, dim)) * box
        return jax.vmap(lambda x: radial_distribution(x, box, 3.0, 5).g)(jnp.asarray(x))

    g = jnp.concatenate([sample(60), sample(61)])
    error = g.std(0) / np.sqrt(len(g))
    assert np.all(np.abs(g.mean(0) - 1) < 4 * error)
    assert np.all(error < 0.1)


def test_shells_average_all_their_vectors(liquid):
    positions, box = liquid
    edges = np.linspace(1.0, 9.0, 31)
    found = structure_factor(positions, box, wave_vectors(box, 9.0), edges=edges)
    grid = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), -1).reshape(-1, 3)
    waves = 2 * np.pi * grid / np.asarray(box)
    length = np.linalg.norm(waves, axis=1)
    waves, length = waves[(length > 0) & (length < 9.0)], length[(length > 0) & (length < 9.0)]
    s = np.abs(np.exp(-1j * waves @ np.asarray(positions).T).sum(1)) ** 2 / len(positions)
    number = np.histogram(length, edges)[0]
    np.testing.assert_allclose(found.s, np.histogram(length, edges, weights=s)[0] / number, rtol=1e-9)
    np.testing.assert_allclose(found.q, np.histogram(length, edges, weights=length)[0] / number, rtol=1e-12)
    empty = structure_factor(positions, box, wave_vectors(box, 2.0), edges=np.array([0.1, 0.2, 2.0])).s
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
    partial = structure_factor(positions, box, vectors, species=jnp.asarray(species))
    total = structure_factor(positions, box, vectors)
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

    value, gradient = jax.jit(jax.value_and_grad(loss))(moved)
    np.testing.assert_allclose(value, loss(positions), rtol=1e-12)
    shift = jnp.zeros_like(positions).at[11, 2].set(1e-5)
    central = (loss(positions + shift) - loss(positions - shift)) / 2e-5
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


@pytest.mark.float32
def test_extrema_of_known_curves():
    x = jnp.sort(jnp.asarray(np.random.default_rng(0).uniform(0.5, 4.0, 60)))
    parabola = 5 - (x - 2.2) ** 2
    np.testing.assert_allclose(first_peak(x, parabola), 2.2, rtol=1e-4)
    np.testing.assert_allclose(first_peak(x, parabola.at[::7].set(jnp.nan)), 2.2, rtol=1e-4)
    np.testing.assert_allclose(first_peak(x, x), x[-1])
    r = jnp.linspace(0.8, 3.0, 111)
    wave = 1 + jnp.cos(2 * jnp.pi * (r - 1)) / r
    np.testing.assert_allclose(jax.jit(first_minimum)(r, wave), 1.48302, atol=2e-4)


def test_minimum_of_the_liquid(liquid):
    """Between the shells of particles that were kept 1.05 apart."""
    r, g = radial_distribution(*liquid, 2.7, 40)
    assert 1.0 < float(first_peak(r, g)) < 1.2
    assert 1.3 < float(first_minimum(r, g)) < 1.7


def test_bad_input_is_named(liquid):
    positions, box = liquid
    with pytest.raises(ValueError, match="number of species inside jit"):
        jax.jit(lambda s: radial_distribution(positions, box, 2.0, species=s).g)(jnp.zeros(240, jnp.int32))
    with pytest.raises(ValueError, match="at least twice the cut-off 4"):
        radial_distribution(positions, box, 4)
    with pytest.raises(ValueError, match="expected finite positions"):
        structure_factor(positions.at[0].set(jnp.inf), box, np.array([[1, 0, 0]]))
