"""Bonds of Tersoff's form over a neighbour table: their energies, and how atoms pull along them.

What is added up for every bond from i to j is the derivative P_ij of U_i in its vector; the force on i is the sum
of P_ij - P_ji over its neighbours, added in the order of their indices. Each bond looks its other half up in the
table of the other atom.
"""

from typing import NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass.glass.contract import Model
from tdaglass.glass.neighbor_tables import read_slot
from tdaglass.glass.potentials.tersoff import (
    TersoffEntry,
    angular,
    attraction,
    bond_order,
    cutoff_function,
    of_difference,
    repulsion,
    with_slope,
)
from tdaglass.space import rounded
from tdaglass.space.fixed_point import scale


@runtime_checkable
class OfEntries(Model, Protocol):
    """A model whose triples of species have numbers of Tersoff's form."""

    @property
    def entries(self) -> tuple[TersoffEntry, ...]:
        """Of all triples."""

    def entry(
        self, i: Int[Array, "..."], j: Int[Array, "..."], k: Int[Array, "..."], dtype: DTypeLike
    ) -> TersoffEntry:
        """Of some."""


class Bonds(NamedTuple):
    """From every atom to every neighbour of its table; those that are none are beyond every cut-off.

    Attributes
    ----------
    idx, species : of the neighbours
    own : (particles,) species of the atoms
    r : distance
    along, unit : three each, of vectors towards the neighbour, and of the same with length one
    cutoff, cutoff_slope : (species, capacity, particles)
        f_C of each as the third atom beside a bond to each species, and its derivative.
    """

    idx: Int[Array, "capacity n"]
    species: Int[Array, "capacity n"]
    own: Int[Array, " n"]
    r: Float[Array, "capacity n"]
    along: tuple[Float[Array, "capacity n"], ...]
    unit: tuple[Float[Array, "capacity n"], ...]
    cutoff: Float[Array, "species capacity n"]
    cutoff_slope: Float[Array, "species capacity n"]


def find_bonds(model: OfEntries, fraction: Array, species: Array, box: Array, slots: Array) -> Bonds:
    """All bonds of a neighbour table."""
    idx, _ = read_slot(slots)
    steps = list(lax.optimization_barrier(box * scale(box.dtype)))
    along = tuple(
        (x.at[idx].get(mode="promise_in_bounds") - x).astype(box.dtype) * step
        for x, step in zip(fraction, steps, strict=True)
    )
    r_sq = rounded(along[0] * along[0])
    for x in along[1:]:
        r_sq = r_sq + rounded(x * x)
    # An unused slot is the atom itself: put it beyond the cut-offs, before any division.
    itself = idx == jnp.arange(idx.shape[1], dtype=idx.dtype)
    r = jnp.sqrt(jnp.where(itself, (2 * model.reach) ** 2, r_sq))
    unit = tuple(x / r for x in along)
    kinds = species.at[idx].get(mode="promise_in_bounds") if model.n_species > 1 else jnp.zeros_like(idx)
    found = _cut_off(model, r, species, kinds)
    return lax.optimization_barrier(Bonds(idx, kinds, species, r, along, unit, *found))


def _cut_off(model: OfEntries, r: Array, own: Array, kinds: Array) -> tuple[Array, Array]:
    """f_C of neighbours and its slope, beside bonds to each species, which lead."""
    beside = [
        with_slope(cutoff_function, r, model.entry(own, jnp.full_like(own, s), kinds, r.dtype))
        for s in range(model.n_species)
    ]
    value, slope = zip(*beside, strict=True)
    return jnp.stack(value), jnp.stack(slope)


def _beside(table: Float[Array, "species ..."], kinds: Int[Array, "..."]) -> Float[Array, "..."]:
    """What stands in a table for the species of others, whose shape may have an axis in front."""
    chosen = table[0]
    for s in range(1, len(table)):
        chosen = jnp.where(kinds == s, table[s], chosen)
    return jnp.broadcast_to(chosen, jnp.broadcast_shapes(chosen.shape, kinds.shape))


class _Pair(NamedTuple):
    """Every bond (p) of every atom beside one other (q) of the same atom.

    Attributes
    ----------
    cosine : of the angle between them
    other : bool, whether they are two
    """

    cosine: Float[Array, "capacity n"]
    other: Bool[Array, "capacity n"]


def _pair(bonds: Bonds, q: Array) -> _Pair:
    cosine = rounded(bonds.unit[0] * bonds.unit[0][q])
    for x in bonds.unit[1:]:
        cosine = cosine + rounded(x * x[q])
    return _Pair(cosine, lax.broadcasted_iota(jnp.int32, bonds.r.shape, 0) != q)


