"""Neighbour tables: who may be within reach of whom until somebody has moved by half the skin.

Structure of arrays: positions are (dim, particles) fractions in fixed point, the table is (slots, particles),
and a loop over slots handles the k-th neighbour of all particles at once. Every term is added in the order of
the neighbours' indices, so that sums do not depend on when, or with what skin, the table was built.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass.glass.contract import Model
from tdaglass.space import Grid, Search, neighbors_within, neighbors_within_any
from tdaglass.space.fixed_point import scale

# A slot holds a neighbour's index in the low bits and its kind in the high ones, as far as there is room for it.
_KIND_BIT = 28
_INDEX_MASK = (1 << _KIND_BIT) - 1
MOST_KINDS = 8
# Slots that an accelerator reads in one kernel. One reduction over all slots took a sixth less time than a loop
# over 16 at once (H200), but adds in another order wherever a table has another length: trajectories would part.
CHUNK = 16


class NeighborTable(NamedTuple):
    """Neighbours of every particle within its reach plus a skin.

    Attributes
    ----------
    slots : (capacity, particles) int32
        Index and kind of each neighbour, see `read_slot`; unused slots hold the particle itself.
    built_at : (dim, particles) integer, with replicas in front if they share the table
        Fractions at which the table was built.
    longest : int
        Most neighbours that a particle has.
    incomplete : bool
        The table is not to be used: the capacity, or a cell of the grid, was exceeded.
    """

    slots: Int[Array, "capacity particles"]
    built_at: Int[Array, "*replicas dim particles"]
    longest: Int[Array, ""]
    incomplete: Bool[Array, ""]


def build_neighbor_table(
    model: Model,
    fraction: Int[Array, "dim particles"],
    species: Int[Array, " particles"],
    diameters: Float[Array, " particles"],
    box: Float[Array, " dim"],
    *,
    skin: float,
    capacity: int,
    grid: Grid | None,
    accelerator: bool = False,
) -> NeighborTable:
    """Neighbour table of one system; `skin`, `capacity`, `grid` and `accelerator` are static."""
    kinds, reach = model.search_kinds(species, diameters)
    within = jnp.asarray(reach + skin, box.dtype)
    found = neighbors_within(
        fraction, box, within, kinds, capacity=capacity, grid=grid, accelerator=accelerator
    )
    return _table(found, kinds, fraction)


def build_shared_table(
    model: Model,
    fraction: Int[Array, "replicas dim particles"],
    species: Int[Array, " particles"],
    diameters: Float[Array, " particles"],
    box: Float[Array, "replicas dim"],
    *,
    skin: float,
    capacity: int,
) -> NeighborTable:
    """One table for several replicas of a system: the neighbours that a particle has in any of them."""
    kinds, reach = model.search_kinds(species, diameters)
    within = jnp.asarray(reach + skin, box.dtype)
    return _table(neighbors_within_any(fraction, box, within, kinds, capacity=capacity), kinds, fraction)


def _table(found: Search, kinds: Int[Array, " n"], built_at: Array) -> NeighborTable:
    longest = jnp.max(found.count)
    slots = found.idx | (kinds[found.idx] << _KIND_BIT)
    return NeighborTable(slots, built_at, longest, found.cells_full | (longest > found.idx.shape[0]))


def read_slot(slot: Int[Array, " n"]) -> tuple[Int[Array, " n"], Int[Array, " n"]]:
    """Index of one neighbour of every particle, and its kind where there are `MOST_KINDS` or fewer."""
    return slot & _INDEX_MASK, slot >> _KIND_BIT


def one_by_one(fraction: Int[Array, "dim n *replicas"]) -> Callable[[Array], list[Array]]:
    """A function of the neighbours of all particles in a slot: their fractions, by axis."""
    return lambda idx: [x.at[idx].get(mode="promise_in_bounds") for x in fraction]


def side_by_side(fraction: Int[Array, "dim n"]) -> Callable[[Array], list[Array]]:
    """The same for accelerators: a particle's coordinates lie in one sector of memory, and are loaded at once."""
    dim = len(fraction)
    width = 2 if dim == 2 else 4
    rows = lax.optimization_barrier(jnp.pad(fraction.T, ((0, 0), (0, width - dim))))

    def neighbor(idx: Int[Array, " n"]) -> list[Array]:
        found = rows.at[idx].get(mode="promise_in_bounds")
        return [found[:, a] for a in range(dim)]

    return neighbor


