"""Cells of the birth-death plane, and the pairs that lie in some of them."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.topology import BirthDeath, Grid, histogram, pairs_in

with np.load(Path(__file__).parents[1] / "reference" / "homcloud_images.npz") as file:
    PAIRS = BirthDeath(jnp.array(file["birth"]), jnp.array(file["death"]))
GRID = Grid((0.0, 4.0), (0.0, 4.0), (32, 40))


def test_pairs_of_a_region_are_those_its_cells_count():
    random = np.random.default_rng(5)
    coefficients = GRID.image(random.normal(size=GRID.above_diagonal.sum()))
    region = coefficients > 0.3
    on_diagonal = BirthDeath(*(np.append(x, PAIRS.birth) for x in PAIRS))
    count = jax.jit(lambda pairs: histogram(pairs, GRID))
    for pairs in (PAIRS, on_diagonal):
        found = pairs_in(pairs, GRID, region)
        assert len(found) == int(np.asarray(count(pairs))[region].sum()) > 20


@pytest.mark.float32
def test_pairs_on_edges_of_cells_are_counted_in_the_same():
    """In single precision, too, where edges are rounded before pairs are compared with them."""
    grid = Grid((0.1, 0.8), (0.3, 2.4), (7, 7))
    births, deaths = (jnp.array(edges) for edges in grid.edges)
    pairs = BirthDeath(*(x.ravel() for x in jnp.meshgrid(births, deaths)))
    counts = np.asarray(jax.jit(lambda pairs: histogram(pairs, grid))(pairs)).astype(int)
    for cell in np.ndindex(counts.shape):
        region = np.zeros(counts.shape, bool)
        region[cell] = True
        assert len(pairs_in(pairs, grid, region)) == counts[cell]


def test_what_is_no_number_lies_in_no_cell():
    pairs = BirthDeath(np.array([0.5, np.nan, -np.inf]), np.array([np.inf, 0.7, 0.9]))
    assert not len(pairs_in(pairs, GRID, np.ones(GRID.shape[::-1], bool)))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Grid((1.0, 1.0), (0.0, 1.0), (3, 3)), "expected a range of births"),
        (lambda: Grid((0.0, 1.0), (0.0, 1.0), (3, 0)), "expected cells"),
        (lambda: pairs_in(PAIRS, GRID, np.zeros((3, 3), bool)), "expected a region"),
    ],
)
def test_bad_input_is_said(make, says):
    with pytest.raises(ValueError, match=says):
        make()
