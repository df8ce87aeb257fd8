"""Bonds and topological clusters of some dozen particles, straight from their definitions: all subsets, all pairs.

Rings are the subsets whose own bonds make a ring; of compound clusters all combinations of their parts are tried.
"""

from collections import Counter
from itertools import combinations, permutations, product

import numpy as np

Rings = list[tuple[frozenset, frozenset]]  # the ring, the spindles


def bonds(positions, cutoff, voronoi, box=None):
    """A matrix of who is bonded to whom: every candidate, every particle that might stand in the way."""
    apart = positions[None, :] - positions[:, None]
    if box is not None:
        apart -= box * np.round(apart / box)
    distance_sq = np.sum(apart**2, axis=-1)
    near = (distance_sq < cutoff**2) & ~np.eye(len(positions), dtype=bool)
    if voronoi is None:
        return near
    keeps = near.copy()
    for i, j in np.argwhere(near):
        in_the_way = near[i] & (distance_sq[i] < distance_sq[i, j])
        sums = distance_sq[i] + distance_sq[j]
        keeps[i, j] = not np.any(in_the_way & (distance_sq[i, j] > (voronoi + 1e-6) * sums))
    return keeps | keeps.T


class ByDefinition:
    """Every type but FCC and HCP, as multisets of sorted particles."""

    def __init__(self, bonded):
        self.a = bonded
        self.n = len(bonded)
        self.near = [set(np.flatnonzero(row).tolist()) for row in bonded]
        self.found: dict[str, Counter] = {}
        self.rings: dict[str, Rings] = {f"sp{m}{kind}": [] for m in (3, 4, 5) for kind in "abc"}
        for m in (3, 4, 5):
            self._find_rings(m)
        for name, rings in self.rings.items():
            self._put(name, (ring | spindles if name[-1] != "a" else ring for ring, spindles in rings))
        self.five, self.six, self.seven = (self.rings[name] for name in ("sp3c", "sp4c", "sp5c"))
        self._put_sets("6A", (ring | spindles for ring, spindles in self.six))
        self._fives()
        self._pyramids()
        self._sixes()
        self._sevens()
        self._many_sevens()

    def _put(self, name, clusters):
        self.found[name] = Counter(tuple(sorted(one)) for one in clusters)

    def _put_sets(self, name, clusters):
        self._put(name, set(map(frozenset, clusters)))

    def _find_rings(self, m):
        """Two neighbours each within the subset: of five or fewer particles that is one ring."""
        subsets = np.array(list(combinations(range(self.n), m)))
        degree = sum(
            self.a[subsets[:, :, None], subsets[:, None, :]][:, :, k].astype(np.int8) for k in range(m)
        )
        for subset in subsets[np.all(degree == 2, axis=1)]:
            spindles = np.flatnonzero(self.a[subset].all(axis=0))
            kind = {1: "b", 2: "c"}.get(len(spindles), "a")
            self.rings[f"sp{m}{kind}"].append((frozenset(subset.tolist()), frozenset(spindles.tolist())))

    def _between(self, some, others):
        return int(self.a[np.ix_(sorted(some), sorted(others))].sum())

    def _each(self, number, some, others):
        return all(len(self.near[p] & others) == number for p in some)

    def _fives(self):
        six, seven_s, seven_a, seven_k, eight_k = [], [], [], [], []
        for (r, s), (q, t) in combinations(self.five, 2):
            common, both = r & q, s & t
            if len(common) != 2:
                continue
            (third_r,), (third_q,) = r - common, q - common
            if not both and third_q in s and third_r in t:
                cluster = r | s | q | t
                six.append(cluster)
                (far_s,), (far_t,) = s - {third_q}, t - {third_r}
                for (ring, spindles), c in product(self.five, common):
                    (other,) = common - {c}
                    new = spindles - {c}
                    if c not in spindles or new <= cluster:
                        continue
                    if ring == {other, third_q, third_r}:
                        seven_s.append(cluster | new)
                    elif ring in ({other, far_s, third_r}, {other, third_q, far_t}):
                        seven_a.append(cluster | new)
            if len(both) == 1 and not (s - both) & (q | t) and not (t - both) & (r | s):
                seven_k.append(r | s | q | t)
            for ring, spindles in self.five:
                if ring & r == common and ring & q == common and sorted(r) < sorted(q) < sorted(ring):
                    three = s | t | spindles
                    if len(three) == 3 and len({s, t, spindles}) == 3 and not three & (r | q | ring):
                        eight_k.append(r | q | ring | three)
        for name, clusters in zip(
            ("6Z", "7T_s", "7T_a", "7K", "8K"), (six, seven_s, seven_a, seven_k, eight_k), strict=True
        ):
            self._put(name, clusters)

    def _pyramids(self):
        eights = []
        for (r, s), (q, t) in combinations(self.rings["sp5b"] + self.seven, 2):
            fit = s != t if len(s) == len(t) == 1 else s <= t or t <= s
            if len(r & q) == 4 and fit:
                eights.append(r | q | s | t)
        self._put_sets("8A", eights)
        ten = []
        for (r, s), (q, t) in combinations(self.rings["sp4b"], 2):
            if (
                len(r | s | q | t) == 10
                and not self._between(s, t)
                and self._each(2, r, q)
                and self._each(2, q, r)
            ):
                ten.append(r | s | q | t)
        self._put("10A", ten)
        nine = set()
        for (r, s), (q, t) in combinations(self.rings["sp4b"], 2):
            one, two = r - q, q - r
            if len(r & q) != 2 or s == t or self._between(s, t) or self._between(one, two) != 2:
                continue
            for ring, u in self.rings["sp4b"]:
                if ring == one | two and len(s | t | u | r | q) == 9 and not self._between(u, s | t):
                    nine.add(frozenset(((r, s), (q, t), (ring, u))))
        self._put("9A", (frozenset().union(*(ring | s for ring, s in three)) for three in nine))
        whole = []
        for c in range(self.n):
            rings = [ring for ring, s in self.rings["sp5b"] if c in s]
            if len(self.near[c]) == 9 and len(rings) == 6 and set().union(*rings) == self.near[c]:
                whole.append({c} | self.near[c])
        self._put("10W", whole)

    def _sixes(self):
        names = ("9K", "10K", "11A", "12K", "11F", "12E", "13K")
        out = {name: [] for name in names}
        for (r, s), (q, t) in combinations(self.six, 2):
            both = s & t
            if len(both) != 1 or (s - both) & q or (t - both) & r:
                continue
            (c,) = both
            cluster = r | s | q | t
            if len(r & q) == 2:
                out["9K"].append(cluster)
                outside = self.near[c] - cluster
                out["10K"] += [cluster | outside] if len(outside) == 1 else []
            if not r & q and self._each(2, r, q) and self._each(2, q, r):
                out["11A"].append(cluster)
                for p, others in [*((p, q) for p in r), *((p, r) for p in q)]:
                    on = set.intersection(*(self.near[x] for x in {p} | (self.near[p] & others))) - cluster
                    out["12K"] += [cluster | on] if len(on) == 1 else []
        octahedra = dict(self.six)
        for (r, s), (q, t) in combinations(self.five, 2):
            if len(r & q) != 1 or s & t:
                continue
            (c,) = r & q
            touching = [(p, o) for p in r - {c} for o in q - {c} if self.a[p, o]]
            if len(touching) != 1:
                continue
            ((p, o),) = touching
            (u,), (v,) = r - {c, p}, q - {c, o}
            s1, s2 = sorted(s)
            for t1, t2 in permutations(t):
                first, second = (octahedra.get(frozenset((x, y, p, o)), ()) for x, y in ((s1, t1), (s2, t2)))
                if not (self.a[s1, t1] and self.a[s2, t2] and c in first and c in second):
                    continue
                (o1,), (o2,) = first - {c}, second - {c}
                cluster = r | s | q | t | {o1, o2}
                if len(cluster) != 11:
                    continue
                out["11F"].append(cluster)
                on = {frozenset((o1, o2)): [], s: [], t: []}
                for ring, spindles in self.five:
                    for pair, base in ((frozenset((o1, o2)), {p, o}), (s, {c, u}), (t, {c, v})):
                        if spindles == pair and base <= ring and not (ring - base) & cluster:
                            on[pair].append(ring - base)
                out["12E"] += [cluster | new for new in on[frozenset((o1, o2))]]
                if len(on[s]) == len(on[t]) == 1 and on[s] != on[t]:
                    out["13K"].append(cluster | on[s][0] | on[t][0])
        for name in names:
            (self._put_sets if name == "12E" else self._put)(name, out[name])
        cubes = set()
        for (r, s), (q, t) in combinations(self.rings["sp4b"] + self.six, 2):
            common = (r | s) & (q | t)
            most = max([len(self.near[p] & q) for p in r] + [len(self.near[p] & r) for p in q])
            if len(common) == 1 and common <= s & t and most < 2:
                cubes.add((common, r | q))
        self._put("BCC_9", (c | cube for c, cube in cubes))

    def _nine(self, x, y):
        """The common spindle of two 7A that make a 9B."""
        (r, s), (q, t) = x, y
        both = s & t
        if len(both) == 1 and len(r & q) == 2 and s - both <= q and t - both <= r:
            return next(iter(both))
        return None

    def _sevens(self):
        names = ("8B", "9B", "11B", "11C", "12A", "13B")
        out = {name: [] for name in names}
        for r, s in self.seven:
            for c, p in product(s, range(self.n)):
                if p not in r | s and self.a[c, p] and len(self.near[p] & r) == 2:
                    out["8B"].append(r | s | {p})
        for x, y in combinations(self.seven, 2):
            (r, s), (q, t) = x, y
            both = s & t
            cluster = r | s | q | t
            if len(both) != 1:
                continue
            (c,) = both
            (a,), (b,) = s - both, t - both
            if self._nine(x, y) is not None:
                out["9B"].append(cluster)
                outside = self.near[c] - cluster
                if len(self.near[c]) == 10 and self._eleven_b(cluster - {c}, *outside):
                    out["11B"].append(cluster | outside)
            if self._eleven_c(r, q, cluster):
                out["11C"].append(cluster)
                outside = self.near[c] - cluster
                if len(self.near[c]) == 11 and len(outside) == 1:
                    (new,) = outside
                    if self.near[new] & (cluster - {c}) == self._last_two(r, q):
                        out["12A"].append(cluster | outside)
            if len(cluster) == 13 and not r & q and self._each(1, r, q) and self._each(1, q, r):
                out["13B"] += [] if self.a[a, b] else [cluster]
        for name in names:
            self._put(name, out[name])

    def _eleven_c(self, r, q, cluster):
        common = r & q
        if len(common) != 2 or len(cluster) != 11:
            return False
        if self._between(common, common) != 2 or self._between(r - q, q - r) != 2:
            return False
        beside = [(self.near[p] & (r - q), self.near[p] & (q - r)) for p in common]
        return all(self._between(one, two) == 1 for one, two in beside)

    def _last_two(self, r, q):
        return set(r ^ q).difference(*(self.near[p] for p in r & q))

    def _eleven_b(self, shell, e, f):
        of_e, of_f = self.near[e] & shell, self.near[f] & shell
        if not self.a[e, f] or len(of_e) != 2 or len(of_f) != 2 or of_e & of_f:
            return False
        if self._between(of_e, of_e) or self._between(of_f, of_f):
            return False
        return self._each(1, of_e, of_f) and self._each(1, of_f, of_e)

    def _many_sevens(self):
        seven = self.seven
        common = {}
        for i, j in combinations(range(len(seven)), 2):
            if (c := self._nine(seven[i], seven[j])) is not None:
                common[i, j] = common[j, i] = c
        every = [r | s for r, s in seven]
        ten, eleven_w = [], []
        for i, j, k in combinations(range(len(seven)), 3):
            if common.get((i, j)) is None or not common[i, j] == common.get((i, k)) == common.get((j, k)):
                continue
            c, cluster = common[i, j], every[i] | every[j] | every[k]
            if len(cluster) == 10:
                ten.append(cluster)
                outside = self.near[c] - cluster
                tips = set().union(*(seven[x][1] for x in (i, j, k))) - {c}
                if len(self.near[c]) == 10 and not self._between(outside, tips):
                    eleven_w.append(cluster | outside)
        self._put("10B", ten)
        self._put("11W", eleven_w)

        chains, fours = set(), set()
        for (e, m), c in common.items():
            (s_m,), (s_e,) = seven[m][1] - {c}, seven[e][1] - {c}
            shell = (seven[m][0] | seven[e][0]) - {s_m, s_e}
            four = shell - (seven[m][0] & seven[e][0])
            for k, (ring, spindles) in enumerate(seven):
                if s_m not in spindles or not {c, s_e} <= ring:
                    continue
                (s_k,) = spindles - {s_m}
                rest = ring - {c, s_e}
                if s_k not in shell or len(rest & four) != 1 or len(rest - every[m] - every[e]) != 2:
                    continue
                chains.add((m, frozenset((e, k))))
                chain = every[m] | every[e] | every[k]
                for q, (last, both) in enumerate(seven):
                    if both == {s_e, s_k} and {c, s_m} <= last and len(last & chain) == 4:
                        fours.add(frozenset((m, e, k, q)))
        self._put("11E", (every[m].union(*(every[x] for x in ends)) for m, ends in chains))
        self._put("12D", (frozenset().union(*(every[x] for x in four)) for four in fours))

        twelve, thirteen = [], set()
        for (r, s), c in ((x, c) for x in seven for c in x[1]):
            (tip,) = s - {c}
            here = [(q, next(iter(t - {c}))) for q, t in seven if c in t]
            five = [q for q, other in here if self.a[tip, other]]
            cluster = (r | s).union(*five)
            if len(five) != 5 or len(cluster) != 12:
                continue
            twelve.append(cluster)
            for q, other in here:
                if not q & r and len(r | q | {c, tip, other}) == 13 and len(cluster | q | {other}) == 13:
                    thirteen.add((c, cluster | {other}))
        self._put("12B", twelve)
        self._put("13A", (cluster for _, cluster in thirteen))
