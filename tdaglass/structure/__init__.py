"""How a glass is built: who is near whom, and what order hides in it.

Everything starts from `Neighbors`, found within a fixed distance (`cutoff_neighbors`) or within each particle's
own (`sann_neighbors`). `bond_order` turns the directions towards them into rotational invariants.
"""

from tdaglass.structure.bond_order import bond_order
from tdaglass.structure.neighbors import cutoff_neighbors
from tdaglass.structure.sann import sann_neighbors, sann_radius
from tdaglass.structure.tables import Neighbors, check_neighbors

__all__ = [
    "Neighbors",
    "bond_order",
    "check_neighbors",
    "cutoff_neighbors",
    "sann_neighbors",
    "sann_radius",
]
