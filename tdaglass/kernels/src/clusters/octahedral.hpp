// 6A (octahedra) and square pyramids around a particle that is a spindle of all of them: 9K, 10K, 11A, 12K and BCC_9;
// and 11F, 12E and 13K, where two 6A hold two 5A together. 6A itself is every six particles once.
#pragma once
#include "clusters/index.hpp"

namespace tdaglass::clusters {

// A ring of four as its spindle s sees it; a square pyramid has no other spindle, and that of a 6A need not be a
// neighbour of s: then the mask is empty.
struct Square {
    Particle other;
    Mask ring, tip;
};

class Octahedral {
  public:
    Octahedral(const Index& index, Tally& tally) : index_(index), tally_(tally) {}

    void find_around(const Shell& shell) {
        squares_.clear();
        for (int32_t id : index_.c4_of_spindle[shell.centre()]) {
            const auto& of = index_.rings.c4[id];
            const Particle other = of.other_spindle(shell.centre());
            squares_.push_back({other, shell.mask(of.ring), shell.mask(other)});
        }
        const size_t octahedra = squares_.size();
        for (int32_t id : index_.b4_of_spindle[shell.centre()])
            squares_.push_back({-1, shell.mask(index_.rings.b4[id].ring), 0});
        cubes_.clear();
        for (size_t y = 0; y < squares_.size(); y++)
            for (size_t x = 0; x < y; x++) {
                const Square &one = squares_[x], &two = squares_[y];
                // A common spindle, and only one.
                if (one.other == two.other && one.other >= 0) continue;
                if (!(one.tip & two.ring) && !(two.tip & one.ring)) {
                    find_BCC_9(shell, one, two);
                    if (y < octahedra) find_9K_10K(shell, one, two), find_11A_12K(shell, one, two);
                }
                if (y < octahedra) find_11F(shell, one, two);
            }
        count_BCC_9(shell);
    }

    void finish() {
        for (const auto& of : index_.rings.c4) found_6A_.add(of.particles());
        found_6A_.count(T6A, tally_);
        found_12E_.count(T12E, tally_);
    }

  private:
    // Two particles are in both rings. 10K: and the spindle has one other neighbour.
    void find_9K_10K(const Shell& shell, const Square& x, const Square& y) {
        if (size(x.ring & y.ring) != 2) return;
        Cluster<10> all{};
        size_t k = 0;
        all[k++] = shell.centre(), all[k++] = x.other, all[k++] = y.other;
        each(x.ring | y.ring, [&](int b) { all[k++] = shell[b]; });
        Cluster<9> nine;
        std::copy_n(all.begin(), 9, nine.begin());
        tally_.add(T9K, nine);
        const Mask outside = shell.all() & ~(x.ring | y.ring | x.tip | y.tip);
        if (size(outside) != 1) return;
        all[9] = shell.only(outside);
        tally_.add(T10K, all);
    }

    // No particle is in both rings, and every one is bonded to two of the other ring: a square antiprism with two caps.
    void find_11A_12K(const Shell& shell, const Square& x, const Square& y) {
        if (x.ring & y.ring) return;
        if (!shell.each_bonded_to(2, x.ring, y.ring) || !shell.each_bonded_to(2, y.ring, x.ring)) return;
        Cluster<11> all{};
        size_t k = 0;
        all[k++] = shell.centre(), all[k++] = x.other, all[k++] = y.other;
        each(x.ring | y.ring, [&](int b) { all[k++] = shell[b]; });
        tally_.add(T11A, all);
        each(x.ring, [&](int r) { find_12K(shell, all, r, shell.bonds_of(r) & y.ring); });
        each(y.ring, [&](int r) { find_12K(shell, all, r, shell.bonds_of(r) & x.ring); });
    }

    // The only particle outside that is bonded to a ring particle and its two neighbours in the other ring.
    void find_12K(const Shell& shell, const Cluster<11>& eleven, int r, Mask two) {
        const Network& network = index_.network;
        Particle found = -1;
        for (Particle p : network.of(shell[r])) {
            if (!network.bonded(p, shell.only(two)) || !network.bonded(p, shell.only(two & (two - 1)))) continue;
            if (std::find(eleven.begin(), eleven.end(), p) != eleven.end()) continue;
            if (found >= 0) return;
            found = p;
        }
        if (found < 0) return;
        Cluster<12> all;
        *std::copy(eleven.begin(), eleven.end(), all.begin()) = found;
        tally_.add(T12K, all);
    }

    // Opposite faces of a cube around the spindle.
    void find_BCC_9(const Shell& shell, const Square& x, const Square& y) {
        if (x.ring & y.ring) return;
        for (Mask m = x.ring; m; m &= m - 1)
            if (size(shell.bonds_of_first(m) & y.ring) > 1) return;
        for (Mask m = y.ring; m; m &= m - 1)
            if (size(shell.bonds_of_first(m) & x.ring) > 1) return;
        cubes_.push_back(x.ring | y.ring);
    }

