"""Chains of three 7A, each with one spindle of the next (11E), and rings of four (12D)."""

from tdaglass.structure.topological_clusters.reference.pentagonal import Nine
from tdaglass.structure.topological_clusters.reference.rings import Clusters, Ring, Rings, by_spindle


def chains(rings: Rings, nines: list[Nine]) -> dict[str, Clusters]:
    """Each once, from whichever end it is found."""
    of_spindle = by_spindle(rings.c5)
    threes, fours = set(), set()
    for s_c, x, y in nines:
        for middle, end in ((x, y), (y, x)):
            for last in of_spindle[middle.other(s_c)]:
                if not _11E(s_c, middle, end, last):
                    continue
                chain = (middle, end, last)
                threes.add((middle, frozenset((end, last))))
                fours |= {
                    frozenset((*chain, one)) for one in of_spindle[end.other(s_c)] if _12D(s_c, chain, one)
                }
    return {
        "11E": [_union(middle, *ends) for middle, ends in threes],
        "12D": [_union(*four) for four in fours],
    }


def _union(*rings: Ring) -> tuple[int, ...]:
    return tuple(set().union(*(one.particles for one in rings)))


def _11E(s_c: int, middle: Ring, end: Ring, last: Ring) -> bool:
    """Middle and end are a 9B on s_c; the last one has the middle's other spindle and a particle of the 9B.

    Its ring holds s_c, the end's other spindle, one of those that only one of their rings has, and two new ones.
    """
    s_m, s_e = middle.other(s_c), end.other(s_c)
    s_k = last.other(s_m)
    shell = middle.holds | end.holds
    if s_k == s_e or s_k not in shell or not {s_c, s_e} <= last.holds:
        return False
    others = last.holds - {s_c, s_e}
    return len(others & shell) == 1 and not others & middle.holds & end.holds


def _12D(s_c: int, chain: tuple[Ring, ...], one: Ring) -> bool:
    """A 7A with the spindles of both ends, whose ring holds the other two, two more of the 11E and one new."""
    middle, end, last = chain
    s_m, s_e = middle.other(s_c), end.other(s_c)
    if set(one.spindles) != {s_e, last.other(s_m)} or not {s_c, s_m} <= one.holds:
        return False
    return len(one.holds.intersection(_union(*chain))) == 4
