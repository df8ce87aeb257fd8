from itertools import permutations, product

import jax
import numpy as np
import pytest

from tdaglass.learning import random_symmetry

moved = jax.jit(random_symmetry, static_argnums=2)


def group(image, symmetries):
    """Every image that the symmetries can make of one, as bytes."""
    axes = range(1, image.ndim)
    grid = image.shape[1:]
    found = set()
    for order, signs in product(permutations(axes), product([1, -1], repeat=len(grid))):
        handed = np.linalg.det(np.eye(len(grid))[np.array(order) - 1]) * np.prod(signs)
        if "rotations" not in symmetries and order != tuple(axes):
            continue
        if "mirrors" not in symmetries and (handed < 0 or ("rotations" not in symmetries and -1 in signs)):
            continue
        turned = np.flip(
            image.transpose(0, *order), [axis for axis, s in zip(axes, signs, strict=True) if s < 0]
        )
        shifts = product(*map(range, grid)) if "translations" in symmetries else [(0,) * len(grid)]
        found |= {np.roll(turned, shift, axes).tobytes() for shift in shifts}
    return found


@pytest.mark.parametrize(
    ("symmetries", "edges", "size"),
    [
        (("rotations",), (4, 4), 4),
        (("mirrors",), (4, 3), 4),
        (("rotations", "mirrors"), (4, 4), 8),
        (("translations",), (3, 4), 12),
        (("translations", "rotations", "mirrors"), (3, 3), 72),
        (("rotations",), (3, 3, 3), 24),
        (("rotations", "mirrors"), (3, 3, 3), 48),
        (("translations", "mirrors"), (2, 1, 3), 12),
    ],
)
def test_the_whole_group_is_drawn_and_nothing_else(symmetries, edges, size):
    image = np.random.default_rng(0).normal(size=(2, *edges))
    allowed = group(image, symmetries)
    copies = np.broadcast_to(image, (30 * size, *image.shape))
    drawn = [x.tobytes() for x in np.asarray(moved(jax.random.key(0), copies, symmetries))]
    assert len(allowed) == size
    assert set(drawn) == allowed
    counts = np.array([drawn.count(x) for x in allowed])
    chi_sq = ((counts - 30) ** 2 / 30).sum()
    assert chi_sq < size - 1 + 5 * (2 * (size - 1)) ** 0.5


def test_cells_change_places_and_neighbours_stay_neighbours():
    images = np.random.default_rng(1).normal(size=(20, 2, 6, 6))
    after = np.asarray(moved(jax.random.key(2), images, ("translations", "rotations", "mirrors")))
    np.testing.assert_array_equal(
        np.sort(after.reshape(20, 2, -1), axis=-1), np.sort(images.reshape(20, 2, -1), axis=-1)
    )
    assert (after != images).any(axis=(1, 2, 3)).all()

    def bonds(x):
        products = [(x[:, 0] * np.roll(x[:, 1], s, axis)).sum((1, 2)) for axis in (1, 2) for s in (1, -1)]
        return sum(products)

    np.testing.assert_allclose(bonds(after), bonds(images), rtol=1e-4, atol=1e-4)


def test_a_key_fixes_them_and_bad_ones_are_told_with_a_remedy():
    images = np.random.default_rng(1).normal(size=(4, 1, 6, 5))
    twice = [moved(jax.random.key(0), images, ("translations",)) for _ in range(2)]
    np.testing.assert_array_equal(*twice)
    with pytest.raises(ValueError, match=r"equal edges for rotations by right angles, got \(6, 5\); try"):
        moved(jax.random.key(0), images, ("rotations",))
