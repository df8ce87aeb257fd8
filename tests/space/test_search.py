"""Fixed-radius search, by all pairs and by cells, against a brute-force search in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.space import Grid, cell_grid, choose_grid, from_positions, neighbors_within

PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"
REACH = np.array([[1.0, 0.8], [0.8, 0.7]])
BOXES = {
    "cubic": (6.0, 6.0, 6.0),
    "oblong": (4.3, 9.1, 5.2),
    "square": (12.0, 12.0),
    "strip": (5.1, 23.7),
}


def scatter(box, n=300, seed=0):
    """Random particles of two species, some of them outside the box, others on its faces."""
    rng = np.random.default_rng(seed)
    positions = rng.uniform(-1, 2, (n, len(box))) * box
    positions[:5, 0] = 0
    positions[5:9, 1] = box[1]
    return positions, rng.integers(0, 2, n).astype(np.int32)


def brute_force(positions, box, reach, species):
    along = positions[:, None] - positions
    along -= box * np.round(along / box)
    distance = np.linalg.norm(along, axis=-1)
    np.fill_diagonal(distance, np.inf)
    limit = reach[species[:, None], species]
    # Pairs within rounding of the reach may fall on either side.
    assert (np.abs(distance - limit) > 2e-5).all()
    return [np.flatnonzero(row) for row in distance < limit]


def search_table(positions, box, species, reach=REACH, **options):
    box = jnp.asarray(box, PRECISION)
    fraction = from_positions(jnp.asarray(positions, PRECISION), box).fraction.T
    reach, species = jnp.asarray(reach, PRECISION), jnp.asarray(species)
    return jax.jit(lambda f: neighbors_within(f, box, reach, species, **options))(fraction)


@pytest.mark.float32
@pytest.mark.parametrize("cells", [False, True], ids=["all pairs", "cells"])
@pytest.mark.parametrize("shape", BOXES)
def test_finds_what_brute_force_finds(shape, cells, monkeypatch):
    box = BOXES[shape]
    positions, species = scatter(box)
    truth = brute_force(positions, np.array(box), REACH, species)
    grid = None
    if cells:
        monkeypatch.setattr(cell_grid, "ALL_PAIRS_LIMIT", 10)
        grid = choose_grid(len(positions), box, REACH.max())
        assert grid is not None
    found = search_table(positions, box, species, capacity=40, grid=grid)
    assert not found.cells_full
    np.testing.assert_array_equal(found.count, [len(row) for row in truth])
    for i, row in enumerate(truth):
        np.testing.assert_array_equal(found.idx[: len(row), i], row)
        assert (found.idx[len(row) :, i] == i).all()


@pytest.mark.float32
def test_a_table_without_room_says_what_it_needs():
    box = BOXES["cubic"]
    positions, species = scatter(box)
    wide = search_table(positions, box, species, capacity=40, grid=None)
    narrow = search_table(positions, box, species, capacity=3, grid=None)
    assert wide.count.max() > 3
    np.testing.assert_array_equal(narrow.count, wide.count)
    np.testing.assert_array_equal(narrow.idx, wide.idx[:3])


@pytest.mark.float32
def test_a_grid_without_room_or_with_cells_too_small_says_so():
    box = BOXES["cubic"]
    positions, species = scatter(box)
    assert search_table(positions, box, species, capacity=40, grid=Grid((5, 5, 5), 2)).cells_full
    assert search_table(positions, box, species, capacity=40, grid=Grid((7, 7, 7), 20)).cells_full
    assert not search_table(positions, box, species, capacity=40, grid=Grid((5, 5, 5), 20)).cells_full


def test_cells_at_their_smallest_miss_no_pair():
    """Cells as wide as the reach and not a rounding wider, in a box of a hundred of them along each axis."""
    reach, per_axis = 1.0, 100
    edge = per_axis * reach * (1 + 3.2e-4)
    grid = choose_grid(10**6, (edge, edge), reach)
    assert grid is not None
    assert grid.shape == (per_axis, per_axis)
    # Pairs just within reach of each other, which start just before and just after every face of a cell.
    left = (np.arange(per_axis)[:, None] * edge / per_axis + np.linspace(-1.5e-3, 1.5e-3, 31)).ravel()
    y = np.random.default_rng(0).uniform(0, edge, len(left))
    positions = np.concatenate([np.stack([left, y], 1), np.stack([left + reach * (1 - 1e-5), y], 1)])
    species = np.zeros(len(positions), np.int32)
    grid = grid._replace(capacity=12)
    found = search_table(positions, (edge, edge), species, np.array([[reach]]), capacity=32, grid=grid)
    assert not found.cells_full
    partner = np.arange(len(left)) + len(left)
    assert (np.asarray(found.idx)[:, : len(left)] == partner).any(0).all()


@pytest.mark.slow
@pytest.mark.parametrize("grid", [None, Grid((5, 5, 5), 20)], ids=["all pairs", "cells"])
def test_batches_are_loops(grid):
    box = jnp.asarray(BOXES["cubic"], PRECISION)
    systems = [scatter(BOXES["cubic"], seed=k) for k in range(3)]
    fractions = jnp.stack([from_positions(jnp.asarray(x, PRECISION), box).fraction.T for x, _ in systems])
    species = jnp.stack([jnp.asarray(s) for _, s in systems])
    reach = jnp.asarray(REACH, PRECISION)

    def one(fraction, species):
        return neighbors_within(fraction, box, reach, species, capacity=40, grid=grid)

    together = jax.vmap(one)(fractions, species)
    for k, (positions, kinds) in enumerate(systems):
        alone = search_table(positions, BOXES["cubic"], kinds, capacity=40, grid=grid)
        np.testing.assert_array_equal(together.idx[k], alone.idx)
        np.testing.assert_array_equal(together.count[k], alone.count)


def test_grid_only_where_it_pays():
    assert choose_grid(cell_grid.ALL_PAIRS_LIMIT, (100.0,) * 3, 2.8) is None
    assert choose_grid(10**5, (8.0, 100.0, 100.0), 2.8) is None  # two cells along an axis would meet twice
    grid = choose_grid(10**5, (43.7, 43.7, 43.7), 2.8)
    assert grid is not None
    assert all(43.7 / m >= 2.8 for m in grid.shape)
    assert np.prod(grid.shape) * grid.capacity > 10**5
