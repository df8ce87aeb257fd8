"""Liquids whose bonds know of each other: Tersoff's bond order, for all pairs, and over a neighbour table.

The energy of an atom depends on the vectors to its neighbours. What is added up over a table is, for every bond
from i to j, the derivative P_ij of U_i in its vector; the force on i is the sum of P_ij - P_ji over its
neighbours, added in the order of their indices. Each bond looks its other half up in the table of the other atom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.models.composition import Composition
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
from tdaglass.glass.potentials.tersoff_parameters import CARBON, named_entries, read_entries
from tdaglass.glass.units import FEMTOSECOND, GRAM_PER_MOLE
from tdaglass.space import pairwise_sum, rounded
from tdaglass.space.fixed_point import scale

# Neighbours within reach of one atom that the sum without tables has room for; diamond has four, a melt some ten.
MOST_BONDED = 64

# Standard atomic weights (IUPAC, abridged) of the elements that there are Tersoff files of.
ATOMIC_WEIGHTS = {
    "H": 1.008, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "Al": 26.982, "Si": 28.085, "P": 30.974,
    "Ga": 69.723, "Ge": 72.630, "As": 74.922, "In": 114.82, "Sn": 118.71, "Sb": 121.76, "W": 183.84, "Pt": 195.08,
}  # fmt: skip


@dataclass(frozen=True)
class BondOrderModel(Composition):
    """Atoms with bonds of Tersoff's form; metal units (`glass.units`). `tersoff` makes one.

    Attributes
    ----------
    elements : tuple of str
        One for each species.
    entries : tuple of TersoffEntry
        Of all triples of species (i, j, k), the last changing fastest.

    Raises
    ------
    ValueError
        For numbers of elements or entries that do not fit the species, or another dimension than 3.
    """

    elements: tuple[str, ...]
    entries: tuple[TersoffEntry, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "elements", tuple(self.elements))
        object.__setattr__(self, "entries", tuple(TersoffEntry(*map(float, entry)) for entry in self.entries))
        if self.dimension != 3:
            raise ValueError(
                f"expected dimension 3 for bonds of Tersoff's form, got {self.dimension}; try a sheet in a box "
                "with a thick third edge"
            )
        if len(self.elements) != self.n_species or len(self.entries) != self.n_species**3:
            raise ValueError(
                f"expected {self.n_species} elements and {self.n_species**3} entries for counts {self.counts}, "
                f"got {len(self.elements)} and {len(self.entries)}; try glass.tersoff, which reads them"
            )

    @property
    def units(self) -> str:
        """Metal units."""
        return "metal"

    @property
    def reach(self) -> float:
        """Longest of the cut-offs, R + D."""
        return max(float(entry.middle + entry.half_width) for entry in self.entries)

    @property
    def skin(self) -> float:
        """Margin of neighbour tables; an atom of carbon at 9000 K moves 0.03 angstrom in a femtosecond."""
        return 0.6

    @property
    def time_step(self) -> float:
        """Half a femtosecond, in ps; a melt that keeps its energy wants less (docs/bond_order.md)."""
        return 0.5 * FEMTOSECOND

    @property
    def diameters(self) -> Float[np.ndarray, " particles"]:
        """One for all: angstrom."""
        return np.ones(self.n_particles)

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """One for all."""
        return jnp.ones(configuration.species.shape, configuration.positions.dtype)

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "species species"]]:
        """The species, and how far a bond of two, or its angle with another, reaches."""
        del diameters
        s = self.n_species
        ends = np.asarray([entry.middle + entry.half_width for entry in self.entries]).reshape(s, s, s)
        # An entry (i, j, k) cuts the bond from i to k off.
        longest = ends.max(axis=1)
        return species, np.maximum(longest, longest.T)

    def particle_energies(self, configuration: Configuration) -> Float[Array, " particles"]:
        """Half of the energy of each of an atom's bonds, and its part in their order.

        Of the `MOST_BONDED` nearest of all other atoms, blocked by rows: right at every size under every
        transformation, and the reference for the sums over tables. An atom with more within reach gets NaN.
        """
        self.check(configuration)
        positions, species, box = configuration.positions, configuration.species, configuration.box
        assert box is not None
        return _particle_energies(self, positions, species, box)

    def entry(
        self, i: Int[Array, "..."], j: Int[Array, "..."], k: Int[Array, "..."], dtype: DTypeLike
    ) -> TersoffEntry:
        """Numbers of triples of species; plain ones where all entries agree, which a compiler folds."""
        code = (i * self.n_species + j) * self.n_species + k

        def read(numbers: Sequence[float]) -> Any:
            return numbers[0] if len(set(numbers)) == 1 else jnp.asarray(numbers, dtype)[code]

        return TersoffEntry(*map(read, zip(*self.entries, strict=True)))

    def forces_from_table(
        self,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> Float[Array, "dim particles"]:
        """Force on every atom; only the first `n_slots` slots are read."""
        del diameters
        bonds = _bonds(self, fraction, species, box, slots)
        pulls = lax.optimization_barrier(_pulls(self, bonds, n_slots))
        other_half = _other_half(slots)

        def add(p: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
            j, back = bonds.idx[p], other_half[p]
            return tuple(
                f + (pull[p] - pull.at[back, j].get(mode="promise_in_bounds"))
                for f, pull in zip(total, pulls, strict=True)
            )

        zero = jnp.zeros(fraction.shape[1:], box.dtype)
        return jnp.stack(lax.fori_loop(0, n_slots, add, (zero,) * self.dimension))

    def energy_and_virial_from_table(
        self,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Potential energy, and the virial: minus its derivative in the logarithm of the edges."""
        del diameters
        bonds = _bonds(self, fraction, species, box, slots)
        energies, _ = _energies(self, bonds, n_slots)
        pulls = _pulls(self, bonds, n_slots)
        outward = rounded(pulls[0] * bonds.along[0])
        for pull, x in zip(pulls[1:], bonds.along[1:], strict=True):
            outward = outward + rounded(pull * x)

        def add(p: Array, total: tuple[Array, Array]) -> tuple[Array, Array]:
            return total[0] + energies[p], total[1] - outward[p]

        zero = jnp.zeros(fraction.shape[1:], box.dtype)
        energy, virial = lax.fori_loop(0, n_slots, add, (zero, zero))
        return pairwise_sum(energy), pairwise_sum(virial)


