"""Fields against histograms and hand-made cases, and the two directions against each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import density_field, particle_values, scale_to_unit

SHAPES = [(8, 12), (4, 6, 5)]


def mixture(shape, n=300, seed=0):
    """Three species, one of them absent, some particles far outside of the box."""
    rng = np.random.default_rng(seed)
    box = np.arange(3.0, 3.0 + len(shape))
    positions = rng.uniform(-2, 3, (n, len(shape))) * box
    return jnp.asarray(positions), jnp.asarray(2 * rng.integers(0, 2, n)), jnp.asarray(box)


@pytest.mark.float32
@pytest.mark.parametrize("shape", SHAPES)
def test_counts_are_those_of_a_histogram(shape):
    positions, species, box = mixture(shape)
    field = density_field(positions, species, box, shape)
    wrapped = np.asarray(positions / box) % 1
    for channel, of in zip(field, range(3), strict=True):
        expected, _ = np.histogramdd(wrapped[species == of], shape, [(0, 1)] * len(shape))
        np.testing.assert_array_equal(channel, expected)
    np.testing.assert_array_equal(density_field(positions, None, box, shape)[0], field.sum(0))


@pytest.mark.float32
@pytest.mark.parametrize("shape", SHAPES)
def test_channels_sum_to_their_particles(shape):
    positions, species, box = mixture(shape)
    field = density_field(positions, species, box, shape, assignment="linear", species_count=4)
    totals = field.reshape(4, -1).sum(1)
    np.testing.assert_allclose(totals, np.bincount(species, minlength=4), rtol=1e-5)


@pytest.mark.float32
def test_shares_of_cells_by_hand():
    box = jnp.array([4.0, 6.0])

    def image(x, y):
        return np.asarray(density_field(jnp.array([[x, y]]), None, box, (4, 6), assignment="linear")[0])

    centre = np.zeros((4, 6))
    centre[1, 2] = 1
    np.testing.assert_allclose(image(1.5, 2.5), centre)
    corner = np.zeros((4, 6))
    corner[np.ix_([3, 0], [5, 0])] = 0.25
    np.testing.assert_allclose(image(0.0, 6.0), corner)
    between = np.zeros((4, 6))
    between[[3, 0], 2] = [0.2, 0.8]
    np.testing.assert_allclose(image(0.3, 2.5), between, atol=1e-6)


@pytest.mark.parametrize("assignment", ["nearest", "linear"])
@pytest.mark.parametrize("shape", SHAPES)
def test_one_direction_is_the_adjoint_of_the_other(shape, assignment):
    positions, _, box = mixture(shape)
    rng = np.random.default_rng(1)
    field, weight = jnp.asarray(rng.normal(size=shape)), jnp.asarray(rng.normal(size=len(positions)))
    spread = jax.grad(lambda f: jnp.dot(weight, particle_values(f, positions, box, assignment=assignment)))(
        field
    )
    ones = density_field(positions, None, box, shape, assignment=assignment)[0]
    read = particle_values(field, positions, box, assignment=assignment)
    np.testing.assert_allclose(jnp.sum(ones * field), jnp.sum(read), rtol=1e-12)
    np.testing.assert_allclose(jnp.sum(spread * field), jnp.dot(weight, read), rtol=1e-12)


def test_fields_of_other_resolutions():
    """What pooling leaves of a field of cells: particles read the coarse cell that they lie in."""
    positions, species, box = mixture((8, 12))
    field = density_field(positions, species, box, (8, 12))
    pooled = field.reshape(3, 4, 2, 6, 2).sum((2, 4))
    np.testing.assert_array_equal(pooled, density_field(positions, species, box, (4, 6)))
    column = jnp.arange(4.0)[:, None] + jnp.zeros(6)
    cell = np.floor(4 * (np.asarray(positions[:, 0] / box[0]) % 1))
    np.testing.assert_array_equal(particle_values(column, positions, box), cell)
    assert particle_values(pooled[None], positions, box).shape == (1, 3, 300)
    flat = density_field(positions, None, box, (1, 1), assignment="linear")
    np.testing.assert_allclose(flat, 300.0)


@pytest.mark.parametrize("assignment", ["nearest", "linear"])
def test_translation_and_permutation(assignment):
    """By whole cells, through the boundary."""
    shape = (8, 12)
    positions, species, box = mixture(shape)
    field = density_field(positions, species, box, shape, assignment=assignment)
    moved = positions + jnp.array([3, -7]) * box / jnp.array(shape) + 1e-13
    rolled = jnp.roll(field, (3, -7), (1, 2))
    np.testing.assert_allclose(
        density_field(moved, species, box, shape, assignment=assignment), rolled, atol=1e-10
    )
    order = np.random.default_rng(2).permutation(len(positions))
    again = density_field(positions[order], species[order], box, shape, assignment=assignment)
    np.testing.assert_allclose(again, field, atol=1e-12)


def test_particles_that_round_to_the_far_face():
    box = jnp.array([1.0, 1.0])
    edge = jnp.array([[-1e-20, 0.5], [1.0, 0.5], [np.nextafter(1.0, 0), 0.5]])
    field = density_field(edge, None, box, (3, 1))
    np.testing.assert_array_equal(field[0, :, 0], [2, 0, 1])
    assert jnp.isfinite(particle_values(field, edge, box, assignment="linear")).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_in_positions_and_box(shape):
    positions, species, box = mixture(shape, n=20)
    rng = np.random.default_rng(3)
    weight, field = jnp.asarray(rng.normal(size=(3, *shape))), jnp.asarray(rng.normal(size=shape))

    def loss(x, edges):
        seen = density_field(x, species, edges, shape, assignment="linear", species_count=3)
        return jnp.sum(weight * seen**2) + jnp.sum(particle_values(field, x, edges, assignment="linear") ** 2)

    both = jax.jit(jax.value_and_grad(loss, (0, 1)))
    _, slopes = both(positions, box)
    for argument, at in ((0, (7, 1)), (1, (1,))):
        step = jnp.zeros_like(slopes[argument]).at[at].set(1e-6)
        arguments = [positions, box]
        ends = []
        for sign in (1, -1):
            arguments[argument] = (positions, box)[argument] + sign * step
            ends.append(both(*arguments)[0])
        np.testing.assert_allclose(slopes[argument][at], (ends[0] - ends[1]) / 2e-6, rtol=1e-6)


@pytest.mark.float32
@pytest.mark.parametrize("assignment", ["nearest", "linear"])
def test_batches_equal_loops(assignment):
    samples = [mixture((6, 7), seed=seed) for seed in range(3)]
    positions, species, box = (jnp.stack(x) for x in zip(*samples, strict=True))

    def there_and_back(x, kind, edges):
        field = density_field(x, kind, edges, (6, 7), assignment=assignment, species_count=3)
        return field, particle_values(field, x, edges, assignment=assignment)

    batch = jax.jit(jax.vmap(there_and_back))(positions, species, box)
    for k, sample in enumerate(samples):
        for ours, alone in zip(batch, there_and_back(*sample), strict=True):
            np.testing.assert_allclose(ours[k], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.float32
def test_scaling_to_the_unit_interval():
    x = jnp.array([[3.0, 1.0, 2.0], [4.0, 4.0, 4.0], [np.nan, -1.0, 1.0]])
    rows = [[1, 0, 0.5], [0, 0, 0], [np.nan, 0, 1]]
    scale = jax.jit(scale_to_unit, static_argnames="axis")
    np.testing.assert_allclose(scale(x, axis=-1), rows, rtol=1e-6)
    together = scale(x)
    assert np.nanmin(together) == 0
    assert np.nanmax(together) == 1
    maps = jnp.arange(24.0).reshape(2, 3, 4) * jnp.array([1.0, -7.0])[:, None, None]
    scaled = scale(maps, axis=(-2, -1))
    np.testing.assert_allclose(scaled[0], jnp.arange(12.0).reshape(3, 4) / 11, rtol=1e-6)
    np.testing.assert_allclose(scaled[1], 1 - scaled[0], atol=1e-6)
    assert jnp.isfinite(jax.jit(jax.grad(lambda y: scale_to_unit(y).sum()))(jnp.full(3, 2.0))).all()


def test_bad_input_says_what_to_do():
    positions, species, box = mixture((8, 12))
    with pytest.raises(ValueError, match=r"along 2 axes, got \(8,\); try \(32, 32\)"):
        density_field(positions, species, box, (8,))
    with pytest.raises(ValueError, match="cells along an axis of at least 1, got 0"):
        density_field(positions, species, box, (8, 0))
    with pytest.raises(ValueError, match="species as codes below 2, got 2"):
        density_field(positions, species, box, (8, 12), species_count=2)
    with pytest.raises(ValueError, match="try species_count=2"):
        jax.jit(lambda s: density_field(positions, s, box, (8, 12)))(species)
    with pytest.raises(ValueError, match="expected finite positions"):
        density_field(positions.at[3, 0].set(jnp.nan), species, box, (8, 12))
    with pytest.raises(ValueError, match="axes of cells"):
        particle_values(jnp.ones(5), positions, box)
    with pytest.raises(ValueError, match="grid of at most 1073741824 cells"):
        density_field(positions, species, box, (10**5, 10**5))
