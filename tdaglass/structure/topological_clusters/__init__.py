"""Topological clusters: bonds, the rings that they make, and what is put together from those.

The compiled loops are in `tdaglass/kernels/src/clusters/`; `reference/` has the same in Python, as the definitions
are written, and `backend.py` says which of them is used.
"""

from tdaglass.structure.topological_clusters.classification import topological_clusters
from tdaglass.structure.topological_clusters.names import CLUSTER_FAMILIES, CLUSTER_NAMES
from tdaglass.structure.topological_clusters.records import TopologicalClusters

__all__ = ["CLUSTER_FAMILIES", "CLUSTER_NAMES", "TopologicalClusters", "topological_clusters"]
