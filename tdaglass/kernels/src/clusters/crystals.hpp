// A particle and its twelve neighbours as in close-packed crystals: FCC and HCP. All of them are bits of the centre's
// shell.
#pragma once
#include "clusters/index.hpp"

namespace tdaglass::clusters {

// A ring of three through the centre: its two other particles, and its spindles.
struct Wedge {
    Mask outer, spindles;
};

class Crystals {
  public:
    Crystals(const Index& index, Tally& tally) : index_(index), tally_(tally) {}

    void find_around(const Shell& shell) {
        if (shell.degree() < 12) return;
        find_FCC(shell);
        find_HCP(shell);
    }

  private:
    template <size_t S>
    void gather(const Shell& shell, std::span<const int32_t> ids, const std::vector<Ring<3, S>>& rings) {
        wedges_.clear();
        for (int32_t id : ids) wedges_.push_back({shell.mask(rings[id].ring), shell.mask(rings[id].spindle)});
    }

    // Three wedges one to one around the centre, of which `fit(shell, x, y)` holds two at a time and whose outer
    // particles are a ring of six: found(x, y, z).
    template <class Fit, class Found>
    void each_three(const Shell& shell, Fit fit, Found found) {
        const size_t m = wedges_.size();
        next_.resize(std::max(next_.size(), m));
        for (size_t x = 0; x < m; x++) {
            next_[x].clear();
            for (size_t y = x + 1; y < m; y++) {
                const Mask one = wedges_[x].outer | wedges_[x].spindles, two = wedges_[y].outer | wedges_[y].spindles;
                if ((one & two) || shell.bonds_between(wedges_[x].outer, wedges_[y].outer) != 1) continue;
                if (fit(wedges_[x], wedges_[y])) next_[x].push_back(y);
            }
        }
        for (size_t x = 0; x < m; x++)
            for (size_t y : next_[x])
                for (size_t z : next_[y]) {
                    if (!std::binary_search(next_[x].begin(), next_[x].end(), z)) continue;
                    const Mask six = wedges_[x].outer | wedges_[y].outer | wedges_[z].outer;
                    // One bond in the wedge, and one to another wedge.
                    if (shell.each_bonded_to(2, six, six)) found(wedges_[x], wedges_[y], wedges_[z]);
                }
    }

    // Three pyramids sp3b on the triangle of their spindles, and a triangle of new particles on the other side, each
    // bonded to both ends of a bond between the wedges. Its ring has the centre as a spindle. Every set counts once; no
    // liquid and no shaken crystal had two around one centre.
    void find_FCC(const Shell& shell) {
        triangles_.clear();
        for (int32_t id : index_.b3_of_spindle[shell.centre()])
            triangles_.push_back(shell.mask(index_.rings.b3[id].ring));
        for (int32_t id : index_.c3_of_spindle[shell.centre()])
            triangles_.push_back(shell.mask(index_.rings.c3[id].ring));
        if (triangles_.empty()) return;
        gather(shell, index_.b3_of_particle[shell.centre()], index_.rings.b3);
        sets_.clear();
        auto bonded = [&](const Wedge& x, const Wedge& y) { return (shell.bonds_of_first(x.spindles) & y.spindles) != 0; };
        each_three(shell, bonded, [&](const Wedge& x, const Wedge& y, const Wedge& z) {
            const Mask six = x.outer | y.outer | z.outer, nine = six | x.spindles | y.spindles | z.spindles;
            for (Mask below : triangles_) {
                if (below & nine) continue;
                if (sits_on(shell, below, {between(shell, x, y), between(shell, y, z), between(shell, z, x)}))
                    sets_.push_back(nine | below);
            }
        });
        if (sets_.empty()) return;
        std::sort(sets_.begin(), sets_.end());
        sets_.erase(std::unique(sets_.begin(), sets_.end()), sets_.end());
        for (Mask s : sets_) tally_.add(FCC, with_centre(shell, s));
    }

    // The two outer particles of neighbouring wedges that are bonded.
    static Mask between(const Shell& shell, const Wedge& x, const Wedge& y) {
        Mask found = 0;
        each(x.outer, [&](int b) {
            if (const Mask met = shell.bonds_of(b) & y.outer) found = bit(b) | met;
        });
        return found;
    }

    // Whether the three particles of a triangle are bonded to both ends of three bonds, one to one.
    static bool sits_on(const Shell& shell, Mask triangle, std::array<Mask, 3> bonds) {
        std::array<int, 3> order = {0, 1, 2};
        do {
            Mask left = triangle;
            bool all = true;
            for (int k : order) {
                all &= (shell.bonds_of_first(left) & bonds[k]) == bonds[k];
                left &= left - 1;
            }
            if (all) return true;
        } while (std::next_permutation(order.begin(), order.end()));
        return false;
    }

    // Three 5A through the centre, with one spindle each in a triangle above and in one below; no outer particle is
    // bonded to a spindle of another 5A.
    void find_HCP(const Shell& shell) {
        gather(shell, index_.c3_of_particle[shell.centre()], index_.rings.c3);
        auto apart = [&](const Wedge& x, const Wedge& y) {
            return !shell.bonds_between(x.outer, y.spindles) && !shell.bonds_between(y.outer, x.spindles);
        };
        each_three(shell, apart, [&](const Wedge& x, const Wedge& y, const Wedge& z) {
            if (!two_triangles(shell, x.spindles, y.spindles, z.spindles)) return;
            tally_.add(HCP, with_centre(shell, x.outer | y.outer | z.outer | x.spindles | y.spindles | z.spindles));
        });
    }

    static bool two_triangles(const Shell& shell, Mask x, Mask y, Mask z) {
        auto low = [](Mask two) { return two & (~two + 1); };
        auto triangle = [&](Mask a, Mask b, Mask c) {
            return (shell.bonds_of_first(a) & (b | c)) == (b | c) && (shell.bonds_of_first(b) & c);
        };
        for (Mask b : {low(y), y & ~low(y)})
            for (Mask c : {low(z), z & ~low(z)})
                if (triangle(low(x), b, c) && triangle(x & ~low(x), y & ~b, z & ~c)) return true;
        return false;
    }

    static Cluster<13> with_centre(const Shell& shell, Mask twelve) {
        Cluster<13> all{shell.centre()};
        size_t k = 1;
        each(twelve, [&](int b) { all[k++] = shell[b]; });
        return all;
    }

    const Index& index_;
    Tally& tally_;
    std::vector<Wedge> wedges_;
    std::vector<std::vector<size_t>> next_;
    std::vector<Mask> triangles_, sets_;
};

}  // namespace tdaglass::clusters