    // A cube has three pairs of opposite faces.
    void count_BCC_9(const Shell& shell) {
        std::sort(cubes_.begin(), cubes_.end());
        cubes_.erase(std::unique(cubes_.begin(), cubes_.end()), cubes_.end());
        for (Mask cube : cubes_) {
            Cluster<9> all{};
            size_t k = 0;
            all[k++] = shell.centre();
            each(cube, [&](int b) { all[k++] = shell[b]; });
            tally_.add(BCC_9, all);
        }
    }

    // Two 6A with the spindle r_c whose rings p, s1, t1, q and p, s2, t2, q share the bond p-q; a 5A of the spindles s1
    // and s2 on the ring r_c, p, u, and one of t1 and t2 on r_c, q, v; between p, u and q, v there is no other bond.
    void find_11F(const Shell& shell, const Square& x, const Square& y) {
        const Mask common = x.ring & y.ring;
        if (size(common) != 2) return;
        const int p = first(common), q = first(common & (common - 1));
        if (!(shell.bonds_of(p) & bit(q))) return;
        const Mask at_p[2] = {x.ring & ~common & shell.bonds_of(p), y.ring & ~common & shell.bonds_of(p)};
        const Mask at_q[2] = {x.ring & ~common & shell.bonds_of(q), y.ring & ~common & shell.bonds_of(q)};
        const Particle r_c = shell.centre();
        const Particle s1 = shell.only(at_p[0]), s2 = shell.only(at_p[1]);
        const Particle t1 = shell.only(at_q[0]), t2 = shell.only(at_q[1]);
        for (const OnBond& one : index_.c3_of_edge[index_.network.edge(r_c, shell[p])]) {
            if (!has_spindles(one, s1, s2)) continue;
            for (const OnBond& two : index_.c3_of_edge[index_.network.edge(r_c, shell[q])]) {
                if (!has_spindles(two, t1, t2)) continue;
                const Mask u = shell.mask(one.third), v = shell.mask(two.third);
                if ((shell.bonds_of(p) & v) || (shell.bonds_of_first(u) & (bit(q) | v))) continue;
                const Cluster<11> all = {r_c, x.other, y.other, s1, s2,       t1,
                                         t2,  shell[p], shell[q], one.third, two.third};
                if (!all_different(all)) continue;
                tally_.add(T11F, all);
                find_12E(all);
                find_13K(all);
            }
        }
    }

    // A 5A of the other spindles of both 6A on the bond p-q and a new particle.
    void find_12E(const Cluster<11>& eleven) {
        const auto [r_c, o1, o2, s1, s2, t1, t2, p, q, u, v] = eleven;
        for (const OnBond& one : index_.c3_of_edge[index_.network.edge(p, q)])
            if (has_spindles(one, o1, o2)) found_12E_.add(with<1>(eleven, {one.third}));
    }

    // Exactly one more 5A of s1 and s2 on r_c, u and a new particle, and one of t1 and t2 on r_c, v and another.
    void find_13K(const Cluster<11>& eleven) {
        const auto [r_c, o1, o2, s1, s2, t1, t2, p, q, u, v] = eleven;
        const Particle one = only_new(eleven, r_c, u, s1, s2), two = only_new(eleven, r_c, v, t1, t2);
        if (one >= 0 && two >= 0) tally_.add_if_different(T13K, with<2>(eleven, {one, two}));
    }

    Particle only_new(const Cluster<11>& eleven, Particle a, Particle b, Particle s, Particle t) const {
        Particle found = -1;
        for (const OnBond& one : index_.c3_of_edge[index_.network.edge(a, b)]) {
            if (!has_spindles(one, s, t)) continue;
            if (std::find(eleven.begin(), eleven.end(), one.third) != eleven.end()) continue;
            if (found >= 0) return -1;
            found = one.third;
        }
        return found;
    }

    bool has_spindles(const OnBond& one, Particle s, Particle t) const {
        const auto& of = index_.rings.c3[one.id];
        return s != t && of.has_spindle(s) && of.has_spindle(t);
    }

    template <size_t M>
    static Cluster<11 + M> with(const Cluster<11>& eleven, const Cluster<M>& more) {
        Cluster<11 + M> all;
        std::copy(more.begin(), more.end(), std::copy(eleven.begin(), eleven.end(), all.begin()));
        return all;
    }

    const Index& index_;
    Tally& tally_;
    std::vector<Square> squares_;
    std::vector<Mask> cubes_;
    Sets<6> found_6A_;
    Sets<12> found_12E_;
};

}  // namespace tdaglass::clusters
