// Rings by what they are looked for by: a spindle, a particle of the ring, a bond of the ring.
#pragma once
#include "clusters/lists.hpp"
#include "clusters/rings.hpp"

namespace tdaglass::clusters {

// A ring of three on one of its bonds.
struct OnBond {
    int32_t id;
    Particle third;
};

template <size_t K, size_t S>
Lists<int32_t> by_spindle(int64_t n, const std::vector<Ring<K, S>>& rings) {
    return {n, [&](auto put) {
                for (size_t id = 0; id < rings.size(); id++)
                    for (Particle p : rings[id].spindle) put(p, (int32_t)id);
            }};
}

template <size_t K, size_t S>
Lists<int32_t> by_particle(int64_t n, const std::vector<Ring<K, S>>& rings) {
    return {n, [&](auto put) {
                for (size_t id = 0; id < rings.size(); id++)
                    for (Particle p : rings[id].ring) put(p, (int32_t)id);
            }};
}

struct Index {
    Index(const Network& network, const Rings& rings)
        : network(network), rings(rings),
          b3_of_spindle(by_spindle(network.n(), rings.b3)), c3_of_spindle(by_spindle(network.n(), rings.c3)),
          b4_of_spindle(by_spindle(network.n(), rings.b4)), c4_of_spindle(by_spindle(network.n(), rings.c4)),
          b5_of_spindle(by_spindle(network.n(), rings.b5)), c5_of_spindle(by_spindle(network.n(), rings.c5)),
          b3_of_particle(by_particle(network.n(), rings.b3)), c3_of_particle(by_particle(network.n(), rings.c3)),
          b4_of_particle(by_particle(network.n(), rings.b4)), c3_of_edge(network.edges(), [&](auto put) {
              for (size_t id = 0; id < rings.c3.size(); id++) {
                  const auto& [a, b, c] = rings.c3[id].ring;
                  put(network.edge(a, b), OnBond{(int32_t)id, c});
                  put(network.edge(a, c), OnBond{(int32_t)id, b});
                  put(network.edge(b, c), OnBond{(int32_t)id, a});
              }
          }) {}

    // The 5A on a ring of three, or null; a and b are bonded.
    const Ring<3, 2>* c3_on(Particle a, Particle b, Particle c) const {
        for (const OnBond& one : c3_of_edge[network.edge(a, b)])
            if (one.third == c) return &rings.c3[one.id];
        return nullptr;
    }

    const Network& network;
    const Rings& rings;
    Lists<int32_t> b3_of_spindle, c3_of_spindle, b4_of_spindle, c4_of_spindle, b5_of_spindle, c5_of_spindle;
    Lists<int32_t> b3_of_particle, c3_of_particle, b4_of_particle;
    Lists<OnBond> c3_of_edge;
};

}  // namespace tdaglass::clusters
