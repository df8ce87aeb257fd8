"""Forces from a neighbour table: the loop that all dynamics spends its time in.

Structure of arrays: positions are (dim, particles) fractions in fixed point, the table is (slots, particles),
and a loop over slots handles the k-th neighbour of all particles at once. Every term is added in the order of
the neighbours' indices, so forces do not depend on when, or with what skin, the table was built.

Under `vmap` with one table for all systems (replicas that have not yet drifted far apart), the replicas lie side
by side in memory: an index is read once for all of them, and their neighbours' positions are one contiguous row.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_batching import custom_vmap
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass.glass.models import PairModel
from tdaglass.glass.potentials import PairTable, pair_energy, pair_force, pair_table
from tdaglass.space import Grid, Search, neighbors_within, neighbors_within_any, pairwise_sum
from tdaglass.space.fixed_point import scale

# A slot holds a neighbour's index in the low bits and its species in the high ones.
SPECIES_BIT = 28
INDEX_MASK = (1 << SPECIES_BIT) - 1


class NeighborTable(NamedTuple):
    """Neighbours of every particle within the cut-offs plus a skin.

    Attributes
    ----------
    slots : (capacity, particles) int32
        Index and species of each neighbour; unused slots hold the particle itself.
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
    model: PairModel,
    fraction: Int[Array, "dim particles"],
    species: Int[Array, " particles"],
    box: Float[Array, " dim"],
    *,
    skin: float,
    capacity: int,
    grid: Grid | None,
) -> NeighborTable:
    """Neighbour table of one system; `skin`, `capacity` and `grid` are static."""
    reach = jnp.asarray(model.table("cutoff") + skin, box.dtype)
    found = neighbors_within(fraction, box, reach, species, capacity=capacity, grid=grid)
    return _table(found, species, fraction)


def build_shared_table(
    model: PairModel,
    fraction: Int[Array, "replicas dim particles"],
    species: Int[Array, " particles"],
    box: Float[Array, "replicas dim"],
    *,
    skin: float,
    capacity: int,
) -> NeighborTable:
    """One table for several replicas of a system: the neighbours that a particle has in any of them."""
    reach = jnp.asarray(model.table("cutoff") + skin, box.dtype)
    return _table(neighbors_within_any(fraction, box, reach, species, capacity=capacity), species, fraction)


def _table(found: Search, species: Int[Array, " n"], built_at: Array) -> NeighborTable:
    longest = jnp.max(found.count)
    slots = found.idx | (species[found.idx] << SPECIES_BIT)
    return NeighborTable(slots, built_at, longest, found.cells_full | (longest > found.idx.shape[0]))


def _pairs_of_slot(
    slot: Int[Array, " n"],
    fraction: Int[Array, "dim n *replicas"],
    rows: list[PairTable],
    box: Float[Array, "dim *replicas"],
) -> tuple[list[Array], Array, PairTable]:
    """Separation vectors (by axis), their squares and coefficients for one neighbour of every particle."""
    idx = slot & INDEX_MASK
    kind = slot >> SPECIES_BIT
    dtype = box.dtype
    along = [
        (x - x.at[idx].get(mode="promise_in_bounds")).astype(dtype) * (edge * scale(dtype))
        for x, edge in zip(fraction, box, strict=True)
    ]
    separation_sq = along[0] * along[0]
    for x in along[1:]:
        separation_sq = separation_sq + x * x
    pair = rows[0]
    for s, row in enumerate(rows[1:], start=1):
        pair = jax.tree.map(lambda new, old, s=s: jnp.where(kind == s, new, old), row, pair)
    # An unused slot is the particle itself: put it beyond the cut-off, before any division.
    itself = idx == jnp.arange(idx.shape[0], dtype=idx.dtype)
    if box.ndim > 1:
        pair, itself = jax.tree.map(lambda x: x[:, None], (pair, itself))
    return along, jnp.where(itself, 2 * pair.cutoff_sq, separation_sq), pair


def _rows(model: PairModel, species: Int[Array, " n"], dtype: DTypeLike) -> list[PairTable]:
    """Coefficients of every particle towards each species."""
    table = pair_table(model, dtype)
    return [jax.tree.map(lambda x, s=s: x[species, s], table) for s in range(model.n_species)]


def forces_from_table(
    model: PairModel,
    fraction: Int[Array, "dim particles"],
    species: Int[Array, " particles"],
    box: Float[Array, " dim"],
    slots: Int[Array, "capacity particles"],
    n_slots: Int[Array, ""],
) -> Float[Array, "dim particles"]:
    """Force on every particle; only the first `n_slots` slots are read."""

    def sum_over_slots(fraction: Array, box: Array, species: Array, slots: Array, n_slots: Array) -> Array:
        rows = _rows(model, species, box.dtype)

        def add_slot(k: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
            along, separation_sq, pair = _pairs_of_slot(slots[k], fraction, rows, box)
            strength = pair_force(separation_sq, pair, force_shifted=model.truncation == "force_shift")
            return tuple(f + strength * x for f, x in zip(total, along, strict=True))

        zero = jnp.zeros(fraction.shape[1:], box.dtype)
        return jnp.stack(lax.fori_loop(0, n_slots, add_slot, (zero,) * model.dimension))

    return _side_by_side(sum_over_slots)(fraction, box, species, slots, n_slots)


def energy_and_virial(
    model: PairModel,
    fraction: Int[Array, "dim particles"],
    species: Int[Array, " particles"],
    box: Float[Array, " dim"],
    slots: Int[Array, "capacity particles"],
    n_slots: Int[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Potential energy, and the virial ``sum over pairs of -r u'(r)`` (= minus dU/d ln L)."""

    def sum_over_slots(fraction: Array, box: Array, species: Array, slots: Array, n_slots: Array) -> Array:
        rows = _rows(model, species, box.dtype)

        def add_slot(k: Array, total: tuple[Array, Array]) -> tuple[Array, Array]:
            _, separation_sq, pair = _pairs_of_slot(slots[k], fraction, rows, box)
            strength = pair_force(separation_sq, pair, force_shifted=model.truncation == "force_shift")
            energy, virial = total
            return energy + pair_energy(separation_sq, pair), virial + strength * separation_sq

        zero = jnp.zeros(fraction.shape[1:], box.dtype)
        return jnp.stack(lax.fori_loop(0, n_slots, add_slot, (zero, zero)))

    energy, virial = _side_by_side(sum_over_slots)(fraction, box, species, slots, n_slots)
    return pairwise_sum(energy) / 2, pairwise_sum(virial) / 2


def _side_by_side(sum_over_slots: Callable[..., Array]) -> Callable[..., Array]:
    """The same sum, which `vmap` over systems with one table turns into a sum for replicas side by side."""
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
