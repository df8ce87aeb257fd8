"""Mixtures of species whose pairs have a length, an energy and a cut-off each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration
from tdaglass.glass.models.pair_liquid import PairLiquid, Particles
from tdaglass.glass.neighbor_tables import MOST_KINDS, read_slot
from tdaglass.glass.potentials import LennardJones, PairPotential, PairTable, Truncation, pair_table
from tdaglass.glass.potentials.truncation import as_type, check_truncation

Matrix = tuple[tuple[float, ...], ...]

LENNARD_JONES = LennardJones()


@dataclass(frozen=True)
class PairModel(PairLiquid):
    """A mixture of particles that interact in pairs.

    A settings record: hashable, static under `jax.jit`.

    Attributes
    ----------
    name : str
    dimension : int
        2 or 3.
    counts : tuple of int
        Particles of each species.
    number_density : float
        Particles per volume (area in two dimensions), length**-dimension.
    masses : tuple of float
        One for each species.
    sigma, epsilon, cutoff : tuples of tuples of float
        Symmetric, one entry for each pair of species; length, energy, length.
    truncation : "shift", "force_shift" or "smooth"
        ``shift`` subtracts the energy at the cut-off; ``force_shift`` also the force, so that both are continuous;
        ``smooth`` also the curvature (`glass.potentials.pair_energy`).
    units : str
    potential : PairPotential
        The form; Lennard-Jones by default.

    Raises
    ------
    ValueError
        If the tables do not fit the number of species, or are not symmetric or positive.

    Examples
    --------
    >>> from tdaglass import glass
    >>> soft = PairModel("soft", 3, (500,), 0.8, (1.0,), ((1.0,),), ((1.0,),), ((2.0,),), "smooth",
    ...                  potential=glass.InversePower(12))
    >>> soft.n_particles, soft.reach
    (500, 2.0)
    """

    sigma: Matrix
    epsilon: Matrix
    cutoff: Matrix
    truncation: Truncation = "shift"
    units: str = "lj"
    potential: PairPotential = LENNARD_JONES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_truncation(self.truncation)
        for field in ("sigma", "epsilon", "cutoff"):
            table = np.asarray(getattr(self, field), dtype=float)
            object.__setattr__(self, field, tuple(map(tuple, table.tolist())) if table.ndim == 2 else ())
            if (
                table.shape != (self.n_species,) * 2
                or not np.array_equal(table, table.T)
                or not (table > 0).all()
            ):
                raise ValueError(
                    f"expected {field} as a symmetric, positive {self.n_species} x {self.n_species} table, got "
                    f"{table.tolist()}; try one row for each entry of counts"
                )

    @property
    def reach(self) -> float:
        """Longest of the cut-offs."""
        return max(max(row) for row in self.cutoff)

    @property
    def diameters(self) -> Float[np.ndarray, " particles"]:
        """Sigma of every particle with its like, in the order of `species`."""
        return np.diagonal(self.table("sigma"))[self.species]

    def table(self, field: str) -> Float[np.ndarray, "species species"]:
        """One of ``sigma``, ``epsilon``, ``cutoff`` as a float64 array."""
        return np.asarray(getattr(self, field), dtype=np.float64)

    def pair_table(self, dtype: DTypeLike) -> PairTable:
        """What is known of every pair of species."""
        sigma, epsilon, cutoff = (self.table(field) for field in ("sigma", "epsilon", "cutoff"))
        return as_type(pair_table(self.potential, sigma, epsilon, cutoff, self.truncation), dtype)

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Sigma of every particle with its like: the species tells it."""
        like = np.diagonal(self.table("sigma"))
        return jnp.asarray(like, configuration.positions.dtype)[configuration.species]

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "species species"]]:
        """The species, and their cut-offs."""
        return species, self.table("cutoff")

    def between(self, some: Particles, others: Particles, dtype: DTypeLike) -> PairTable:
        """What is known of pairs of particles, from the tables of their species."""
        return jax.tree.map(lambda x: x[some[0], others[0]], self.pair_table(dtype))

    def of_slots(
        self, species: Int[Array, " n"], diameters: Float[Array, " n"], dtype: DTypeLike
    ) -> Callable[[Int[Array, " n"]], PairTable]:
        """A function of a slot; of few species rows are selected from, which is faster than to look them up."""
        if self.n_species > MOST_KINDS:
            return super().of_slots(species, diameters, dtype)
        table = self.pair_table(dtype)
        rows: list[Any] = [jax.tree.map(lambda x, s=s: x[species, s], table) for s in range(self.n_species)]

        def of_slot(slot: Int[Array, " n"]) -> PairTable:
            _, kind = read_slot(slot)
            pair = rows[0]
            for s, row in enumerate(rows[1:], start=1):
                pair = jax.tree.map(lambda new, old, s=s: jnp.where(kind == s, new, old), row, pair)
            return pair

        return of_slot


def symmetric(*upper: float) -> Matrix:
    """A symmetric table from its upper triangle, row by row: ``symmetric(aa, ab, bb)``."""
    n = int((8 * len(upper) + 1) ** 0.5 - 1) // 2
    table = np.zeros((n, n))
    table[np.triu_indices(n)] = upper
    return tuple(tuple(float(x) for x in row) for row in np.maximum(table, table.T))


def scaled(table: Matrix, factor: float) -> Matrix:
    """A table times a number."""
    return tuple(tuple(factor * x for x in row) for row in table)


def additive(diameters: tuple[float, ...], factor: float = 1.0) -> Matrix:
    """Distances of contact of spheres, (sigma_a + sigma_b) / 2, times a factor."""
    return tuple(tuple(factor * (a + b) / 2 for b in diameters) for a in diameters)
