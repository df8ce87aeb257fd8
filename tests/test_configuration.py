"""A batch of configurations falls apart into what it was made of."""

import jax
import numpy as np
import pytest

from tdaglass.configuration import Configuration, unstack


@pytest.mark.float32
@pytest.mark.parametrize("open_space", [False, True])
def test_unstacked_configurations_are_those_of_the_batch(open_space):
    positions = np.random.default_rng(0).normal(size=(3, 5, 2))
    box = None if open_space else np.arange(6.0).reshape(3, 2) + 1
    batch = Configuration(positions, np.arange(15).reshape(3, 5) % 2, box)
    found = list(unstack(batch))
    assert len(found) == 3
    again = jax.tree.map(lambda *x: np.stack(x), *found)
    np.testing.assert_array_equal(again.positions, np.asarray(jax.numpy.asarray(positions)))
    np.testing.assert_array_equal(again.species, batch.species)
    assert again.box is None if open_space else np.array_equal(again.box, box)
    assert all(isinstance(x, jax.Array) for x in jax.tree.leaves(found))


def test_one_configuration_is_no_batch():
    with pytest.raises(
        ValueError, match=r"expected positions \(configurations, particles, dim\), got \(5, 2\)"
    ):
        next(unstack(Configuration(np.zeros((5, 2)), np.zeros(5, int), None)))
