"""Liquids whose particles interact in pairs: sums over all pairs, and over a neighbour table."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jax import lax
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass.models.composition import Composition, check_configuration
from tdaglass.glass.neighbor_tables import (
    one_by_one,
    read_slot,
    replicas_side_by_side,
    side_by_side,
    sums_by_chunks,
)
from tdaglass.glass.potentials import PairPotential, PairTable, Truncation, pair_energy, pair_force
from tdaglass.space import pairwise_sum
from tdaglass.space.fixed_point import scale

# Who one end of pairs is: species and diameters.
Particles = tuple[Int[Array, "..."], Float[Array, "..."]]


class PairLiquid(Composition, ABC):
    """A liquid of pairs: what is derived from it adds these two fields, `reach`, `diameters_of` and `between`."""

    potential: PairPotential
    truncation: Truncation

    @property
    @abstractmethod
    def reach(self) -> float:
        """Longest of the cut-offs."""

    @abstractmethod
    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Diameter of every particle of a configuration."""

    @abstractmethod
    def between(self, some: Particles, others: Particles, dtype: DTypeLike) -> PairTable:
        """What is known of pairs of particles; the arrays of both ends are broadcast against each other."""

    def check(self, configuration: Configuration) -> None:
        """Raise ValueError, with a remedy, if a configuration (or batch) is not one of this liquid."""
        check_configuration(self, configuration, self.reach)

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
        if isinstance(n_slots, int):
            of_slot = self.of_slots(species, diameters, box.dtype)
            neighbor = side_by_side(fraction)
            steps = list(lax.optimization_barrier(box * scale(box.dtype)))

            def add_pairs(total: tuple[Array, ...], slot: Array) -> tuple[Array, ...]:
                return add(total, *_pairs_of_slot(slot, fraction, neighbor, of_slot, steps))

            return sums_by_chunks(add_pairs, n_sums, slots[:n_slots], box.dtype)

        def sum_over_slots(
            fraction: Array, box: Array, species: Array, diameters: Array, slots: Array, n_slots: Array
        ) -> Array:
            of_slot = self.of_slots(species, diameters, box.dtype)
            neighbor = one_by_one(fraction)

            def add_slot(k: Array, total: tuple[Array, ...]) -> tuple[Array, ...]:
                steps = [edge * scale(box.dtype) for edge in box]
                return add(total, *_pairs_of_slot(slots[k], fraction, neighbor, of_slot, steps))

            zero = jnp.zeros(fraction.shape[1:], box.dtype)
            return jnp.stack(lax.fori_loop(0, n_slots, add_slot, (zero,) * n_sums))

        return replicas_side_by_side(sum_over_slots)(fraction, box, species, diameters, slots, n_slots)


def _pairs_of_slot(
    slot: Int[Array, " n"],
    fraction: Int[Array, "dim n *replicas"],
    neighbor: Callable[[Array], list[Array]],
    of_slot: Callable[[Array], PairTable],
    steps: list[Array],
) -> tuple[list[Array], Array, PairTable]:
    """Separation vectors (by axis), their squares and what is known of one pair of every particle.

    `steps` are the lengths of one step of the fractions.
    """
    idx, _ = read_slot(slot)
    along = [
        (x - y).astype(step.dtype) * step for x, y, step in zip(fraction, neighbor(idx), steps, strict=True)
    ]
    r_sq = along[0] * along[0]
    for x in along[1:]:
        r_sq = r_sq + x * x
    table = of_slot(slot)
    # An unused slot is the particle itself: put it beyond the cut-off, before any division.
    itself = idx == jnp.arange(idx.shape[0], dtype=idx.dtype)
    if fraction.ndim > 2:
        table, itself = jax.tree.map(lambda x: x[:, None], (table, itself))
    return along, jnp.where(itself, 2 * table.cutoff_sq, r_sq), table


@partial(jax.jit, static_argnames="model")
def _particle_energies(
    model: PairLiquid,
    positions: Float[Array, "n dim"],
    species: Int[Array, " n"],
    diameters: Float[Array, " n"],
    box: Float[Array, " dim"],
) -> Float[Array, " n"]:
    n = positions.shape[0]

    @jax.checkpoint  # the backward pass recomputes a row instead of keeping n of them
    def row(i: Array) -> Array:
        along = positions[i] - positions
        along = along - box * jnp.round(along / box)
        r_sq = jnp.sum(along * along, axis=-1)
        table = model.between((species[i], diameters[i]), (species, diameters), positions.dtype)
        # The particle itself is moved beyond every cut-off, before any division.
        r_sq = jnp.where(jnp.arange(n) == i, 2 * table.cutoff_sq, r_sq)
        return jnp.sum(pair_energy(model.potential, model.truncation, r_sq, table)) / 2

    return lax.map(row, jnp.arange(n), batch_size=min(n, 64))
