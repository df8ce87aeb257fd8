// 7A (pentagonal bipyramids) around a particle that is a spindle of all of them: 8B, 9B, 10B, 11B, 11C, 11W, 12A, 12B,
// 13A and 13B. Their rings, and most of their other spindles, are neighbours of that particle: bits of a mask.
#pragma once
#include "clusters/index.hpp"

namespace tdaglass::clusters {

// A 7A as its spindle s sees it. The other spindle need not be a neighbour of s; then its mask is empty.
struct Cap {
    int32_t id;
    Particle other;
    Mask ring, tip;
};

// Two 7A that make a 9B: one is the middle of chains, see chains.hpp.
struct Nine {
    int32_t one, two;
    Particle common;
};

class Pentagonal {
  public:
    Pentagonal(const Index& index, Tally& tally) : index_(index), tally_(tally) {}

    void find_around(const Shell& shell) {
        caps_.clear();
        for (int32_t id : index_.c5_of_spindle[shell.centre()]) {
            const auto& of = index_.rings.c5[id];
            const Particle other = of.other_spindle(shell.centre());
            caps_.push_back({id, other, shell.mask(of.ring), shell.mask(other)});
        }
        next_.resize(std::max(next_.size(), caps_.size()));
        for (size_t x = 0; x < caps_.size(); x++) {
            next_[x].clear();
            find_8B(shell, caps_[x]);
            find_12B_13A(shell, caps_[x]);
        }
        found_13A_.count(T13A, tally_);
        for (size_t x = 0; x < caps_.size(); x++)
            for (size_t y = x + 1; y < caps_.size(); y++) {
                // A common spindle, and only one.
                if (caps_[x].other == caps_[y].other) continue;
                if (is_9B(caps_[x], caps_[y])) {
                    next_[x].push_back(y);
                    find_9B_11B(shell, caps_[x], caps_[y]);
                }
                find_11C_12A(shell, caps_[x], caps_[y]);
                find_13B(shell, caps_[x], caps_[y]);
            }
        find_10B_11W(shell);
    }

    const std::vector<Nine>& nines() const { return nines_; }

  private:
    template <size_t K>
    static Cluster<K> cluster(const Shell& shell, Mask mask, Particle outside) {
        Cluster<K> found{};
        found[0] = shell.centre();
        size_t k = 1;
        each(mask, [&](int b) {
            if (k < K) found[k++] = shell[b];
        });
        if (k < K) found[k] = outside;
        return found;
    }

    // A neighbour of one spindle outside the 7A, bonded to exactly two of the ring.
    void find_8B(const Shell& shell, const Cap& x) {
        each(shell.all() & ~x.ring & ~x.tip, [&](int p) {
            if (size(shell.bonds_of(p) & x.ring) != 2) return;
            const auto seven = index_.rings.c5[x.id].particles();
            Cluster<8> eight;
            *std::copy(seven.begin(), seven.end(), eight.begin()) = shell[p];
            tally_.add(T8B, eight);
        });
    }

    // Each other spindle is in the other ring, and two particles are in both rings.
    static bool is_9B(const Cap& x, const Cap& y) {
        return (x.tip & y.ring) && (y.tip & x.ring) && size(x.ring & y.ring) == 2;
    }

    // 11B: of the ten neighbours of s two are outside of the 9B. They are bonded; each is bonded to two of the shell,
    // which are not bonded to each other, and those of one are bonded to those of the other, one to one.
    void find_9B_11B(const Shell& shell, const Cap& x, const Cap& y) {
        const Mask eight = x.ring | y.ring;
        tally_.add(T9B, cluster<9>(shell, eight, -1));
        nines_.push_back({x.id, y.id, shell.centre()});
        if (shell.degree() != 10) return;
        const Mask outside = shell.all() & ~eight;
        const int e = first(outside), f = first(outside & (outside - 1));
        const Mask of_e = shell.bonds_of(e) & eight, of_f = shell.bonds_of(f) & eight;
        if (!(shell.bonds_of(e) & bit(f)) || size(of_e) != 2 || size(of_f) != 2 || (of_e & of_f)) return;
        if (shell.bonds_between(of_e, of_e) || shell.bonds_between(of_f, of_f)) return;
        if (!shell.each_bonded_to(1, of_e, of_f) || !shell.each_bonded_to(1, of_f, of_e)) return;
        tally_.add(T11B, cluster<11>(shell, shell.all(), -1));
    }

