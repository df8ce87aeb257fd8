"""Liquids whose bonds know of each other: Tersoff's bond order.

The energy of an atom depends on the vectors to its neighbours. Sums over a neighbour table are in `bond_sums`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.models.all_pairs import by_rows, nearest_image
from tdaglass.glass.models.bond_sums import bond_energies, find_bonds, other_half_of, pulls_of
from tdaglass.glass.models.composition import Composition
from tdaglass.glass.potentials.tersoff import (
    TersoffEntry,
    angular,
    attraction,
    bond_order,
    cutoff_function,
    of_difference,
    repulsion,
)
from tdaglass.glass.potentials.tersoff_parameters import CARBON, named_entries, read_entries
from tdaglass.glass.units import FEMTOSECOND, GRAM_PER_MOLE
from tdaglass.space import pairwise_sum, rounded

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
        bonds = find_bonds(self, fraction, species, box, slots)
        pulls = lax.optimization_barrier(pulls_of(self, bonds, n_slots))
        other_half = other_half_of(slots)

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
        bonds = find_bonds(self, fraction, species, box, slots)
        energies, _ = bond_energies(self, bonds, n_slots)
        pulls = pulls_of(self, bonds, n_slots)
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
        counts=arguments.whole_numbers(counts, "counts"),
        number_density=arguments.positive(number_density, "number density", "0.125 (carbon at 2.5 g/cm3)"),
        masses=tuple(masses),
        elements=elements,
        entries=entries,
    )


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
        return nearest_image(others - positions[i], box)

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

    return by_rows(row, n)
