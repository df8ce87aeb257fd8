"""Histograms of diagrams beside numpy's."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import fit_min_max, standardize
from tdaglass.topology import BirthDeath, Grid, histogram

with np.load(Path(__file__).parents[1] / "reference" / "homcloud_images.npz") as file:
    PAIRS = BirthDeath(jnp.array(file["birth"]), jnp.array(file["death"]))
GRID = Grid((0.0, 4.0), (0.0, 4.0), (32, 40))
count = jax.jit(histogram, static_argnames=("grid", "normalize"))


def test_histograms_are_numpys():
    counts, _, _ = np.histogram2d(PAIRS.death, PAIRS.birth, bins=GRID.edges[::-1])
    np.testing.assert_array_equal(count(PAIRS, GRID), counts)
    assert float(count(PAIRS, GRID, normalize="probability").sum()) == pytest.approx(1)
    nothing = BirthDeath(*(jnp.zeros_like(x) for x in PAIRS))
    assert float(count(nothing, GRID, normalize="probability").sum()) == 0


def test_standardized_histograms():
    """Of three thirds of the pairs, as the studies of carbon do."""
    thirds = BirthDeath(*(x[: len(x) // 3 * 3].reshape(-1, 3).T for x in PAIRS))
    images = jax.jit(jax.vmap(lambda pairs: histogram(pairs, GRID).ravel()))(thirds)
    scaled = standardize(fit_min_max(images), images)
    assert float(scaled.min()) == 0
    assert float(scaled.max()) == 1
