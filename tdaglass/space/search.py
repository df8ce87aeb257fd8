"""Which particles are within reach of which: fixed-radius search on fixed-point fractions.

Distances are tested in bulk into bit masks, 32 candidates to a word, and the set bits are then written out in
ascending order: in `bit_words` as a CPU likes it, in `words_at_once` as accelerators do. Every
row of the result is ordered by particle index, whatever the positions were: sums over neighbours then
add the same terms in the same order whenever, and in whichever batch, the table was built.

The search works in single precision on the upper 32 bits and widens the reach by its own rounding error: it
finds every pair within reach, and perhaps a few just outside. Who needs a sharp radius tests the pairs again.
In a cell that is not orthorhombic, differences of fractions go through the matrix of lattice vectors, and cells of
the grid are as wide as its faces are apart.
"""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, UInt32

from tdaglass.space.bit_words import COLUMNS, all_pairs_words, close_by, set_bits
from tdaglass.space.cell import widths
from tdaglass.space.cell_grid import ROUNDING, Grid, Members, into_cells
from tdaglass.space.fixed_point import scale
from tdaglass.space.words_at_once import BYTES_OF_WORDS, set_bits_at_once, words_at_once

# Above this number of particles all pairs are tested for COLUMNS at a time: masks of all would fill the memory.
MASKS_LIMIT = 2**15


class Search(NamedTuple):
    """Result of a fixed-radius search.

    Attributes
    ----------
    idx : (capacity, particles) int32
        Neighbours of each particle, ascending; unused slots hold the particle itself.
    count : (particles,) int32
        Neighbours found, also where they exceed the capacity.
    cells_full : bool
        A cell of the grid overflowed or was smaller than the reach: the table is incomplete.
    """

    idx: Int[Array, "capacity particles"]
    count: Int[Array, " particles"]  # type: ignore[assignment]  # hides tuple.count, which nobody asks for
    cells_full: Bool[Array, ""]


def neighbors_within(
    fraction: Int[Array, "dim particles"],
    box: Float[Array, " dim"] | Float[Array, "dim dim"],
    reach: Float[Array, "species species"],
    species: Int[Array, " particles"],
    *,
    capacity: int,
    grid: Grid | None = None,
    every: int = 1,
    accelerator: bool = False,
) -> Search:
    """Neighbours of every particle within a reach that may differ for each pair of species.

    Parameters
    ----------
    fraction : (dim, particles)
        Fixed-point positions (see `fixed_point`), one row per axis.
    box : (dim,) or (dim, dim)
        Edge lengths or lattice vectors; the least of their `widths` must be at least twice the largest reach for
        the nearest image to be the only one.
    reach : (species, species)
        Symmetric, in length units.
    species : (particles,)
    capacity : static
        Slots per particle. Compare ``count.max()`` with it.
    grid : static
        From `choose_grid`, or None to test all pairs.
    every : static
        Find the neighbours of the first particle and every so many after it only, among all.
    accelerator : static
        Search by a few large kernels; the result is the same.
    """
    fraction, scales, reach_sq = _in_single_precision(fraction, box, reach)
    system = fraction, scales, reach_sq, species
    if grid is not None:
        found = _search_cells(*system, capacity, grid, every, accelerator)
    elif accelerator:
        found = _search_all_pairs_at_once(*system, capacity, every)
    else:
        found = _search_all_pairs(*system, capacity, every)
    return _search_result(*found, every)


