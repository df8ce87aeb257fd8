"""Searches as accelerators make them, compiled for a CPU: the same tables, slot by slot."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.space import Grid, from_positions, neighbors_within, search

PRECISION = "float64" if jax.config.jax_enable_x64 else "float32"
CELLS = {
    "cubic": np.full(3, 7.0),
    "square": np.full(2, 17.0),
    "tilted": np.array([[7.0, 0, 0], [1.5, 7.0, 0], [-1.0, 0.5, 8.0]]),
}
GRIDS = {"cubic": Grid((5, 5, 5), 24), "square": Grid((12, 12), 14), "tilted": Grid((4, 4, 5), 30)}


def system(shape, n_kinds, n, seed=0):
    """Fractions of several systems, and the reach of particles of each kind for those of each."""
    box = jnp.asarray(CELLS[shape], PRECISION)
    key = jax.random.key(seed)
    fractions = jax.random.uniform(key, (2, n, len(box)), PRECISION, -1, 2)
    fraction = from_positions(fractions, jnp.ones(len(box), PRECISION)).fraction
    kinds = jax.random.randint(key, (2, n), 0, n_kinds, jnp.int32)
    reach = jnp.linspace(0.7, 1.3, n_kinds**2, dtype=PRECISION).reshape(n_kinds, n_kinds)
    return jnp.swapaxes(fraction, 1, 2), kinds, box, (reach + reach.T) / 2


def both(fraction, kinds, box, reach, **options):
    """Of a batch, as a CPU and as an accelerator searches."""

    def search(accelerator):
        def one(fraction, kinds):
            return neighbors_within(fraction, box, reach, kinds, accelerator=accelerator, **options)

        return jax.jit(jax.vmap(one))(fraction, kinds)

    return search(False), search(True)


def check(usual, found):
    jax.tree.map(np.testing.assert_array_equal, found, usual)
    assert usual.count.max() > 8


@pytest.mark.parametrize(("shape", "grid"), [("square", False), ("tilted", True)])
def test_the_tables_are_the_same(shape, grid):
    usual, found = both(*system(shape, 2, 397), capacity=30, grid=GRIDS[shape] if grid else None)
    check(usual, found)
    assert not usual.cells_full.any()


@pytest.mark.slow
@pytest.mark.float32
@pytest.mark.parametrize("grid", [False, True], ids=["all pairs", "cells"])
@pytest.mark.parametrize("shape", CELLS)
@pytest.mark.parametrize("n_kinds", [1, 9])
@pytest.mark.parametrize("n", [31, 256, 800])
def test_the_tables_are_the_same_whatever_the_numbers(shape, grid, n_kinds, n):
    grid = GRIDS[shape]._replace(capacity=40) if grid else None
    usual, found = both(*system(shape, n_kinds, n), capacity=60, grid=grid)
    jax.tree.map(np.testing.assert_array_equal, found, usual)


def test_blocks_of_rows_and_some_rows_only_and_too_little_room(monkeypatch):
    monkeypatch.setattr(search, "BYTES_OF_WORDS", 5_000)
    usual, found = both(*system("cubic", 2, 397), capacity=7, every=3)
    check(usual, found)
    assert usual.idx.shape == (2, 7, 133)
