import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning.networks.convolution import convolution, max_pooling


@pytest.mark.float32
@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize(("grid", "edge"), [((5, 6), 3), ((3, 4), 5), ((3, 4, 5), 3)])
def test_gradients_are_those_that_xla_derives(grid, edge, padding, tolerance):
    window = (edge,) * len(grid)
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(keys[0], (4, *grid, 2))
    kernel = jax.random.normal(keys[1], (*window, 2, 3))
    slope = jax.random.normal(keys[2], (4, *grid, 3))

    def derived(x, kernel):
        beyond = [(0, 0), *[(edge // 2, edge // 2)] * len(grid), (0, 0)]
        padded = jnp.pad(x, beyond, {"circular": "wrap", "zero": "constant"}[padding])
        axes = "DHW"[-len(grid) :]
        layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
        return jax.lax.conv_general_dilated(
            padded, kernel, (1,) * len(grid), "VALID", dimension_numbers=layout
        )

    ours, through = jax.vjp(lambda x, kernel: convolution(x, kernel, padding), x, kernel)
    theirs, through_theirs = jax.vjp(derived, x, kernel)
    np.testing.assert_allclose(ours, theirs, rtol=10 * tolerance, atol=20 * tolerance)
    for one, other in zip(through(slope), through_theirs(slope), strict=True):
        np.testing.assert_allclose(one, other, rtol=10 * tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("grid", [(4, 6), (5, 7), (4, 3, 5)])
def test_pooling_is_xlas_windowed_maximum(grid):
    x = jax.random.normal(jax.random.key(0), (2, *grid, 3))
    window = (1, *(2,) * len(grid), 1)
    expected = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    np.testing.assert_array_equal(max_pooling(x), expected)