def bytes_of_words(n: int, grid: Grid | None) -> int:
    """What the bit words of one system of `n` particles take of an accelerator's memory."""
    if grid is None:
        return 4 * n * -(-n // 32)
    candidates = 3 ** len(grid.shape) * grid.capacity
    return 4 * math.prod(grid.rooms) * grid.capacity * -(-candidates // 32)


def neighbors_within_any(
    fraction: Int[Array, "replicas dim particles"],
    box: Float[Array, "replicas dim"],
    reach: Float[Array, "species species"],
    species: Int[Array, " particles"],
    *,
    capacity: int,
) -> Search:
    """Particles within reach in at least one of several replicas of a system, testing all pairs of each.

    Parameters are those of `neighbors_within`, with the replicas in front; they share the species.
    """

    def add_replica(words: Array, replica: tuple[Array, Array]) -> tuple[Array, None]:
        fraction, scales, reach_sq = _in_single_precision(*replica, reach)
        return words | all_pairs_words(fraction, scales, reach_sq, species), None

    n = fraction.shape[-1]
    none = jnp.zeros((-(-n // 32), n), jnp.uint32)
    words, _ = lax.scan(add_replica, none, (fraction, box))
    return _search_result(*set_bits(words, capacity), jnp.zeros((), bool))


def _in_single_precision(fraction: Array, box: Array, reach: Array) -> tuple[Array, Array, Array]:
    """Fractions of 32 bits, the length of one step along each axis, and the widened reach, squared."""
    if fraction.dtype == jnp.int64:
        fraction = (fraction >> 32).astype(jnp.int32)
    scales = (box * scale(jnp.float32)).astype(jnp.float32)
    longest = jnp.max(box) if box.ndim == 1 else _magnified(box)
    reach_sq = jnp.square(reach.astype(jnp.float32) + ROUNDING * longest.astype(jnp.float32))
    return lax.stop_gradient((fraction, scales, reach_sq))


def _magnified(box: Array) -> Array:
    """Length by which the rounding of a fraction counts: the more tilted the cell, the more."""
    edges = jnp.sqrt(jnp.sum(box**2, axis=1))
    return jnp.sum(edges) * jnp.max(edges / widths(box))


def _search_result(idx: Array, count: Array, cells_full: Array, every: int = 1) -> Search:
    capacity, n = idx.shape
    used = jnp.arange(capacity, dtype=jnp.int32)[:, None] < count
    return Search(jnp.where(used, idx, every * jnp.arange(n, dtype=jnp.int32)), count, cells_full)


def _search_all_pairs(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    capacity: int,
    every: int,
) -> tuple[Array, Array, Array]:
    n = fraction.shape[1]
    n_rows = -(-n // every)
    never_full = jnp.zeros((), bool)
    if n * n_rows <= MASKS_LIMIT**2:
        rows = every * jnp.arange(n_rows, dtype=jnp.int32) if every > 1 else None
        return *set_bits(all_pairs_words(fraction, scales, reach_sq, species, rows), capacity), never_full

    def some(rows: Int[Array, " columns"]) -> tuple[Array, Array]:
        return set_bits(all_pairs_words(fraction, scales, reach_sq, species, rows), capacity)

    blocks = -(-n_rows // COLUMNS)
    rows = every * jnp.arange(blocks * COLUMNS, dtype=jnp.int32) % n
    slots, count = lax.map(some, rows.reshape(blocks, COLUMNS))
    return jnp.swapaxes(slots, 0, 1).reshape(capacity, -1)[:, :n_rows], count.ravel()[:n_rows], never_full


def _search_all_pairs_at_once(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    capacity: int,
    every: int,
) -> tuple[Array, Array, Array]:
    """The same by a few kernels, for as many rows at once as there is memory for their words."""
    n = fraction.shape[1]
    n_rows = -(-n // every)

    def some(rows: Int[Array, " rows"]) -> tuple[Array, Array]:
        words = words_at_once(fraction[:, rows], species[rows], rows, fraction, species, scales, reach_sq)
        return set_bits_at_once(words, capacity)

    blocks = -(-n_rows * bytes_of_words(n, None) // (n * BYTES_OF_WORDS))
    rows = every * jnp.arange(blocks * -(-n_rows // blocks), dtype=jnp.int32) % n
    if blocks == 1:
        slots, count = some(rows)
    else:
        slots, count = lax.map(some, rows.reshape(blocks, -1))
    return slots.reshape(-1, capacity)[:n_rows].T, count.ravel()[:n_rows], jnp.zeros((), bool)


def _search_cells(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    capacity: int,
    grid: Grid,
    every: int,
    accelerator: bool,
) -> tuple[Array, Array, Array]:
    """The same search over the particles of the surrounding cells only."""
    n = fraction.shape[1]
    members = into_cells(fraction, grid)
    words_of = _cell_words_at_once if accelerator else _cell_words
    words = words_of(fraction, scales, reach_sq, species, members)
    fullest = jnp.max(members.rank)
    cell, rank = members.cell, members.rank
    if every > 1:
        cell, rank = cell[::every], rank[::every]
    words = words[cell, jnp.minimum(rank, grid.capacity - 1)]  # (n, blocks)
    if accelerator:
        slot, count = set_bits_at_once(words, capacity)
        slot = slot.T
    else:
        slot, count = set_bits(words.T, capacity)
    slot_cell = members.around[cell, jnp.clip(slot // grid.capacity, 0, members.around.shape[1] - 1)]
    idx = members.idx[slot_cell, slot % grid.capacity]
    used = jnp.arange(capacity, dtype=jnp.int32)[:, None] < count
    idx = jnp.sort(jnp.where(used, idx, n).T, axis=1).T
    widest = jnp.sqrt(jnp.max(reach_sq))
    too_small = jnp.any(widths(scales) * 2.0**32 / jnp.array(grid.shape, jnp.float32) < widest)
    return idx, count, (fullest >= grid.capacity) | too_small


def _cell_words(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    members: Members,
) -> UInt32[Array, "cells capacity words"]:
    """Bits of every member of a cell: which of the members of the cells around it are within reach."""
    n = fraction.shape[1]
    capacity = members.idx.shape[1]
    slots = members.around.shape[1] * capacity
    blocks = -(-slots // 32)
    towards = jnp.concatenate([reach_sq[:, species], jnp.zeros((1, n), jnp.float32)])
    kinds = jnp.append(species, reach_sq.shape[0])
    fraction_padded = jnp.pad(fraction, ((0, 0), (0, 1)))

    def one_cell(inputs: tuple[Array, Array]) -> Array:
        mine, cells_around = inputs
        candidates = jnp.pad(members.idx[cells_around].ravel(), (0, 32 * blocks - slots), constant_values=n)
        i, j = fraction_padded[:, mine], fraction_padded[:, candidates]
        reach = towards.at[kinds[candidates][None, :], mine[:, None]].get(mode="clip")
        close = close_by(i[:, :, None], j[:, None, :], scales, reach) & (mine[:, None] != candidates)
        weights = jnp.uint32(1) << (jnp.arange(32, dtype=jnp.uint32))
        bits = jnp.where(close.reshape(capacity, blocks, 32), weights, jnp.uint32(0))
        return bits.sum(-1, dtype=jnp.uint32)  # (capacity of a cell, blocks)

    return lax.map(one_cell, (members.idx, members.around))


def _cell_words_at_once(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    members: Members,
) -> UInt32[Array, "cells capacity words"]:
    """The same, of all cells in one kernel."""
    capacity, n_around = members.idx.shape[1], members.around.shape[1]
    kinds = jnp.append(species, len(reach_sq))
    fraction = jnp.pad(fraction, ((0, 0), (0, 1)))
    # A cell is in the middle of those around it.
    itself = n_around // 2 * capacity + jnp.arange(capacity, dtype=jnp.int32)

    def one_cell(mine: Array, cells_around: Array) -> Array:
        candidates = members.idx[cells_around].ravel()
        i, of_i, j, of_j = lax.optimization_barrier(
            (fraction[:, mine], kinds[mine], fraction[:, candidates], kinds[candidates])
        )
        return words_at_once(i, of_i, itself, j, of_j, scales, reach_sq)

    return jax.vmap(one_cell)(members.idx, members.around)
