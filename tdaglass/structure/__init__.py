"""How a glass is built: who is near whom, and what order hides in it.

Everything local starts from `Neighbors`, found within a fixed distance (`cutoff_neighbors`) or within each
particle's own (`sann_neighbors`). `bond_order` turns the directions towards them into rotational invariants,
and `local_average` and `exponential_average` spread any score over the surroundings. `radial_distribution`
and `structure_factor` describe the whole system; their first extrema give the cut-off for neighbours and the
wave number at which relaxation is watched.
"""

from tdaglass.structure.averages import exponential_average, local_average
from tdaglass.structure.bond_order import bond_order
from tdaglass.structure.correlations import (
    RadialDistribution,
    StructureFactor,
    first_minimum,
    first_peak,
    radial_distribution,
    structure_factor,
    wave_vectors,
)
from tdaglass.structure.neighbors import cutoff_neighbors
from tdaglass.structure.sann import sann_neighbors, sann_radius
from tdaglass.structure.tables import Neighbors, check_neighbors

__all__ = [
    "Neighbors",
    "RadialDistribution",
    "StructureFactor",
    "bond_order",
    "check_neighbors",
    "cutoff_neighbors",
    "exponential_average",
    "first_minimum",
    "first_peak",
    "local_average",
    "radial_distribution",
    "sann_neighbors",
    "sann_radius",
    "structure_factor",
    "wave_vectors",
]
