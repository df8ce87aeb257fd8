"""Cells as edges and as matrices of lattice vectors, in NumPy and in JAX."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.space import enclosed, fractions, lattice_vectors, nearest_image, volume, widths

TRICLINIC = np.array([[5.0, 0.0, 0.0], [1.5, 4.0, 0.0], [-1.0, 2.0, 6.0]])
EDGES = np.array([5.0, 4.0, 6.0])


@pytest.mark.parametrize("box", [EDGES, TRICLINIC, jnp.asarray(TRICLINIC)], ids=["edges", "matrix", "jax"])
def test_fractions_are_whole_after_lattice_vectors(box):
    shift = np.array([[1, -2, 3], [0, 4, 1]])
    np.testing.assert_allclose(fractions(lattice_vectors(shift, box), box), shift, atol=1e-12)
    assert isinstance(lattice_vectors(shift, box), type(box))


def test_edges_and_their_diagonal_matrix_are_one_cell():
    x = np.random.default_rng(0).normal(size=(20, 3)) * 10
    diagonal = np.diag(EDGES)
    for function in (fractions, nearest_image):
        np.testing.assert_allclose(function(x, EDGES), function(x, diagonal), atol=1e-12)
    np.testing.assert_allclose(volume(EDGES), volume(diagonal))
    np.testing.assert_allclose(widths(EDGES), widths(diagonal))


def test_the_wrapped_fraction_is_nearest_within_half_the_least_width():
    x = np.random.default_rng(1).normal(size=(500, 3)) * 8
    shifts = np.array(list(itertools.product(range(-9, 10), repeat=3)))
    images = x[:, None] + lattice_vectors(shifts, TRICLINIC)
    nearest = np.linalg.norm(images, axis=2).min(1)
    found = np.linalg.norm(nearest_image(x, TRICLINIC), axis=1)
    near = nearest < widths(TRICLINIC).min() / 2
    assert near.sum() > 50
    np.testing.assert_allclose(found[near], nearest[near], rtol=1e-12)
    assert np.all(found >= nearest - 1e-12)


def test_widths_are_the_heights_over_faces():
    a, b, c = TRICLINIC
    areas = [np.linalg.norm(np.cross(*pair)) for pair in ((b, c), (c, a), (a, b))]
    np.testing.assert_allclose(widths(TRICLINIC), volume(TRICLINIC) / areas)


def test_images_have_derivatives_in_the_cell():
    x = jnp.array([7.0, 1.0, -5.0])
    slope = jax.grad(lambda box: jnp.sum(nearest_image(x, box) * jnp.arange(3.0)))(jnp.asarray(TRICLINIC))
    shift = np.round(fractions(np.asarray(x), TRICLINIC))
    np.testing.assert_allclose(slope, -np.outer(shift, np.arange(3.0)))


def test_an_open_axis_is_closed_far_out():
    x = jnp.array([[0.0, 0.0, -3.0], [1.0, 1.0, 7.0]])
    np.testing.assert_allclose(enclosed(jnp.array([5.0, 4.0, jnp.inf]), x, 2.0), [5, 4, 14.14])
    film = jnp.array([[5.0, 0, 0], [1, 4, 0], [0, 0, jnp.inf]])
    np.testing.assert_allclose(enclosed(film, x, 2.0), [[5, 0, 0], [1, 4, 0], [0, 0, 14.14]])
