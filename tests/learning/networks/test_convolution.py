import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning.networks.convolution import convolution, max_pooling


def random(shape):
    return jnp.asarray(np.random.default_rng(len(shape)).normal(size=shape))


@pytest.mark.parametrize("padding", ["circular", "zero"])
@pytest.mark.parametrize(
    ("grid", "edge"), [pytest.param((5, 6), 3, marks=pytest.mark.float32), ((3, 4), 5), ((3, 4, 5), 3)]
)
def test_gradients_are_those_that_xla_derives(grid, edge, padding, tolerance):
    window = (edge,) * len(grid)
    x, kernel, slope = map(random, ((4, *grid, 2), (*window, 2, 3), (4, *grid, 3)))

    def derived(x, kernel):
        beyond = [(0, 0), *[(edge // 2, edge // 2)] * len(grid), (0, 0)]
        padded = jnp.pad(x, beyond, {"circular": "wrap", "zero": "constant"}[padding])
        axes = "DHW"[-len(grid) :]
        layout = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
        return jax.lax.conv_general_dilated(
            padded, kernel, (1,) * len(grid), "VALID", dimension_numbers=layout
        )

    @jax.jit
    def values_and_gradients(x, kernel, slope):
        ours, through = jax.vjp(lambda x, kernel: convolution(x, kernel, padding), x, kernel)
        theirs, through_theirs = jax.vjp(derived, x, kernel)
        return (ours, *through(slope)), (theirs, *through_theirs(slope))

    for one, other in zip(*values_and_gradients(x, kernel, slope), strict=True):
        np.testing.assert_allclose(one, other, rtol=10 * tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("grid", [(4, 6), (5, 7), (4, 3, 5)])
def test_pooling_is_xlas_windowed_maximum(grid):
    x = random((2, *grid, 3))
    window = (1, *(2,) * len(grid), 1)
    expected = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, window, window, "VALID")
    np.testing.assert_array_equal(max_pooling(x), expected)
