"""Shortest-path rings of three, four and five particles, and their spindles: those bonded to all of a ring."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations, pairwise
from typing import NamedTuple

from tdaglass.structure.topological_clusters.records import Bonds

Clusters = list[tuple[int, ...]]


class Ring(NamedTuple):
    """Particles in the order of the ring, the spindles, and the ring as a set."""

    ring: tuple[int, ...]
    spindles: tuple[int, ...]
    holds: frozenset[int]

    @property
    def particles(self) -> tuple[int, ...]:
        """All of them."""
        return self.ring + self.spindles

    def other(self, spindle: int) -> int:
        """The other one of two spindles."""
        return self.spindles[self.spindles[0] == spindle]


class Rings(NamedTuple):
    """All rings: those with no spindle or more than two, with one, and with two."""

    a3: list[Ring]
    b3: list[Ring]
    c3: list[Ring]
    a4: list[Ring]
    b4: list[Ring]
    c4: list[Ring]
    a5: list[Ring]
    b5: list[Ring]
    c5: list[Ring]


class Network(NamedTuple):
    """The neighbours of every particle."""

    near: list[set[int]]

    @classmethod
    def of(cls, bonds: Bonds) -> "Network":
        """From rows."""
        start, neighbor = bonds.start.tolist(), bonds.neighbor.tolist()
        return cls([set(neighbor[a:b]) for a, b in pairwise(start)])

    def bonds_between(self, some: Iterable[int], others: set[int] | frozenset[int]) -> int:
        """How many bonds lead from some to others."""
        return sum(len(self.near[p] & others) for p in some)

    def each_bonded_to(self, number: int, some: Iterable[int], others: set[int] | frozenset[int]) -> bool:
        """Whether every one of some is bonded to exactly so many of others."""
        return all(len(self.near[p] & others) == number for p in some)


def find_rings(network: Network) -> Rings:
    """All rings, each from its lowest particle."""
    near = network.near
    found = Rings(*([] for _ in Rings._fields))

    def record(size: int, ring: tuple[int, ...]) -> None:
        spindles = set.intersection(*(near[p] for p in ring))
        kind = len(spindles) if len(spindles) in (1, 2) else 0
        found[3 * (size - 3) + kind].append(
            Ring(ring, tuple(sorted(spindles)) if kind else (), frozenset(ring))
        )

    for i, mine in enumerate(near):
        higher = sorted(j for j in mine if j > i)
        for j, k in combinations(higher, 2):
            if k in near[j]:
                record(3, (i, j, k))
                continue
            for m in near[k] - mine:
                if m > i and m in near[j]:
                    record(4, (i, j, m, k))
            beyond_j = [m for m in near[j] - mine - near[k] if m > i]
            beyond_k = {m for m in near[k] - mine - near[j] if m > i}
            for m in beyond_j:
                for end in near[m] & beyond_k:
                    record(5, (i, j, m, end, k))
    return found


def basic_clusters(rings: Rings) -> dict[str, Clusters]:
    """Every ring and its spindles; and octahedra, of which each is three rings of four, once."""
    names = ("sp3a", "sp3b", "sp3c", "sp4a", "sp4b", "sp4c", "sp5a", "sp5b", "sp5c")
    found = {name: [ring.particles for ring in of] for name, of in zip(names, rings, strict=True)}
    return {**found, "6A": once(found["sp4c"])}


def once(clusters: Iterable[Iterable[int]]) -> Clusters:
    """Every set of particles once."""
    return sorted({tuple(sorted(one)) for one in clusters})


def different(particles: Iterable[int], number: int) -> bool:
    """Whether there are so many different ones."""
    return len(set(particles)) == number


def by_spindle(rings: list[Ring]) -> dict[int, list[Ring]]:
    """Rings that each particle is a spindle of."""
    found: dict[int, list[Ring]] = defaultdict(list)
    for one in rings:
        for p in one.spindles:
            found[p].append(one)
    return found


def by_particle(rings: list[Ring]) -> dict[int, list[Ring]]:
    """Rings that each particle is in."""
    found: dict[int, list[Ring]] = defaultdict(list)
    for one in rings:
        for p in one.ring:
            found[p].append(one)
    return found


def by_bond(rings: list[Ring]) -> dict[frozenset[int], list[Ring]]:
    """Rings that each bond is in."""
    found: dict[frozenset[int], list[Ring]] = defaultdict(list)
    for one in rings:
        for k, p in enumerate(one.ring):
            found[frozenset((p, one.ring[k - 1]))].append(one)
    return found


def one_spindle_common(rings: list[Ring]) -> Iterable[tuple[int, Ring, Ring, int, int]]:
    """Pairs of rings that have one spindle in common: the spindle, the rings, and the other spindle of each."""
    for s, here in by_spindle(rings).items():
        for x, y in combinations(here, 2):
            a, b = x.other(s), y.other(s)
            if a != b:
                yield s, x, y, a, b
