"""The compiled loops behind clusters, in the records of this folder."""

import numpy as np

from tdaglass.kernels import clusters as kernels
from tdaglass.space.cell import widths
from tdaglass.structure.topological_clusters.limits import crowded, most_rings, too_many_rings
from tdaglass.structure.topological_clusters.names import SIZES
from tdaglass.structure.topological_clusters.records import Bonds, Found

Array = np.ndarray
# Cells are wider than the cut-off by more than rounding moves a particle; so many along an axis have a number.
WIDER, MOST_ALONG = 1e-6, 2**20


def find_bonds(
    position: Array, vectors: Array, species: Array | None, cutoff: Array, voronoi: float | None
) -> Bonds:
    """Bonds within cut-offs (species, species), of the modified Voronoi construction if its parameter is given."""
    along = np.clip(widths(vectors) / (cutoff.max() * (1 + WIDER)), 1, MOST_ALONG).astype(np.int64)
    found = kernels.find_bonds(position, vectors, along, species, cutoff, voronoi)
    if isinstance(found, kernels.Crowd):
        raise crowded(*found)
    return Bonds(*found)


def find_clusters(bonds: Bonds, rows: bool) -> Found:
    """Clusters of every type, and, if asked for, the particles of each."""
    n = len(bonds.start) - 1
    found = kernels.find_clusters(*bonds, tuple(SIZES.values()), most_rings(n), rows)
    if found is None:
        raise too_many_rings(n)
    return Found(*found)
