"""The same as the compiled loops in numpy and sets, as definitions are written, for machines without a compiler.

A thousand particles take a second. Every type is a function of the rings, which returns the particles of all its
clusters.
"""

from collections.abc import Iterable

import numpy as np

from tdaglass.structure.topological_clusters.limits import most_rings, too_many_rings
from tdaglass.structure.topological_clusters.names import SIZES
from tdaglass.structure.topological_clusters.records import Bonds, Found
from tdaglass.structure.topological_clusters.reference.bonds import find_bonds
from tdaglass.structure.topological_clusters.reference.chains import chains
from tdaglass.structure.topological_clusters.reference.crystals import crystals
from tdaglass.structure.topological_clusters.reference.octahedral import octahedral
from tdaglass.structure.topological_clusters.reference.pentagonal import pentagonal
from tdaglass.structure.topological_clusters.reference.pyramids import pyramids
from tdaglass.structure.topological_clusters.reference.rings import Network, basic_clusters, find_rings
from tdaglass.structure.topological_clusters.reference.tetrahedral import tetrahedral

__all__ = ["find_bonds", "find_clusters"]

Array = np.ndarray


def find_clusters(bonds: Bonds, rows: bool) -> Found:
    """Clusters of every type, and, if asked for, the particles of each."""
    n = len(bonds.start) - 1
    network = Network.of(bonds)
    rings = find_rings(network)
    if max(map(len, rings)) > most_rings(n):
        raise too_many_rings(n)
    pentagons, nines = pentagonal(network, rings)
    found = {
        **basic_clusters(rings),
        **tetrahedral(rings),
        **pyramids(network, rings),
        **pentagons,
        **chains(rings, nines),
        **octahedral(network, rings),
        **crystals(network, rings),
    }
    arrays = tuple(_rows(found[name], size) for name, size in SIZES.items())
    count = np.array([len(one) for one in arrays])
    of_particle = np.stack([np.bincount(one.ravel(), minlength=n) for one in arrays]).astype(np.int32)
    return Found(count, of_particle, arrays if rows else None)


def _rows(clusters: Iterable[Iterable[int]], size: int) -> Array:
    return np.array([tuple(one) for one in clusters], np.int32).reshape(-1, size)
