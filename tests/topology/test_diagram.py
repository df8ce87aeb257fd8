"""Diagrams inside jit, vmap and grad, beside those of the complex and beside differences."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.topology import alpha_complex, check_diagram, diagram, diagrams, persistence


def points_of(n, dim, seed=0):
    random = np.random.default_rng(seed)
    box = np.array([1.0, 1.2, 0.9])[:dim] * n ** (1 / dim)
    return jnp.array(random.random((n, dim)) * box), jnp.array(box), jnp.array(0.1 * random.random(n))


@pytest.mark.parametrize(
    ("dim", "dimension", "periodic", "weighted"),
    [
        (2, 0, True, False),
        (2, 1, True, True),
        (3, 0, True, True),
        (3, 1, True, False),
        (3, 2, True, True),
        (2, 1, False, False),
        (3, 1, False, True),
        (3, 2, False, False),
    ],
)
def test_values_are_those_of_the_complex(dim, dimension, periodic, weighted):
    positions, box, weights = points_of(50, dim)
    box, weights = box if periodic else None, weights if weighted else None
    moved = positions if box is None else positions + box * jnp.array([3, -2, 1])[:dim]
    found = jax.jit(lambda x: diagram(x, box, dimension=dimension, weights=weights))(moved)
    check_diagram(found)
    pairs = persistence(alpha_complex(positions, box, weights))[dimension]
    lasts = pairs.death > pairs.birth
    assert int(found.count) == lasts.sum() > 5
    if dim == 3 and not periodic:  # spheres of flat cells of the hull are large
        lasts &= pairs.death < 100
    valid = np.asarray(found.valid & (found.death < 100) if dim == 3 and not periodic else found.valid)
    np.testing.assert_allclose(np.sort(found.birth[valid]), np.sort(pairs.birth[lasts]), rtol=0, atol=1e-11)
    np.testing.assert_allclose(np.sort(found.death[valid]), np.sort(pairs.death[lasts]), rtol=0, atol=1e-11)


@pytest.mark.parametrize(("dim", "dimension"), [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)])
def test_gradients_are_differences(dim, dimension):
    positions, box, weights = (
        jnp.stack(x) for x in zip(*(points_of(20, dim, seed) for seed in (1, 2)), strict=True)
    )

    def score(positions, box, weights):
        found = diagram(positions, box, dimension=dimension, weights=weights)
        return jnp.sum(jnp.where(found.valid, jnp.sin(found.birth) + found.death**2, 0))

    gradients = jax.jit(jax.vmap(jax.grad(score, (0, 1, 2))))(positions, box, weights)
    many = jax.jit(jax.vmap(score))
    step = 1e-6
    for which, gradient in enumerate(gradients):
        for index in [(0,), (3,)] if which == 2 else [(0,)] if which == 1 else [(0, 0), (7, dim - 1)]:
            for k in (0, 1):
                both = []
                for sign in (1, -1):
                    given = [positions, box, weights]
                    given[which] = given[which].at[(k, *index)].add(sign * step)
                    both.append(float(many(*given)[k]))
                difference = (both[0] - both[1]) / (2 * step)
                assert float(gradient[(k, *index)]) == pytest.approx(difference, rel=1e-6, abs=1e-6)


def test_dimensions_together_are_each_alone():
    positions, box, _ = points_of(40, 3)
    together = jax.jit(lambda x: diagrams(x, box, dimensions=(2, 0, 1), subset=jnp.arange(30)))(positions)
    for found, k in zip(together, (2, 0, 1), strict=True):
        alone = diagram(positions[:30], box, dimension=k)
        jax.tree.map(partial(np.testing.assert_allclose, rtol=1e-13, atol=1e-13), found, alone)


def test_a_batch_is_a_loop():
    batch = jnp.stack([points_of(30, 3, seed)[0] for seed in range(3)])
    box = points_of(30, 3)[1]
    together = jax.vmap(lambda x: diagram(x, box, dimension=1))(batch)
    for k in range(3):
        alone = diagram(batch[k], box, dimension=1)
        jax.tree.map(lambda x, y, k=k: np.testing.assert_array_equal(x[k], y), together, alone)


def test_whatever_goes_wrong_is_said():
    positions, box, _ = points_of(30, 3)
    with pytest.raises(ValueError, match=r"try capacity=\d+"):
        check_diagram(diagram(positions, box, dimension=1, capacity=10))
    batch = jnp.stack([positions, positions.at[4].set(jnp.nan)])
    with pytest.raises(ValueError, match=r"at \[1\]"):
        check_diagram(jax.vmap(lambda x: diagram(x, box, dimension=1))(batch))
    with pytest.raises(ValueError, match="dimension 0 to 2"):
        diagram(positions, box, dimension=3)
    with pytest.raises(NotImplementedError, match="first derivatives"):
        jax.hessian(lambda x: diagram(x, box, dimension=1).death.sum())(positions)