def _zeta(model: OfEntries, bonds: Bonds, n_slots: Array | int) -> Float[Array, "capacity n"]:
    """Zeta of every bond, neighbours added in the order of their slots."""

    def add(q: Array, zeta: Array) -> Array:
        pair = _pair(bonds, q)
        entry = model.entry(bonds.own, bonds.species, bonds.species[q], zeta.dtype)
        term = _beside(bonds.cutoff[:, q], bonds.species) * angular(pair.cosine, entry)
        if _knows_lengths(model):
            term = term * of_difference(bonds.r - bonds.r[q], entry)
        return zeta + rounded(jnp.where(pair.other, term, 0))

    return lax.fori_loop(0, n_slots, add, jnp.zeros_like(bonds.r))


def _knows_lengths(model: OfEntries) -> bool:
    return any(entry.lambda_3 for entry in model.entries)


def bond_energies(
    model: OfEntries, bonds: Bonds, n_slots: Array | int
) -> tuple[Float[Array, "capacity n"], tuple[Float[Array, "capacity n"], Float[Array, "capacity n"]]]:
    """Energy of every bond that belongs to its first atom, and its derivatives in its length and in zeta."""
    entry = model.entry(bonds.own, bonds.species, bonds.species, bonds.r.dtype)
    order, order_slope = with_slope(bond_order, _zeta(model, bonds, n_slots), entry)
    cutoff, cutoff_slope = (_beside(x, bonds.species) for x in (bonds.cutoff, bonds.cutoff_slope))
    up, up_slope = with_slope(repulsion, bonds.r, entry)
    down, down_slope = with_slope(attraction, bonds.r, entry)
    inner = up + rounded(order * down)
    slope = rounded(cutoff_slope * inner) + rounded(cutoff * (up_slope + rounded(order * down_slope)))
    return cutoff * inner / 2, (slope / 2, cutoff * down * order_slope / 2)


def pulls_of(model: OfEntries, bonds: Bonds, n_slots: Array | int) -> tuple[Float[Array, "capacity n"], ...]:
    """P of every bond: the derivative of its first atom's energy in its vector, by axis."""
    _, (slope, weight) = lax.optimization_barrier(bond_energies(model, bonds, n_slots))
    dtype = bonds.r.dtype

    def add(q: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
        pair = _pair(bonds, q)
        # The bond p beside q, and the bond q beside p.
        first = model.entry(bonds.own, bonds.species, bonds.species[q], dtype)
        second = model.entry(bonds.own, bonds.species[q], bonds.species, dtype)
        g, g_slope = with_slope(angular, pair.cosine, first)
        h, h_slope = with_slope(angular, pair.cosine, second)
        kinds_q = bonds.species[q]
        cut_q = weight * _beside(bonds.cutoff[:, q], bonds.species)
        cut_p = weight[q] * _beside(bonds.cutoff, kinds_q)
        cut_p_slope = weight[q] * _beside(bonds.cutoff_slope, kinds_q)
        if _knows_lengths(model):
            e, e_slope = with_slope(of_difference, bonds.r - bonds.r[q], first)
            d, d_slope = with_slope(of_difference, bonds.r[q] - bonds.r, second)
            outward = (
                rounded(cut_q * g * e_slope) - rounded(cut_p * h * d_slope) + rounded(cut_p_slope * h * d)
            )
            turning = rounded(cut_q * g_slope * e) + rounded(cut_p * h_slope * d)
        else:
            outward = rounded(cut_p_slope * h)
            turning = rounded(cut_q * g_slope) + rounded(cut_p * h_slope)
        outward, turning = jnp.where(pair.other, outward, 0), jnp.where(pair.other, turning, 0)
        radial, across, *vector = total
        return (
            radial + outward,
            across + rounded(turning * pair.cosine),
            *(x + rounded(turning * unit[q]) for x, unit in zip(vector, bonds.unit, strict=True)),
        )

    zero = jnp.zeros_like(bonds.r)
    radial, across, *vector = lax.fori_loop(0, n_slots, add, (slope, *(zero,) * (1 + model.dimension)))
    outward = radial - across / bonds.r
    return tuple(rounded(outward * u) + x / bonds.r for u, x in zip(bonds.unit, vector, strict=True))


def other_half_of(slots: Int[Array, "capacity n"]) -> Int[Array, "capacity n"]:
    """Where in a neighbour's slots an atom itself stands; of an unused slot that slot, where nothing pulls.

    Slots are in the order of indices, unused ones last.
    """
    idx, _ = read_slot(slots)
    capacity, n = idx.shape
    atoms = jnp.arange(n, dtype=idx.dtype)
    in_order = jnp.where(idx == atoms, n, idx)
    place = jnp.zeros_like(idx)
    for step in 1 << np.arange(capacity.bit_length())[::-1]:
        further = place + int(step)
        before = in_order.at[jnp.minimum(further, capacity) - 1, idx].get(mode="promise_in_bounds")
        place = jnp.where((further <= capacity) & (before < atoms), further, place)
    place = jnp.minimum(place, capacity - 1)  # a table that is too short is not used, but read
    return jnp.where(idx == atoms, lax.broadcasted_iota(idx.dtype, idx.shape, 0), place)
