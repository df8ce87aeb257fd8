"""Truth values of pairs as bits, 32 candidates to a word: one word after the other, as a CPU likes it.

On a CPU this is an order of magnitude faster than compacting by prefix sums and scatter; `words_at_once` is for
accelerators.
"""

from collections.abc import Iterable

import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float, Int, UInt32

# Columns of bit masks handled together: so many fit into a core's cache.
COLUMNS = 512


def close_by(i: Iterable[Array], j: Iterable[Array], scales: Array, reach_sq: Array) -> Array:
    """Whether particles i are within reach of particles j; both are fractions, axes first."""
    steps = [(a - b).astype(jnp.float32) for a, b in zip(i, j, strict=True)]
    if scales.ndim == 1:
        along = [x * s for x, s in zip(steps, scales, strict=True)]
    else:
        along = [sum(x * s for x, s in zip(steps, column, strict=True)) for column in scales.T]
    separation_sq = sum(x * x for x in along)
    return separation_sq < reach_sq


def all_pairs_words(
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
            close = close_by(mine, block[:, b], scales, towards[kind[b]])
            bits |= jnp.where(close, jnp.uint32(1 << b), jnp.uint32(0))
        own = itself - 32 * w
        own_bit = jnp.where(
            (own >= 0) & (own < 32), jnp.uint32(1) << jnp.clip(own, 0, 31).astype(jnp.uint32), jnp.uint32(0)
        )
        return bits & ~own_bit

    return lax.map(word, jnp.arange(blocks, dtype=jnp.int32))


def set_bits(words: UInt32[Array, "words n"], capacity: int) -> tuple[Array, Array]:
    """Positions of the set bits of every column, ascending, and how many there are."""

    @custom_vmap
    def set_bits_of(words: Array) -> tuple[Array, Array]:
        n_words, n = words.shape
        blocks = -(-n // COLUMNS)
        if blocks == 1:
            return _write_set_bits(words, capacity)
        padded = jnp.pad(words, ((0, 0), (0, blocks * COLUMNS - n))).reshape(n_words, blocks, COLUMNS)
        slots, count = lax.map(lambda block: _write_set_bits(block, capacity), jnp.swapaxes(padded, 0, 1))
        return jnp.swapaxes(slots, 0, 1).reshape(capacity, -1)[:, :n], count.reshape(-1)[:n]

    # Systems of a batch are just more columns; a batched while_loop would copy its whole state every turn.
    @set_bits_of.def_vmap
    def _(
        axis_size: int, in_batched: list[bool], words: Array
    ) -> tuple[tuple[Array, Array], tuple[bool, bool]]:
        columns = jnp.moveaxis(words, 0, 1).reshape(words.shape[1], -1)
        slots, count = set_bits_of(columns)
        slots = jnp.moveaxis(slots.reshape(capacity, axis_size, -1), 1, 0)
        return (slots, count.reshape(axis_size, -1)), (True, True)

    return set_bits_of(words)


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
