"""Neighbours within a cut-off against the obvious way to find them; what both kinds share, and bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import cKDTree

from tdaglass.structure import check_neighbors, cutoff_neighbors, sann_neighbors

CAPACITY = 32  # what eager calls start from here, so that they share compiled code with the rest


@pytest.mark.float32
def test_cutoff_finds_the_pairs_within_reach(liquid, distances, sets):
    positions, box = liquid
    neighbors = check_neighbors(cutoff_neighbors(positions, box, 1.5))
    expected = distances(positions, box) < 1.5
    assert sets(neighbors) == [set(np.flatnonzero(row).tolist()) for row in expected]
    length = np.linalg.norm(neighbors.displacement, axis=-1)
    found = distances(positions, box)[np.arange(len(positions))[:, None], neighbors.idx]
    np.testing.assert_allclose(length[neighbors.mask], found[neighbors.mask], rtol=1e-5)


def test_cutoff_of_each_pair_of_species(liquid, reference, distances, sets):
    positions, box = liquid
    species = reference["species"]
    cutoff = np.array([[1.5, 1.2], [1.2, 1.35]])
    neighbors = cutoff_neighbors(positions, box, cutoff, species=jnp.asarray(species))
    expected = distances(positions, box) < cutoff[species[:, None], species]
    assert sets(neighbors) == [set(np.flatnonzero(row).tolist()) for row in expected]


@pytest.mark.parametrize("dim", [2, 3])
def test_cutoff_in_open_space(dim, distances, sets):
    positions = jnp.asarray(np.random.default_rng(dim).normal(size=(100, dim)))
    neighbors = check_neighbors(cutoff_neighbors(positions, None, 0.8))
    assert sets(neighbors) == [set(np.flatnonzero(row).tolist()) for row in distances(positions, None) < 0.8]


def test_cutoff_in_a_two_dimensional_box(distances, sets):
    box = jnp.array([7.0, 9.0])
    positions = jnp.asarray(np.random.default_rng(5).random((150, 2))) * box
    neighbors = cutoff_neighbors(positions, box, 2.0)
    assert sets(neighbors) == [set(np.flatnonzero(row).tolist()) for row in distances(positions, box) < 2.0]


def test_padding_points_at_the_particle_itself(liquid):
    neighbors = cutoff_neighbors(*liquid, 1.5, capacity=CAPACITY)
    rows = np.broadcast_to(np.arange(len(liquid[0]))[:, None], neighbors.idx.shape)
    padding = ~np.asarray(neighbors.mask)
    assert padding.any(axis=1).all()
    np.testing.assert_array_equal(neighbors.idx[padding], rows[padding])
    assert not np.asarray(neighbors.displacement)[padding].any()


def test_cells_find_the_pairs_of_a_tree(crystal):
    """More particles than are searched pair by pair; shaken, so that rows differ."""
    positions, box = crystal("sc", 20)
    positions = positions + 0.1 * np.random.default_rng(0).normal(size=positions.shape)
    neighbors = check_neighbors(cutoff_neighbors(positions, box, 1.25))
    tree = cKDTree(np.asarray(positions % box), boxsize=np.asarray(box))
    pairs = tree.query_pairs(1.25, output_type="ndarray")
    expected = set(map(tuple, np.concatenate([pairs, pairs[:, ::-1]]).tolist()))
    rows, slots = np.nonzero(np.asarray(neighbors.mask))
    found = np.stack([rows, np.asarray(neighbors.idx)[rows, slots]], 1)
    assert len(found) == len(expected)
    assert set(map(tuple, found.tolist())) == expected


def test_vmap_and_jit_equal_a_loop(liquid):
    positions, box = liquid
    batch = jnp.stack([positions, positions[::-1], 1.01 * positions])
    boxes = jnp.stack([box, box, 1.01 * box])
    for find in (
        lambda x, edges: cutoff_neighbors(x, edges, 1.5, capacity=CAPACITY),
        lambda x, edges: sann_neighbors(x, edges, capacity=CAPACITY),
    ):
        together = check_neighbors(jax.jit(jax.vmap(find))(batch, boxes))
        for i in range(3):
            alone = find(batch[i], boxes[i])
            np.testing.assert_array_equal(together.idx[i], alone.idx)
            np.testing.assert_array_equal(together.mask[i], alone.mask)
            np.testing.assert_allclose(together.displacement[i], alone.displacement, atol=1e-6)


def test_eager_grad_needs_no_capacity(liquid):
    positions, box = liquid
    slope = jax.grad(lambda x: jnp.sum(cutoff_neighbors(x, box, 1.5).displacement ** 2))(positions)
    assert np.isfinite(slope).all()
    assert np.any(slope)


@pytest.mark.parametrize(
    ("find", "remedy"),
    [
        (lambda x, box: cutoff_neighbors(x, box, 1.5, capacity=4), "larger capacity="),
        (lambda x, box: cutoff_neighbors(x, box, 3.0, capacity=4), "larger system"),
        (lambda x, box: cutoff_neighbors(x.at[3].set(jnp.nan), box, 1.5, capacity=4), "finite positions"),
        (lambda x, box: sann_neighbors(x, box, capacity=4, candidates=24), "candidates="),
        (lambda x, box: sann_neighbors(x, box, capacity=CAPACITY, reach=1.1), "larger reach="),
    ],
)
def test_what_goes_wrong_with_a_given_capacity_is_flagged(liquid, find, remedy):
    neighbors = find(*liquid)
    assert int(neighbors.overflow) != 0
    with pytest.raises(ValueError, match=remedy):
        check_neighbors(neighbors)
    batch = jax.tree.map(lambda x: jnp.stack([x, x]), neighbors)
    with pytest.raises(ValueError, match=remedy):
        check_neighbors(batch._replace(overflow=batch.overflow.at[0].set(0)))


def test_bad_input_is_named(liquid, crystal):
    positions, box = liquid
    for find in (lambda x: cutoff_neighbors(x, box, 1.5), lambda x: sann_neighbors(x, box)):
        with pytest.raises(ValueError, match=r"finite positions, got .* for particle 3"):
            find(positions.at[3, 1].set(jnp.nan))
        with pytest.raises(ValueError, match="expected a capacity under jit"):
            jax.jit(find)(positions)
    with pytest.raises(ValueError, match=r"at least twice the cut-off 3, got 5\.5"):
        cutoff_neighbors(positions, box, 3.0)
    with pytest.raises(ValueError, match="expected species beside a matrix"):
        cutoff_neighbors(positions, box, jnp.ones((2, 2)))
    with pytest.raises(ValueError, match="square matrix, got shape"):
        cutoff_neighbors(positions, box, jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="positive cut-off"):
        cutoff_neighbors(positions, box, -1.0)
    with pytest.raises(ValueError, match="three dimensions"):
        sann_neighbors(positions[:, :2], box[:2])
    with pytest.raises(ValueError, match="at least 4 particles"):
        sann_neighbors(positions[:3], box)
    with pytest.raises(ValueError, match="within half the box"):
        sann_neighbors(*crystal("sc", 2))
