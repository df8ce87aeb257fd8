// What square and pentagonal pyramids (sp4b, sp5b) make: 8A, 9A, 10A and 10W.
#pragma once
#include "clusters/index.hpp"

namespace tdaglass::clusters {

// Two rings of five that share four particles, with the spindles of both two in number: two pyramids of different
// spindles, two 7A of the same, or a pyramid of one of those of a 7A. Every eight particles count once.
class Find8A {
  public:
    Find8A(const Index& index, Tally& tally) : index_(index), tally_(tally) {}

    void find() {
        // Rings without one particle: the other four are a path, whose middle bond it is listed under.
        const Lists<Path> paths(index_.network.edges(), [&](auto put) {
            for (const auto& of : index_.rings.b5) put_paths(of.ring, of.spindle[0], -1, put);
            for (const auto& of : index_.rings.c5) put_paths(of.ring, of.spindle[0], of.spindle[1], put);
        });
        for (Particle i = 0; i < index_.network.n(); i++)
            for (Particle j : index_.network.of(i)) {
                if (j < i) continue;
                const auto here = paths[index_.network.edge(i, j)];
                for (size_t y = 0; y < here.size(); y++)
                    for (size_t x = 0; x < y; x++) join(i, j, here[x], here[y]);
            }
        found_.count(T8A, tally_);
    }

  private:
    // Beside the bond i-j, i < j: the particle before i, the one after j, the one left out; and the ring's spindles.
    struct Path {
        Particle before, after, left_out, spindle, second;
    };

    template <class Put>
    void put_paths(const Cluster<5>& ring, Particle spindle, Particle second, Put put) const {
        for (int k = 0; k < 5; k++) {
            Particle before = ring[(k + 1) % 5], i = ring[(k + 2) % 5], j = ring[(k + 3) % 5], after = ring[(k + 4) % 5];
            if (i > j) std::swap(i, j), std::swap(before, after);
            put(index_.network.edge(i, j), Path{before, after, ring[k], spindle, second});
        }
    }

    void join(Particle i, Particle j, const Path& x, const Path& y) {
        if (x.before != y.before || x.after != y.after) return;
        // Both spindles of one of them, or each one's only.
        const bool x_two = x.second >= 0, y_two = y.second >= 0;
        if (!x_two && !y_two) {
            if (x.spindle != y.spindle) add(i, j, x, y, x.spindle, y.spindle);
            return;
        }
        const Path &two = x_two ? x : y, &other = x_two ? y : x;
        auto of_two = [&](Particle s) { return s == two.spindle || s == two.second; };
        if (of_two(other.spindle) && (other.second < 0 || of_two(other.second)))
            add(i, j, x, y, two.spindle, two.second);
    }

    void add(Particle i, Particle j, const Path& x, const Path& y, Particle s, Particle t) {
        found_.add({i, j, x.before, x.after, x.left_out, y.left_out, s, t});
    }

    const Index& index_;
    Tally& tally_;
    Sets<8> found_;
};

// A triangular prism with three caps: three pyramids whose rings share two particles at a time, with different
// spindles that are not bonded.
inline void find_9A(const Index& index, Tally& tally) {
    const Network& network = index.network;
    const auto& b4 = index.rings.b4;
    // By a bond of the ring; before and after it, as the ring goes on from its lower and its higher particle.
    struct Side {
        int32_t id;
        Particle low, high;
    };
    const Lists<Side> on_edge(network.edges(), [&](auto put) {
        for (size_t id = 0; id < b4.size(); id++)
            for (int k = 0; k < 4; k++) {
                const auto& ring = b4[id].ring;
                Particle i = ring[k], j = ring[(k + 1) % 4], low = ring[(k + 3) % 4], high = ring[(k + 2) % 4];
                if (i > j) std::swap(i, j), std::swap(low, high);
                put(network.edge(i, j), Side{(int32_t)id, low, high});
            }
    });
    auto apart = [&](Particle s, Particle t) { return s != t && !network.bonded(s, t); };
    for (Particle i = 0; i < network.n(); i++)
        for (Particle j : network.of(i)) {
            if (j < i) continue;
            for (const Side& x : on_edge[network.edge(i, j)])
                for (const Side& y : on_edge[network.edge(i, j)]) {
                    if (y.id <= x.id || x.low == y.low || x.high == y.high) continue;
                    const Particle s = b4[x.id].spindle[0], t = b4[y.id].spindle[0];
                    if (!apart(s, t) || !network.bonded(x.low, y.low) || !network.bonded(x.high, y.high)) continue;
                    // The ring x.low, x.high, y.high, y.low.
                    const bool straight = x.low < x.high;
                    for (const Side& z : on_edge[network.edge(x.low, x.high)]) {
                        if (z.id <= y.id || z.low != (straight ? y.low : y.high) ||
                            z.high != (straight ? y.high : y.low))
                            continue;
                        const Particle u = b4[z.id].spindle[0];
                        if (!apart(s, u) || !apart(t, u)) continue;
                        tally.add_if_different(T9A, Cluster<9>{i, j, x.low, x.high, y.low, y.high, s, t, u});
                    }
                }
        }
}

// A square antiprism with two caps: two pyramids of ten particles, spindles not bonded, every ring particle bonded to
// two of the other ring.
inline void find_10A(const Index& index, Tally& tally) {
    const Network& network = index.network;
    const auto& b4 = index.rings.b4;
    std::vector<int8_t> hits(b4.size());
    std::vector<int32_t> touched;
    for (int32_t x = 0; x < (int32_t)b4.size(); x++) {
        const auto& one = b4[x];
        touched.clear();
        // Two of the other ring are bonded to the first of this one.
        for (Particle p : network.of(one.ring[0]))
            for (int32_t y : index.b4_of_particle[p])
                if (y > x && !hits[y]++) touched.push_back(y);
        for (int32_t y : touched) {
            const bool two_bonds = hits[y] == 2;
            hits[y] = 0;
            const auto& two = b4[y];
            if (!two_bonds || network.bonded(one.spindle[0], two.spindle[0])) continue;
            Cluster<10> all;
            const auto first = one.particles(), second = two.particles();
            std::copy(second.begin(), second.end(), std::copy(first.begin(), first.end(), all.begin()));
            if (!all_different(all)) continue;
            bool every = true;
            for (int k = 0; k < 4 && every; k++)
                every = network.bonds_to(one.ring[k], two.ring) == 2 && network.bonds_to(two.ring[k], one.ring) == 2;
            if (every) tally.add(T10A, all);
        }
    }
}

// Nine neighbours, and six pentagonal pyramids on the centre whose rings cover them.
inline void find_10W(const Index& index, Tally& tally, const Shell& shell) {
    const auto here = index.b5_of_spindle[shell.centre()];
    if (shell.degree() != 9 || here.size() != 6) return;
    Mask covered = 0;
    for (int32_t id : here) covered |= shell.mask(index.rings.b5[id].ring);
    if (covered != shell.all()) return;
    Cluster<10> all{shell.centre()};
    for (int b = 0; b < 9; b++) all[b + 1] = shell[b];
    tally.add(T10W, all);
}

}  // namespace tdaglass::clusters
