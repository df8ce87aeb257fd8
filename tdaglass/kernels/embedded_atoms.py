"""Many time steps, or the forces, of embedded atoms: what the loops are told.

The calls are those of `kernels.molecular_dynamics`, which take this in the place of an interaction in pairs.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

TARGETS = (
    "tdaglass_advance_embedded_atoms",
    "tdaglass_advance_at_pressure_embedded_atoms",
    "tdaglass_measure_embedded_atoms",
)
MOST_SPECIES = 4


@dataclass(frozen=True, eq=False)
class EmbeddedAtoms:
    """Functions as cubics between equidistant points: four numbers an interval, highest power first; the last
    interval goes on beyond the table. Energy eV, length angstrom.

    Attributes
    ----------
    embedding : (species, densities, 4)
    density : (species, species, distances, 4)
        At the first, of the second.
    pair : (species, species, distances, 4)
        Distance times energy.
    density_spacing, distance_spacing, cutoff : float
        One cut-off for all pairs.
    masses : tuple of float
        One for each species, `MOST_SPECIES` at most.
    """

    suffix: ClassVar[str] = "_embedded_atoms"
    platforms: ClassVar[tuple[str, ...]] = ("cpu",)
    observed: ClassVar[bool] = False

    embedding: Float[np.ndarray, "species densities 4"]
    density: Float[np.ndarray, "species species distances 4"]
    pair: Float[np.ndarray, "species species distances 4"]
    density_spacing: float
    distance_spacing: float
    cutoff: float
    masses: tuple[float, ...]

    def attributes(self) -> dict[str, Any]:
        """The same as a call takes it: tables row by row."""
        numbers = {
            name: np.float64(getattr(self, name))
            for name in ("density_spacing", "distance_spacing", "cutoff")
        }
        tables = {
            name: np.asarray(getattr(self, name), np.float64).reshape(-1)
            for name in ("embedding", "density", "pair", "masses")
        }
        return {**tables, **numbers}
