"""Bond order against the values of perfect crystals, pyscal3, freud, its symmetries and its derivatives."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.special import sph_harm_y

from tdaglass.structure import (
    Neighbors,
    bond_order,
    check_neighbors,
    cutoff_neighbors,
    hexatic_order,
    sann_neighbors,
)

DEGREES = tuple(range(1, 9))
order_fn = jax.jit(bond_order, static_argnames=("degrees", "average"))


@pytest.fixture(scope="module")
def neighbors(liquid) -> Neighbors:
    return cutoff_neighbors(*liquid, 1.5)


def order(neighbors: Neighbors, average: str | None = None, degrees: tuple[int, ...] = DEGREES) -> jax.Array:
    return order_fn(neighbors, degrees=degrees, average=average)


@pytest.mark.float32
@pytest.mark.parametrize(
    ("name", "reach", "q4", "q6"),
    [
        ("fcc", 0.8, 0.190940654, 0.574524260),
        ("hcp", 1.1, 0.097222222, 0.484761685),
        ("bcc", 1.1, 0.036369648, 0.510688230),
        ("sc", 1.1, 0.763762616, 0.353553391),
    ],
)
def test_crystals(crystal, tolerance, name, reach, q4, q6):
    found = check_neighbors(cutoff_neighbors(*crystal(name), reach, capacity=16))
    values = order(found, None, (4, 6))
    expected = np.broadcast_to([q4, q6], values.shape)
    np.testing.assert_allclose(values, expected, atol=max(tolerance, 1e-9))
    if name == "fcc":
        averaged = order(found, "lechner_dellago", (4, 6))
        np.testing.assert_allclose(averaged, expected, atol=max(tolerance, 1e-9))


def test_harmonics_by_their_definition(neighbors):
    """Degrees up to 12, from scipy's complex harmonics of the angles."""
    degrees = (0, 3, 12)
    displacement, mask = np.asarray(neighbors.displacement), np.asarray(neighbors.mask)
    length = np.linalg.norm(displacement, axis=-1)
    polar = np.arccos(displacement[..., 2] / np.where(mask, length, 1))
    azimuth = np.arctan2(displacement[..., 1], displacement[..., 0])
    expected = []
    for degree in degrees:
        q_lm = [
            (sph_harm_y(degree, m, polar, azimuth) * mask).sum(1) / mask.sum(1)
            for m in range(-degree, degree + 1)
        ]
        expected.append(np.sqrt(4 * np.pi / (2 * degree + 1) * np.sum(np.abs(q_lm) ** 2, 0)))
    np.testing.assert_allclose(order(neighbors, None, degrees), np.transpose(expected), atol=1e-12)


@pytest.mark.float32
def test_high_degrees_are_scipys():
    """To degree 100, at the poles and near them, too; in single precision directions are rounded themselves."""
    degrees = (3, 17, 40, 60, 100)
    rng = np.random.default_rng(0)
    away = rng.normal(size=(60, 7, 3))
    away[0], away[1, :, :2], away[2, :, 2] = [0, 0, -1], 1e-4 * away[1, :, :2], 0
    away = jnp.asarray(away)
    x, y, z = np.moveaxis(np.asarray(away, float), -1, 0)
    polar, azimuth = np.arctan2(np.hypot(x, y), z), np.arctan2(y, x)
    expected = []
    for degree in degrees:
        q_lm = sph_harm_y(degree, np.arange(-degree, degree + 1)[:, None, None], polar, azimuth).mean(-1)
        expected.append(np.sqrt(4 * np.pi / (2 * degree + 1) * np.sum(np.abs(q_lm) ** 2, 0)))
    table = Neighbors(jnp.zeros((60, 7), jnp.int32), away, jnp.ones((60, 7), bool), jnp.int32(0))
    single = away.dtype == jnp.float32
    np.testing.assert_allclose(
        order(table, None, degrees), np.transpose(expected), atol=6e-5 if single else 1e-12
    )

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def slope(displacement):
        values = bond_order(table._replace(displacement=displacement), degrees, None)
        return jnp.sum(values), values

    gradient = slope(away)[0]
    assert np.isfinite(gradient).all()
    if not single:
        step = 1e-6 * rng.normal(size=away.shape)
        ends = [slope(away + sign * step)[1].sum(1) for sign in (1, -1)]
        np.testing.assert_allclose(
            jnp.sum(2 * gradient * step, (1, 2))[3:], (ends[0] - ends[1])[3:], atol=1e-8
        )


