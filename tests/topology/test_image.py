"""Persistence images beside HomCloud's and beside plain sums."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from tdaglass.topology import (
    BirthDeath,
    Grid,
    arctan_weight,
    diagram,
    linear_weight,
    persistence_image,
    species_channels,
)

with np.load(Path(__file__).parents[1] / "reference" / "homcloud_images.npz") as file:
    HOMCLOUD = dict(file)
PAIRS = BirthDeath(jnp.array(HOMCLOUD["birth"]), jnp.array(HOMCLOUD["death"]))
GRID = Grid((0.0, 4.0), (0.0, 4.0), (32, 40))
SETTINGS = {  # as in tests/oracles/make_homcloud_images.py
    "palladium": (Grid((1.2, 2.6), (1.4, 2.8), (140, 140)), 0.02, arctan_weight(1.0, 1.0)),
    "silicon": (Grid((1.8, 4.0), (2.1, 4.3), (110, 110)), 0.04, arctan_weight(1.0, 1.0)),
    "cyclooctane": (Grid((0.5, 3.3), (1.95, 3.3), (50, 25)), 0.05, None),
    "linear": (GRID, 0.3, linear_weight(0.7)),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_images_are_homclouds(name):
    grid, sigma, weight = SETTINGS[name]
    image_fn = jax.jit(lambda x: persistence_image(x, grid, sigma=sigma, weight=weight, mode="homcloud"))
    np.testing.assert_allclose(grid.vector(np.asarray(image_fn(PAIRS))), HOMCLOUD[name], rtol=0, atol=1e-12)
    # Few pairs are filtered one by one.
    tens = jax.lax.map(image_fn, BirthDeath(*(x.reshape(-1, 10) for x in PAIRS)))
    np.testing.assert_allclose(grid.vector(np.asarray(tens.sum(0))), HOMCLOUD[name], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(grid.image(HOMCLOUD[name])[grid.above_diagonal], HOMCLOUD[name])


@pytest.mark.float32
def test_exact_images_are_sums_of_integrals(tolerance):
    weight = arctan_weight(0.5, 0.5)  # whose derivative at no persistence is infinite
    birth, death = (np.append(np.asarray(x, np.float64)[:200], 1.0) for x in PAIRS)
    columns, rows = (
        np.diff(norm.cdf(edges, x[:, None], 0.1), axis=1)
        for edges, x in zip(GRID.edges, (birth, death), strict=True)
    )
    height = np.arctan(0.5 * (death - birth) ** 0.5)
    pairs = BirthDeath(jnp.array(birth), jnp.array(death))

    def total(pairs):
        image = persistence_image(pairs, GRID, sigma=0.1, weight=weight)
        return image.sum(), image

    slope, image = jax.jit(jax.grad(total, has_aux=True))(pairs)
    np.testing.assert_allclose(image, np.einsum("p,pd,pb->db", height, rows, columns), rtol=0, atol=tolerance)
    assert np.all(np.isfinite(slope.birth))
    assert np.all(np.isfinite(slope.death))


def test_deposits_are_nearly_exact_on_and_off_the_grid():
    # Deaths beyond the grid, within reach of it and not, on centres, and one pair nowhere near.
    birth = jnp.append(PAIRS.birth, jnp.array([-0.3, 3.9, 0.0625, -1e6]))
    death = jnp.append(PAIRS.death, jnp.array([0.2, 4.3, 0.05, 1e6]))
    pairs = BirthDeath(birth, death)
    exact, deposit = jax.jit(
        lambda pairs: [
            persistence_image(pairs, GRID, sigma=0.25, weight=linear_weight(1.0), mode=mode)
            for mode in ("exact", "deposit")
        ]
    )(pairs)
    assert float(jnp.linalg.norm(exact - deposit) / jnp.linalg.norm(exact)) < 5e-3
    np.testing.assert_allclose(exact.sum(), deposit.sum(), rtol=2e-4)


@pytest.mark.parametrize("mode", ["exact", "deposit"])
def test_gradients_of_images_are_differences(mode):
    random = np.random.default_rng(1)
    positions, box = jnp.array(random.random((2, 30, 3)) * 3), jnp.array([3.0, 3.2, 2.9])
    grid = Grid((0.0, 1.5), (0.0, 1.5), (12, 12))
    target = jnp.array(random.random((12, 12)))

    def loss(positions, box):
        found = diagram(positions, box, dimension=1)
        image = persistence_image(found, grid, sigma=0.1, weight=arctan_weight(1.0, 1.0), mode=mode)
        return jnp.sum((image - target) ** 2)

    by_position, by_box = jax.jit(jax.vmap(jax.grad(loss, (0, 1)), (0, None)))(positions, box)
    many, step = jax.jit(jax.vmap(loss, (0, None))), 1e-6
    for k, axis in ((0, 0), (11, 1), (29, 2)):
        shift = jnp.zeros_like(positions).at[:, k, axis].set(step)
        difference = (many(positions + shift, box) - many(positions - shift, box)) / (2 * step)
        np.testing.assert_allclose(by_position[:, k, axis], difference, rtol=1e-6, atol=1e-6)
    for axis in range(3):
        shift = jnp.zeros(3).at[axis].set(step)
        difference = (many(positions, box + shift) - many(positions, box - shift)) / (2 * step)
        np.testing.assert_allclose(by_box[:, axis], difference, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("mode", ["exact", "deposit", "homcloud"])
def test_images_of_a_batch_and_of_padded_diagrams(mode):
    @jax.jit
    def make(pairs):
        return persistence_image(pairs, GRID, sigma=0.2, weight=arctan_weight(2.0, 0.5), mode=mode)

    batch = BirthDeath(*(jnp.stack([x[:100], x[100:200]]) for x in PAIRS))
    together = jax.jit(jax.vmap(make))(batch)
    for k in range(2):
        np.testing.assert_allclose(together[k], make(BirthDeath(*(x[k] for x in batch))), rtol=0, atol=1e-12)
    points = jnp.array(np.random.default_rng(2).random((40, 2)) * 6)
    small, large = (diagram(points, dimension=1, capacity=n) for n in (40, 90))
    np.testing.assert_allclose(make(small), make(large), rtol=0, atol=1e-12)


@pytest.mark.float32
def test_species_alone(tolerance):
    random = np.random.default_rng(3)
    positions, box = jnp.array(random.random((60, 3)) * 4), jnp.array([4.0, 4.0, 4.0])
    species = np.arange(60) % 2

    def describe(x, box):
        return persistence_image(diagram(x, box, dimension=1), GRID, sigma=0.2)

    @jax.jit
    def alone(chosen):
        x = positions[chosen]
        return (
            diagram(x, box, dimension=1),
            diagram(positions, box, dimension=1, subset=chosen),
            describe(x, box),
        )

    channels = jax.jit(lambda x: species_channels(describe, x, species, box))(positions)
    for k in (0, 1):
        chosen = np.flatnonzero(species == k)
        its_own, subset, image = alone(jnp.array(chosen))
        np.testing.assert_array_equal(its_own.birth, subset.birth)
        valid = np.asarray(subset.valid)
        assert set(np.unique(subset.birth_simplex.point[valid][:, :2])) <= set(chosen.tolist())
        np.testing.assert_allclose(channels[k], image, rtol=0, atol=10 * tolerance)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: persistence_image(PAIRS, GRID, sigma=-1.0), "expected a positive sigma"),
        (lambda: persistence_image(PAIRS, GRID, sigma=0.01, mode="deposit"), "half a cell"),
        (
            lambda: jax.jit(lambda s: species_channels(lambda x, box: x.sum(), jnp.zeros((4, 3)), s))(
                jnp.zeros(4)
            ),
            "known when compiled",
        ),
    ],
)
def test_bad_input_is_said(make, says):
    with pytest.raises(ValueError, match=says):
        make()
