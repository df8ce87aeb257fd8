"""Volumes of pairs: HomCloud's in size, well made as meshes, and the same in any order and place."""

import json
from pathlib import Path

import numpy as np
import pytest

from tdaglass.topology import (
    NoRing,
    NoVolume,
    alpha_complex,
    boundary_areas,
    optimal_volume,
    persistence,
    persistence_tree,
    ring,
    stable_subvolume,
    stable_volume,
)

HOMCLOUD = json.loads((Path(__file__).parents[1] / "reference" / "homcloud_volumes.json").read_text())
EPSILON = HOMCLOUD["epsilon"]


def lattice(seed=1, n=4, dim=3, noise=0.2):
    random = np.random.default_rng(seed)
    sites = np.stack(np.meshgrid(*[np.arange(n)] * dim, indexing="ij"), -1).reshape(-1, dim)
    return (sites + random.normal(scale=noise, size=sites.shape)) % n


def longest(pairs, n):
    return np.argsort(pairs.birth - pairs.death)[:n].tolist()


@pytest.mark.parametrize("box", [None, [5, 5, 5]])
@pytest.mark.parametrize("dimension", [1, 2])
def test_volumes_are_as_large_as_homclouds(dimension, box):
    complex_ = alpha_complex(HOMCLOUD["points"], box)
    pairs, tree = persistence(complex_)[dimension], persistence_tree(complex_)
    theirs = [p for p in HOMCLOUD["pairs"] if p["box"] == box and p["dimension"] == dimension]
    assert len(theirs) > 15
    for expected in theirs:
        away = np.abs(pairs.birth - expected["birth"]) + np.abs(pairs.death - expected["death"])
        which = int(np.argmin(away))
        assert away[which] < 1e-9
        optimal = optimal_volume(complex_, pairs, which, tree=tree)
        stable = stable_volume(complex_, pairs, which, EPSILON, tree=tree)
        subvolume = stable_subvolume(complex_, pairs, which, EPSILON, tree=tree)
        assert len(optimal.cells) == expected["optimal"]
        assert len(stable.cells) == expected["stable"]
        # Which of several smallest volumes this one lies in is open.
        assert len(stable.cells) <= len(subvolume.cells) <= len(optimal.cells)
        assert set(subvolume.simplices) <= set(optimal.simplices)
        if dimension == 2:
            assert len(subvolume.cells) == expected["subvolume"]


@pytest.mark.parametrize(("dim", "dimension"), [(2, 1), (3, 1), (3, 2)])
@pytest.mark.parametrize("periodic", [False, True])
def test_meshes_are_what_the_pair_says(dim, dimension, periodic):
    # Twice as wide as the holes, and given anywhere.
    random = np.random.default_rng(3)
    points, box = lattice(n=6, dim=dim), np.full(dim, 6.0)
    points += box * random.integers(-3, 4, points.shape) if periodic else 0
    complex_ = alpha_complex(points, box if periodic else None)
    pairs = persistence(complex_)[dimension]
    wraps = 0
    for which in longest(pairs, 12):
        volume = optimal_volume(complex_, pairs, which)
        wraps += volume.wraps
        assert (volume.birth, volume.death) == (pairs.birth[which], pairs.death[which])
        moved = volume.shift * (box if periodic else 0)
        np.testing.assert_allclose(volume.position, points[volume.atom] + moved, rtol=0, atol=1e-12)
        corners = volume.position[volume.cells]
        widest = np.linalg.norm(corners[:, :, None] - corners[:, None], axis=3).max()
        assert widest <= 2 * np.sqrt(volume.death) + 1e-9
        # The boundary is there at birth, its last simplex just then, and has no boundary itself.
        edges = volume.position[volume.boundary]
        assert np.linalg.norm(edges[:, 1] - edges[:, 0], axis=1).max() <= 2 * np.sqrt(volume.birth) + 1e-9
        critical = complex_.simplices[dimension].point[pairs.birth_simplex[which]]
        assert sorted(critical) in np.sort(volume.atom[volume.boundary], axis=1).tolist()
        corners = volume.atom[volume.boundary] if volume.wraps else volume.boundary
        sides = [sorted(np.delete(row, k)) for row in corners for k in range(dimension + 1)]
        _, counts = np.unique(sides, axis=0, return_counts=True)
        assert np.all(counts % 2 == 0)
        # The cell that ends the hole comes first, at the place where its first point was given.
        assert volume.simplices[0] == pairs.death_simplex[which]
        assert np.all(volume.shift[volume.cells[0, 0]] == 0)
    # Voids of so small a box stay apart from their images; loops need not.
    assert wraps == 0 if dimension == dim - 1 else wraps < 12


