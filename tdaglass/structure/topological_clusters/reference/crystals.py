"""A particle and its twelve neighbours as in close-packed crystals: FCC and HCP."""

from collections.abc import Callable, Iterator
from itertools import combinations, permutations, product

from tdaglass.structure.topological_clusters.reference.rings import (
    Clusters,
    Network,
    Ring,
    Rings,
    by_particle,
    by_spindle,
    once,
)

Fit = Callable[[Ring, Ring], bool]


def crystals(network: Network, rings: Rings) -> dict[str, Clusters]:
    """Both types; of FCC each set around a centre once."""
    near = network.near
    fcc, hcp = [], []
    b3_of, c3_of = by_particle(rings.b3), by_particle(rings.c3)
    b3_on, c3_on = by_spindle(rings.b3), by_spindle(rings.c3)
    for c in range(len(near)):
        if len(near[c]) < 12:
            continue
        below = b3_on.get(c, []) + c3_on.get(c, [])
        fcc += [(c, *twelve) for twelve in once(_FCC(network, c, b3_of.get(c, []), below))]
        hcp += _HCP(network, c, c3_of.get(c, []))
    return {"FCC": fcc, "HCP": hcp}


def _three_around(network: Network, c: int, rings: list[Ring], fit: Fit) -> Iterator[tuple[Ring, Ring, Ring]]:
    """Rings through c, of different particles, whose outer ones are a ring of six: edges and bonds by turns."""
    after: dict[Ring, list[Ring]] = {x: [] for x in rings}
    for x, y in combinations(rings, 2):
        if (
            set(x.particles) & set(y.particles) == {c}
            and network.bonds_between(x.holds - {c}, y.holds - {c}) == 1
        ):
            after[x] += [y] if fit(x, y) else []
    for x in rings:
        for y, z in combinations(after[x], 2):
            six = (x.holds | y.holds | z.holds) - {c}
            if z in after[y] and network.each_bonded_to(2, six, six):
                yield x, y, z


def _FCC(network: Network, c: int, rings: list[Ring], below: list[Ring]) -> Clusters:
    """Three sp3b on the triangle of their spindles, and on the other side a triangle on the bonds between them."""
    near, found = network.near, []
    for three in _three_around(network, c, rings, lambda x, y: y.spindles[0] in near[x.spindles[0]]):
        nine = set().union(*(one.particles for one in three)) - {c}
        bonds = [
            {p, q}
            for x, y in combinations(three, 2)
            for p in x.holds - {c}
            for q in y.holds - {c}
            if q in near[p]
        ]
        for last in below:
            sits = (
                all(b <= near[p] for p, b in zip(last.ring, order, strict=True))
                for order in permutations(bonds)
            )
            if not nine & last.holds and any(sits):
                found.append((*nine, *last.ring))
    return found


def _HCP(network: Network, c: int, rings: list[Ring]) -> Clusters:
    """Three 5A with spindles in two triangles; no outer particle is bonded to a spindle of another."""

    def apart(x: Ring, y: Ring) -> bool:
        return not any(
            network.bonds_between(one.holds - {c}, set(two.spindles)) for one, two in ((x, y), (y, x))
        )

    def triangle(three: tuple[int, ...]) -> bool:
        return all(q in network.near[p] for p, q in combinations(three, 2))

    def below(three: tuple[Ring, ...], tops: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(one.other(p) for one, p in zip(three, tops, strict=True))

    found = []
    for three in _three_around(network, c, rings, apart):
        every_tops = product(*(one.spindles for one in three))
        if any(triangle(tops) and triangle(below(three, tops)) for tops in every_tops):
            found.append(tuple(set().union(*(one.particles for one in three))))
    return found
