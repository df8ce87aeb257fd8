"""Averages over surroundings against the obvious double sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import exponential_average, local_average


@pytest.fixture(scope="module")
def values(liquid):
    return jnp.asarray(np.random.default_rng(1).normal(size=(len(liquid[0]), 2)))


@pytest.mark.float32
@pytest.mark.parametrize("periodic", [True, False])
def test_equal_the_double_sum(liquid, values, distances, periodic, tolerance):
    positions, box = liquid
    box = box if periodic else None
    distance = distances(positions, box)
    np.fill_diagonal(distance, 0.0)
    for weight, found in (
        (distance < 2.0, local_average(values, positions, box, 2.0)),
        (np.exp(-distance / 1.3), exponential_average(values, positions, box, 1.3)),
        (
            np.exp(-distance / 1.3) * (distance < 2.5),
            exponential_average(values, positions, box, 1.3, cutoff=2.5),
        ),
    ):
        expected = weight @ np.asarray(values) / weight.sum(1, keepdims=True)
        np.testing.assert_allclose(found, expected, atol=10 * tolerance)


def test_limits(liquid, values):
    """Nobody else within reach: the value itself. A length beyond the box: the mean."""
    positions, box = liquid
    np.testing.assert_allclose(local_average(values[:, 0], positions, box, 0.01), values[:, 0], rtol=1e-14)
    mean = np.broadcast_to(values.mean(0), values.shape)
    np.testing.assert_allclose(exponential_average(values, positions, box, 1e12), mean, atol=1e-10)


def test_unknown_values_stay_local(liquid, distances):
    positions, box = liquid
    values = jnp.ones(len(positions)).at[7].set(jnp.nan)
    found = local_average(values, positions, box, 1.5)
    near = distances(positions, box)[7] < 1.5
    near[7] = True
    np.testing.assert_array_equal(np.isnan(found), near)


def test_gradient_and_vmap(liquid, values):
    positions, box = liquid

    def loss(x, length):
        return jnp.sum(jnp.sin(exponential_average(values, x, box, length)))

    both = jax.jit(jax.value_and_grad(loss, (0, 1)))
    _, (by_position, by_length) = both(positions, 1.3)
    shift = np.zeros(positions.shape)
    shift[5, 1] = 1e-5
    central = (both(positions + shift, 1.3)[0] - both(positions - shift, 1.3)[0]) / 2e-5
    np.testing.assert_allclose(by_position[5, 1], central, rtol=1e-6)
    central = (both(positions, 1.3 + 1e-5)[0] - both(positions, 1.3 - 1e-5)[0]) / 2e-5
    np.testing.assert_allclose(by_length, central, rtol=1e-6)
    scores = values.T
    average = jax.jit(lambda v: local_average(v, positions, box, 2.0))
    together = jax.jit(jax.vmap(average))(scores)
    alone = jnp.stack([average(v) for v in scores])
    np.testing.assert_allclose(together, alone, rtol=1e-13)


def test_bad_input_is_named(liquid, values):
    positions, box = liquid
    with pytest.raises(ValueError, match="at least twice as wide as the radius 3"):
        local_average(values, positions, box, 3.0)
    with pytest.raises(ValueError, match="finite positions"):
        exponential_average(values, positions.at[0, 0].set(jnp.nan), box, 1.0)