def test_rings_are_in_order():
    complex_ = alpha_complex(lattice(), np.full(3, 4.0))
    loops = persistence(complex_)[1]
    # Loops that persist long in so small a box meet themselves; those of few edges cannot.
    volumes = [optimal_volume(complex_, loops, which) for which in longest(loops, 60)]
    simple = [volume for volume in volumes if len(volume.boundary) < 8]
    assert len(simple) > 20
    for volume in simple:
        order = ring(volume)
        walked = {frozenset(pair) for pair in zip(order.tolist(), np.roll(order, -1).tolist(), strict=True)}
        assert walked == {frozenset(pair) for pair in volume.boundary.tolist()}
    voids = persistence(complex_)[2]
    with pytest.raises(NoRing, match="one ring"):
        ring(optimal_volume(complex_, voids, longest(voids, 1)[0]))


@pytest.mark.parametrize("dimension", [1, 2])
def test_volumes_depend_neither_on_order_nor_on_place(dimension):
    points, box = lattice(), np.full(3, 4.0)
    order = np.random.default_rng(2).permutation(len(points))
    found = []
    for given in (points, (points[order] + 1.37) % box):
        complex_ = alpha_complex(given, box)
        pairs = persistence(complex_)[dimension]
        found.append([optimal_volume(complex_, pairs, which) for which in longest(pairs, 25)])
    for one, other in zip(*found, strict=True):
        cells = one.atom[one.cells], order[other.atom][other.cells]
        first, second = (sorted(map(tuple, np.sort(rows, axis=1).tolist())) for rows in cells)
        assert first == second


def test_volumes_that_meet_themselves_say_so():
    random = np.random.default_rng(0)
    wraps = []
    for _ in range(20):
        complex_ = alpha_complex(random.random((6, 3)), np.ones(3))
        pairs = persistence(complex_)[2]
        wraps += [optimal_volume(complex_, pairs, which).wraps for which in range(len(pairs.birth))]
    assert any(wraps)
    assert not all(wraps)


def test_areas_around_a_void_are_known_and_do_not_depend_on_the_box():
    # A cube of edge 2: its void is bounded by two triangles of area 2 on each face.
    cube = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), -1).reshape(-1, 3)
    complex_ = alpha_complex(cube, warn=False)
    voids = persistence(complex_)[2]
    volume = optimal_volume(complex_, voids, int(np.argmax(voids.death - voids.birth)))
    np.testing.assert_allclose(boundary_areas(volume), 2.0, rtol=1e-6)
    assert len(volume.boundary) == 12
    found = []
    for shift in (0.0, 1.7):
        complex_ = alpha_complex(lattice() + shift, np.full(3, 4.0))
        voids = persistence(complex_)[2]
        found.append(np.sort(boundary_areas(optimal_volume(complex_, voids, longest(voids, 1)[0]))))
    np.testing.assert_allclose(*found, rtol=1e-9)
    loops = persistence(complex_)[1]
    with pytest.raises(ValueError, match="expected a void in three dimensions"):
        boundary_areas(optimal_volume(complex_, loops, longest(loops, 1)[0]))


def test_bad_input_is_said():
    complex_ = alpha_complex(lattice(), np.full(3, 4.0))
    components, loops, voids, _ = persistence(complex_)
    with pytest.raises(ValueError, match="loops or voids"):
        optimal_volume(complex_, components, 0)
    for pairs in (loops, voids):
        with pytest.raises(ValueError, match="expected the number"):
            optimal_volume(complex_, pairs, len(pairs.birth))
        for epsilon in (-0.1, 10.0):
            with pytest.raises(ValueError, match="below the persistence"):
                stable_volume(complex_, pairs, longest(pairs, 1)[0], epsilon)


def test_a_loop_that_nothing_fills_is_said(monkeypatch):
    complex_ = alpha_complex(lattice(), np.full(3, 4.0))
    loops = persistence(complex_)[1]
    which = longest(loops, 1)[0]
    # As if all triangles but the last were missing.
    values = complex_.values[2].copy()
    values[np.arange(len(values)) != loops.death_simplex[which]] = -1.0
    missing = complex_._replace(values=(*complex_.values[:2], values, complex_.values[3]))
    with pytest.raises(NoVolume, match="that they cannot"):
        optimal_volume(missing, loops, which)
