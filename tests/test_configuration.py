"""A batch of configurations falls apart into what it was made of."""

import copy
import pickle

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


def test_a_configuration_unpacks_into_three_and_carries_the_fourth():
    given = Configuration(np.zeros((5, 2)), np.zeros(5, int), np.ones(2), np.full(5, 0.9))
    positions, species, box = given
    assert (positions.shape, species.shape, box.shape) == ((5, 2), (5,), (2,))
    for same in (
        jax.tree.map(lambda x: x, given),
        pickle.loads(pickle.dumps(given)),
        copy.copy(given),
        given._replace(box=given.box),
    ):
        assert isinstance(same, Configuration)
        np.testing.assert_array_equal(same.diameters, given.diameters)
        np.testing.assert_array_equal(same[2], same.box)
    assert len(jax.tree.leaves(given)) == 4
    doubled = jax.vmap(lambda c: jax.tree.map(lambda x: 2 * x, c))(jax.tree.map(lambda x: x[None], given))
    assert float(doubled.diameters[0, 0]) == pytest.approx(1.8)
    with pytest.raises(AttributeError, match="try _replace"):
        given.box = None


def test_one_configuration_is_no_batch():
    with pytest.raises(
        ValueError, match=r"expected positions \(configurations, particles, dim\), got \(5, 2\)"
    ):
        next(unstack(Configuration(np.zeros((5, 2)), np.zeros(5, int), None)))
