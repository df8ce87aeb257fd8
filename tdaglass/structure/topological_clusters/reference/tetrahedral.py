"""Two or three 5A (two tetrahedra on one triangle) side by side: 6Z, 7T, 7K and 8K."""

from itertools import combinations

from tdaglass.structure.topological_clusters.reference.rings import (
    Clusters,
    Ring,
    Rings,
    by_bond,
    different,
)


def tetrahedral(rings: Rings) -> dict[str, Clusters]:
    """All four types; 7T of both kinds."""
    found: dict[str, Clusters] = {name: [] for name in ("6Z", "7T_s", "7T_a", "7K", "8K")}
    on_triangle = {one.holds: one for one in rings.c3}
    for bond, here in by_bond(rings.c3).items():
        for x, y in combinations(here, 2):
            if six := _6Z(bond, x, y):
                found["6Z"].append(six)
                for name, seven in _7T(six, on_triangle):
                    found[name].append(seven)
            found["7K"] += _7K(x, y)
        for three in combinations(here, 3):
            found["8K"] += _8K(bond, three)
    return found


def _6Z(bond: frozenset[int], x: Ring, y: Ring) -> tuple[int, ...] | None:
    """No spindle is common, two ring particles are, and each third ring particle is a spindle of the other."""
    (third_x,), (third_y,) = x.holds - bond, y.holds - bond
    if third_y not in x.spindles or third_x not in y.spindles or set(x.spindles) & set(y.spindles):
        return None
    return third_y, x.other(third_y), third_x, y.other(third_x), *bond


def _7T(six: tuple[int, ...], on_triangle: dict[frozenset[int], Ring]) -> list[tuple[str, tuple[int, ...]]]:
    """A third 5A: c1 or c2 is a spindle, the other is in its ring, beside a spindle of each of the two."""
    si, far_i, sj, far_j, c1, c2 = six
    found = []
    for c, spindle in ((c1, c2), (c2, c1)):
        for name, a, b in (("7T_s", si, sj), ("7T_a", far_i, sj), ("7T_a", si, far_j)):
            third = on_triangle.get(frozenset((c, a, b)))
            if third and spindle in third.spindles and (new := third.other(spindle)) not in six:
                found.append((name, (*six, new)))
    return found


def _7K(x: Ring, y: Ring) -> Clusters:
    """One spindle is common, two ring particles are, and nothing else is."""
    every = (*x.ring, *y.ring, *x.spindles, *y.spindles)
    return [tuple(set(every))] if len(set(x.spindles) & set(y.spindles)) == 1 and different(every, 7) else []


def _8K(bond: frozenset[int], three: tuple[Ring, ...]) -> Clusters:
    """The spindles are three particles, two at a time."""
    pairs = {frozenset(one.spindles) for one in three}
    spindles = set().union(*pairs)
    every = spindles.union(*(one.ring for one in three))
    return [tuple(every)] if len(pairs) == 3 and len(spindles) == 3 and len(every) == 8 else []
