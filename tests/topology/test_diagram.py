"""Diagrams inside jit, vmap and grad, beside those of the complex and beside differences."""

import itertools
import logging
import warnings
from functools import partial

import chex
import gudhi
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from oracles.compare_diagrams import deviation, lasting

from tdaglass.topology import (
    alpha_complex,
    check_diagram,
    critical_spheres,
    diagram,
    diagrams,
    persistence,
    to_radii,
)


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
    alone = jax.jit(lambda x: tuple(diagram(x[:30], box, dimension=k) for k in (2, 0, 1)))(positions)
    chex.assert_trees_all_close(together, alone, rtol=1e-13, atol=1e-13)


def test_a_batch_is_a_loop():
    batch = jnp.stack([points_of(30, 3, seed)[0] for seed in range(3)])
    box = points_of(30, 3)[1]

    @jax.jit
    def loops(x):
        return diagram(x, box, dimension=1)

    alone = [loops(x) for x in batch]
    chex.assert_trees_all_equal(
        jax.jit(jax.vmap(loops))(batch), jax.tree.map(lambda *x: jnp.stack(x), *alone)
    )


def test_devices_change_nothing():
    given = [jnp.stack(x) for x in zip(*(points_of(25, 3, seed) for seed in range(4)), strict=True)]

    def score(positions, box, weights):
        found = diagram(positions, box, dimension=1, weights=weights)
        return jnp.sum(found.death**2 - found.birth), found

    many = jax.jit(jax.vmap(jax.value_and_grad(score, (0, 1, 2), has_aux=True)))
    spread = NamedSharding(Mesh(jax.devices(), ("replicas",)), PartitionSpec("replicas"))
    alone, together = many(*given), many(*jax.device_put(given, spread))
    (score_alone, found_alone), gradient_alone = alone
    (score_together, found_together), gradient_together = together
    assert len(found_together.birth.sharding.device_set) == 2
    chex.assert_trees_all_equal(found_together, found_alone)
    # The sums are XLA's, which may add in another order on another device.
    sums = (score_together, gradient_together), (score_alone, gradient_alone)
    chex.assert_trees_all_close(*sums, rtol=1e-12, atol=1e-12)


@pytest.mark.float32
@pytest.mark.parametrize("dimension", [0, 1, 2])
def test_every_digit_of_the_precision_is_right(dimension):
    """Births, deaths and derivatives are those of the very same numbers in double precision, rounded once.

    In a large box far from the origin, where differences of positions have lost digits.
    """
    random = np.random.default_rng(4)
    positions = jnp.array(random.random((300, 3)) * [60.0, 6.0, 0.9] + 1000.0)
    box, weights = jnp.array([60.0, 6.0, 0.9]), jnp.array(0.1 * random.random(300))

    @jax.jit
    @partial(jax.grad, has_aux=True)
    def slope_of_death(positions):
        found = diagram(positions, box, dimension=dimension, weights=weights)
        return found.death[5], found

    gradient, found = slope_of_death(positions)
    check_diagram(found)
    pairs = persistence(alpha_complex(positions, box, weights))[dimension]
    lasts = pairs.death > pairs.birth
    few = max(4 * float(jnp.finfo(found.birth.dtype).eps), 1e-12)
    valid = np.asarray(found.valid)
    np.testing.assert_allclose(found.birth[valid], pairs.birth[lasts], rtol=few, atol=few)
    np.testing.assert_allclose(found.death[valid], pairs.death[lasts], rtol=few, atol=few)

    moved = np.asarray(found.death_simplex.point[5])
    step = 1e-5
    for i, axis in itertools.product(moved[moved >= 0][:2], range(3)):
        deaths = []
        for sign in (1, -1):
            x = np.array(positions, np.float64)
            x[i, axis] += sign * step
            pairs = persistence(alpha_complex(x, box, weights))[dimension]
            nearest = np.abs(pairs.death - float(found.death[5])).argmin()
            deaths.append(pairs.death[nearest])
        difference = (deaths[0] - deaths[1]) / (2 * step)
        assert float(gradient[i, axis]) == pytest.approx(difference, rel=1e-5, abs=1e-6)


def diamond(cells, edge):
    """Positions and box."""
    basis = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
    sites = [np.add(b, x) for b in basis for x in (0, 0.25)]
    corners = np.array(list(itertools.product(range(cells), repeat=3)))
    return jnp.array(edge * (corners[:, None] + sites).reshape(-1, 3)), jnp.full(3, cells * edge)


@pytest.mark.parametrize(("cells", "edge"), [(2, 3.567), (2, 1.0), (3, 0.7123)])
def test_diamond(cells, edge, caplog):
    """Of 64 atoms, where HomCloud goes wrong, and of more. What was perturbed is said, and no error to anybody."""
    positions, box = diamond(cells, edge)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "tdaglass"):
        warnings.simplefilter("error")
        rings, cages = (jax.jit(lambda x, k=k: diagram(x, box, dimension=k))(positions) for k in (1, 2))
        jax.block_until_ready((rings, cages))
        try:
            alpha_complex(positions, box)
            perturbed = False
        except UserWarning:
            perturbed = True
    assert ("so regular" in caplog.text) == perturbed
    # One ring for each of the 2 N bonds beyond the N - 1 of a tree, but for the three that wind round the box; one
    # cage for each atom, but for that which closes the whole.
    for found, expected, how_many in (
        (rings, (3 / 64, 1 / 6), len(positions) - 2),
        (cages, (1 / 6, 3 / 16), len(positions) - 1),
    ):
        check_diagram(found)
        both = np.stack([found.birth, found.death], axis=1)[np.asarray(found.valid)] / edge**2
        assert np.sum(np.all(np.abs(both - expected) < 1e-9, axis=1)) == how_many


