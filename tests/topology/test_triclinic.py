"""Complexes and diagrams in triclinic cells, beside a plain reference and the same lattice by other vectors."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles.compare_diagrams import deviation, lasting
from oracles.periodic_reference import periodic_reference

from tdaglass import kernels
from tdaglass.topology import alpha_complex, diagram, diagrams, optimal_volume, persistence, vertex_positions

CLASSES = {2: [1, 2, 1], 3: [1, 3, 3, 1]}
# In units of the mean edge. The last ones are far from reduced, and one of them is left-handed.
LATTICES = {
    "rhombus": [[1, 0], [0.5, 0.9]],
    "steep": [[1, 0.2], [2.7, 1.1]],
    "oblique": [[1.2, 0, 0], [0.5, 0.9, 0], [-0.4, 0.3, 1.1]],
    "narrow": [[2.5, 0, 0], [1.1, 0.8, 0], [0.9, -0.3, 0.7]],
    "far from reduced": [[1, 0.1, 0], [3.2, 1, 0.2], [-4.1, 2.7, -0.9]],
}


def points_in(lattice, n, weighted=False, seed=0):
    """Of unit density, anywhere."""
    random, matrix = np.random.default_rng([seed, n]), np.array(LATTICES.get(lattice, lattice), float)
    matrix *= (n / abs(np.linalg.det(matrix))) ** (1 / len(matrix))
    points = 4 * random.random((n, len(matrix))) @ matrix
    return points, matrix, 0.3 * random.random(n) if weighted else None


def assert_same(found, expected, least=1e-9, most=1e-9):
    for one, other in zip(found, expected, strict=True):
        ours, theirs = (lasting(p.birth, p.death, least) for p in (one, other))
        assert deviation(ours, theirs) < most
        assert len(one.essential) == len(other.essential)


@pytest.mark.parametrize("backend", ["compiled", "numpy"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("lattice", LATTICES)
def test_of_the_reference(lattice, weighted, backend, monkeypatch):
    """Which finds images, quotient and pairs in another way, and sees the lattice as it was given."""
    if backend == "numpy":
        monkeypatch.setattr(kernels, "WHY_NOT", "on purpose")
    points, matrix, weights = points_in(lattice, 9, weighted)
    complex_ = alpha_complex(points, matrix, weights)
    assert complex_.perturbation == 0
    pairs = persistence(complex_)
    # A lattice that is far from reduced would take the plain reference a million images.
    short = complex_.sites.box if lattice in ("steep", "far from reduced") else matrix
    expected = periodic_reference(points, short, weights)
    assert expected.essential == [len(p.essential) for p in pairs] == CLASSES[len(matrix)]
    for k, value in enumerate(complex_.values):
        present = np.sort(value[np.isfinite(value)])
        np.testing.assert_allclose(present, expected.values[k], rtol=1e-11, atol=1e-11)
        ours = lasting(pairs[k].birth, pairs[k].death, 1e-9)
        assert deviation(ours, lasting(*expected.pairs[k].T, 1e-9)) < 1e-11


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dim", [2, 3])
def test_sheared_by_whole_edges_a_cell_is_the_one_it_was(dim, weighted):
    edges = np.array([4.1, 5.3, 3.7])[:dim]
    random = np.random.default_rng(dim)
    points, weights = 9 * random.random((60, dim)), 0.2 * random.random(60) if weighted else None
    expected = persistence(alpha_complex(points, edges, weights))
    for whole in ([[1, 3, -2], [0, 1, 7], [0, 0, 1]], [[0, 1, 0], [1, 0, 0], [4, -1, -1]]):
        whole = np.array(whole)[:dim, :dim]
        complex_ = alpha_complex(points, whole @ np.diag(edges), weights)
        assert complex_.sites.box.ndim == 1
        assert_same(persistence(complex_), expected, most=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("lattice", ["rhombus", "oblique"])
def test_other_vectors_of_the_lattice_rotations_and_mirrors(lattice, weighted):
    points, matrix, weights = points_in(lattice, 60, weighted)
    dim = len(matrix)
    random = np.random.default_rng(1)
    expected = persistence(alpha_complex(points, matrix, weights))
    turn = np.linalg.qr(random.normal(size=(dim, dim)))[0]
    mirror = turn * np.append(-1, np.ones(dim - 1))
    wild = np.triu(random.integers(-9, 10, (dim, dim)), 1) + np.eye(dim, dtype=int)
    for rotation, whole in ((turn, np.eye(dim)), (mirror, wild), (np.eye(dim), wild.T @ wild)):
        moved = (points + random.integers(-3, 4, points.shape) @ matrix + 0.37) @ rotation
        assert_same(persistence(alpha_complex(moved, whole @ matrix @ rotation, weights)), expected)


TILTED = {  # a cell, and how often it is repeated until the whole is orthorhombic
    "half an edge": ([[4, 0], [2, 5]], [[1, 0], [-1, 2]]),
    "more than an edge": ([[5, 0, 0], [7.5, 4, 0], [5 / 3, 0, 6]], [[1, 0, 0], [-3, 2, 0], [-1, 0, 3]]),
    "primitive cell of fcc": ([[0, 4, 4], [4, 0, 4], [4, 4, 0]], [[-1, 1, 1], [1, -1, 1], [1, 1, -1]]),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", TILTED)
def test_of_each_cell_of_the_orthorhombic_supercell(name, weighted):
    """All simplices, and holes that do not wind round the cell: see test_replicas_have_each_hole_as_often."""
    matrix, whole = (np.array(x, float) for x in TILTED[name])
    dim, copies = len(matrix), round(np.linalg.det(whole))
    random = np.random.default_rng(5)
    n = 30 if dim == 2 else 90
    # Spread evenly, so that there are holes that do not wind.
    many = random.random((4000, dim)) @ matrix
    chosen, apart = [0], np.full(len(many), np.inf)
    beside = np.array(list(itertools.product((-1, 0, 1), repeat=dim))) @ matrix
    while len(chosen) < n:
        for step in beside:
            apart = np.minimum(apart, np.linalg.norm(many - many[chosen[-1]] - step, axis=1))
        chosen.append(int(np.argmax(apart * (0.8 + 0.2 * random.random(len(many))))))
    points = many[chosen]
    weights = 0.05 * random.random(n) if weighted else None
    edges = (whole @ matrix).diagonal()
    assert np.allclose(whole @ matrix, np.diag(edges))
    steps = np.array(list(itertools.product(range(-4, 5), repeat=dim))) @ matrix
    inside = np.all((steps > -1e-9) & (steps < edges - 1e-9), axis=1)
    assert inside.sum() == copies
    replicas = (points + steps[inside][:, None]).reshape(-1, dim)
    small = alpha_complex(points, matrix, weights)
    large = alpha_complex(replicas, edges, None if weights is None else np.tile(weights, copies))
    for one, other in zip(small.values, large.values, strict=True):
        np.testing.assert_allclose(np.sort(other), np.sort(np.tile(one, copies)), rtol=1e-9, atol=1e-9)
    few, all_ = persistence(small), persistence(large)
    winds = small.values[1][few[1].essential].min()
    closes = small.values[dim - 1][few[dim - 1].essential].max()
    compared = np.zeros((dim, 2), int)
    for k, early in itertools.product(range(dim), (True, False)):
        both = []
        for pairs in (few[k], all_[k]):
            of_kind = pairs.death < winds - 1e-9 if early else pairs.birth > closes + 1e-9
            both.append(lasting(pairs.birth[of_kind], pairs.death[of_kind], 1e-9))
        assert deviation(both[1], np.tile(both[0], (copies, 1))) < 1e-9
        compared[k, int(early)] = len(both[0])
    assert compared[0, 1] > 3
    assert compared[dim - 1, 0] > 10


@pytest.mark.parametrize(
    ("lattice", "weighted"), [("steep", True), ("far from reduced", False), ("oblique", True)]
)
def test_derivatives_in_positions_weights_and_cell_are_differences(lattice, weighted):
    points, matrix, weights = points_in(lattice, 24, weighted)
    dim = len(matrix)
    power = (1.5, 2.5, 3.5)[:dim]

    def energy(points, matrix, weights=None):
        found = diagrams(points, matrix, dimensions=tuple(range(dim)), weights=weights)
        return sum(
            jnp.sum(jnp.where(d.valid, (d.death - d.birth) ** 2 + p * d.death, 0))
            for d, p in zip(found, power, strict=True)
        )

    given = [points, matrix] + ([weights] if weighted else [])
    value = jax.jit(energy)
    slopes = jax.jit(jax.grad(energy, tuple(range(len(given)))))(*given)
    step, random = 1e-5, np.random.default_rng(2)
    for which, (x, slope) in enumerate(zip(given, slopes, strict=True)):
        entries = list(np.ndindex(x.shape))
        for entry in entries if which == 1 else random.permutation(entries)[:4]:
            both = []
            for sign in (1, -1):
                moved = [np.array(y) for y in given]
                moved[which][tuple(entry)] += sign * step
                both.append(float(value(*moved)))
            assert float(slope[tuple(entry)]) == pytest.approx(
                (both[0] - both[1]) / (2 * step), rel=1e-6, abs=1e-5
            )


def test_stress_of_a_persistence_energy():
    r"""Of the sum of persistence: :math:`\sigma = V^{-1} \partial E / \partial \epsilon`.

    As no rotation changes the energy, it is symmetric; its trace is the derivative by scaling, which of squared
    lengths is twice the energy.
    """
    points, matrix, _ = points_in("oblique", 40)

    @jax.jit
    def energy(strain):
        deformed = jnp.eye(3) + strain
        found = diagram(points @ deformed, matrix @ deformed, dimension=1)
        return jnp.sum(jnp.where(found.valid, found.death - found.birth, 0))

    volume = abs(np.linalg.det(matrix))
    stress = np.asarray(jax.grad(energy)(jnp.zeros((3, 3)))) / volume
    np.testing.assert_allclose(stress, stress.T, atol=1e-12)
    assert abs(stress[0, 1]) > 1e-3
    assert np.trace(stress) == pytest.approx(2 * float(energy(jnp.zeros((3, 3)))) / volume, rel=1e-10)
    for a, b in ((0, 0), (0, 1), (2, 1)):
        tilt = jnp.zeros((3, 3)).at[a, b].set(1e-6)
        assert stress[a, b] == pytest.approx(float(energy(tilt) - energy(-tilt)) / 2e-6 / volume, abs=1e-6)


def test_simplices_of_diagrams_and_volumes_stand_where_points_were_given():
    points, matrix, _ = points_in("far from reduced", 60)
    found = diagram(points, matrix, dimension=1)
    simplex = found.death_simplex
    x = points[simplex.point] + simplex.shift @ matrix
    edge = np.linalg.norm(x - np.roll(x, 1, axis=1), axis=2)
    assert np.all(edge[np.asarray(found.valid)] < 2 * np.sqrt(found.death[found.valid])[:, None] + 1e-9)
    complex_ = alpha_complex(points, matrix)
    cells = vertex_positions(complex_.sites, complex_.simplices[3])
    volumes = np.abs(np.linalg.det(cells[:, 1:] - cells[:, :1])) / 6
    assert volumes.sum() == pytest.approx(60, rel=1e-12)
    pairs = persistence(complex_)
    for k in (1, 2):
        hole = optimal_volume(complex_, pairs[k], int(np.argmax(pairs[k].death - pairs[k].birth)))
        np.testing.assert_allclose(hole.position, points[hole.atom] + hole.shift @ matrix, atol=1e-9)
        assert np.ptp(hole.position, axis=0).max() < 8


def test_batches_of_cells_are_loops():
    systems = [points_in("oblique", 20, seed=seed) for seed in range(3)]
    batch = [jnp.stack(x) for x in list(zip(*systems, strict=True))[:2]]
    batch[1] = batch[1] * jnp.array([1.0, 1.1, 0.9])[:, None, None]
    found = jax.jit(jax.vmap(lambda x, box: diagram(x, box, dimension=2)))(*batch)
    for k, (x, box) in enumerate(zip(*batch, strict=True)):
        alone = persistence(alpha_complex(x, box))[2]
        lasts = alone.death - alone.birth > 1e-12
        np.testing.assert_allclose(found.birth[k][found.valid[k]], alone.birth[lasts], rtol=1e-12)