def test_equals_pyscal3(neighbors, reference):
    np.testing.assert_allclose(order(neighbors), reference["q"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        order(neighbors, "lechner_dellago"), reference["q_lechner_dellago"], rtol=0, atol=1e-12
    )


def test_equals_pyscal3_with_sann(liquid, reference):
    found = sann_neighbors(*liquid, symmetric=False)
    np.testing.assert_allclose(order(found), reference["q_sann"], rtol=0, atol=1e-12)


@pytest.mark.float32
def test_equals_freud(neighbors, reference):
    """It computes in single precision."""
    np.testing.assert_allclose(order(neighbors), reference["freud_q"], atol=5e-6)
    np.testing.assert_allclose(
        order(neighbors, "lechner_dellago"), reference["freud_lechner_dellago"], atol=5e-6
    )


@pytest.mark.float32
def test_average_of_the_invariants(neighbors, tolerance):
    plain = np.asarray(order(neighbors))
    idx, mask = np.asarray(neighbors.idx), np.asarray(neighbors.mask)
    expected = [(plain[i] + plain[idx[i][mask[i]]].sum(0)) / (mask[i].sum() + 1) for i in range(len(plain))]
    averaged = order(neighbors, "invariants")
    np.testing.assert_allclose(averaged, expected, atol=10 * tolerance)
    other = np.asarray(order(neighbors, "lechner_dellago"))
    assert np.corrcoef(averaged[:, 5], other[:, 5])[0, 1] < 0.7


def test_rotation_does_not_matter(neighbors):
    turned = neighbors.displacement @ Rotation.random(rng=4).as_matrix().T
    for average in (None, "lechner_dellago"):
        np.testing.assert_allclose(
            order(neighbors._replace(displacement=turned), average), order(neighbors, average), atol=1e-12
        )


def test_replication_and_translation_do_not_matter(liquid, neighbors):
    """Eight copies, which is more than one block of particles, all shifted across the boundary."""
    positions, box = liquid
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), -1).reshape(-1, 3)
    copies = jnp.concatenate([positions + corner * box for corner in corners])
    larger = cutoff_neighbors(copies + 0.71 * box, 2 * box, 1.5)
    for average in ("invariants", "lechner_dellago"):
        expected = np.tile(order(neighbors, average), (8, 1))
        np.testing.assert_allclose(order(larger, average), expected, atol=1e-12)


@pytest.mark.float32
def test_padding_and_vmap_do_not_matter(neighbors, tolerance):
    wide = [(0, 0), (0, 5)]
    padded = Neighbors(
        jnp.pad(neighbors.idx, wide),
        jnp.pad(neighbors.displacement, [*wide, (0, 0)]),
        jnp.pad(neighbors.mask, wide),
        neighbors.overflow,
    )
    holes = jax.tree.map(lambda x: jnp.roll(x, 2, axis=1) if x.ndim else x, padded)
    batch = jax.tree.map(lambda *x: jnp.stack(x), padded, holes)
    together = jax.jit(jax.vmap(bond_order))(batch)
    expected = order(neighbors, "invariants")
    np.testing.assert_allclose(together, jnp.stack([expected] * 2), atol=10 * tolerance)


def test_hexatic_order_in_two_dimensions():
    rows = np.stack(np.meshgrid(np.arange(6.0), np.arange(6.0), indexing="ij"), -1).reshape(-1, 2)
    triangular = (rows + [0.0, 0.5] * (rows[:, :1] % 2)) * [3**0.5 / 2, 1.0]
    box = jnp.array([3 * 3**0.5, 6.0])
    found = cutoff_neighbors(jnp.asarray(triangular), box, 1.2, capacity=16)
    expected = np.broadcast_to([0.0, 1.0, 0.0], (36, 3))
    np.testing.assert_allclose(order(found, None, (4, 6, 8)), expected, atol=1e-12)
    displaced = jnp.asarray(triangular + 0.1 * np.random.default_rng(0).normal(size=(36, 2)))
    found = check_neighbors(cutoff_neighbors(displaced, box, 1.4, capacity=16))
    angle = np.arctan2(*np.asarray(found.displacement).T[::-1]).T
    mask = np.asarray(found.mask)
    psi = np.abs((np.exp(6j * angle) * mask).sum(1)) / mask.sum(1)
    np.testing.assert_allclose(order(found, None, (4, 6, 8))[:, 1], psi, atol=1e-12)


