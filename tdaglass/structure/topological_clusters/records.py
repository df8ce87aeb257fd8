"""What is bonded, and what clusters there are."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int

from tdaglass.structure.topological_clusters.names import CLUSTER_NAMES


class Bonds(NamedTuple):
    """Bonds of one system as rows: those of particle i, ascending, are neighbor[start[i] : start[i + 1]]."""

    start: Int[np.ndarray, " particles_and_one"]
    neighbor: Int[np.ndarray, " ends"]

    def pairs(self) -> Int[np.ndarray, "bonds two"]:
        """Every bond once, the lower particle first."""
        particle = np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))
        return np.stack([particle, self.neighbor], axis=1)[particle < self.neighbor]


class Found(NamedTuple):
    """Clusters of one system: how many of each type there are, of each particle, and, if asked for, which."""

    count: Int[np.ndarray, " types"]  # type: ignore[assignment]  # hides tuple.count
    of_particle: Int[np.ndarray, "types particles"]
    rows: tuple[Int[np.ndarray, "clusters size"], ...] | None


class TopologicalClusters(NamedTuple):
    """Clusters of every type of `CLUSTER_NAMES`, on the host; a batch is the same with leading axes.

    Attributes
    ----------
    count : (..., types) int64
        How many there are. One set of particles may be several clusters of a type, unless it is 6A, 8A, 12E, 13A,
        FCC or BCC_9.
    of_particle : (..., types, particles) int32
        How many of them each particle is part of.
    bonds : (bonds, 2) int32, or None
        Every bond once, ascending, if lists were asked for.
    clusters : dict of (clusters, size) int32, or None
        By name, the particles of each, ascending, and these rows in ascending order; if lists were asked for.
    """

    count: Int[np.ndarray, "*batch types"]  # type: ignore[assignment]  # hides tuple.count, which nobody asks for
    of_particle: Int[np.ndarray, "*batch types particles"]
    bonds: Int[np.ndarray, "bonds two"] | None = None
    clusters: dict[str, Int[np.ndarray, "clusters size"]] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Types, in the order of the arrays."""
        return CLUSTER_NAMES

    @property
    def member(self) -> Bool[np.ndarray, "*batch types particles"]:
        """Whether each particle is part of at least one: the mean over particles is the population."""
        return self.of_particle > 0