@pytest.mark.parametrize("periodic", [False, True])
def test_tenths_make_no_holes_by_rounding(periodic):
    """Many of them lie on common spheres and, but for rounding, in common planes. Tenfold they are exact."""
    box = np.full(3, 5.0) if periodic else None
    batch = np.stack([np.random.default_rng(seed).permutation(125)[:24] for seed in range(12)])
    batch = np.stack(np.unravel_index(batch, (5, 5, 5)), axis=-1).astype(float)
    edges = jnp.full(3, 0.5) if periodic else None
    many = jax.jit(jax.vmap(lambda x: diagrams(x, edges, dimensions=(0, 1, 2), capacity=300)))
    found = many(jnp.array(batch / 10))
    for k in range(3):
        check_diagram(found[k])
    for i, positions in enumerate(batch):
        if periodic:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = [(p.birth, p.death) for p in persistence(alpha_complex(positions, box))[:3]]
        else:
            tree = gudhi.AlphaComplex(points=positions, precision="exact").create_simplex_tree()
            tree.compute_persistence()
            expected = [tree.persistence_intervals_in_dimension(k).reshape(-1, 2).T for k in range(3)]
            expected = [(birth[death < np.inf], death[death < np.inf]) for birth, death in expected]
        for k in range(3):
            valid = np.asarray(found[k].valid[i] & (found[k].birth[i] < 10))  # but for cells flat on the hull
            ours = lasting(np.asarray(found[k].birth[i])[valid], np.asarray(found[k].death[i])[valid], 1e-5)
            assert deviation(100 * ours, lasting(*expected[k], 1e-3)) < 1e-5


@pytest.mark.parametrize(("dim", "height"), [(2, np.sqrt(3) / 2), (3, np.sqrt(2 / 3))])
def test_there_is_room_for_densely_packed_particles(dim, height):
    """Layers of close packing, shaken: nearly every triangle and tetrahedron opens or ends a hole."""
    layer, random = 6, np.random.default_rng(dim)
    sites = np.stack(np.unravel_index(np.arange(layer**dim), (layer,) * dim), axis=1).astype(float)
    steps = np.array([[1, 0, 0], [1 / 2, np.sqrt(3) / 2, 0], [1 / 2, np.sqrt(3) / 6, height]])[:dim, :dim]
    box = layer * np.diag(steps)
    packed = np.mod(sites @ steps, box) + random.normal(scale=0.06, size=sites.shape)
    all_of = jax.jit(partial(diagrams, dimensions=tuple(range(dim))))
    for found in all_of(jnp.array(packed), jnp.array(box)):
        check_diagram(found)
    assert int(found.count) > (1.9 if dim == 2 else 4.5) * len(sites)


def test_radii():
    points, weights = jnp.array(np.random.default_rng(2).random((40, 2)) * 6), jnp.full(40, 0.3)

    @jax.jit
    def both(x):
        found = diagrams(x, dimensions=(0, 1), weights=weights)
        return [(squared, to_radii(squared)) for squared in found]

    for squared, plain in both(points):
        np.testing.assert_allclose(jnp.sign(plain.death) * plain.death**2, squared.death, atol=1e-12)
    slope = jax.jit(jax.grad(lambda x: to_radii(diagram(x, dimension=0)).birth.sum()))(points)
    assert np.all(np.isfinite(slope))


def test_want_of_memory_is_said(monkeypatch):
    def fails(*_, **__):
        raise MemoryError

    monkeypatch.setattr(critical_spheres, "alpha_complex", fails)
    batch = jnp.stack([points_of(30, 3, seed)[0] for seed in range(2)])
    found = jax.jit(jax.vmap(lambda x: diagram(x, dimension=1)))(batch)
    assert not np.any(found.valid)
    with pytest.raises(ValueError, match=r"memory.*at \[0\]; try TDAGLASS_THREADS=1"):
        check_diagram(found)


def test_whatever_goes_wrong_is_said():
    positions, box, _ = points_of(30, 3)
    short, whole = (
        jax.jit(lambda x, m=m: diagram(x, box, dimension=1, capacity=m))(positions) for m in (10, 200)
    )
    assert int(short.count) == int(whole.count) > 10
    chex.assert_trees_all_equal(short[:5], jax.tree.map(lambda x: np.asarray(x)[:10], whole[:5]))
    with pytest.raises(ValueError, match=f"try capacity={int(whole.count)}"):
        check_diagram(short)
    batch = jnp.stack([positions, positions.at[4].set(jnp.nan)])
    with pytest.raises(ValueError, match=r"at \[1\]"):
        check_diagram(jax.jit(jax.vmap(lambda x: diagram(x, box, dimension=1)))(batch))
    with pytest.raises(ValueError, match="dimension 0 to 2"):
        diagram(positions, box, dimension=3)
    with pytest.raises(NotImplementedError, match="first derivatives"):
        jax.hessian(lambda x: diagram(x, box, dimension=1).death.sum())(positions)
