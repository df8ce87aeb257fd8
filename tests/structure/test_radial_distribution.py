"""g(r) against freud and an ideal gas."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import radial_distribution

module = sys.modules["tdaglass.structure.radial_distribution"]  # a function of the room has its name


@pytest.mark.float32
def test_radial_distribution_counts_the_pairs_that_freud_counts(liquid, reference):
    positions, box = liquid
    species = jnp.asarray(reference["species"])
    n, volume, edges = len(positions), float(jnp.prod(box)), reference["rdf_edges"]
    shells = 4 / 3 * np.pi * np.diff(edges**3)

    @jax.jit
    def total_and_partial(x, species):
        partial = radial_distribution(x, box, 2.5, 40, species=species, species_count=2)
        return radial_distribution(x, box, 2.5, 40), partial.g

    total, partial = total_and_partial(positions, species)
    np.testing.assert_allclose(total.r, (edges[1:] + edges[:-1]) / 2, rtol=1e-6)
    counts = np.asarray(total.g) * n * (n - 1) / volume * shells
    np.testing.assert_allclose(counts, reference["rdf_counts"], atol=1e-2)
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

    @jax.jit
    @jax.vmap
    def g_of(x):
        return radial_distribution(x, box, 3.0, 5).g

    def sample(n):
        return g_of(jnp.asarray(np.random.default_rng(n).random((30, n, dim)) * box))

    g = jnp.concatenate([sample(60), sample(61)])
    error = g.std(0) / np.sqrt(len(g))
    assert np.all(np.abs(g.mean(0) - 1) < 4 * error)
    assert np.all(error < 0.1)


def test_bad_input_is_named(liquid):
    positions, box = liquid
    with pytest.raises(ValueError, match="number of species inside jit"):
        jax.jit(lambda s: radial_distribution(positions, box, 2.0, species=s).g)(jnp.zeros(240, jnp.int32))
    with pytest.raises(ValueError, match="at most 4096 images"):
        radial_distribution(positions, box, 80)
    with pytest.raises(ValueError, match="positive cutoff, got -2"):
        radial_distribution(positions, box, -2.0)
    with pytest.raises(ValueError, match="bins of at least 1"):
        radial_distribution(positions, box, 2.0, 0)


def test_pairs_beyond_whole_numbers_of_32_bits(liquid, monkeypatch):
    """They are counted in two numbers, the second of which is what the first carried over."""
    positions, box = liquid
    plain = radial_distribution(positions, box, 2.5, 5)
    monkeypatch.setattr(module, "MOST_COUNTED", 1000)
    np.testing.assert_array_equal(radial_distribution(positions, box, 2.5, 5).g, plain.g)
    low = jnp.array([[2**32 - 2], [7]], jnp.uint32)
    assert module._add(low, jnp.zeros(5, jnp.int32), True).tolist() == [[3], [8]]
