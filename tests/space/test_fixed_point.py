"""Fixed-point positions: the nearest image is a subtraction, and nothing is lost on the way through a boundary."""

from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdaglass.space import FixedPoint, displacement, from_positions, shift, to_positions
from tdaglass.space.fixed_point import scale

BOX = (3.0, 7.5)
PRECISIONS = ["float32", pytest.param("float64", marks=pytest.mark.skipif("not jax.config.jax_enable_x64"))]
PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"

moves = st.lists(st.tuples(st.floats(-0.49, 0.49), st.floats(-0.49, 0.49)), min_size=1, max_size=20)
places = st.tuples(st.floats(-40, 40), st.floats(-40, 40))


def exact(fixed: FixedPoint) -> list[Fraction]:
    """Positions in units of the box, without rounding."""
    resolution = Fraction(scale(fixed.fraction.dtype))
    pairs = zip(np.asarray(fixed.fraction).ravel(), np.asarray(fixed.image).ravel(), strict=True)
    return [int(image) + Fraction(1, 2) + int(fraction) * resolution for fraction, image in pairs]


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_positions_come_back(dtype):
    box = jnp.asarray(BOX, dtype)
    positions = jnp.asarray(np.random.default_rng(0).uniform(-3, 4, (500, 2)) * BOX, dtype)
    fixed = from_positions(positions, box)
    assert fixed.fraction.dtype == dtype.replace("float", "int")
    back = to_positions(fixed, box)
    assert back.dtype == dtype
    np.testing.assert_allclose(back, positions, atol=4 * jnp.finfo(dtype).eps * 30)


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_faces_and_their_neighbourhood_belong_to_one_image(dtype):
    box = jnp.asarray([1.0], dtype)
    eps = float(jnp.finfo(dtype).eps)
    for position in (0.0, -0.0, 1.0, -1.0, -eps / 4, -1e-30, 1 - eps / 2, 2.0 + 2 * eps):
        fixed = from_positions(jnp.asarray([position], dtype), box)
        assert abs(exact(fixed)[0] - Fraction(position)) <= Fraction(eps)


@pytest.mark.float32
@settings(deadline=None, max_examples=60)
@given(start=places, path=moves)
def test_a_walk_through_boundaries_is_unwrapped(start, path):
    box = jnp.asarray(BOX, PRECISION)
    begun = fixed = from_positions(jnp.asarray(start, PRECISION), box)
    walked = exact(begun)
    for move in path:
        step = jnp.asarray(np.multiply(move, BOX), PRECISION)
        before = exact(fixed)
        fixed = shift(fixed, step, box)
        after = exact(fixed)
        # Each move is made to the rounding of the float that asks for it, and no image is gained or lost.
        for a, b, asked in zip(before, after, np.asarray(step, float) / BOX, strict=True):
            assert abs((b - a) - Fraction(asked)) < 2e-7 if PRECISION == "float32" else 2e-16
        walked = after
    gone = np.asarray(displacement(fixed, begun, box), float)
    truth = [float(b - a) * edge for a, b, edge in zip(exact(begun), walked, BOX, strict=True)]
    np.testing.assert_allclose(gone, truth, rtol=4 * jnp.finfo(PRECISION).eps, atol=0)


@pytest.mark.float32
@settings(deadline=None, max_examples=100)
@given(st.data())
def test_displacement_is_exact_for_any_two_points(data):
    bits = 32 if PRECISION == "float32" else 64
    integers = st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    start, end = (
        FixedPoint(
            jnp.asarray([data.draw(integers)], f"int{bits}"),
            jnp.asarray([data.draw(st.integers(-9, 9))], "int32"),
        )
        for _ in range(2)
    )
    box = jnp.asarray([4.0], PRECISION)
    truth = float(4 * (exact(end)[0] - exact(start)[0]))
    # The sum of images and fraction rounds once, to the precision of the nearest whole box.
    eps = float(jnp.finfo(PRECISION).eps)
    np.testing.assert_allclose(displacement(end, start, box)[0], truth, rtol=eps, atol=4 * eps)
    assert displacement(start, start, box)[0] == 0


@pytest.mark.float32
def test_small_displacements_keep_their_digits_anywhere_in_the_box():
    box = jnp.asarray([15.0], PRECISION)
    start = from_positions(jnp.asarray([14.999], PRECISION), box)
    resolution = 15 * scale(jnp.dtype(PRECISION))
    asked = jnp.asarray([1000 * resolution], PRECISION)
    for _ in range(3):
        moved = shift(start, asked, box)
        np.testing.assert_allclose(displacement(moved, start, box), asked, rtol=1e-6)
        start = moved


@pytest.mark.float32
def test_batches_are_loops():
    rng = np.random.default_rng(1)
    boxes = jnp.asarray(rng.uniform(3, 5, (4, 3)), PRECISION)
    positions = jnp.asarray(rng.uniform(-9, 9, (4, 6, 3)), PRECISION)
    together = jax.vmap(from_positions)(positions, boxes)
    for k in range(4):
        alone = from_positions(positions[k], boxes[k])
        np.testing.assert_array_equal(together.fraction[k], alone.fraction)
        np.testing.assert_array_equal(together.image[k], alone.image)
