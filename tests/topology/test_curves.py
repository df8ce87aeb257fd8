"""Betti curves and persistence landscapes by their definitions."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass.topology import BirthDeath, betti_curve, landscape

with np.load(Path(__file__).parents[1] / "reference" / "homcloud_images.npz") as file:
    PAIRS = BirthDeath(jnp.array(file["birth"]), jnp.array(file["death"]))


def test_curves():
    values = jnp.linspace(0, 4, 50)
    birth, death = (np.asarray(x) for x in PAIRS)
    alive = [np.sum((birth <= t) & (t < death)) for t in np.asarray(values)]
    np.testing.assert_array_equal(jax.jit(betti_curve)(PAIRS, values), alive)
    landscape_fn = jax.jit(landscape, static_argnums=2)
    tents = np.maximum(
        np.minimum(np.asarray(values) - birth[:, None], death[:, None] - np.asarray(values)), 0
    )
    np.testing.assert_allclose(landscape_fn(PAIRS, values, 3), np.sort(tents, axis=0)[::-1][:3], atol=1e-12)
    few = BirthDeath(PAIRS.birth[:2], PAIRS.death[:2])
    assert float(jnp.abs(landscape_fn(few, values, 5)[2:]).max()) == 0
