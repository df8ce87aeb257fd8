"""What is known of values in eager calls, and of none inside jit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure.checks import check_input, concrete, count_species


def test_species_are_counted_where_they_are_known():
    species = jnp.array([0, 2, 1, 0])
    assert count_species(None, None) == 1
    assert count_species(species, None) == 3
    assert count_species(species, 5) == 5
    with pytest.raises(ValueError, match="try species_count=2"):
        jax.jit(lambda s: count_species(s, None))(species)


def test_values_are_known_in_eager_calls_and_their_gradients():
    seen = []

    def look(x):
        seen.append(concrete(x))
        return jnp.sum(x)

    x = jnp.arange(3.0)
    look(x)
    jax.grad(look)(x)
    jax.jit(look)(x)
    jax.vmap(look)(x[None])
    assert [values is not None for values in seen] == [True, True, False, False]
    np.testing.assert_array_equal(seen[1], x)
    assert concrete(None) is None


@pytest.mark.parametrize(
    ("box", "reach", "said"),
    [([2.0, -1.0], 0.0, "positive box edges"), ([2.0, 1.0], 0.6, "twice the cut-off 0.6, got 1;")],
)
def test_boxes_that_cannot_be_are_named(box, reach, said):
    with pytest.raises(ValueError, match=said):
        check_input(np.zeros((2, 2)), np.array(box), reach)
