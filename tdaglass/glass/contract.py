"""What every liquid tells, and nothing of how it is moved.

Whatever moves a liquid asks it through `Model`. `glass.models.Composition` is the common part as a dataclass;
`glass.models.PairLiquid` fulfils the rest for whatever interacts in pairs. A liquid of another kind (embedded
atoms, bond orders) is another class with these names. What has no forces, as hard spheres, has the names too: it
refuses energies and what follows from them in one sentence, and whatever moves it asks for the rest.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass.configuration import Configuration


@runtime_checkable
class Model(Protocol):
    """A liquid: hashable, static under `jax.jit`.

    Attributes
    ----------
    name, units : str
    dimension : int
        2 or 3.
    counts : tuple of int
        Particles of each species.
    number_density : float
        Particles per volume (area in two dimensions), length**-dimension.
    masses : tuple of float
        One for each species.
    n_species, n_particles : int
    edge : float
        Of the cubic (square) box that holds the particles at the number density.
    species : (particles,) int32
        Of every particle, sorted: all A, then all B, ...
    diameters : (particles,)
        Of every particle, in the order of `species`; length.
    reach : float
        Distance beyond which no two particles know of each other; a periodic edge is at least twice as long.
    skin : float
        Margin of neighbour tables, length, where nobody gives another.
    time_step : float
        Of molecular dynamics, time, where nobody gives another.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def units(self) -> str: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    @property
    def counts(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def number_density(self) -> float: ...  # noqa: D102
    @property
    def masses(self) -> tuple[float, ...]: ...  # noqa: D102
    @property
    def n_species(self) -> int: ...  # noqa: D102
    @property
    def n_particles(self) -> int: ...  # noqa: D102
    @property
    def edge(self) -> float: ...  # noqa: D102
    @property
    def species(self) -> Int[np.ndarray, " particles"]: ...  # noqa: D102
    @property
    def diameters(self) -> Float[np.ndarray, " particles"]: ...  # noqa: D102
    @property
    def reach(self) -> float: ...  # noqa: D102
    @property
    def skin(self) -> float: ...  # noqa: D102
    @property
    def time_step(self) -> float: ...  # noqa: D102

    def check(self, configuration: Configuration) -> None:
        """Raise ValueError, with a remedy, if a configuration (or batch) is not one of this liquid."""

    def diameters_of(self, configuration: Configuration) -> Float[Array, "*batch particles"]:
        """Diameter of every particle: the configuration's own where they are free, else those of its species."""

    def particle_energies(self, configuration: Configuration) -> Float[Array, " particles"]:
        """Energy of every particle: the reference, without tables, differentiable in positions and box."""

    def search_kinds(
        self, species: Int[Array, " particles"], diameters: Float[Array, " particles"]
    ) -> tuple[Int[Array, " particles"], Float[np.ndarray, "kinds kinds"]]:
        """Kinds of particles for the search of neighbours, and how far each of them reaches for each."""

    def forces_from_table(
        self,
        fraction: Int[Array, "dim particles"],
        species: Int[Array, " particles"],
        diameters: Float[Array, " particles"],
        box: Float[Array, " dim"],
        slots: Int[Array, "capacity particles"],
        n_slots: Int[Array, ""] | int,
    ) -> Float[Array, "dim particles"]:
        """Force on every particle from the first `n_slots` slots of a neighbour table (`glass.neighbor_tables`).

        For an accelerator that is a plain number, known when the program is compiled.
        """

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