def tersoff(
    name_or_path: str | Path,
    *,
    elements: Sequence[str] = ("C",),
    counts: Sequence[int] = (216,),
    number_density: float = 0.125,
    masses: Sequence[float] | None = None,
) -> BondOrderModel:
    """Atoms with Tersoff's bond order: carbon by the name of published parameters, or whatever a file has.

    Metal units: eV, angstrom, ps (`glass.units`). An energy of these parameters is theirs, not that of quantum
    mechanics: say which they are wherever one stands.

    Parameters
    ----------
    name_or_path : str or Path
        "tersoff_1989" (J. Tersoff, Phys. Rev. B 39, 5566), "erhart_albe" (P. Erhart and K. Albe, Phys. Rev. B 71,
        035211, 2005) or "lindsay_broido" (L. Lindsay and D. A. Broido, Phys. Rev. B 81, 205441, 2010, graphene);
        else the path of a file for LAMMPS's ``pair_style tersoff``, whose entries say how elements mix.
    elements : of str
        As the file names them, one for each species.
    counts : of int
        Atoms of each.
    number_density : float
        Atoms per volume, 1 / angstrom^3, for `initialize` without a configuration; by default that of carbon at
        2.5 g/cm3. From g/cm3: ``rho * units.GRAM_PER_CUBIC_CENTIMETRE / mass``.
    masses : of float, optional
        eV ps^2 / angstrom^2; without, standard atomic weights.

    Returns
    -------
    BondOrderModel

    Raises
    ------
    ValueError
        For parameters that are not there, or an element whose mass is not known.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> from tdaglass.glass import units
    >>> model = tersoff("erhart_albe", counts=(64,))
    >>> energy = glass.potential_energy(model, glass.diamond((2, 2, 2), 3.566)) / 64
    >>> print(f"{energy:.2f} eV an atom")
    -7.37 eV an atom
    """
    elements = (elements,) if isinstance(elements, str) else tuple(elements)
    published = str(name_or_path) in CARBON
    entries = (
        named_entries(str(name_or_path), elements) if published else read_entries(name_or_path, elements)
    )
    if masses is None:
        unknown = [element for element in elements if element not in ATOMIC_WEIGHTS]
        if unknown:
            raise ValueError(
                f"expected masses for {', '.join(unknown)}, whose weight is not known here, got None; try "
                "masses=(weight * units.GRAM_PER_MOLE, ...)"
            )
        masses = [ATOMIC_WEIGHTS[element] * GRAM_PER_MOLE for element in elements]
    return BondOrderModel(
        name=str(name_or_path) if published else Path(name_or_path).name,
        dimension=3,
        counts=tuple(counts),
        number_density=arguments.positive(number_density, "number density", "0.125 (carbon at 2.5 g/cm3)"),
        masses=tuple(masses),
        elements=elements,
        entries=entries,
    )


