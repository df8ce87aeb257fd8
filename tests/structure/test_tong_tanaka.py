"""Hand-made triangles and tetrahedra, the definition written out, and gradients also where angles vanish."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import tong_tanaka, voronoi

# Additive diameters, as of the ABM mixture: 5/6, 1 and 7/6; and two names for one species.
SIGMA = jnp.array([[5 / 6, 1.0], [1.0, 7 / 6]])
ALIKE = jnp.ones((2, 2))
PARTICLES = 40


def mixture(dim, seed=0):
    """Voronoi cells of random points, the points, their species and box."""
    rng = np.random.default_rng(seed)
    box = np.arange(1.0, 1.0 + dim) / 2 + 3
    positions = jnp.asarray(rng.random((PARTICLES, dim)) * box)
    return voronoi(positions, box), positions, jnp.asarray(rng.integers(0, 2, PARTICLES)), jnp.asarray(box)


def alone(points, species):
    """The same for a single Delaunay cell, across the boundary, of the first particles: the others have none."""
    points = np.array(points, float) - 0.3
    n, dim = points.shape
    cells, positions, kinds, box = mixture(dim)
    wrapped = points % np.asarray(box)
    boxes = np.round((points - wrapped) / box)
    one = cells._replace(cells=np.full_like(cells.cells, -1), shifts=np.zeros_like(cells.shifts))
    one.cells[0], one.shifts[0] = np.arange(n), boxes - boxes[0]
    return one, positions.at[:n].set(wrapped), kinds.at[:n].set(jnp.array(species)), box


def at_corners(points, species, sigma):
    return tong_tanaka(*alone(points, species), sigma)[: len(points)]


@jax.jit
def slope(weights, cells, positions, species, box):
    """Of a weighted sum of the order parameter, in positions."""
    return jax.grad(lambda x: jnp.sum(weights * tong_tanaka(cells, x, species, box, SIGMA)))(positions)


@pytest.mark.float32
def test_right_triangle(tolerance):
    theta = at_corners([[0, 0], [2, 0], [0, 2]], [0, 1, 0], ALIKE)
    np.testing.assert_allclose(theta, [math.pi / 6, math.pi / 12, math.pi / 12], rtol=10 * tolerance)


@pytest.mark.float32
def test_corner_of_a_cube(tolerance):
    theta = at_corners([[0, 0, 0], [2, 0, 0], [0, 2, 0], [0, 0, 2]], [0, 1, 0, 1], ALIKE)
    regular, others = math.acos(23 / 27), 2 * math.acos(1 / math.sqrt(3)) - math.pi / 2
    expected = [math.pi / 2 - regular, *[regular - others] * 3]
    np.testing.assert_allclose(theta, expected, atol=10 * tolerance)


@pytest.mark.float32
def test_touching_particles_of_two_species(tolerance):
    """A triangle of sides 1, 1 and 7/6; a tetrahedron of two small particles and two large ones."""
    side = 7 / 6
    small, height = 5 / 6, math.sqrt(1 - (7 / 12) ** 2)
    triangle = [[0, 0], [side, 0], [side / 2, height]]
    assert np.max(at_corners(triangle, [1, 1, 0], SIGMA)) < 10 * tolerance
    apart = math.sqrt(1 - (small / 2) ** 2 - (side / 2) ** 2)
    tetrahedron = [[side / 2, 0, 0], [-side / 2, 0, 0], [0, small / 2, apart], [0, -small / 2, apart]]
    assert np.max(at_corners(tetrahedron, [1, 1, 0, 0], SIGMA)) < 20 * tolerance
    assert np.min(at_corners(tetrahedron, [0, 1, 0, 0], SIGMA)) > 0.01


@pytest.mark.float32
def test_triangular_lattice_is_perfect(tolerance):
    column, row = np.divmod(np.arange(PARTICLES), 10)
    positions = jnp.asarray(np.stack([row + column / 2, column * 3**0.5 / 2], 1) + 0.2)
    box = jnp.array([10.0, 2 * 3**0.5])
    theta = tong_tanaka(voronoi(positions, box), positions, jnp.zeros(PARTICLES, int), box, ALIKE)
    assert np.max(theta) < 20 * tolerance


def test_angles_around_each_particle_by_the_definition():
    """Neighbours in the order of their directions, each with the next one."""
    cells, positions, species, box = mixture(2)
    sigma, kind = np.asarray(SIGMA), np.asarray(species)
    idx, displacement, mask, _ = cells.neighbors
    expected = []
    for o in range(len(idx)):
        azimuth = np.arctan2(*displacement[o, mask[o]].T[::-1])
        order = np.argsort(azimuth)
        around = kind[idx[o, mask[o]][order]]
        angle = np.diff(azimuth[order], append=azimuth[order[0]] + 2 * np.pi)
        a, b = sigma[kind[o], around], sigma[kind[o], np.roll(around, -1)]
        c = sigma[around, np.roll(around, -1)]
        reference = np.arccos((a**2 + b**2 - c**2) / (2 * a * b))
        expected.append(np.mean(np.abs(angle - reference)))
    np.testing.assert_allclose(tong_tanaka(cells, positions, species, box, SIGMA), expected, rtol=1e-10)


def solid_angle(sides, opposite):
    """L'Huilier's theorem, from the angles between edges of given lengths and their opposite edges."""
    pairs = list(itertools.combinations(range(3), 2))
    arcs = [
        math.acos((sides[i] ** 2 + sides[j] ** 2 - opposite[i, j] ** 2) / (2 * sides[i] * sides[j]))
        for i, j in pairs
    ]
    half = sum(arcs) / 2
    tangents = math.tan(half / 2) * math.prod(math.tan((half - arc) / 2) for arc in arcs)
    return 4 * math.atan(math.sqrt(max(tangents, 0)))


def test_solid_angles_by_the_definition():
    cells, positions, species, box = mixture(3)
    x, kind, sigma = np.asarray(positions), np.asarray(species), np.asarray(SIGMA)
    deviations = [[] for _ in x]
    for cell, shift in zip(cells.cells, cells.shifts, strict=True):
        if cell[0] < 0:
            continue
        at, kinds = x[cell] + shift * np.asarray(box), kind[cell]
        distance, touching = np.linalg.norm(at[:, None] - at, axis=-1), sigma[np.ix_(kinds, kinds)]
        for o in range(4):
            others = [v for v in range(4) if v != o]
            both = [solid_angle(d[o, others], d[np.ix_(others, others)]) for d in (distance, touching)]
            deviations[cell[o]].append(abs(both[0] - both[1]))
    expected = [np.mean(all_of) for all_of in deviations]
    np.testing.assert_allclose(tong_tanaka(cells, positions, species, box, SIGMA), expected, rtol=1e-6)


@pytest.mark.parametrize("dim", [2, 3])
def test_translation_permutation_and_unwrapping(dim):
    _, positions, species, box = mixture(dim)
    rng = np.random.default_rng(1)
    order, boxes = rng.permutation(len(positions)), rng.integers(-3, 4, positions.shape)
    moved = (positions + 0.4 * box + boxes * box)[order]
    theta = tong_tanaka(voronoi(positions, box), positions, species, box, SIGMA)
    again = tong_tanaka(voronoi(moved, box), moved, species[order], box, SIGMA)
    np.testing.assert_allclose(again, theta[order], rtol=1e-8)


@pytest.mark.parametrize("dim", [2, 3])
def test_gradient(dim):
    cells, positions, species, box = mixture(dim)
    weights = jnp.asarray(np.random.default_rng(2).normal(size=PARTICLES))
    found = slope(weights, cells, positions, species, box)
    for i, axis in ((3, 0), (17, dim - 1)):
        step = jnp.zeros_like(positions).at[i, axis].set(1e-6)
        ends = [
            jnp.dot(weights, tong_tanaka(cells, x, species, box, SIGMA))
            for x in (positions + step, positions - step)
        ]
        np.testing.assert_allclose(found[i, axis], (ends[0] - ends[1]) / 2e-6, rtol=1e-6)


@pytest.mark.float32
@pytest.mark.parametrize(
    "points",
    [
        [[0, 0], [1, 0], [2, 0]],
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]],
        [[0, 0, 0], [2, 0, 0], [0, 2, 0], [0.5, 0.5, 0]],
    ],
)
def test_gradients_of_flat_cells_are_finite(points):
    """Angles of 0 and of pi, solid angles of 0 and of 2 pi; nothing comes from particles without cells."""
    n = len(points)
    one = alone(points, [0] * n)
    theta = tong_tanaka(*one, SIGMA)
    assert np.isfinite(theta).tolist() == [True] * n + [False] * (PARTICLES - n)
    pull = slope((jnp.arange(PARTICLES) < n).astype(theta.dtype), *one)
    assert jnp.isfinite(pull).all()
    assert not pull[n:].any()


@pytest.mark.float32
@pytest.mark.parametrize("dim", [2, 3])
def test_batches_equal_loops(dim):
    """With rows of padding where a system has fewer cells than another."""
    samples = [mixture(dim, seed=seed)[1:] for seed in range(4)]
    positions, species, box = (jnp.stack(x) for x in zip(*samples, strict=True))
    cells = voronoi(positions, box)
    every = jax.jit(jax.vmap(tong_tanaka, (0, 0, 0, 0, None)))(cells, positions, species, box, SIGMA)
    for theta, (x, kinds, edges) in zip(every, samples, strict=True):
        alone = tong_tanaka(voronoi(x, edges), x, kinds, edges, SIGMA)
        np.testing.assert_allclose(
            theta, alone, rtol=1e-4, atol=1e-4 if theta.dtype == jnp.float32 else 1e-12
        )


def test_distances_without_a_triangle():
    cells, positions, species, box = mixture(2)
    with pytest.raises(ValueError, match=r"any 3 particles .* species \[0, 0, 1\] cannot; try additive"):
        tong_tanaka(cells, positions, species, box, jnp.array([[1.0, 0.4], [0.4, 1.0]]))
    with pytest.raises(ValueError, match="symmetric"):
        tong_tanaka(cells, positions, species, box, jnp.array([[1.0, 0.9], [0.8, 1.0]]))
    cells, positions, species, box = mixture(3)
    # Triangles of sides 1, 0.58 and 0.58 there are, but no pyramid of them.
    with pytest.raises(ValueError, match=r"any 4 particles .* species \[0, 0, 0, 1\] cannot"):
        tong_tanaka(cells, positions, species, box, jnp.array([[1.0, 0.57], [0.57, 1.0]]))