@pytest.mark.parametrize("average", ["invariants", "lechner_dellago"])
def test_gradient_equals_central_differences(liquid, average):
    positions, box = liquid
    weights = np.random.default_rng(3).normal(size=(len(positions), len(DEGREES)))

    def loss(x):
        found = cutoff_neighbors(x, box, 1.5, capacity=32)
        return jnp.sum(weights * order(found, average))

    both = jax.jit(jax.value_and_grad(loss))
    _, gradient = both(positions)
    step = 1e-5
    for i, axis in ((0, 0), (17, 1), (100, 2)):
        shift = np.zeros(positions.shape)
        shift[i, axis] = step
        central = (both(positions + shift)[0] - both(positions - shift)[0]) / (2 * step)
        np.testing.assert_allclose(gradient[i, axis], central, rtol=1e-6, atol=1e-6)


@pytest.mark.float32
@pytest.mark.parametrize("average", ["invariants", "lechner_dellago"])
def test_gradients_stay_finite(crystal, average):
    """With padding, in a crystal where odd degrees vanish, and beside a particle that has no neighbours."""
    positions, _ = crystal("fcc", 3)
    positions = jnp.concatenate([positions, jnp.full((1, 3), 40.0)])

    def loss(x):
        found = cutoff_neighbors(x, 90 * jnp.ones(3), 0.8, capacity=20)
        values = bond_order(found, (1, 4), average)
        return jnp.nansum(values), values

    gradient, values = jax.jit(jax.grad(loss, has_aux=True))(positions)
    assert np.isnan(values[-1]).all()
    assert np.isfinite(values[:-1]).all()
    assert np.isfinite(gradient).all()
    assert not np.asarray(gradient)[-1].any()


def test_blocks_do_not_change_gradients(crystal):
    """Nor does the place of a particle in them: the last one of four is not full."""
    positions, box = crystal("fcc", 5)
    positions = positions + 0.05 * np.random.default_rng(1).normal(size=positions.shape)
    found = cutoff_neighbors(positions, box, 0.9)
    rolled = jax.tree.map(lambda x: jnp.roll(x, 150, 0) if x.ndim else x, found)

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def slope(displacement, part):
        order = bond_order(part._replace(displacement=displacement), (1, 2), None)
        return jnp.sum(order**2), order

    gradient, values = slope(found.displacement, found)
    again, same = slope(rolled.displacement, rolled)
    np.testing.assert_allclose(jnp.roll(same, -150, 0), values, atol=1e-12)
    np.testing.assert_allclose(jnp.roll(again, -150, 0), gradient, atol=1e-12)
    # Along a displacement of any particle the values change as the gradient says.
    step = 1e-6 * np.random.default_rng(2).normal(size=gradient.shape)
    ends = [slope(found.displacement + sign * step, found)[1] for sign in (1, -1)]
    along = jnp.sum(gradient * 2 * step * found.mask[..., None], (1, 2))
    np.testing.assert_allclose(jnp.sum(ends[0] ** 2 - ends[1] ** 2, 1), along, rtol=1e-5, atol=1e-12)


def test_undefined_values_are_nan(neighbors):
    """Without neighbours, or with one at the same place; so are averages that would need them."""
    alone = neighbors._replace(mask=neighbors.mask.at[7].set(False))
    coincident = neighbors._replace(displacement=neighbors.displacement.at[7, 0].set(0.0))
    assert bool(neighbors.mask[7, 0])
    near = [7, *np.flatnonzero(np.any((neighbors.idx == 7) & neighbors.mask, axis=1))]
    for bad in (alone, coincident):
        assert np.flatnonzero(np.isnan(order(bad)).all(1)).tolist() == [7]
        for average in ("invariants", "lechner_dellago"):
            assert np.flatnonzero(np.isnan(order(bad, average)).all(1)).tolist() == sorted(near)


def test_bad_settings_are_named(neighbors):
    with pytest.raises(ValueError, match="expected degrees of 0 or more"):
        bond_order(neighbors, (-1, 4))
    with pytest.raises(ValueError, match="expected degrees of 0 or more"):
        bond_order(neighbors, ())
    with pytest.raises(ValueError, match=r"up to 100, got \(101,\)"):
        bond_order(neighbors, 101)
    with pytest.raises(ValueError, match=r"whole number as degree, got 6\.5"):
        bond_order(neighbors, (6.5,))
    batch = jax.tree.map(lambda x: jnp.stack([x, x]), neighbors)
    with pytest.raises(ValueError, match=r"one system, got a batch \(2,\); try jax.vmap"):
        bond_order(batch, 6)
    with pytest.raises(ValueError, match="two dimensions, got 3"):
        hexatic_order(neighbors)
    np.testing.assert_array_equal(bond_order(neighbors, 6), bond_order(neighbors, (6,)))
