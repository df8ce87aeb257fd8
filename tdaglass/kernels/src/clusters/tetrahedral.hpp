// Two or three 5A (two tetrahedra on one triangle) side by side: 6Z, 7T, 7K and 8K.
#pragma once
#include "clusters/index.hpp"

namespace tdaglass::clusters {

// A 6Z and a third 5A on a triangle of three of its particles: one of its two common particles c, which is not the
// other spindle, and one spindle of each 5A. Symmetric (7T_s) if those are the two that are ring particles of the other
// 5A; asymmetric (7T_a) if one is the far spindle.
inline void find_7T(const Index& index, Tally& tally, const Cluster<6>& of_6Z) {
    const auto [si, far_i, sj, far_j, c1, c2] = of_6Z;
    auto on = [&](Type type, Particle c, Particle other, Particle a, Particle b) {
        const auto* third = index.c3_on(c, a, b);
        if (!third || !third->has_spindle(other)) return;
        Cluster<7> seven;
        *std::copy(of_6Z.begin(), of_6Z.end(), seven.begin()) = third->other_spindle(other);
        tally.add_if_different(type, seven);
    };
    for (const auto& [c, other] : {std::pair{c1, c2}, std::pair{c2, c1}}) {
        on(T7T_S, c, other, si, sj);
        on(T7T_A, c, other, far_i, sj);
        on(T7T_A, c, other, si, far_j);
    }
}

// Two 5A without a common spindle that share two ring particles, each third one being a spindle of the other.
inline void find_6Z(const Index& index, Tally& tally, Particle c1, Particle c2, OnBond x, OnBond y) {
    const auto &one = index.rings.c3[x.id], &two = index.rings.c3[y.id];
    if (!one.has_spindle(y.third) || !two.has_spindle(x.third)) return;
    const Cluster<6> cluster = {y.third, one.other_spindle(y.third), x.third, two.other_spindle(x.third), c1, c2};
    if (cluster[1] == cluster[3]) return;
    tally.add(T6Z, cluster);
    find_7T(index, tally, cluster);
}

// Two 5A with one common spindle that share two ring particles, and nothing else.
inline void find_7K(const Index& index, Tally& tally, Particle c1, Particle c2, OnBond x, OnBond y) {
    const auto &one = index.rings.c3[x.id], &two = index.rings.c3[y.id];
    if (two.has_spindle(one.spindle[0]) == two.has_spindle(one.spindle[1])) return;
    const Particle s = one.spindle[!two.has_spindle(one.spindle[0])];
    tally.add_if_different(
        T7K, Cluster<7>{c1, c2, x.third, y.third, s, one.other_spindle(s), two.other_spindle(s)});
}

// Three 5A on one bond, whose spindles are three particles two at a time.
inline void find_8K(const Index& index, Tally& tally, Particle c1, Particle c2, OnBond x, OnBond y, OnBond z) {
    const auto &one = index.rings.c3[x.id], &two = index.rings.c3[y.id], &three = index.rings.c3[z.id];
    for (Particle a : one.spindle) {
        const Particle b = one.other_spindle(a);
        if (!two.has_spindle(a) || !three.has_spindle(b) || two.other_spindle(a) != three.other_spindle(b)) continue;
        tally.add_if_different(T8K,
                               Cluster<8>{c1, c2, x.third, y.third, z.third, a, b, two.other_spindle(a)});
        return;
    }
}

inline void find_tetrahedral(const Index& index, Tally& tally) {
    for (Particle c1 = 0; c1 < index.network.n(); c1++)
        for (Particle c2 : index.network.of(c1)) {
            if (c2 < c1) continue;
            const auto here = index.c3_of_edge[index.network.edge(c1, c2)];
            for (size_t y = 0; y < here.size(); y++)
                for (size_t x = 0; x < y; x++) {
                    find_6Z(index, tally, c1, c2, here[x], here[y]);
                    find_7K(index, tally, c1, c2, here[x], here[y]);
                    for (size_t w = 0; w < x; w++) find_8K(index, tally, c1, c2, here[w], here[x], here[y]);
                }
        }
}

}  // namespace tdaglass::clusters
