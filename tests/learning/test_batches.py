import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import in_batches


@pytest.mark.parametrize("batch_size", [1, 3, 5, 8])
def test_batches_hold_every_sample_once(batch_size):
    samples = {"a": jnp.arange(5), "b": jnp.arange(10).reshape(5, 2)}
    sums = in_batches(lambda s: s["a"] + s["b"].sum(axis=1), samples, batch_size)
    np.testing.assert_array_equal(sums, samples["a"] + samples["b"].sum(axis=1))


def test_arrays_of_different_samples_are_told_with_a_remedy():
    with pytest.raises(
        ValueError, match=r"whose first axis is the sample, got shapes .*; try one row a sample"
    ):
        in_batches(lambda s: s[0], (jnp.arange(5), jnp.arange(4)), 2)
