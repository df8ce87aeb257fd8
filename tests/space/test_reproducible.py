"""Arithmetic that gives the same bits alone and in any batch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.space import in_full_vectors, pairwise_sum

PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"


def halving_sum(x):
    x = np.pad(x, (0, (1 << max(len(x) - 1, 0).bit_length()) - len(x)))
    while len(x) > 1:
        x = x[: len(x) // 2] + x[len(x) // 2 :]
    return x[0]


@pytest.mark.float32
@pytest.mark.parametrize("n", [1, 2, 3, 17, 64, 193])
def test_pairwise_sum_adds_in_the_written_order(n):
    x = np.random.default_rng(n).normal(size=(5, n)).astype(PRECISION)
    expected = np.array([halving_sum(row) for row in x])
    np.testing.assert_array_equal(pairwise_sum(jnp.asarray(x)), expected)
    np.testing.assert_array_equal(jax.jit(pairwise_sum)(jnp.asarray(x[0])), expected[0])
    np.testing.assert_array_equal(jax.jit(jax.vmap(pairwise_sum))(jnp.asarray(x)), expected)
    np.testing.assert_allclose(expected, x.sum(-1), rtol=0, atol=2 * n * np.finfo(PRECISION).eps)


@pytest.mark.float32
def test_lanes_give_the_same_bits_alone_and_in_batches_of_any_size():
    def growth(x, shift):
        return {
            "exp": jnp.exp(x),
            "chain": jnp.exp(-x * shift / 8) * (jnp.exp(-x * shift / 8) * x + 0.1 * shift),
        }

    x = jnp.asarray(np.random.default_rng(0).normal(size=37), PRECISION)
    lanes = in_full_vectors(growth)
    shift = jnp.asarray(0.3, PRECISION)  # not batched: broadcast
    alone = [jax.jit(lanes)(value, shift) for value in x]
    for size in (1, 3, 8, 16, 17, 37):
        together = jax.jit(jax.vmap(lanes, (0, None)))(x[:size], shift)
        for name, values in together.items():
            np.testing.assert_array_equal(values, [one[name] for one in alone[:size]])


@pytest.mark.float32
def test_lanes_compute_the_function():
    x = jnp.linspace(-2, 2, 21, dtype=PRECISION)
    wrapped = jax.vmap(in_full_vectors(lambda x: jnp.exp(x)))(x)
    np.testing.assert_allclose(wrapped, np.exp(np.asarray(x)), rtol=8 * jnp.finfo(PRECISION).eps)
