"""6A (octahedra) with one common spindle: 9K, 10K, 11A, 12K; BCC_9 with square pyramids; and 11F, 12E, 13K."""

from itertools import combinations

from tdaglass.structure.topological_clusters.reference.rings import (
    Clusters,
    Network,
    Ring,
    Rings,
    by_bond,
    by_spindle,
    once,
    one_spindle_common,
)

OnBond = dict[frozenset[int], list[Ring]]


def octahedral(network: Network, rings: Rings) -> dict[str, Clusters]:
    """All eight types."""
    found: dict[str, Clusters] = {name: [] for name in ("9K", "10K", "11A", "12K", "11F", "12E", "13K")}
    on_bond = by_bond(rings.c3)
    for s, x, y, a, b in one_spindle_common(rings.c4):
        common = x.holds & y.holds
        every = (s, a, b, *(x.holds | y.holds))
        if a not in y.holds and b not in x.holds:
            if len(common) == 2:
                found["9K"].append(every)
                outside = network.near[s].difference(every)
                found["10K"] += [(*every, *outside)] if len(outside) == 1 else []
            elif not common and _twisted(network, x, y):
                found["11A"].append(every)
                found["12K"] += _12K(network, x, y, every)
        if len(common) == 2:
            for eleven in _11F(network, on_bond, s, x, y):
                found["11F"].append(eleven)
                found["12E"] += _12E(on_bond, eleven)
                found["13K"] += _13K(on_bond, eleven)
    found["12E"] = once(found["12E"])
    return {**found, "BCC_9": _BCC_9(network, rings)}


def _twisted(network: Network, x: Ring, y: Ring) -> bool:
    """A square antiprism: every particle is bonded to two of the other ring."""
    return network.each_bonded_to(2, x.ring, y.holds) and network.each_bonded_to(2, y.ring, x.holds)


def _12K(network: Network, x: Ring, y: Ring, eleven: tuple[int, ...]) -> Clusters:
    """The only particle outside that is bonded to a ring particle and its two neighbours in the other ring."""
    found = []
    for one, two in ((x, y), (y, x)):
        for p in one.ring:
            triangle = (p, *(network.near[p] & two.holds))
            outside = set.intersection(*(network.near[q] for q in triangle)).difference(eleven)
            found += [(*eleven, *outside)] if len(outside) == 1 else []
    return found


def _11F(network: Network, on_bond: OnBond, r_c: int, x: Ring, y: Ring) -> Clusters:
    """Two 5A with r_c in their rings, between two 6A whose rings share a bond p-q: the only one between the 5A."""
    near = network.near
    found: Clusters = []
    p, q = x.holds & y.holds
    if q not in near[p]:
        return []
    ((s1,), (t1,)), ((s2,), (t2,)) = (
        ((one.holds - {p, q}) & near[p], (one.holds - {p, q}) & near[q]) for one in (x, y)
    )
    for u in _thirds(on_bond, r_c, p, s1, s2):
        for v in _thirds(on_bond, r_c, q, t1, t2):
            eleven = (r_c, x.other(r_c), y.other(r_c), s1, s2, t1, t2, p, q, u, v)
            if len(set(eleven)) == 11 and not network.bonds_between((u,), {q, v}) and v not in near[p]:
                found.append(eleven)
    return found


def _thirds(on_bond: OnBond, a: int, b: int, s: int, t: int) -> list[int]:
    """Third ring particles of the 5A with spindles s and t on the bond a-b."""
    of = on_bond.get(frozenset((a, b)), [])
    return [c for one in of if {s, t} == set(one.spindles) for c in one.holds - {a, b}]


def _12E(on_bond: OnBond, eleven: tuple[int, ...]) -> Clusters:
    """A 5A of the other spindles of both 6A on the bond p-q and a new particle."""
    _, o1, o2, _, _, _, _, p, q, _, _ = eleven
    return [(*eleven, new) for new in _thirds(on_bond, p, q, o1, o2) if new not in eleven]


def _13K(on_bond: OnBond, eleven: tuple[int, ...]) -> Clusters:
    """Exactly one more 5A of s1 and s2 on r_c, u and a new one, and one of t1 and t2 on r_c, v and another."""
    r_c, _, _, s1, s2, t1, t2, _, _, u, v = eleven
    one = [new for new in _thirds(on_bond, r_c, u, s1, s2) if new not in eleven]
    two = [new for new in _thirds(on_bond, r_c, v, t1, t2) if new not in eleven]
    return [(*eleven, *one, *two)] if len(one) == len(two) == 1 and one != two else []


def _BCC_9(network: Network, rings: Rings) -> Clusters:
    """Opposite faces of a cube around a spindle: nobody else is common, or bonded to two of the other ring."""
    found = []
    for s, here in by_spindle(rings.b4 + rings.c4).items():
        cubes = [
            x.holds | y.holds
            for x, y in combinations(here, 2)
            if set(x.particles) & set(y.particles) == {s}
            and all(len(network.near[p] & y.holds) < 2 for p in x.ring)
            and all(len(network.near[p] & x.holds) < 2 for p in y.ring)
        ]
        found += [(s, *cube) for cube in once(cubes)]
    return found
