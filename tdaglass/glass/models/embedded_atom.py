"""Metals whose atoms are embedded in the density of the others, by the tables of a file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.models.all_pairs import by_rows, squared_distances
from tdaglass.glass.models.composition import Composition
from tdaglass.glass.neighbor_tables import MOST_KINDS, SlotPairs, replicas_side_by_side, sums_over_slots
from tdaglass.glass.potentials.embedded_atom import EmbeddedAtom
from tdaglass.glass.units import FEMTOSECOND, GRAM_PER_MOLE
from tdaglass.space import pairwise_sum, rounded


def embedded_atom(
    path: str | PathLike,
    *,
    elements: Sequence[str],
    counts: Sequence[int],
    number_density: float,
    name: str | None = None,
) -> "EmbeddedAtomModel":
    """A metal from a file of an embedded-atom potential (setfl: ``eam/alloy`` or ``eam/fs``), in metal units.

    Parameters
    ----------
    path : str or path
        None comes with the package: files are their authors' own (docs/embedded_atom.md).
    elements : sequence of str
        Names in the file, in the order of the species; others that it has are left out.
    counts : sequence of int
        Atoms of each element.
    number_density : float, angstrom**-3
    name : str, optional
        By default elements and counts.

    Returns
    -------
    EmbeddedAtomModel
        Energy eV, length angstrom, time ps, temperature eV: ``300 * glass.units.KELVIN``.

    Raises
    ------
    ValueError
        If the file cannot be read or lacks an element, or the counts do not fit.

    Examples
    --------
    ::

        model = glass.embedded_atom(
            "FeP_mm.eam.fs", elements=("Fe", "P"), counts=(1600, 400), number_density=0.0759
        )
        state = glass.initialize(jax.random.key(0), model, 2500 * glass.units.KELVIN)
        state = glass.run(state, model, 1000, dt=2 * glass.units.FEMTOSECOND, ensemble="npt",
                          temperature=2500 * glass.units.KELVIN, pressure=0.0)
    """
    potential = EmbeddedAtom.read(path, elements)
    counts = arguments.whole_numbers(counts, "counts")
    if len(counts) != len(potential.elements):
        raise ValueError(
            f"expected {len(potential.elements)} counts, one for each of {potential.elements}, got {counts}; try "
            f"{(100,) * len(potential.elements)}"
        )
    return EmbeddedAtomModel(
        name=name or "".join(f"{e}{n}" for e, n in zip(potential.elements, counts, strict=True)),
        dimension=3,
        counts=counts,
        number_density=number_density,
        masses=tuple(mass * GRAM_PER_MOLE for mass in potential.tables.masses),
        potential=potential,
    )


@dataclass(frozen=True)
class EmbeddedAtomModel(Composition):
    """Atoms in each other's density, and in pairs; `embedded_atom` makes one from a file.

    Attributes
    ----------
    name, dimension, counts, number_density, masses, units
        See `glass.contract.Model`.
    potential : EmbeddedAtom

    Raises
    ------
    ValueError
        For two dimensions, or another number of species than the potential has elements.
    """

    potential: EmbeddedAtom
    units: str = "metal"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dimension != 3 or self.n_species != len(self.potential.elements):
            raise ValueError(
                f"expected three dimensions and a count for each of {self.potential.elements}, got dimension "
                f"{self.dimension} and counts {self.counts}; try glass.embedded_atom"
            )

    @property
    def reach(self) -> float:
        """The cut-off, one for all pairs."""
        return self.potential.cutoff

    @property
    def skin(self) -> float:
        """Margin of neighbour tables, in angstroms."""
        return 1.0

    @property
    def time_step(self) -> float:
        """Two femtoseconds, in ps; hydrogen among the metals wants less."""
        return 2 * FEMTOSECOND

    @cached_property
    def sizes(self) -> tuple[float, ...]:
        """Of each element, the distance of neighbours in its face-centred crystal of the lowest energy."""
        return tuple(map(self.potential.distance_in_crystal, range(self.n_species)))

    @property
    def diameters(self) -> Float[np.ndarray, " particles"]:
        """Of every particle, in the order of `species`, that of its element (`sizes`)."""
        return np.asarray(self.sizes)[self.species]

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Diameter of every particle: the species tells it."""
        return jnp.asarray(self.sizes, configuration.positions.dtype)[configuration.species]

    def particle_energies(self, configuration: Configuration) -> Float[Array, " particles"]:
        r"""Embedding energy and half of each pair's, :math:`U_i = F(\rho_i) + \frac12\sum_j\phi(r_{ij})`.

        All pairs, blocked by rows: always right, at every size under every transformation, and the reference
        for the sums over tables that drive the dynamics.
        """
        self.check(configuration)
        assert configuration.box is not None
        return _particle_energies(self, configuration.positions, configuration.species, configuration.box)

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "species species"]]:
        """The species, and the cut-off."""
        return species, np.full((self.n_species,) * 2, self.reach)

    def forces_from_table(
        self,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> Float[Array, "dim particles"]:
        """Force on every particle; only the first `n_slots` slots are read."""

        def add(
            total: tuple[Array, ...], pairs: SlotPairs, energy: Array, strength: Array
        ) -> tuple[Array, ...]:
            return tuple(f + strength * x for f, x in zip(total, pairs.along, strict=True))

        return self._over_table(add, 3, lambda _, force: force, fraction, box, species, slots, n_slots)

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

        def add(
            total: tuple[Array, ...], pairs: SlotPairs, energy: Array, strength: Array
        ) -> tuple[Array, ...]:
            return total[0] + energy, total[1] + strength * pairs.r_sq

        def with_embedding(embedding: Array, sums: Array) -> Array:
            return jnp.stack([embedding + sums[0] / 2, sums[1] / 2])

        energy, virial = self._over_table(add, 2, with_embedding, fraction, box, species, slots, n_slots)
        return pairwise_sum(energy), pairwise_sum(virial)

    def _over_table(
        self,
        add: Callable[[tuple[Array, ...], SlotPairs, Array, Array], tuple[Array, ...]],
        n_sums: int,
        finish: Callable[[Array, Array], Array],
        fraction: Int[Array, "dim particles"],
        box: Float[Array, " dim"],
        species: Int[Array, " particles"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> Float[Array, "sums particles"]:
        """Densities of all particles first; then sums, to which `add` adds one pair of each: energy, force / r."""

        def sums(fraction: Array, box: Array, species: Array, slots: Array, n_slots: Array | int) -> Array:
            functions = self.potential.functions(box.dtype)
            trailing = (slice(None), None) if fraction.ndim > 2 else ()
            here = species[trailing]

            def look(pairs: SlotPairs) -> tuple[Array, Array, Array]:
                """Species of the neighbours, the distance (the cut-off at least for nobody), and who is near."""
                there = pairs.kind if self.n_species <= MOST_KINDS else species[pairs.idx]
                near = (pairs.r_sq < self.reach**2) & ~pairs.itself
                r = jnp.sqrt(jnp.where(near, pairs.r_sq, self.reach**2))
                return there[trailing], r, near

            def add_density(total: tuple[Array, ...], pairs: SlotPairs, _: Array) -> tuple[Array, ...]:
                there, r, near = look(pairs)
                return (total[0] + jnp.where(near, functions.density_given(here, there, r), 0),)

            table = fraction, box, slots, n_slots
            (density,) = sums_over_slots(add_density, 1, *table)
            slope = functions.embedding_slope(here, density)

            def add_pairs(total: tuple[Array, ...], pairs: SlotPairs, _: Array) -> tuple[Array, ...]:
                there, r, near = look(pairs)
                terms = functions.pair_terms(here, there, r)
                slope_there = slope.at[pairs.idx].get(mode="promise_in_bounds")
                embedded = rounded(slope * terms.density_slope) + slope_there * terms.density_slope_there
                strength = jnp.where(near, (terms.force - embedded) / r, 0)
                return add(total, pairs, jnp.where(near, terms.energy, 0), strength)

            embedding = functions.embedding_energy(here, density)
            return finish(embedding, sums_over_slots(add_pairs, n_sums, *table))

        over = sums if isinstance(n_slots, int) else replicas_side_by_side(sums)
        return over(fraction, box, species, slots, n_slots)


@partial(jax.jit, static_argnames="model")
def _particle_energies(
    model: EmbeddedAtomModel,
    positions: Float[Array, "n dim"],
    species: Int[Array, " n"],
    box: Float[Array, " dim"],
) -> Float[Array, " n"]:
    n, functions = positions.shape[0], model.potential.functions(positions.dtype)

    def row(i: Array) -> Array:
        r_sq = squared_distances(positions, i, box)
        near = (r_sq < model.reach**2) & (jnp.arange(n) != i)
        # The others are moved to the cut-off before the root.
        pairs = species[i], species, jnp.sqrt(jnp.where(near, r_sq, model.reach**2))
        density = jnp.sum(jnp.where(near, functions.density_given(*pairs), 0))
        of_pairs = jnp.sum(jnp.where(near, functions.pair_energy(*pairs), 0)) / 2
        return functions.embedding_energy(species[i], density) + of_pairs

    return by_rows(row, n)