def sums_by_chunks(
    add_pairs: Callable[[tuple[Array, ...], Array], tuple[Array, ...]],
    n_sums: int,
    slots: Int[Array, "capacity n"],
    dtype: DTypeLike,
) -> Array:
    """Sums over all slots for accelerators: `CHUNK` of them by one kernel, still one after the other."""
    capacity, n = slots.shape
    # An unused slot is the particle itself.
    spare = jnp.broadcast_to(jnp.arange(n, dtype=slots.dtype), (-capacity % CHUNK, n))
    chunks = jnp.concatenate([slots, spare]).reshape(-1, CHUNK, n)

    def add_chunk(c: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
        for slot in chunks[c]:
            total = add_pairs(total, slot)
        return total

    return jnp.stack(lax.fori_loop(0, len(chunks), add_chunk, (jnp.zeros(n, dtype),) * n_sums))


class SlotPairs(NamedTuple):
    """One pair of every particle, that with its neighbour in a slot.

    Attributes
    ----------
    idx, kind : (particles,)
        Of the neighbour, see `read_slot`.
    along : dim arrays (particles, *replicas)
        From the neighbour to the particle, length.
    r_sq : (particles, *replicas)
    itself : (particles,) and an axis of replicas if there is one
        Unused slots: to be put beyond the cut-off, before any division.
    """

    idx: Int[Array, " n"]
    kind: Int[Array, " n"]
    along: list[Float[Array, " n *replicas"]]
    r_sq: Float[Array, " n *replicas"]
    itself: Bool[Array, " n *#replicas"]


def sums_over_slots(
    add: Callable[[tuple[Array, ...], SlotPairs, Int[Array, " n"]], tuple[Array, ...]],
    n_sums: int,
    fraction: Int[Array, "dim n *replicas"],
    box: Float[Array, "dim *replicas"],
    slots: Int[Array, "capacity n"],
    n_slots: Int[Array, ""] | int,
) -> Float[Array, "sums n *replicas"]:
    """Sums for every particle, to which `add(total, pairs, slot)` adds one pair of each, slot after slot.

    A number of slots that is known gives the form for accelerators; otherwise it is for `replicas_side_by_side`.
    """
    if isinstance(n_slots, int):
        neighbor = side_by_side(fraction)
        steps = list(lax.optimization_barrier(box * scale(box.dtype)))

        def add_pairs(total: tuple[Array, ...], slot: Array) -> tuple[Array, ...]:
            return add(total, _pairs_of_slot(slot, fraction, neighbor, steps), slot)

        return sums_by_chunks(add_pairs, n_sums, slots[:n_slots], box.dtype)

    neighbor = one_by_one(fraction)

    def add_slot(k: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
        steps = [edge * scale(box.dtype) for edge in box]
        return add(total, _pairs_of_slot(slots[k], fraction, neighbor, steps), slots[k])

    zero = jnp.zeros(fraction.shape[1:], box.dtype)
    return jnp.stack(lax.fori_loop(0, n_slots, add_slot, (zero,) * n_sums))


def _pairs_of_slot(
    slot: Int[Array, " n"],
    fraction: Int[Array, "dim n *replicas"],
    neighbor: Callable[[Array], list[Array]],
    steps: list[Array],
) -> SlotPairs:
    """One pair of every particle; `steps` are the lengths of one step of the fractions."""
    idx, kind = read_slot(slot)
    along = [
        (x - y).astype(step.dtype) * step for x, y, step in zip(fraction, neighbor(idx), steps, strict=True)
    ]
    r_sq = along[0] * along[0]
    for x in along[1:]:
        r_sq = r_sq + x * x
    itself = idx == jnp.arange(idx.shape[0], dtype=idx.dtype)
    return SlotPairs(idx, kind, along, r_sq, itself[:, None] if fraction.ndim > 2 else itself)


def replicas_side_by_side(sum_over_slots: Callable[..., Array]) -> Callable[..., Array]:
    """A sum over a table, which `vmap` over systems with one table turns into a sum for replicas side by side.

    Its first arguments are fractions (dim, particles) and box (dim,), which get a trailing axis of replicas;
    the others, the table among them, are shared. Replicas then lie side by side in memory: an index is read
    once for all of them, and their neighbours' positions are one contiguous row.
    """
    over_slots = custom_vmap(sum_over_slots)

    @over_slots.def_vmap
    def _(
        size: int, in_batched: list[bool], fraction: Array, box: Array, *shared: Array
    ) -> tuple[Array, bool]:
        if any(in_batched[2:]):
            axes = tuple(0 if batched else None for batched in in_batched)
            return jax.vmap(sum_over_slots, axes)(fraction, box, *shared), True
        fraction, box = (
            jnp.moveaxis(x, 0, -1) if batched else jnp.broadcast_to(x[..., None], (*x.shape, size))
            for x, batched in zip((fraction, box), in_batched, strict=False)
        )
        return jnp.moveaxis(sum_over_slots(fraction, box, *shared), -1, 0), True

    return over_slots
