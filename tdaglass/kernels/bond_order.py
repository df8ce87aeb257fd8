"""Many time steps, or the forces, of atoms of one element with Tersoff's bond order: what the loops are told.

The calls are those of `kernels.molecular_dynamics`, which take this in the place of an interaction in pairs.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

TARGETS = (
    "tdaglass_advance_bond_orders",
    "tdaglass_advance_at_pressure_bond_orders",
    "tdaglass_measure_bond_orders",
)


@dataclass(frozen=True)
class BondOrders:
    """Tersoff's form for one element, without lambda_3; the letters are those of LAMMPS's files.

    Attributes
    ----------
    numbers : of float
        gamma, c, d, cos theta_0, n, beta, lambda_2, B, R, D, lambda_1, A.
    masses : (float,)
    """

    suffix: ClassVar[str] = "_bond_orders"
    platforms: ClassVar[tuple[str, ...]] = ("cpu",)
    observed: ClassVar[bool] = False

    numbers: tuple[float, ...]
    masses: tuple[float, ...]

    def attributes(self) -> dict[str, Any]:
        """The same as a call takes it."""
        return {name: np.asarray(getattr(self, name), np.float64) for name in ("numbers", "masses")}
