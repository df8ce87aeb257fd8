"""How a glass is built: who is near whom, and what order hides in it.

Everything local starts from `Neighbors`, found within a fixed distance (`cutoff_neighbors`) or within each
particle's own (`sann_neighbors`), in cells of any shape and size. `bond_order` turns the directions towards them
into rotational invariants, `hexatic_order` into the complex order parameter of two dimensions; `soap` and
`symmetry_functions` know distances and species, too, and `coulomb_spectrum` a whole molecule. `local_average` and
`exponential_average` spread any score over the surroundings. `voronoi` divides a periodic box between its
particles, and `tong_tanaka` says how far they are from touching each other all around.
`density_field` shows particles to a network as a grid, `particle_values` brings back what it says of the cells.
`topological_clusters` finds the small clusters, of tetrahedra or of squares, that each particle is part of.
`radial_distribution` and `structure_factor` describe the whole system; their first extrema give the cut-off for
neighbours and the wave number at which relaxation is watched. `debye_structure_factor` is that of a few atoms, and
`drop_small_faces` shows the polyhedra of neighbours that small faces of Voronoi cells hide.
"""

from tdaglass.structure.averages import exponential_average, local_average
from tdaglass.structure.bond_order import bond_order
from tdaglass.structure.coulomb import coulomb_matrix, coulomb_spectrum
from tdaglass.structure.debye import debye_structure_factor
from tdaglass.structure.extrema import first_minimum, first_peak
from tdaglass.structure.fields import density_field, particle_values, scale_to_unit
from tdaglass.structure.hexatic import hexatic_order
from tdaglass.structure.large_faces import drop_small_faces
from tdaglass.structure.neighbor_search import Neighbors, check_neighbors, lattice_shifts
from tdaglass.structure.neighbors import cutoff_neighbors
from tdaglass.structure.radial_distribution import RadialDistribution, radial_distribution
from tdaglass.structure.sann import sann_neighbors, sann_radius
from tdaglass.structure.soap import soap
from tdaglass.structure.soap_basis import SoapBasis
from tdaglass.structure.structure_factor import StructureFactor, structure_factor, wave_vectors
from tdaglass.structure.symmetry_functions import SymmetryFunctions, symmetry_functions
from tdaglass.structure.tong_tanaka import tong_tanaka
from tdaglass.structure.topological_clusters import (
    CLUSTER_FAMILIES,
    CLUSTER_NAMES,
    TopologicalClusters,
    topological_clusters,
)
from tdaglass.structure.voronoi import Voronoi, voronoi, voronoi_index

__all__ = [
    "CLUSTER_FAMILIES",
    "CLUSTER_NAMES",
    "Neighbors",
    "RadialDistribution",
    "SoapBasis",
    "StructureFactor",
    "SymmetryFunctions",
    "TopologicalClusters",
    "Voronoi",
    "bond_order",
    "check_neighbors",
    "coulomb_matrix",
    "coulomb_spectrum",
    "cutoff_neighbors",
    "debye_structure_factor",
    "density_field",
    "drop_small_faces",
    "exponential_average",
    "first_minimum",
    "first_peak",
    "hexatic_order",
    "lattice_shifts",
    "local_average",
    "particle_values",
    "radial_distribution",
    "sann_neighbors",
    "sann_radius",
    "scale_to_unit",
    "soap",
    "structure_factor",
    "symmetry_functions",
    "tong_tanaka",
    "topological_clusters",
    "voronoi",
    "voronoi_index",
    "wave_vectors",
]
