"""Bonds between particles and the clusters that bonds make: the loops behind `tdaglass.structure`, on the host.

Plain functions of numpy arrays, called through ctypes, as in `tdaglass.kernels.topology`. Bonds are rows of
neighbours: those of particle i, ascending, are neighbor[start[i] : start[i + 1]]; start (particles + 1,) int64,
neighbor int32.
"""

import ctypes
from typing import NamedTuple

import numpy as np

from tdaglass.kernels.calls import call, checked, numbers, pointers, what

Array = np.ndarray

FUNCTIONS = ("tdaglass_find_bonds", "tdaglass_find_clusters")
KINDS = ("within", "bonds", "same place")
# Neighbours are bits of one number; and so many particles within the cut-off are looked through.
MOST_BONDS, MOST_WITHIN = 64, 1000
CROWDED, INCONSISTENT = -4, -5


class Crowd(NamedTuple):
    """A particle with too many others within the cut-off, too many bonds, or at the same place as another.

    `number` is how many those are, or the other particle.
    """

    particle: int
    number: int
    kind: str


def find_bonds(
    position: Array, vectors: Array, along: Array, species: Array | None, cutoff: Array, voronoi: float | None
) -> tuple[Array, Array] | Crowd:
    """Bonds of particles nearer than a cut-off, or those of the modified Voronoi construction among them.

    Parameters
    ----------
    position : (particles, 3) float64
    vectors : (3, 3) float64
        Lattice vectors as rows.
    along : (3,) int64
        Cells along each, no narrower than the largest cut-off.
    species : (particles,) int32 or None
    cutoff : (species, species) float64
    voronoi : float or None
        Parameter of the construction.

    Returns
    -------
    start, neighbor
    Crowd
        If a particle has more than `MOST_BONDS`, more than `MOST_WITHIN` others within the cut-off, or another one
        at the same place.
    """
    if not isinstance(position, np.ndarray) or position.ndim != 2:
        raise TypeError(f"expected positions (particles, 3), got {what(position)}; try a row for each")
    n, kinds = len(position), len(cutoff)
    checked("positions", position, np.float64, (n, 3))
    checked("lattice vectors", vectors, np.float64, (3, 3))
    checked("cells along each", along, np.int64, (3,))
    checked("cut-offs", cutoff, np.float64, (kinds, kinds))
    if species is not None:
        numbers("species", species, (n,), kinds)
    elif kinds != 1:
        raise TypeError(f"expected species beside {cutoff.shape} cut-offs, got None; try one cut-off")
    start, neighbor, crowd = (
        np.empty(n + 1, np.int64),
        np.empty(MOST_BONDS * n, np.int32),
        np.zeros(3, np.int64),
    )
    number = -1.0 if voronoi is None else float(voronoi)
    count = call(
        "find_bonds", n, position, vectors, np.linalg.inv(vectors), along, species, kinds, cutoff**2,
        ctypes.c_double(number), start, neighbor, crowd,
    )  # fmt: skip
    if count == CROWDED:
        return Crowd(int(crowd[0]), int(crowd[1]), KINDS[crowd[2]])
    return start, neighbor[:count].copy()


def find_clusters(
    start: Array, neighbor: Array, sizes: tuple[int, ...], most: int, rows: bool
) -> tuple[Array, Array, tuple[Array, ...] | None] | None:
    """Clusters of all types in a network of bonds.

    Parameters
    ----------
    start, neighbor
    sizes : tuple of int
        Particles in a cluster of each type.
    most : int
        Rings of a kind that there may be.
    rows : bool
        Whether to return which particles each cluster has.

    Returns
    -------
    count : (types,) int64
    of_particle : (types, particles) int32
        How many of them each particle is part of.
    rows : (count, size) int32 for each type, or None
    None
        If there are more rings.

    Raises
    ------
    ValueError
        For rows that do not ascend, or have a bond from one side only.
    """
    n = len(start) - 1
    checked("starts of rows", start, np.int64, (n + 1,))
    numbers("neighbours", neighbor, (int(start[-1]),), n)
    lengths = np.diff(start)
    if start[0] != 0 or (lengths < 0).any() or (lengths > MOST_BONDS).any():
        raise ValueError(f"expected rows of at most {MOST_BONDS} neighbours, got others; try find_bonds")
    found: list[Array] = []

    def fill(room: Array) -> tuple[int, Array, Array]:
        count, of_particle = np.zeros(len(sizes), np.int64), np.zeros((len(sizes), n), np.int32)
        found[:] = [np.empty((int(m), size), np.int32) for m, size in zip(room, sizes, strict=True)]
        where = pointers(found) if room.any() else None
        return (
            call("find_clusters", n, start, neighbor, most, count, of_particle, room, where),
            count,
            of_particle,
        )

    status, count, of_particle = fill(np.zeros(len(sizes), np.int64))
    if status == INCONSISTENT:
        raise ValueError(
            "expected rows in ascending order with every bond from both sides, got others; try find_bonds"
        )
    if status == CROWDED:
        return None
    if rows:
        fill(count)
    return count, of_particle, tuple(found) if rows else None
