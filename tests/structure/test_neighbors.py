"""Neighbours within a cut-off against the obvious way to find them; what both kinds share, and bad input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.spatial import cKDTree

from tdaglass.space import cell_grid
from tdaglass.structure import check_neighbors, cutoff_neighbors, sann_neighbors, table_sizes

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
        (jax.jit(lambda x, box: cutoff_neighbors(x, box, 3.0, capacity=4)), "larger system"),
        (
            jax.jit(lambda x, box: cutoff_neighbors(x.at[3].set(jnp.nan), box, 1.5, capacity=4)),
            "finite positions",
        ),
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
    with pytest.raises(ValueError, match="expected species beside a matrix"):
        cutoff_neighbors(positions, box, jnp.ones((2, 2)))
    with pytest.raises(ValueError, match="square matrix as cut-off, got shape"):
        cutoff_neighbors(positions, box, jnp.ones((2, 3)))
    with pytest.raises(ValueError, match="positive cut-off"):
        cutoff_neighbors(positions, box, -1.0)
    with pytest.raises(ValueError, match="three dimensions"):
        sann_neighbors(positions[:, :2], box[:2])
    with pytest.raises(ValueError, match="at least 4 particles"):
        sann_neighbors(positions[:3], None)
    with pytest.raises(ValueError, match="at more than one place, got 5 at one"):
        sann_neighbors(jnp.ones((5, 3)), None)


def test_what_would_not_fit_into_memory_names_the_densest_place(monkeypatch):
    """Before any table is built: without particles on top of each other these are a few per mille."""
    heap = np.random.default_rng(0).random((200_000, 3)).astype(np.float32) * 60
    heap[70_000:] = [20.0, 30.0, 40.0]
    said = r"at most 671 neighbours of each of 200000 particles, got 1\d+ within .* at \[20.0, 30.0"
    for box in (60.0, None, np.eye(3) * 60 + np.eye(3, k=-1)):
        with pytest.raises(ValueError, match=said):
            cutoff_neighbors(heap, box, 1.2)
    with pytest.raises(ValueError, match=said):
        sann_neighbors(heap, 60.0)
    with pytest.raises(ValueError, match=r"at most 671 neighbours .* got [1-9]\d{5} within reach"):
        cutoff_neighbors(heap, 60.0, 60.0)
    with pytest.raises(ValueError, match=r"of each of 4 particles, got 13\d+ within"):
        cutoff_neighbors(heap[:4] / 60, 1.0, 200.0)
    with pytest.raises(ValueError, match="capacity of at most 671 for 200000"):
        cutoff_neighbors(heap, 60.0, 1.2, capacity=10_000)
    # What is found out only by counting, too.
    monkeypatch.setattr(table_sizes, "MOST_SLOTS", 100 * 20)
    few = np.concatenate([np.zeros((30, 3)) + 5, np.random.default_rng(1).random((70, 3)) * 10])
    with pytest.raises(
        ValueError, match=r"at most 20 neighbours .* got (29|3\d) within reach of particle \d+ at \[5.0"
    ):
        cutoff_neighbors(few, 10.0, 1.0)


def test_a_particle_far_away_leaves_the_others_their_cells(liquid, sets):
    """Cells of an almost empty space are folded; where a cell is too full, the fullest is counted."""
    positions, box = (np.asarray(x) for x in liquid)
    corners = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    many = (positions + corners * box).reshape(-1, 3)
    far = np.concatenate([many, [[3000.0, 0.0, 0.0]]])
    assert len(far) > cell_grid.ALL_PAIRS_LIMIT
    found, alone = cutoff_neighbors(far, None, 1.3), cutoff_neighbors(many, None, 1.3)
    assert sets(found)[:-1] == sets(alone)
    assert not found.mask[-1].any()
