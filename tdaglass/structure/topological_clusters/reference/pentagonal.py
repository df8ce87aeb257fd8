"""7A (pentagonal bipyramids) with one common spindle: 8B, 9B, 10B, 11B, 11C, 11W, 12A, 12B, 13A and 13B."""

from collections import defaultdict
from itertools import combinations

from tdaglass.structure.topological_clusters.reference.rings import (
    Clusters,
    Network,
    Ring,
    Rings,
    by_spindle,
    once,
    one_spindle_common,
)

# Two 7A that make a 9B, and their common spindle.
Nine = tuple[int, Ring, Ring]


def pentagonal(network: Network, rings: Rings) -> tuple[dict[str, Clusters], list[Nine]]:
    """All ten types, and the 9B as pairs of 7A."""
    nines = [
        (s, x, y)
        for s, x, y, a, b in one_spindle_common(rings.c5)
        if a in y.holds and b in x.holds and len(x.holds & y.holds) == 2
    ]
    found = {
        "8B": _8B(network, rings),
        "9B": [_particles(s, x, y) for s, x, y in nines],
        "11B": [eleven for nine in nines if (eleven := _11B(network, nine))],
    }
    return {
        **found,
        **_10B_11W(network, nines),
        **_11C_12A_13B(network, rings),
        **_12B_13A(network, rings),
    }, nines


def _particles(*of: Ring | int) -> tuple[int, ...]:
    """Of some rings with their spindles, and single ones."""
    return tuple(set().union(*((one,) if isinstance(one, int) else one.particles for one in of)))


def _8B(network: Network, rings: Rings) -> Clusters:
    """A 7A and a neighbour of one of its spindles that is bonded to exactly two of the ring."""
    return [
        (*x.particles, p)
        for x in rings.c5
        for s in x.spindles
        for p in network.near[s].difference(x.particles)
        if len(network.near[p] & x.holds) == 2
    ]


def _11B(network: Network, nine: Nine) -> tuple[int, ...] | None:
    """The common spindle has two neighbours outside, bonded, each on an unbonded two of the shell, which match."""
    near, s = network.near, nine[0]
    shell = set(_particles(*nine)) - {s}
    if len(near[s]) != 10:
        return None
    e, f = near[s] - shell
    of_e, of_f = near[e] & shell, near[f] & shell
    if f not in near[e] or len(of_e) != 2 or len(of_f) != 2 or of_e & of_f:
        return None
    apart = not network.bonds_between(of_e, of_e) and not network.bonds_between(of_f, of_f)
    matched = network.each_bonded_to(1, of_e, of_f) and network.each_bonded_to(1, of_f, of_e)
    return (s, *near[s]) if apart and matched else None


def _10B_11W(network: Network, nines: list[Nine]) -> dict[str, Clusters]:
    """Three 7A that make 9B two at a time, with one spindle common to all."""
    ten, eleven = [], []
    of_spindle: dict[int, dict[Ring, set[Ring]]] = defaultdict(lambda: defaultdict(set))
    for s, x, y in nines:
        of_spindle[s][x].add(y)
    for s, after in of_spindle.items():
        for x in list(after):
            for y, z in combinations(after[x], 2):
                if not (z in after.get(y, ()) or y in after.get(z, ())):
                    continue
                every = _particles(x, y, z)
                if len(every) != 10:
                    continue
                ten.append(every)
                outside = network.near[s].difference(every)
                if len(network.near[s]) == 10 and not network.bonds_between(
                    outside, {one.other(s) for one in (x, y, z)}
                ):
                    eleven.append((*every, *outside))
    return {"10B": ten, "11W": eleven}


def _11C_12A_13B(network: Network, rings: Rings) -> dict[str, Clusters]:
    """Two 7A whose rings share a bond, or nothing."""
    near = network.near
    found: dict[str, Clusters] = {"11C": [], "12A": [], "13B": []}
    for s, x, y, a, b in one_spindle_common(rings.c5):
        if a in y.holds or b in x.holds:
            continue
        common = x.holds & y.holds
        if not common:
            matched = network.each_bonded_to(1, x.holds, y.holds) and network.each_bonded_to(
                1, y.holds, x.holds
            )
            if matched and b not in near[a]:
                found["13B"].append(_particles(x, y))
        if len(common) != 2:
            continue
        c1, c2 = common
        of_x, of_y = x.holds - common, y.holds - common
        # In the two rings the neighbours of c1 are bonded, and those of c2, and nothing else is.
        beside = [(of_x & near[c], of_y & near[c]) for c in (c1, c2)]
        if c2 not in near[c1] or network.bonds_between(of_x, of_y) != 2:
            continue
        if not all(network.bonds_between(one, two) for one, two in beside):
            continue
        eleven = _particles(x, y)
        found["11C"].append(eleven)
        last = (of_x | of_y).difference(*(one | two for one, two in beside))
        outside = near[s].difference(eleven)
        if len(near[s]) == 11 and len(outside) == 1:
            (new,) = outside
            if near[new].intersection(eleven) - {s} == last:
                found["12A"].append((*eleven, new))
    return found


def _12B_13A(network: Network, rings: Rings) -> dict[str, Clusters]:
    """Exactly five 7A around one: an icosahedron without a cap, and with it."""
    twelve, thirteen = [], []
    for s, here in by_spindle(rings.c5).items():
        of_centre = []
        for x in here:
            tip = x.other(s)
            five = [y for y in here if y.other(s) in network.near[tip]]
            every = set(x.particles).union(*(y.ring for y in five))
            if len(five) != 5 or len(every) != 12:
                continue
            twelve.append(tuple(every))
            for z in here:
                if not z.holds & x.holds and z.holds <= every - {tip} and z.other(s) not in every:
                    of_centre.append((*every, z.other(s)))
        thirteen += once(of_centre)
    return {"12B": twelve, "13A": thirteen}
