"""Curves with known extrema, and g(r) of a liquid."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import first_minimum, first_peak, radial_distribution


@pytest.mark.float32
def test_extrema_of_known_curves():
    x = jnp.sort(jnp.asarray(np.random.default_rng(0).uniform(0.5, 4.0, 60)))
    parabola = 5 - (x - 2.2) ** 2
    peak_fn = jax.jit(first_peak)
    np.testing.assert_allclose(peak_fn(x, parabola), 2.2, rtol=1e-4)
    np.testing.assert_allclose(peak_fn(x, parabola.at[::7].set(jnp.nan)), 2.2, rtol=1e-4)
    np.testing.assert_allclose(peak_fn(x, x), x[-1])
    r = jnp.linspace(0.8, 3.0, 111)
    wave = 1 + jnp.cos(2 * jnp.pi * (r - 1)) / r
    np.testing.assert_allclose(jax.jit(first_minimum)(r, wave), 1.48302, atol=2e-4)


def test_minimum_of_the_liquid(liquid):
    """Between the shells of particles that were kept 1.05 apart."""

    @jax.jit
    def peak_and_minimum(positions, box):
        curve = radial_distribution(positions, box, 2.7, 40)
        return first_peak(*curve), first_minimum(*curve)

    peak, minimum = peak_and_minimum(*liquid)
    assert 1.0 < float(peak) < 1.2
    assert 1.3 < float(minimum) < 1.7