class _Bonds(NamedTuple):
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


def _bonds(model: BondOrderModel, fraction: Array, species: Array, box: Array, slots: Array) -> _Bonds:
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
    return lax.optimization_barrier(_Bonds(idx, kinds, species, r, along, unit, *found))


def _cut_off(model: BondOrderModel, r: Array, own: Array, kinds: Array) -> tuple[Array, Array]:
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


def _pair(bonds: _Bonds, q: Array) -> _Pair:
    cosine = rounded(bonds.unit[0] * bonds.unit[0][q])
    for x in bonds.unit[1:]:
        cosine = cosine + rounded(x * x[q])
    return _Pair(cosine, lax.broadcasted_iota(jnp.int32, bonds.r.shape, 0) != q)


def _zeta(model: BondOrderModel, bonds: _Bonds, n_slots: Array | int) -> Float[Array, "capacity n"]:
    """Zeta of every bond, neighbours added in the order of their slots."""

    def add(q: Array, zeta: Array) -> Array:
        pair = _pair(bonds, q)
        entry = model.entry(bonds.own, bonds.species, bonds.species[q], zeta.dtype)
        term = _beside(bonds.cutoff[:, q], bonds.species) * angular(pair.cosine, entry)
        if _knows_lengths(model):
            term = term * of_difference(bonds.r - bonds.r[q], entry)
        return zeta + rounded(jnp.where(pair.other, term, 0))

    return lax.fori_loop(0, n_slots, add, jnp.zeros_like(bonds.r))


def _knows_lengths(model: BondOrderModel) -> bool:
    return any(entry.lambda_3 for entry in model.entries)


def _energies(
    model: BondOrderModel, bonds: _Bonds, n_slots: Array | int
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


def _pulls(
    model: BondOrderModel, bonds: _Bonds, n_slots: Array | int
) -> tuple[Float[Array, "capacity n"], ...]:
    """P of every bond: the derivative of its first atom's energy in its vector, by axis."""
    _, (slope, weight) = lax.optimization_barrier(_energies(model, bonds, n_slots))
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


def _other_half(slots: Int[Array, "capacity n"]) -> Int[Array, "capacity n"]:
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


@partial(jax.jit, static_argnames="model")
def _particle_energies(
    model: BondOrderModel,
    positions: Float[Array, "n dim"],
    species: Int[Array, " n"],
    box: Float[Array, " dim"],
) -> Float[Array, " n"]:
    n, dtype = positions.shape[0], positions.dtype
    n_near = min(n - 1, MOST_BONDED)

    def vectors(i: Array, others: Array) -> Array:
        along = others - positions[i]
        return along - box * jnp.round(along / box)

    @jax.checkpoint  # the backward pass recomputes a row instead of keeping n of them
    def row(i: Array) -> Array:
        distance_sq = jnp.sum(jnp.square(vectors(i, lax.stop_gradient(positions))), axis=-1)
        distance_sq = jnp.where(jnp.arange(n) == i, jnp.inf, lax.stop_gradient(distance_sq))
        _, near = lax.top_k(-distance_sq, n_near)
        crowded = jnp.sum(distance_sq < model.reach**2) > n_near
        along = vectors(i, positions[near])
        r = jnp.sqrt(jnp.sum(along * along, axis=-1))
        cosine = (along / r[:, None]) @ (along / r[:, None]).T
        own, kinds = species[i], species[near]
        triple = model.entry(own, kinds[:, None], kinds, dtype)
        term = cutoff_function(r, triple) * angular(cosine, triple) * of_difference(r[:, None] - r, triple)
        zeta = jnp.sum(jnp.where(jnp.eye(n_near, dtype=bool), 0, term), axis=1)
        entry = model.entry(own, kinds, kinds, dtype)
        inner = repulsion(r, entry) + bond_order(zeta, entry) * attraction(r, entry)
        return jnp.where(crowded, jnp.nan, jnp.sum(cutoff_function(r, entry) * inner) / 2)

    return lax.map(row, jnp.arange(n), batch_size=min(n, 64))
