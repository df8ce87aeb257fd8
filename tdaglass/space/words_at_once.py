"""The same bit words for accelerators: all words of all particles in one kernel, all set bits in a few.

Nothing is done one after the other: the k-th set bit of a row is found from running counts of its words, for all k
at once. The shape of the code is that of the kernels that XLA makes of it, which were read for an H100: what is
known of a candidate lies side by side and is loaded at once; a reduction of 16 is a loop in a thread, one of 32 is
shared out; and barriers divide kernels whose parts would otherwise be computed several times.
"""

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, UInt32

from tdaglass.space.bit_words import close_by

# Bits that one thread finds, half a word.
HALF = 16
# Words that are counted together, 256 candidates, which lie in one sector of memory.
GROUP = 8
# Bytes of words that stand in memory at once, of all systems that are searched together; running counts take as
# many, and so do tables of the usual length.
BYTES_OF_WORDS = 2**30


def words_at_once(
    rows: Int[Array, "dim rows"],
    row_kinds: Int[Array, " rows"],
    itself: Int[Array, " rows"],
    candidates: Int[Array, "dim candidates"],
    kinds: Int[Array, " candidates"],
    scales: Float[Array, "*shape"],
    reach_sq: Float[Array, "s s"],
) -> UInt32[Array, "rows words"]:
    """Bit b of word w says whether candidate 32 w + b is within reach of a row's particle.

    `itself` is the candidate that is the particle of the row, which is not its neighbour. Candidates of a kind
    that `reach_sq` does not know are within nobody's reach.
    """
    dim, n = rows.shape
    n_words = -(-len(kinds) // 32)
    # Reach of every particle towards each kind, and where to look it up for a candidate.
    towards = jnp.concatenate([reach_sq[:, row_kinds], jnp.zeros((1, n), reach_sq.dtype)]).reshape(-1)
    missing = 32 * n_words - len(kinds)
    kinds = jnp.pad(kinds, (0, missing), constant_values=len(reach_sq))
    columns = [*jnp.pad(candidates, ((0, 0), (0, missing))), kinds * n]
    columns += [jnp.zeros_like(kinds)] * (4 - len(columns))
    known = jnp.stack(columns, axis=-1).reshape(-1, HALF, 4)
    towards, known = lax.optimization_barrier((towards, known))

    *others, place = (known[:, :, a, None] for a in range(dim + 1))
    own = jnp.arange(n, dtype=jnp.int32)
    close = close_by(rows, others, scales, towards.at[place + own].get(mode="promise_in_bounds"))
    weights = 1 << jnp.arange(HALF, dtype=jnp.int32)[:, None]
    halves = jnp.bitwise_or.reduce(jnp.where(close, weights, 0), axis=1)
    own_half = jnp.arange(2 * n_words, dtype=jnp.int32)[:, None] == itself // HALF
    halves &= ~jnp.where(own_half, 1 << itself % HALF, 0)
    return lax.bitcast_convert_type(halves.astype(jnp.uint16).T.reshape(n, n_words, 2), jnp.uint32)


def set_bits_at_once(words: UInt32[Array, "rows words"], capacity: int) -> tuple[Array, Array]:
    """Positions of the set bits of every row, ascending, as (rows, capacity), and how many there are."""
    n, n_words = words.shape
    groups = -(-n_words // GROUP)
    words = jnp.pad(words, ((0, 0), (0, groups * GROUP - n_words)))
    in_word = lax.population_count(words).astype(jnp.int32).reshape(n, groups, GROUP)
    until_group = jnp.cumsum(jnp.sum(in_word, axis=2, dtype=jnp.int32), axis=1, dtype=jnp.int32)
    # Of seven words at most: that fits into a byte.
    before_word = (jnp.cumsum(in_word, axis=2, dtype=jnp.int32) - in_word).astype(jnp.uint8)
    words, before_word = words.reshape(-1), before_word.reshape(-1)
    until_group, before_word = lax.optimization_barrier((until_group, before_word))

    # The k-th is in the first group until whose end there are more than k.
    k = jnp.arange(capacity, dtype=jnp.int32)
    group = jnp.sum((until_group[:, None, :-1] <= k[:, None]), axis=2, dtype=jnp.int32)
    # In one row from here on: of two axes, XLA would choose the order in which the result is wanted in the end.
    group = lax.optimization_barrier(group.reshape(-1))
    k, row = jnp.tile(k, n), jnp.repeat(groups * jnp.arange(n, dtype=jnp.int32), capacity)
    count = until_group[:, -1]
    until_group = until_group.reshape(-1)

    # There it is in the last word before which there are no more than are left.
    left = k - jnp.where(group > 0, _at(until_group, jnp.maximum(row + group - 1, 0)), 0)
    first = GROUP * (row + group)
    word, before = jnp.full_like(k, -1), jnp.zeros_like(k)
    for w in range(GROUP):
        before_w = _at(before_word, first + w).astype(jnp.int32)
        word = word + (before_w <= left)
        before = jnp.where(before_w <= left, before_w, before)
    at = lax.optimization_barrier(32 * (GROUP * group + word) + jnp.clip(left - before, 0, 31))
    bits = _at(words, GROUP * row + (at >> 5))
    left = at & 31
    at = at - left
    for half in (16, 8, 4, 2, 1):
        below = lax.population_count(bits & jnp.uint32((1 << half) - 1)).astype(jnp.int32)
        above = left >= below
        left = jnp.where(above, left - below, left)
        bits = jnp.where(above, bits >> half, bits)
        at = jnp.where(above, at + half, at)
    return lax.optimization_barrier(at).reshape(n, capacity), count


def _at(table: Array, idx: Int[Array, " n"]) -> Array:
    return table.at[idx].get(mode="promise_in_bounds")
