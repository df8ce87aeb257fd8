"""Cells that are not orthorhombic, smaller than the cut-off, or open along an axis: freud, ASE and supercells."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.structure import (
    bond_order,
    check_neighbors,
    cutoff_neighbors,
    density_field,
    exponential_average,
    hexatic_order,
    lattice_shifts,
    local_average,
    particle_values,
    radial_distribution,
    sann_neighbors,
    structure_factor,
    wave_vectors,
)

TILT = np.array([[1, 0, 0], [3, 1, 0], [-2, 4, 1]])  # the same lattice in vectors that are not the shortest
FCC = np.array([[0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]])


@pytest.fixture(scope="module")
def theirs():
    with np.load(Path(__file__).parents[1] / "reference" / "structure_cells.npz") as file:
        return dict(file)


def pairs_of(neighbors):
    rows, slots = np.nonzero(np.asarray(neighbors.mask))
    return np.stack([rows, np.asarray(neighbors.idx)[rows, slots]], 1)


def in_order(rows):
    return rows[np.lexsort(rows.T[::-1])]


def replicated(positions, lattice, repeats):
    corners = np.stack(np.meshgrid(*map(np.arange, repeats), indexing="ij"), -1).reshape(-1, 1, len(lattice))
    return (positions + corners @ lattice).reshape(-1, len(lattice)), np.array(repeats)[:, None] * lattice


@pytest.mark.float32
def test_neighbours_and_bond_order_of_freud_in_a_triclinic_cell(theirs):
    found = check_neighbors(cutoff_neighbors(theirs["positions"], theirs["lattice"], 1.5))
    np.testing.assert_array_equal(in_order(pairs_of(found)), in_order(theirs["pairs"].astype(int)))
    np.testing.assert_allclose(bond_order(found, 6, average=None)[:, 0], theirs["q6"], atol=5e-6)


@pytest.mark.float32
def test_pair_counts_of_freud_in_a_triclinic_cell(theirs):
    lattice, n = theirs["lattice"], len(theirs["positions"])
    g = radial_distribution(theirs["positions"], lattice, 2.5, 40)
    shells = 4 / 3 * np.pi * np.diff(np.linspace(0, 2.5, 41) ** 3)
    counts = np.asarray(g.g) * n * (n - 1) / abs(np.linalg.det(lattice)) * shells
    np.testing.assert_allclose(counts, theirs["rdf_counts"], atol=2e-2)
    species = np.arange(n) % 2
    partial = radial_distribution(theirs["positions"], lattice, 2.5, 40, species=species).g
    members = np.array([90, 90])
    pairs = members[:, None] * (members - np.eye(2))
    np.testing.assert_allclose(np.einsum("ab,abr->r", pairs, partial) / (n * (n - 1)), g.g, rtol=1e-5)


def test_structure_factor_in_a_triclinic_cell(theirs):
    """By the defining sum, on all vectors in a ball."""
    lattice, x = theirs["lattice"], theirs["positions"]
    vectors = wave_vectors(lattice, 6.0, q_min=2.0)
    grid = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), -1).reshape(-1, 3)
    length = np.linalg.norm(grid @ (2 * np.pi * np.linalg.inv(lattice).T), axis=1)
    inside = {tuple(v) for v in grid[(length >= 2.0) & (length <= 6.0)].tolist()}
    assert {tuple(v) for v in np.concatenate([vectors, -vectors]).tolist()} == inside
    found = structure_factor(x, lattice, vectors)
    q = vectors @ (2 * np.pi * np.linalg.inv(lattice).T)
    np.testing.assert_allclose(found.q, np.linalg.norm(q, axis=1), rtol=1e-12)
    np.testing.assert_allclose(found.s, np.abs(np.exp(-1j * q @ x.T).sum(1)) ** 2 / len(x), rtol=1e-9)


@pytest.mark.float32
def test_hexatic_order_of_freud_in_a_tilted_plane(theirs, tolerance):
    found = cutoff_neighbors(theirs["plane"], theirs["plane_lattice"], 1.5)
    psi = hexatic_order(found)
    alone = ~np.asarray(found.mask).any(1)  # of which freud says zero, we NaN
    np.testing.assert_allclose(psi[~alone], theirs["psi6"][~alone], atol=2e-5)  # of single precision
    assert np.isnan(psi[alone]).all()
    np.testing.assert_allclose(np.abs(psi), bond_order(found, 6, average=None)[:, 0], atol=10 * tolerance)


@pytest.mark.float32
def test_images_of_ase_in_a_cell_smaller_than_the_cut_off(theirs):
    lattice, few = theirs["small_lattice"], theirs["small"]
    found = check_neighbors(cutoff_neighbors(few, lattice, 1.9))
    shifts = np.asarray(lattice_shifts(found, few, lattice))[np.asarray(found.mask)]
    ours = np.concatenate([pairs_of(found), shifts], 1)
    order, their_order = np.lexsort(ours.T[::-1]), np.lexsort(theirs["images"].T[::-1])
    np.testing.assert_array_equal(ours[order], theirs["images"][their_order])
    length = np.linalg.norm(found.displacement, axis=-1)[np.asarray(found.mask)]
    np.testing.assert_allclose(length[order], theirs["image_distances"][their_order], rtol=1e-5)


@pytest.mark.float32
def test_a_primitive_cell_is_its_crystal():
    """One particle, twelve of its own images, for SANN too, and g(r) of the infinite crystal."""
    one = np.zeros((1, 3))
    for found in (cutoff_neighbors(one, FCC, 0.8), sann_neighbors(one, FCC)):
        assert int(found.mask.sum()) == 12
        assert not np.asarray(found.idx).any()
        q = bond_order(check_neighbors(found), (4, 6), average=None)[0]
        np.testing.assert_allclose(q, [0.190940654, 0.574524260], atol=1e-6)
    g = radial_distribution(one, FCC, 1.3, 13)
    shells = 4 / 3 * np.pi * np.diff(np.linspace(0, 1.3, 14) ** 3)
    np.testing.assert_allclose(np.asarray(g.g) * 4 * shells, [0] * 7 + [12, 0, 0, 6, 0, 24], atol=1e-4)


@pytest.mark.parametrize("dim", [2, 3])
def test_small_cells_are_their_supercells(theirs, dim):
    """Distances of neighbours, g(r) with two species, where the cut-off is beyond half a cell."""
    rng = np.random.default_rng(dim)
    lattice = theirs["small_lattice"][:dim, :dim] * 1.3
    x, kinds = rng.random((5, dim)) @ lattice, np.arange(5) % 2
    large, box = replicated(x, lattice, (6,) * dim)
    cutoff = 1.4
    found, all_found = cutoff_neighbors(x, lattice, cutoff), cutoff_neighbors(large, box, cutoff)
    lengths = np.sort(np.where(found.mask, np.linalg.norm(found.displacement, axis=-1), np.inf))
    of_all = np.sort(np.where(all_found.mask, np.linalg.norm(all_found.displacement, axis=-1), np.inf))[:5]
    np.testing.assert_allclose(lengths, of_all[:, : lengths.shape[1]], atol=1e-9)
    assert np.isinf(of_all[:, lengths.shape[1] :]).all()
    g = radial_distribution(x, lattice, cutoff, 7, species=kinds).g
    members = np.bincount(kinds) * 6**dim
    of_large = radial_distribution(large, box, cutoff, 7, species=np.tile(kinds, 6**dim)).g
    # There the particle itself is left out of those that it might have met.
    of_large = of_large * ((members - np.eye(2)) / members)[..., None]
    np.testing.assert_allclose(g, of_large, atol=1e-9)


@pytest.mark.float32
def test_the_choice_of_lattice_vectors_does_not_matter(theirs):
    x, lattice = theirs["positions"], theirs["lattice"]
    tilted = TILT @ lattice
    rng = np.random.default_rng(0)
    elsewhere = x + rng.integers(-2, 3, x.shape) @ lattice
    plain, other = cutoff_neighbors(x, lattice, 1.5), cutoff_neighbors(elsewhere, tilted, 1.5)
    np.testing.assert_array_equal(plain.idx, other.idx)
    np.testing.assert_allclose(plain.displacement, other.displacement, atol=2e-5)
    sann, of_tilted = sann_neighbors(x, lattice), sann_neighbors(elsewhere, tilted)
    np.testing.assert_array_equal(in_order(pairs_of(sann)), in_order(pairs_of(of_tilted)))
    g = radial_distribution(x, lattice, 2.0, 10).g
    np.testing.assert_allclose(radial_distribution(elsewhere, tilted, 2.0, 10).g, g, atol=0.02)
    for mean in (
        lambda box: local_average(x, x, box, 2.0),
        lambda box: exponential_average(x[:, 0], x, box, 1.0),
    ):
        np.testing.assert_allclose(mean(tilted), mean(lattice), rtol=1e-4, atol=1e-4)


def test_averages_take_the_nearest_of_all_images(theirs):
    x, lattice = theirs["positions"], theirs["lattice"]
    images = np.stack(np.meshgrid(*[np.arange(-3, 4)] * 3, indexing="ij"), -1).reshape(-1, 3) @ lattice
    apart = x[:, None] - x
    apart -= np.round(apart @ np.linalg.inv(lattice)) @ lattice
    distance = np.sqrt(np.min([np.sum((apart + image) ** 2, -1) for image in images], axis=0))
    weight = np.exp(-distance / 1.3)
    expected = weight @ x[:, 0] / weight.sum(1)
    np.testing.assert_allclose(exponential_average(x[:, 0], x, lattice, 1.3), expected, rtol=1e-9)
    within = distance < 2.2
    np.testing.assert_allclose(local_average(x[:, 1], x, lattice, 2.2), within @ x[:, 1] / within.sum(1))
    # Inside jit nobody can shorten the vectors of a traced box.
    traced = jax.jit(exponential_average)(x[:, 0], x, TILT @ lattice, 1.3)
    assert np.isnan(traced).all()


def test_fields_follow_the_lattice_vectors(theirs):
    lattice = theirs["lattice"]
    place = (np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3) + 0.5) / 4
    x = place @ lattice + np.array([1, -2, 3]) @ lattice
    for assignment in ("nearest", "linear"):
        np.testing.assert_allclose(
            density_field(x, None, lattice, (4, 4, 4), assignment=assignment), 1, atol=1e-9
        )
    field = np.arange(64.0).reshape(4, 4, 4)
    np.testing.assert_array_equal(particle_values(field, x, lattice), np.arange(64.0))
    np.testing.assert_allclose(
        particle_values(field, x, lattice, assignment="linear"), np.arange(64.0), atol=1e-9
    )


@pytest.mark.parametrize("lattice", [[4.0, 5.0, np.inf], [[4.0, 0, 0], [1.5, 5.0, 0], [0, 0, np.inf]]])
def test_films_are_cells_with_a_wide_margin(lattice):
    x = np.random.default_rng(8).random((90, 3)) * [4.0, 5.0, 3.0] + [0, 0, 100.0]
    closed = np.where(np.isinf(lattice), 60.0, lattice)
    for find in (lambda box: cutoff_neighbors(x, box, 1.2), lambda box: sann_neighbors(x, box)):
        film, wide = check_neighbors(find(lattice)), check_neighbors(find(closed))
        np.testing.assert_array_equal(in_order(pairs_of(film)), in_order(pairs_of(wide)))
        assert np.isfinite(film.displacement).all()
    for mean in (
        lambda box: local_average(x[:, 0], x, box, 1.8),
        lambda box: exponential_average(x[:, 0], x, box, 1.0),
    ):
        np.testing.assert_allclose(mean(lattice), mean(closed), rtol=1e-9)
    vectors = wave_vectors(lattice, 4.0)
    assert not vectors[:, 2].any()
    np.testing.assert_allclose(
        structure_factor(x, lattice, vectors).s, structure_factor(x, closed, vectors).s, rtol=1e-9
    )
    slope = jax.grad(lambda y: jnp.sum(cutoff_neighbors(y, lattice, 1.2).displacement[..., 2] ** 3))(
        jnp.asarray(x)
    )
    assert np.isfinite(slope).all()
    layer = np.where([True, True, False], x, 7.0)
    found = cutoff_neighbors(layer, lattice, 1.2)
    assert int(found.mask.sum()) == int(cutoff_neighbors(layer, closed, 1.2).mask.sum())
    assert not lattice_shifts(found, layer, lattice)[..., 2].any()
    with pytest.raises(ValueError, match="density g\\(r\\) is compared with, got open space"):
        radial_distribution(x, lattice, 1.0)
    with pytest.raises(ValueError, match="periodic along all axes"):
        density_field(x, None, lattice, (4, 4, 4))
    with pytest.raises(ValueError, match="across the open axes"):
        structure_factor(x, lattice, [[0, 0, 1]])


def test_derivatives_in_the_lattice_vectors(theirs):
    """Particles stay where they are in the cell, and images of themselves are among their neighbours."""
    lattice, few = theirs["small_lattice"], theirs["small"]
    place = few @ np.linalg.inv(lattice)
    weights = np.random.default_rng(1).normal(size=(3, 200, 3))
    vectors = np.array([[1, 0, 2], [0, 3, -1]])

    def of_neighbors(box):
        found = cutoff_neighbors(place @ box, box, 1.9, capacity=200)
        return jnp.sum(jnp.sin(found.displacement) * weights) + jnp.sum(bond_order(found, (4, 6)) ** 2)

    def of_fixed_points(box):
        return jnp.sum(structure_factor(few, box, vectors).s)

    for loss in (of_neighbors, of_fixed_points):
        slope = jax.grad(loss)(jnp.asarray(lattice))
        for at in ((0, 0), (1, 0), (2, 1)):
            step = np.zeros((3, 3))
            step[at] = 1e-6
            central = (loss(jnp.asarray(lattice + step)) - loss(jnp.asarray(lattice - step))) / 2e-6
            np.testing.assert_allclose(slope[at], central, rtol=1e-5, atol=1e-6)


def test_inside_jit_small_boxes_have_images_where_they_are_known(theirs):
    lattice, few = jnp.asarray(theirs["small_lattice"]), jnp.asarray(theirs["small"])
    known = jax.jit(lambda x: cutoff_neighbors(x, lattice, 1.9, capacity=80))(few)
    assert int(check_neighbors(known).mask.sum()) == len(theirs["images"])
    traced = jax.jit(lambda x, box: cutoff_neighbors(x, box, 1.9, capacity=80))(few, lattice)
    with pytest.raises(ValueError, match="box that is known outside jit"):
        check_neighbors(traced)
    assert np.isnan(jax.jit(lambda x, box: radial_distribution(x, box, 1.9).g)(few, lattice)).all()
    x, box = jnp.asarray(theirs["positions"]), jnp.asarray(theirs["lattice"])
    both = jnp.stack([x, x + 0.1]), jnp.stack([box, box])
    found = check_neighbors(jax.vmap(lambda x, box: cutoff_neighbors(x, box, 1.5, capacity=40))(*both))
    assert found.mask.sum((1, 2)).tolist() == [len(theirs["pairs"])] * 2


@pytest.mark.slow
def test_neighbour_lists_of_ase_in_random_cells():
    neighborlist = pytest.importorskip("ase.neighborlist")
    rng = np.random.default_rng(0)
    for _ in range(25):
        lattice = rng.normal(size=(3, 3)) * 0.6 + np.eye(3) * 1.2
        if rng.random() < 0.3:
            lattice[1] += 5 * lattice[0]
        x = (rng.random((rng.integers(1, 9), 3)) * 3 - 1) @ lattice
        cutoff = rng.uniform(0.5, 2.2)
        if abs(np.linalg.det(lattice)) < 0.2:
            continue
        i, j, shift, apart = neighborlist.primitive_neighbor_list("ijSD", [True] * 3, lattice, x, cutoff)
        found = check_neighbors(cutoff_neighbors(x, lattice, cutoff))
        mask = np.asarray(found.mask)
        ours = np.concatenate([pairs_of(found), np.asarray(lattice_shifts(found, x, lattice))[mask]], 1)
        theirs = np.column_stack([i, j, shift])
        order, their_order = np.lexsort(ours.T[::-1]), np.lexsort(theirs.T[::-1])
        np.testing.assert_array_equal(ours[order], theirs[their_order])
        np.testing.assert_allclose(
            np.asarray(found.displacement)[mask][order], apart[their_order], atol=1e-10
        )


@pytest.mark.slow
def test_neighbour_lists_of_freud_in_large_triclinic_cells(theirs):
    """With cells of the grid, in both precisions of positions."""
    freud = pytest.importorskip("freud")
    lattice = 5 * theirs["lattice"]
    x = (np.random.default_rng(3).random((20_000, 3)) @ lattice).astype(np.float32)
    box = freud.box.Box.from_matrix(lattice.T)
    points = box.wrap(x - lattice.sum(0) / 2)
    pairs = freud.locality.AABBQuery(box, points).query(points, {"r_max": 1.4, "exclude_ii": True})
    number = len(pairs.toNeighborList())
    for given in (x, x.astype(np.float64)):
        found = int(check_neighbors(cutoff_neighbors(given, lattice, 1.4)).mask.sum())
        assert abs(found - number) <= 1e-5 * number  # pairs within rounding of the cut-off
