"""Complexes and diagrams of films: periodic along some axes, open along the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting
from oracles.periodic_reference import periodic_reference

from tdaglass.topology import alpha_complex, diagram, persistence, stable_volume

FILMS = {
    "strip": [[3.0, 0], [0, np.inf]],
    "strip along the other axis": [[np.inf, 0], [0, 2.5]],
    "film": [[2.2, 0, 0], [0.7, 2.0, 0], [0, 0, np.inf]],
    "film across x": [[np.inf, 0, 0], [0, 1.9, 0.4], [0, -0.8, 1.6]],
    "wire": [[np.inf, 0, 0], [0, 2.6, 0], [0, 0, np.inf]],
}


def points_in(film, n, weighted=False, seed=0):
    matrix, random = np.array(FILMS[film]), np.random.default_rng([seed, n])
    wide = np.where(np.isinf(matrix), 1.7, matrix)
    points = random.random((n, len(matrix))) @ wide + np.where(np.isinf(matrix.diagonal()), -7.0, 0)
    return points, matrix, 0.1 * random.random(n) if weighted else None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("film", FILMS)
def test_of_the_reference(film, weighted):
    """Which takes images along the film only, and finds the hull's simplices too: what persists is the same."""
    points, matrix, weights = points_in(film, 10, weighted)
    complex_ = alpha_complex(points, matrix, weights)
    assert complex_.perturbation == 0
    assert complex_.euler_characteristic == 0
    pairs, expected = persistence(complex_), periodic_reference(points, matrix, weights)
    periodic = np.isfinite(matrix.diagonal()).sum()
    classes = [1, 1, 0, 0] if periodic == 1 else [1, 2, 1, 0]
    assert [len(p.essential) for p in pairs] == expected.essential == classes[: len(matrix) + 1]
    for k in range(len(matrix)):
        ours = lasting(pairs[k].birth, pairs[k].death, 1e-9)
        assert deviation(ours, lasting(*expected.pairs[k].T, 1e-9)) < 1e-11
        assert len(ours) > 0 or k == 2


@pytest.mark.parametrize("film", ["strip", "film"])
def test_film_far_from_the_origin_turned_over_and_with_other_vectors(film):
    points, matrix, _ = points_in(film, 60)
    expected = persistence(alpha_complex(points, matrix))
    turned = np.where(np.isinf(matrix.diagonal()), -points, points) + 1000.0
    whole = np.eye(len(matrix))
    whole[1, 0] = 7.0 if film == "film" else 0.0
    others = np.where(np.isinf(matrix), np.inf, whole @ np.where(np.isinf(matrix), 0, matrix))
    for k, pairs in enumerate(persistence(alpha_complex(turned, others))):
        both = (lasting(p.birth, p.death, 1e-9) for p in (pairs, expected[k]))
        assert deviation(*both) < 1e-9
        assert len(pairs.essential) == len(expected[k].essential)


def test_a_void_in_a_film_and_none_above_it():
    """A crystal slab that lacks an atom: a void there, and none where its surface borders on nothing."""
    along = np.arange(4.0)
    slab = np.stack(np.meshgrid(along, along, np.arange(5.0), indexing="ij"), -1).reshape(-1, 3)
    points = slab[np.any(slab != [1, 2, 2], axis=1)] + np.random.default_rng(0).normal(
        scale=0.01, size=(79, 3)
    )
    complex_ = alpha_complex(points, [4, 4, np.inf])
    voids = persistence(complex_)[2]
    last = int(np.argmax(voids.death - voids.birth))
    assert voids.death[last] == pytest.approx(1, abs=0.05)
    others = lasting(np.delete(voids.birth, last), np.delete(voids.death, last), 1e-2)
    assert len(others) > 20
    assert others.max() < 0.8  # between eight atoms: 3 / 4
    hole = stable_volume(complex_, voids, last, 0.9 * (voids.death[last] - voids.birth[last]))
    assert np.all(np.abs(points[hole.boundary_atoms] - [1, 2, 2]) < 1.2)
    np.testing.assert_allclose(hole.position, points[hole.atom] + hole.shift * [4, 4, 0], atol=1e-9)


def test_derivatives_of_films_are_differences():
    points, matrix, weights = points_in("film", 20, weighted=True)

    def energy(points, along, weights):
        box = jnp.asarray(matrix).at[:2, :2].set(along)
        found = diagram(points, box, dimension=1, weights=weights)
        return jnp.sum(jnp.where(found.valid, (found.death - found.birth) ** 2, 0))

    given = [points, matrix[:2, :2], weights]
    slopes = jax.jit(jax.grad(energy, (0, 1, 2)))(*given)
    value = jax.jit(energy)
    for which, entry in ((0, (3, 2)), (0, (4, 0)), (1, (0, 0)), (1, (1, 0)), (1, (0, 1)), (2, (5,))):
        both = []
        for sign in (1, -1):
            moved = [np.array(y) for y in given]
            moved[which][entry] += sign * 1e-5
            both.append(float(value(*moved)))
        assert float(slopes[which][entry]) == pytest.approx((both[0] - both[1]) / 2e-5, rel=1e-6, abs=1e-6)
    edges = np.array([2.2, 2.0, np.inf])
    slope = jax.grad(lambda box: jnp.sum(diagram(points, box, dimension=0).death))(edges)
    assert np.all(np.isfinite(slope))
    assert slope[2] == 0
