"""Which particles are within reach of which: fixed-radius search on fixed-point fractions.

Distances are tested in bulk into bit masks, 32 candidates to a word, and the set bits are then written out in
ascending order. On a CPU this is an order of magnitude faster than compacting by prefix sums and scatter. Every
row of the result is ordered by particle index, whatever the positions were: sums over neighbours then
add the same terms in the same order whenever, and in whichever batch, the table was built.

The search works in single precision on the upper 32 bits and widens the reach by its own rounding error: it
finds every pair within reach, and perhaps a few just outside. Who needs a sharp radius tests the pairs again.
In a cell that is not orthorhombic, differences of fractions go through the matrix of lattice vectors, and cells of
the grid are as wide as its faces are apart.
"""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float, Int, UInt32

from tdaglass.space.cell import widths
from tdaglass.space.fixed_point import scale

# Above this number of particles cells are cheaper than testing all pairs (0.2 ns a pair on one core).
ALL_PAIRS_LIMIT = 6000
# Columns of bit masks handled together: so many fit into a core's cache.
COLUMNS = 512
# Above this number of particles all pairs are tested for that many at a time: masks of all would fill the memory.
MASKS_LIMIT = 2**15
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


def choose_grid(n: int, box: tuple[float, ...], reach: float, *, slack: float = 1.6) -> Grid | None:
    """Grid for `n` particles with cells no smaller than `reach`; None where testing all pairs is cheaper."""
    # A little wider than what `neighbors_within` will look for, rounding included.
    widest = reach * (1 + 1e-4) + 2 * ROUNDING * max(box)
    shape = tuple(min(int(edge / widest), MOST_ALONG) for edge in box)
    if n <= ALL_PAIRS_LIMIT or min(shape) < 4:
        return None
    folded = shape
    while math.prod(folded) > CELLS_PER_PARTICLE * n:
        # The axis with most cells is folded once more.
        longest = max(folded)
        folded = tuple(-(-m // 2) if m == longest else m for m in folded)
    mean = n / math.prod(folded)
    capacity = int(mean * slack + 3 * math.sqrt(mean)) + 2
    if folded == shape:
        return Grid(shape, capacity)
    return Grid(tuple(m * (all_ // m) for m, all_ in zip(folded, shape, strict=True)), capacity, folded)


def neighbors_within(
    fraction: Int[Array, "dim particles"],
    box: Float[Array, " dim"] | Float[Array, "dim dim"],
    reach: Float[Array, "species species"],
    species: Int[Array, " particles"],
    *,
    capacity: int,
    grid: Grid | None = None,
    every: int = 1,
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
    """
    fraction, scales, reach_sq = _in_single_precision(fraction, box, reach)
    if grid is None:
        found = _search_all_pairs(fraction, scales, reach_sq, species, capacity, every)
    else:
        found = _search_cells(fraction, scales, reach_sq, species, capacity, grid, every)
    return _search_result(*found, every)


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
        return words | _all_pairs_words(fraction, scales, reach_sq, species), None

    n = fraction.shape[-1]
    none = jnp.zeros((-(-n // 32), n), jnp.uint32)
    words, _ = lax.scan(add_replica, none, (fraction, box))
    return _search_result(*_set_bits(words, capacity), jnp.zeros((), bool))


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


def _close(i: Array, j: Array, scales: Array, reach_sq: Array) -> Array:
    """Whether particles i are within reach of particles j; both are fractions, axes first."""
    steps = [(a - b).astype(jnp.float32) for a, b in zip(i, j, strict=True)]
    if scales.ndim == 1:
        along = [x * s for x, s in zip(steps, scales, strict=True)]
    else:
        along = [sum(x * s for x, s in zip(steps, column, strict=True)) for column in scales.T]
    separation_sq = sum(x * x for x in along)
    return separation_sq < reach_sq


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
        return *_set_bits(_all_pairs_words(fraction, scales, reach_sq, species, rows), capacity), never_full

    def some(rows: Int[Array, " columns"]) -> tuple[Array, Array]:
        return _set_bits(_all_pairs_words(fraction, scales, reach_sq, species, rows), capacity)

    blocks = -(-n_rows // COLUMNS)
    rows = every * jnp.arange(blocks * COLUMNS, dtype=jnp.int32) % n
    slots, count = lax.map(some, rows.reshape(blocks, COLUMNS))
    return jnp.swapaxes(slots, 0, 1).reshape(capacity, -1)[:, :n_rows], count.ravel()[:n_rows], never_full


def _all_pairs_words(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    rows: Int[Array, " rows"] | None = None,
) -> UInt32[Array, "words rows"]:
    """Bit b of word w of particle i says whether particle 32 w + b is within reach of i."""
    n = fraction.shape[1]
    blocks = -(-n // 32)
    padded = jnp.pad(fraction, ((0, 0), (0, 32 * blocks - n)))
    itself = jnp.arange(n, dtype=jnp.int32) if rows is None else rows
    mine, of = (fraction, species) if rows is None else (fraction[:, rows], species[rows])
    # Reach of every particle towards each species; a padding particle is within nobody's reach.
    towards = jnp.concatenate([reach_sq[:, of], jnp.zeros((1, len(itself)), jnp.float32)])
    kinds = jnp.pad(species, (0, 32 * blocks - n), constant_values=reach_sq.shape[0])

    def word(w: Array) -> Array:
        block = lax.dynamic_slice_in_dim(padded, 32 * w, 32, 1)
        kind = lax.dynamic_slice_in_dim(kinds, 32 * w, 32)
        bits = jnp.zeros(len(itself), jnp.uint32)
        for b in range(32):
            close = _close(mine, block[:, b], scales, towards[kind[b]])
            bits |= jnp.where(close, jnp.uint32(1 << b), jnp.uint32(0))
        own = itself - 32 * w
        own_bit = jnp.where(
            (own >= 0) & (own < 32), jnp.uint32(1) << jnp.clip(own, 0, 31).astype(jnp.uint32), jnp.uint32(0)
        )
        return bits & ~own_bit

    return lax.map(word, jnp.arange(blocks, dtype=jnp.int32))


def _search_cells(
    fraction: Int[Array, "dim n"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
    species: Int[Array, " n"],
    capacity: int,
    grid: Grid,
    every: int,
) -> tuple[Array, Array, Array]:
    """The same search over the particles of the surrounding cells only."""
    dim, n = fraction.shape
    shape = grid.folded or grid.shape
    n_cells = math.prod(shape)
    coordinates = [_cell_along(fraction[a], grid.shape[a]) for a in range(dim)]
    cell = jnp.zeros(n, jnp.int32)
    for a in range(dim):
        cell = cell * shape[a] + (coordinates[a] % shape[a] if grid.folded else coordinates[a])
    order = jnp.argsort(cell, stable=True).astype(jnp.int32)
    first = jnp.searchsorted(cell[order], jnp.arange(n_cells))
    rank = jnp.arange(n, dtype=jnp.int32) - first[cell[order]].astype(jnp.int32)
    members = jnp.full((n_cells, grid.capacity), n, jnp.int32)
    members = members.at[cell[order], rank].set(order, mode="drop")
    rank = jnp.zeros(n, jnp.int32).at[order].set(rank)

    around = _surrounding_cells(shape)  # (cells, 3**dim)
    slots = around.shape[1] * grid.capacity
    blocks = -(-slots // 32)
    towards = jnp.concatenate([reach_sq[:, species], jnp.zeros((1, n), jnp.float32)])
    kinds = jnp.append(species, reach_sq.shape[0])
    fraction_padded = jnp.pad(fraction, ((0, 0), (0, 1)))

    def one_cell(inputs: tuple[Array, Array]) -> Array:
        mine, cells_around = inputs
        candidates = jnp.pad(members[cells_around].ravel(), (0, 32 * blocks - slots), constant_values=n)
        i, j = fraction_padded[:, mine], fraction_padded[:, candidates]
        reach = towards.at[kinds[candidates][None, :], mine[:, None]].get(mode="clip")
        close = _close(i[:, :, None], j[:, None, :], scales, reach) & (mine[:, None] != candidates)
        weights = jnp.uint32(1) << (jnp.arange(32, dtype=jnp.uint32))
        bits = jnp.where(close.reshape(grid.capacity, blocks, 32), weights, jnp.uint32(0))
        return bits.sum(-1, dtype=jnp.uint32)  # (capacity of a cell, blocks)

    words = lax.map(one_cell, (members, around))
    fullest = jnp.max(rank)
    if every > 1:
        cell, rank = cell[::every], rank[::every]
    words = words[cell, jnp.minimum(rank, grid.capacity - 1)].T  # (blocks, n)
    slot, count = _set_bits(words, capacity)
    slot_cell = around[cell, jnp.minimum(slot // grid.capacity, around.shape[1] - 1)]
    idx = members[slot_cell, slot % grid.capacity]
    used = jnp.arange(capacity, dtype=jnp.int32)[:, None] < count
    idx = jnp.sort(jnp.where(used, idx, n).T, axis=1).T
    widest = jnp.sqrt(jnp.max(reach_sq))
    too_small = jnp.any(widths(scales) * 2.0**32 / jnp.array(grid.shape, jnp.float32) < widest)
    return idx, count, (fullest >= grid.capacity) | too_small


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


def _set_bits(words: UInt32[Array, "words n"], capacity: int) -> tuple[Array, Array]:
    """Positions of the set bits of every column, ascending, and how many there are."""

    @custom_vmap
    def set_bits(words: Array) -> tuple[Array, Array]:
        n_words, n = words.shape
        blocks = -(-n // COLUMNS)
        if blocks == 1:
            return _write_set_bits(words, capacity)
        padded = jnp.pad(words, ((0, 0), (0, blocks * COLUMNS - n))).reshape(n_words, blocks, COLUMNS)
        slots, count = lax.map(lambda block: _write_set_bits(block, capacity), jnp.swapaxes(padded, 0, 1))
        return jnp.swapaxes(slots, 0, 1).reshape(capacity, -1)[:, :n], count.reshape(-1)[:n]

    # Systems of a batch are just more columns; a batched while_loop would copy its whole state every turn.
    @set_bits.def_vmap
    def _(
        axis_size: int, in_batched: list[bool], words: Array
    ) -> tuple[tuple[Array, Array], tuple[bool, bool]]:
        columns = jnp.moveaxis(words, 0, 1).reshape(words.shape[1], -1)
        slots, count = set_bits(columns)
        slots = jnp.moveaxis(slots.reshape(capacity, axis_size, -1), 1, 0)
        return (slots, count.reshape(axis_size, -1)), (True, True)

    return set_bits(words)


def _write_set_bits(words: UInt32[Array, "words n"], capacity: int) -> tuple[Array, Array]:
    n_words, n = words.shape
    column = jnp.arange(n, dtype=jnp.int32)
    count = jnp.sum(lax.population_count(words), axis=0).astype(jnp.int32)

    # For every word, the first from it on that is not empty; past the last, an empty one to rest on.
    def not_empty(following: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
        w, word = at
        following = jnp.where(word != 0, w, following)
        return following, following

    rest = jnp.full(n, n_words, jnp.int32)
    order = jnp.arange(n_words, dtype=jnp.int32)
    first, following = lax.scan(not_empty, rest, (order, words), reverse=True)
    following = jnp.concatenate([following, rest[None]])
    words = jnp.concatenate([words, jnp.zeros((1, n), jnp.uint32)])

    def write_row(k: Array, carry: tuple) -> tuple:
        """Every column writes out its lowest remaining bit, and moves on where that emptied its word."""
        w, word, slots = carry
        below = lax.population_count((word & (~word + 1)) - 1).astype(jnp.int32)
        slots = lax.dynamic_update_index_in_dim(slots, 32 * w + below, k, 0)
        word = word & (word - 1)
        next_w = following.at[jnp.minimum(w + 1, n_words), column].get(mode="promise_in_bounds")
        next_word = words.at[next_w, column].get(mode="promise_in_bounds")
        return jnp.where(word == 0, next_w, w), jnp.where(word == 0, next_word, word), slots

    start = (first, words[first, column], jnp.zeros((capacity, n), jnp.int32))
    *_, slots = lax.fori_loop(0, jnp.minimum(jnp.max(count), capacity), write_row, start)
    return slots, count
