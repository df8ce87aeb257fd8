"""What square and pentagonal pyramids (sp4b, sp5b) make: 8A, 9A, 10A and 10W."""

from collections import Counter, defaultdict
from itertools import combinations

from tdaglass.structure.topological_clusters.reference.rings import (
    Clusters,
    Network,
    Ring,
    Rings,
    by_bond,
    by_particle,
    by_spindle,
    once,
)


def pyramids(network: Network, rings: Rings) -> dict[str, Clusters]:
    """All four types."""
    return {
        "8A": _8A(rings),
        "9A": _9A(network, rings),
        "10A": _10A(network, rings),
        "10W": _10W(network, rings),
    }


def _8A(rings: Rings) -> Clusters:
    """Rings of five with four particles in common: two pyramids, two 7A of the same spindles, or one of each."""
    found = []
    on_four: dict[frozenset[int], list[Ring]] = defaultdict(list)
    for one in rings.b5 + rings.c5:
        for p in one.ring:
            on_four[one.holds - {p}].append(one)
    for here in on_four.values():
        for x, y in combinations(here, 2):
            spindles = {*x.spindles, *y.spindles}
            if len(spindles) == 2:
                found.append((*(x.holds | y.holds), *spindles))
    return once(found)


def _9A(network: Network, rings: Rings) -> Clusters:
    """A triangular prism with three caps: pyramids whose rings share two particles at a time."""
    found: set[frozenset[Ring]] = set()
    on_four: dict[frozenset[int], list[Ring]] = defaultdict(list)
    for one in rings.b4:
        on_four[one.holds].append(one)
    for here in by_bond(rings.b4).values():
        for x, y in combinations(here, 2):
            only_x, only_y = x.holds - y.holds, y.holds - x.holds
            if len(only_x) == 2 and network.bonds_between(only_x, only_y) == 2:
                found |= {frozenset((x, y, z)) for z in on_four.get(only_x | only_y, ())}
    return [
        tuple(set().union(*(one.particles for one in three))) for three in found if _capped(network, three)
    ]


def _capped(network: Network, three: frozenset[Ring]) -> bool:
    """Whether three rings have nine particles, and spindles that are not bonded."""
    spindles = {one.spindles[0] for one in three}
    every = spindles.union(*(one.ring for one in three))
    return len(spindles) == 3 and len(every) == 9 and not network.bonds_between(spindles, spindles)


def _10A(network: Network, rings: Rings) -> Clusters:
    """A square antiprism with two caps: pyramids, every ring particle being bonded to two of the other ring."""
    found = []
    of_particle = by_particle(rings.b4)
    for x in rings.b4:
        hits = Counter(y for p in network.near[x.ring[0]] for y in of_particle[p])
        for y, number in hits.items():
            if number != 2 or y.ring < x.ring or len({*x.particles, *y.particles}) != 10:
                continue
            if y.spindles[0] in network.near[x.spindles[0]]:
                continue
            if network.each_bonded_to(2, x.ring, y.holds) and network.each_bonded_to(2, y.ring, x.holds):
                found.append((*x.particles, *y.particles))
    return found


def _10W(network: Network, rings: Rings) -> Clusters:
    """Nine neighbours, and six pentagonal pyramids on the centre whose rings cover them."""
    found = []
    for s, here in by_spindle(rings.b5).items():
        shell = network.near[s]
        if len(here) == 6 and len(shell) == 9 and set().union(*(one.ring for one in here)) == shell:
            found.append((s, *shell))
    return found
