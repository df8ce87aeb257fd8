import jax.numpy as jnp
import pytest

from tdaglass.learning import growing_component, richer_component


def test_the_growing_cluster_is_found_whatever_its_place():
    temperature = jnp.array([1.0, 0.5, 0.7])
    fractions = jnp.array([[0.2, 0.8], [0.6, 0.4], [0.5, 0.5]])
    assert growing_component(temperature, fractions) == 1
    assert growing_component(temperature, fractions[:, ::-1]) == 0
    assert growing_component(-temperature, fractions) == 0


def test_one_temperature_leaves_the_order_open():
    with pytest.raises(ValueError, match="at least two states to compare, got 1; try `richer_component`"):
        growing_component(jnp.array([0.5]), jnp.array([[0.4, 0.6]]))


def test_richer_component_weighs_by_membership():
    p = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    # A sum instead of a mean would choose the larger cluster.
    assert richer_component(p, jnp.array([2.0, 2.0, 3.0])) == 1
