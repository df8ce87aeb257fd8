"""Cells of a periodic box, as wide as the reach: all that are within it of a particle are in the cells around."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Int

# Above this number of particles cells are cheaper than testing all pairs (0.2 ns a pair on one core).
ALL_PAIRS_LIMIT = 6000
# What sorting particles into cells, and neighbours found there by index, costs on an accelerator: as much as so
# many tests of pairs for each particle. Estimated, not measured: by the bytes that the kernels of an H100 name
# beyond those of a search without cells, 13 kB a particle, and by 0.7 to 1.4 ps a test.
SORTING = 4000
# Cells along an axis that whole numbers of 32 bits can tell apart.
MOST_ALONG = 2**15 - 1
CELLS_PER_PARTICLE = 2
ROUNDING = 1e-6  # relative to the longest edge: several units of float32 distances


class Grid(NamedTuple):
    """Cells along each axis and the particles that one cell can hold; static under jit.

    Where most of space is empty, cells further apart than `folded` along an axis, which divides its `shape`, share
    their room: distances tell their particles apart.
    """

    shape: tuple[int, ...]
    capacity: int
    folded: tuple[int, ...] | None = None

    @property
    def rooms(self) -> tuple[int, ...]:
        """Cells along each axis that have room of their own."""
        return self.folded or self.shape


def choose_grid(
    n: int, box: tuple[float, ...], reach: float, *, slack: float = 1.6, accelerator: bool = False
) -> Grid | None:
    """Grid for `n` particles with cells no smaller than `reach`; None where testing all pairs is cheaper."""
    # A little wider than what `neighbors_within` will look for, rounding included.
    widest = reach * (1 + 1e-4) + 2 * ROUNDING * max(box)
    shape = tuple(min(int(edge / widest), MOST_ALONG) for edge in box)
    if min(shape) < 4 or (n <= ALL_PAIRS_LIMIT and not accelerator):
        return None
    folded = shape
    while math.prod(folded) > CELLS_PER_PARTICLE * n:
        # The axis with most cells is folded once more.
        longest = max(folded)
        folded = tuple(-(-m // 2) if m == longest else m for m in folded)
    mean = n / math.prod(folded)
    capacity = int(mean * slack + 3 * math.sqrt(mean)) + 2
    # Every room of a cell is tested against every room around, filled or not; only filled ones are particles.
    if accelerator and n <= SORTING + 3 ** len(box) * capacity * capacity / mean:
        return None
    if folded == shape:
        return Grid(shape, capacity)
    return Grid(tuple(m * (all_ // m) for m, all_ in zip(folded, shape, strict=True)), capacity, folded)


class Members(NamedTuple):
    """Who is in which cell.

    Attributes
    ----------
    cell : (particles,) the cell of every particle
    rank : (particles,) how many of smaller index are in its cell
    idx : (cells, capacity) particles of every cell, ascending; the number of particles where there is none
    around : (cells, 3**dim) the cells around and including each
    """

    cell: Int[Array, " particles"]
    rank: Int[Array, " particles"]
    idx: Int[Array, "cells capacity"]
    around: Int[Array, "cells around"]


def into_cells(fraction: Int[Array, "dim n"], grid: Grid) -> Members:
    """Sort particles into cells."""
    dim, n = fraction.shape
    rooms = grid.rooms
    n_cells = math.prod(rooms)
    coordinates = [_cell_along(fraction[a], grid.shape[a]) for a in range(dim)]
    cell = jnp.zeros(n, jnp.int32)
    for a in range(dim):
        cell = cell * rooms[a] + (coordinates[a] % rooms[a] if grid.folded else coordinates[a])
    order = jnp.argsort(cell, stable=True).astype(jnp.int32)
    first = jnp.searchsorted(cell[order], jnp.arange(n_cells))
    rank = jnp.arange(n, dtype=jnp.int32) - first[cell[order]].astype(jnp.int32)
    members = jnp.full((n_cells, grid.capacity), n, jnp.int32)
    members = members.at[cell[order], rank].set(order, mode="drop")
    rank = jnp.zeros(n, jnp.int32).at[order].set(rank)
    return Members(cell, rank, members, _surrounding_cells(rooms))


def _cell_along(fraction: Int[Array, " n"], cells: int) -> Int[Array, " n"]:
    """Which of the equal cells along an axis: the fraction, made unsigned, times their number, over 2**32.

    By halves of 16 bits, exactly: cells cut at rounded places would be narrower than the reach here and there.
    """
    high, low = (fraction >> 16) + 2**15, fraction & 0xFFFF
    return (high * cells + (low * cells >> 16)) >> 16


def _surrounding_cells(shape: tuple[int, ...]) -> Int[Array, "cells around"]:
    """Flat indices of the 3**dim cells around and including each cell of a periodic grid."""
    axes = jnp.stack(jnp.meshgrid(*[jnp.arange(m, dtype=jnp.int32) for m in shape], indexing="ij"), -1)
    steps = jnp.stack(jnp.meshgrid(*[jnp.arange(-1, 2, dtype=jnp.int32)] * len(shape), indexing="ij"), -1)
    around = axes.reshape(-1, 1, len(shape)) + steps.reshape(1, -1, len(shape))
    flat = jnp.zeros(around.shape[:2], jnp.int32)
    for a, m in enumerate(shape):
        flat = flat * m + around[..., a] % m
    return flat
