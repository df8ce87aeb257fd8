"""What all liquids have: particles of some species in a box."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration


@dataclass(frozen=True)
class Composition(ABC):
    """The common part of all models (`glass.contract.Model` tells the meaning of its fields).

    Raises
    ------
    ValueError
        For another dimension than 2 or 3, fewer than two particles, masses that do not fit.
    """

    name: str
    dimension: int
    counts: tuple[int, ...]
    number_density: float
    masses: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.dimension not in (2, 3):
            raise ValueError(f"expected dimension 2 or 3, got {self.dimension}; try dimension=3")
        # Lists and arrays are not hashable.
        object.__setattr__(self, "counts", arguments.whole_numbers(self.counts, "counts"))
        object.__setattr__(self, "masses", tuple(float(mass) for mass in self.masses))
        if min(self.counts, default=0) < 0 or sum(self.counts) < 2:
            raise ValueError(
                f"expected at least two particles in all, got counts {self.counts}; try a larger n"
            )
        arguments.positive(self.number_density, "number density", "1.2 (Kob-Andersen)")
        if len(self.masses) != self.n_species or not all(0 < mass < np.inf for mass in self.masses):
            raise ValueError(
                f"expected {self.n_species} positive masses, one for each species, got {self.masses}; "
                "try one number for each entry of counts"
            )

    @property
    def n_species(self) -> int:
        """Number of species."""
        return len(self.counts)

    @property
    def n_particles(self) -> int:
        """Number of particles."""
        return sum(self.counts)

    @property
    def edge(self) -> float:
        """Edge of the cubic (square) box that holds the particles at the number density."""
        return (self.n_particles / self.number_density) ** (1 / self.dimension)

    @property
    @abstractmethod
    def reach(self) -> float:
        """Distance beyond which no two particles know of each other."""

    @property
    def skin(self) -> float:
        """Margin of neighbour tables that a liquid in units of its diameters is fast with."""
        return 0.3

    @property
    def time_step(self) -> float:
        """Of molecular dynamics, where a liquid is in units of its diameters and wells."""
        return 0.005

    @property
    def species(self) -> Int[np.ndarray, " particles"]:
        """Species of every particle, sorted: all A, then all B, ..."""
        return np.repeat(np.arange(self.n_species, dtype=np.int32), self.counts)

    def check(self, configuration: Configuration) -> None:
        """Raise ValueError, with a remedy, if a configuration (or batch) is not one of this liquid."""
        _check_configuration(self, configuration)


def _check_configuration(model: Composition, configuration: Configuration) -> None:
    """Values are looked at where they are known; under a transformation only shapes are."""
    positions, species, box = configuration.positions, configuration.species, configuration.box
    if positions.shape[-2:] != (model.n_particles, model.dimension):
        raise ValueError(
            f"expected positions of shape ({model.n_particles}, {model.dimension}) for {model.name}, got "
            f"{positions.shape[-2:]}; try the model with n={positions.shape[-2]}"
        )
    if box is None:
        raise ValueError("expected a periodic box, got None; try box=jnp.full(dim, model.edge)")
    if box.ndim == positions.ndim:
        raise ValueError(
            "expected an orthorhombic box for a liquid that is simulated, got lattice vectors; try an "
            "orthorhombic supercell, or structure and topology, which take any cell"
        )
    if not isinstance(positions, jax.core.Tracer) and not np.isfinite(np.asarray(positions)).all():
        bad = int((~np.isfinite(np.asarray(positions))).any(-1).sum())
        raise ValueError(
            f"expected finite positions, got NaN or infinity for {bad} particles; try an earlier frame, or a "
            "smaller time step if they come from a simulation"
        )
    if not isinstance(species, jax.core.Tracer):
        counts = np.stack([(np.asarray(species) == s).sum(-1) for s in range(model.n_species)], -1)
        if not (counts == np.asarray(model.counts)).all():
            got = tuple(int(c) for c in counts.reshape(-1, model.n_species)[0])
            raise ValueError(
                f"expected {model.counts} particles of each species for {model.name}, got {got}; "
                "try other codes for the species, or dataclasses.replace(model, counts=...)"
            )
    check_box(box, model.reach)


def check_box(box: Float[jax.Array | np.ndarray, "*batch dim"], reach: float) -> None:
    """Raise ValueError if an edge is shorter than twice the longest cut-off."""
    if isinstance(box, jax.core.Tracer):
        return
    shortest = float(np.min(np.asarray(box)))
    # float32 edges are a rounding away from the number the user wrote
    if np.isinf(np.asarray(box)).any():
        raise ValueError(
            f"expected a box that is periodic along all axes, got edges {np.asarray(box)}; "
            "try an edge that leaves a margin"
        )
    if not shortest * (1 + 1e-6) >= 2 * reach:
        raise ValueError(
            f"expected box edges of at least twice the longest cut-off ({2 * reach:.4g}), got "
            f"{shortest:.4g}; try more particles, or a replicated configuration"
        )


def split(n: int, *fractions: float) -> tuple[int, ...]:
    """Counts of species in these fractions, rounded to the nearest particle; the last species is the rest."""
    n = arguments.whole(n, "n")
    if n < 2:
        raise ValueError(f"expected at least two particles, got n={n}; try n=1000")
    first = [round(n * fraction) for fraction in fractions]
    return (*first, n - sum(first))
