"""Liquids whose particles interact in pairs: sums over all pairs, and over a neighbour table."""

from abc import abstractmethod
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass.models.all_pairs import by_rows, squared_distances
from tdaglass.glass.models.composition import Composition
from tdaglass.glass.neighbor_tables import SlotPairs, read_slot, replicas_side_by_side, sums_over_slots
from tdaglass.glass.potentials import PairPotential, PairTable, Truncation, pair_energy, pair_force
from tdaglass.space import pairwise_sum

# Who one end of pairs is: species and diameters.
Particles = tuple[Int[Array, "..."], Float[Array, "..."]]


class PairLiquid(Composition):
    """A liquid of pairs: what is derived from it adds these two fields, `reach`, `diameters_of` and `between`."""

    potential: PairPotential
    truncation: Truncation

    @abstractmethod
    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Diameter of every particle of a configuration."""

    @abstractmethod
    def between(self, some: Particles, others: Particles, dtype: DTypeLike) -> PairTable:
        """What is known of pairs of particles; the arrays of both ends are broadcast against each other."""

    def particle_energies(self, configuration: Configuration) -> Float[Array, " particles"]:
        r"""Half of the energy of each of a particle's pairs, :math:`U_i = \frac12\sum_j u(r_{ij})`.

        All pairs, blocked by rows: always right, at every size under every transformation, and the reference
        for the sums over tables that drive the dynamics.
        """
        self.check(configuration)
        positions, species, box = configuration.positions, configuration.species, configuration.box
        assert box is not None
        return _particle_energies(self, positions, species, self.diameters_of(configuration), box)

    def of_slots(
        self, species: Int[Array, " n"], diameters: Float[Array, " n"], dtype: DTypeLike
    ) -> Callable[[Int[Array, " n"]], PairTable]:
        """A function of a slot: what is known of every particle and its neighbour there."""

        def of_slot(slot: Int[Array, " n"]) -> PairTable:
            idx, _ = read_slot(slot)
            return self.between((species, diameters), (species[idx], diameters[idx]), dtype)

        return of_slot

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
            total: tuple[Array, ...], along: list[Array], r_sq: Array, table: PairTable
        ) -> tuple[Array, ...]:
            strength = pair_force(self.potential, self.truncation, r_sq, table)
            return tuple(f + strength * x for f, x in zip(total, along, strict=True))

        system = fraction, species, diameters, box, slots, n_slots
        return self._sums_over_table(add, self.dimension, *system)

    def energy_and_virial_from_table(
        self,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> tuple[Float[Array, ""], Float[Array, ""]]:
        """Potential energy, and the virial ``sum over pairs of -r u'(r)`` (= minus dU/d ln L)."""

        def add(
            total: tuple[Array, ...], along: list[Array], r_sq: Array, table: PairTable
        ) -> tuple[Array, ...]:
            strength = pair_force(self.potential, self.truncation, r_sq, table)
            energy, virial = total
            energy = energy + pair_energy(self.potential, self.truncation, r_sq, table)
            return energy, virial + strength * r_sq

        system = fraction, species, diameters, box, slots, n_slots
        energy, virial = self._sums_over_table(add, 2, *system)
        return pairwise_sum(energy) / 2, pairwise_sum(virial) / 2

    def _sums_over_table(
        self,
        add: Callable[[tuple[Array, ...], list[Array], Array, PairTable], tuple[Array, ...]],
        n_sums: int,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> Float[Array, "sums particles"]:
        """Sums for every particle, to which `add` adds one pair of each, in the order of the slots."""

        def sums(
            fraction: Array, box: Array, species: Array, diameters: Array, slots: Array, n_slots: Array | int
        ) -> Array:
            of_slot = self.of_slots(species, diameters, box.dtype)

            def add_pairs(total: tuple[Array, ...], pairs: SlotPairs, slot: Array) -> tuple[Array, ...]:
                table = of_slot(slot)
                if fraction.ndim > 2:
                    table = jax.tree.map(lambda x: x[:, None], table)
                return add(
                    total, pairs.along, jnp.where(pairs.itself, 2 * table.cutoff_sq, pairs.r_sq), table
                )

            return sums_over_slots(add_pairs, n_sums, fraction, box, slots, n_slots)

        over = sums if isinstance(n_slots, int) else replicas_side_by_side(sums)
        return over(fraction, box, species, diameters, slots, n_slots)


@partial(jax.jit, static_argnames="model")
def _particle_energies(
    model: PairLiquid,
    positions: Float[Array, "n dim"],
    species: Int[Array, " n"],
    diameters: Float[Array, " n"],
    box: Float[Array, " dim"],
) -> Float[Array, " n"]:
    n = positions.shape[0]

    def row(i: Array) -> Array:
        r_sq = squared_distances(positions, i, box)
        table = model.between((species[i], diameters[i]), (species, diameters), positions.dtype)
        # The particle itself is moved beyond every cut-off, before any division.
        r_sq = jnp.where(jnp.arange(n) == i, 2 * table.cutoff_sq, r_sq)
        return jnp.sum(pair_energy(model.potential, model.truncation, r_sq, table)) / 2

    return by_rows(row, n)
