"""Complexes in boxes of all shapes, small and gaping ones too, beside a plain reference and their own replicas."""

import itertools

import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting
from oracles.periodic_reference import periodic_reference
from oracles.points import jittered_points

from tdaglass import kernels
from tdaglass.topology import alpha_complex, persistence

CLASSES = {2: [1, 2, 1], 3: [1, 3, 3, 1]}


def points_in(ratios, n, dim, random, weighted=False):
    """Of unit density."""
    box = np.array(ratios[:dim], float)
    box *= (n / np.prod(box)) ** (1 / dim)
    points = random.random((n, dim)) * box
    return points, box, 0.4 * random.random(n) if weighted else None


def assert_as_reference(points, box, weights):
    expected = periodic_reference(points, box, weights)
    complex_ = alpha_complex(points, box, weights)
    assert complex_.perturbation == 0
    pairs = persistence(complex_)
    assert expected.essential == [len(p.essential) for p in pairs] == CLASSES[len(box)]
    for k, value in enumerate(complex_.values):
        present = np.sort(value[np.isfinite(value)])  # all but points hidden by the weights of others
        assert len(present) == len(expected.values[k])
        np.testing.assert_allclose(present, expected.values[k], rtol=1e-12, atol=1e-12)
        ours = lasting(pairs[k].birth, pairs[k].death, 1e-9)
        assert deviation(ours, lasting(*expected.pairs[k].T, 1e-9)) < 1e-12


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("n", "dim", "ratios"),
    [
        (4, 2, (1, 4)),
        (7, 2, (1, 3)),
        (100, 2, (1, 1.4)),
        (4, 3, (1, 1.4, 0.8)),
        (5, 3, (1, 3, 0.6)),
        (12, 3, (1, 3, 0.6)),
        (30, 3, (1, 1.4, 0.8)),
        pytest.param(60, 3, (1, 3, 0.6), marks=pytest.mark.slow),
    ],
)
def test_boxes_of_unequal_edges(n, dim, ratios, weighted):
    assert_as_reference(*points_in(ratios, n, dim, np.random.default_rng(n), weighted))


@pytest.mark.slow
def test_a_hundred_points():
    assert_as_reference(*points_in((1, 1.4, 0.8), 100, 3, np.random.default_rng(0)))


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize(("n", "dim", "ratios", "seed"), [(5, 2, (1, 4), 4), (8, 3, (1, 3, 0.6), 3)])
def test_gaps_that_the_first_images_do_not_span(n, dim, ratios, seed, backend, monkeypatch):
    """Nothing seems to be wrong with the cells on either side: those across the gap are not there."""
    if backend == "numpy":
        monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    assert_as_reference(*points_in(ratios, n, dim, np.random.default_rng(seed)))


def test_film():
    points, box, _ = points_in((1, 1, 1), 12, 3, np.random.default_rng(0))
    assert_as_reference(points, box * [1, 1, 3], None)


def test_sheet():
    """A sheet alone in a box, whose first images all lie in its plane."""
    random = np.random.default_rng(5)
    box = np.array([3.0, 3.3, 9.0])
    points = np.c_[random.random((9, 2)) * box[:2], np.full(9, 0.7)]
    complex_ = alpha_complex(points, box)
    assert complex_.euler_characteristic == 0
    assert [len(p.essential) for p in persistence(complex_)] == CLASSES[3]
    assert complex_.values[3].max() > (9 / 2) ** 2


def test_heavy_points_hide_others_from_afar():
    """Weights so large that what conflicts with a sphere lies far outside it."""
    points, box, _ = points_in((1, 1.3, 0.9), 30, 3, np.random.default_rng(1))
    weights = np.zeros(30)
    weights[:2] = 4.0
    assert_as_reference(points, box, weights)


def replicas(points, box, weights):
    shifts = np.array(list(itertools.product(range(2), repeat=len(box))))
    many = (points + shifts[:, None, :] * box).reshape(-1, len(box))
    return many, 2 * box, None if weights is None else np.tile(weights, len(shifts))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("n", "dim"), [(50, 2), (8, 3), (64, 3)])
def test_replicas_have_each_hole_as_often(n, dim, weighted):
    """Of two boxes along every axis, over which the first one is 2^dim times covered.

    Simplices and their values are there 2^dim times. Holes are not: what winds round the small box may open in
    the large one, and copies of a component may meet. But before the first class that never ends appears in
    dimension one, nothing winds round the box, and the complex is 2^dim copies of the small one; and once all
    those of dimension dim - 1 are there, nothing of what remains empty does, and this is 2^dim copies of what
    remained in the small box (Lefschetz duality). Pairs that die before the first moment or are born after the
    second are there 2^dim times.
    """
    if n == 64:  # evenly spread points have holes on both sides
        random = np.random.default_rng(3)
        points, edge = jittered_points(random, n)
        box, weights = np.full(3, edge), 0.1 * random.random(n) if weighted else None
    else:
        points, box, weights = points_in((1, 1.4, 0.8), n, dim, np.random.default_rng(n), weighted)
    copies = 2**dim
    small, large = alpha_complex(points, box, weights), alpha_complex(*replicas(points, box, weights))
    for one, many in zip(small.values, large.values, strict=True):
        np.testing.assert_allclose(np.sort(many), np.sort(np.tile(one, copies)), rtol=1e-11, atol=1e-11)
    few, many = persistence(small), persistence(large)
    winds = small.values[1][few[1].essential].min()
    closes = small.values[dim - 1][few[dim - 1].essential].max()
    assert [len(p.essential) for p in many] == CLASSES[dim]
    compared = []
    for k in range(dim):
        for early in (True, False):
            chosen = []
            for pairs in (few[k], many[k]):
                of_kind = pairs.death < winds - 1e-9 if early else pairs.birth > closes + 1e-9
                chosen.append(lasting(pairs.birth[of_kind], pairs.death[of_kind], 1e-9))
            assert deviation(chosen[1], np.tile(chosen[0], (copies, 1))) < 1e-11
            compared.append(len(chosen[0]))
    if n > 8:
        assert compared[0] > 5
        assert compared[-1] > 2
    # And not all are: copies of the first component are joined at last.
    assert len(many[0].birth) > copies * len(few[0].birth)