    // Three 7A that are 9B two at a time; 11W: the only other neighbour of s is bonded to none of the outer spindles.
    void find_10B_11W(const Shell& shell) {
        for (size_t x = 0; x < caps_.size(); x++)
            for (size_t y : next_[x])
                for (size_t z : next_[y]) {
                    if (!std::binary_search(next_[x].begin(), next_[x].end(), z)) continue;
                    const Mask nine = caps_[x].ring | caps_[y].ring | caps_[z].ring;
                    if (size(nine) != 9) continue;
                    tally_.add(T10B, cluster<10>(shell, nine, -1));
                    if (shell.degree() != 10) continue;
                    const Mask tips = caps_[x].tip | caps_[y].tip | caps_[z].tip;
                    if (shell.bonds_of_first(shell.all() & ~nine) & tips) continue;
                    tally_.add(T11W, cluster<11>(shell, shell.all(), -1));
                }
    }

    // Two particles are in both rings, and bonded. The rings' neighbours of either are bonded across, and no others.
    // 12A: the only other neighbour of s is bonded to the last two, the middle of what the rings do not share, and to
    // no others of the shell.
    void find_11C_12A(const Shell& shell, const Cap& x, const Cap& y) {
        const Mask common = x.ring & y.ring;
        if (size(common) != 2 || (x.tip & y.ring) || (y.tip & x.ring)) return;
        const int c1 = first(common), c2 = first(common & (common - 1));
        if (!(shell.bonds_of(c1) & bit(c2))) return;
        const Mask of_x = x.ring & ~common, of_y = y.ring & ~common;
        if (shell.bonds_between(of_x, of_y) != 2) return;
        Mask last = of_x | of_y;
        for (int c : {c1, c2}) {
            const Mask one = of_x & shell.bonds_of(c), two = of_y & shell.bonds_of(c);
            if (size(one) != 1 || size(two) != 1 || !(shell.bonds_of_first(one) & two)) return;
            last &= ~(one | two);
        }
        Cluster<11> eleven = cluster<11>(shell, x.ring | y.ring, -1);
        eleven[9] = x.other, eleven[10] = y.other;
        tally_.add(T11C, eleven);
        const Mask ten = x.ring | y.ring | x.tip | y.tip;
        if (shell.degree() != 11 || size(ten) != 10) return;
        const Mask outside = shell.all() & ~ten;
        if ((shell.bonds_of_first(outside) & ten) == last) tally_.add(T12A, cluster<12>(shell, shell.all(), -1));
    }

    // 12B: exactly five other 7A have an outer spindle bonded to that of x, and all their rings and x are twelve
    // particles. 13A: a 7A on the other side closes the icosahedron.
    void find_12B_13A(const Shell& shell, const Cap& x) {
        int five = 0;
        Mask rings = x.ring | x.tip;
        for (const Cap& y : caps_) {
            if (!(y.tip && x.tip ? shell.bonds_of_first(x.tip) & y.tip : index_.network.bonded(x.other, y.other)))
                continue;
            if (++five > 5) return;
            rings |= y.ring;
        }
        if (five < 5 || size(rings) + !x.tip != 11) return;
        const Cluster<12> twelve = cluster<12>(shell, rings, x.other);
        tally_.add(T12B, twelve);
        for (const Cap& z : caps_) {
            const bool is_new = std::find(twelve.begin(), twelve.end(), z.other) == twelve.end();
            if ((z.ring & x.ring) || (z.ring & ~rings) || (z.ring & x.tip) || !is_new) continue;
            Cluster<13> all;
            *std::copy(twelve.begin(), twelve.end(), all.begin()) = z.other;
            found_13A_.add(all);
        }
    }

    // Two 7A on top of each other: rings bonded one to one.
    void find_13B(const Shell& shell, const Cap& x, const Cap& y) {
        if ((x.ring & y.ring) || (x.tip & y.ring) || (y.tip & x.ring)) return;
        if (!shell.each_bonded_to(1, x.ring, y.ring) || !shell.each_bonded_to(1, y.ring, x.ring)) return;
        if (index_.network.bonded(x.other, y.other)) return;
        Cluster<13> all = cluster<13>(shell, x.ring | y.ring, -1);
        all[11] = x.other, all[12] = y.other;
        tally_.add(T13B, all);
    }

    const Index& index_;
    Tally& tally_;
    std::vector<Cap> caps_;
    std::vector<std::vector<size_t>> next_;  // with which a cap, and one after it, makes a 9B
    std::vector<Nine> nines_;
    Sets<13> found_13A_;
};

}  // namespace tdaglass::clusters
