// Shortest-path rings of three, four and five particles, and their spindles: those bonded to all of a ring.
#pragma once
#include <vector>

#include "clusters/network.hpp"
#include "clusters/tally.hpp"

namespace tdaglass::clusters {

// Particles in the order of the ring, and the spindles.
template <size_t K, size_t S>
struct Ring {
    Cluster<K> ring;
    Cluster<S> spindle;

    Cluster<K + S> particles() const {
        Cluster<K + S> all;
        std::copy(spindle.begin(), spindle.end(), std::copy(ring.begin(), ring.end(), all.begin()));
        return all;
    }
    bool holds(Particle p) const { return std::find(ring.begin(), ring.end(), p) != ring.end(); }
    bool has_spindle(Particle p) const { return std::find(spindle.begin(), spindle.end(), p) != spindle.end(); }
    Particle other_spindle(Particle s) const { return spindle[spindle[0] == s]; }
};

// Those with one spindle or two, of which all else is made; of others nothing is but their number. In the literature
// c3 are 5A, c4 6A and c5 7A. c3 are in the order of their rings, which ascend.
struct Rings {
    std::vector<Ring<3, 1>> b3;
    std::vector<Ring<3, 2>> c3;
    std::vector<Ring<4, 1>> b4;
    std::vector<Ring<4, 2>> c4;
    std::vector<Ring<5, 1>> b5;
    std::vector<Ring<5, 2>> c5;
};

class RingSearch {
  public:
    // At most `most` of a kind: it throws TooMany rather than fill the memory.
    RingSearch(const Network& network, Tally& tally, int64_t most)
        : network_(network), tally_(tally), most_(most), shell_(network), via_(network.n()) {}

    Rings find() {
        for (Particle i = 0; i < network_.n(); i++) {
            shell_.look_from(i);
            // Every ring is found from its lowest particle.
            int lower = 0;
            while (lower < shell_.degree() && shell_[lower] < i) lower++;
            higher_ = shell_.all() & ~below(lower);
            look_further(i);
            triangles(i);
            for (Particle l : outer_) squares(i, l), pentagons(i, l);
            for (Particle l : outer_) via_[l] = 0;
        }
        return std::move(found_);
    }

  private:
    // Those of higher number that are not bonded to i, but to neighbours of it: via_. Spindles, which are among those,
    // may be of lower number than i, and other particles of a ring not.
    void look_further(Particle i) {
        outer_.clear();
        each(shell_.all(), [&](int b) {
            for (Particle l : network_.of(shell_[b])) {
                if (l <= i || shell_.mask(l)) continue;
                if (!via_[l]) outer_.push_back(l);
                via_[l] |= bit(b);
            }
        });
    }

    void triangles(Particle i) {
        each(higher_, [&](int j) {
            each(shell_.bonds_of(j) & ~below(j + 1), [&](int k) {
                record(found_.b3, found_.c3, SP3A, Cluster<3>{i, shell_[j], shell_[k]},
                       shell_.bonds_of(j) & shell_.bonds_of(k));
            });
        });
    }

    // i, j, l, k, of which j and k are not bonded.
    void squares(Particle i, Particle l) {
        each(via_[l] & higher_, [&](int j) {
            each(via_[l] & higher_ & ~shell_.bonds_of(j) & ~below(j + 1), [&](int k) {
                record(found_.b4, found_.c4, SP4A, Cluster<4>{i, shell_[j], l, shell_[k]},
                       shell_.bonds_of(j) & shell_.bonds_of(k) & via_[l]);
            });
        });
    }

    // i, j, l, m, k, without a chord; m is of higher number than l.
    void pentagons(Particle i, Particle l) {
        for (Particle m : network_.of(l)) {
            if (m < l || !via_[m]) continue;
            const Mask only_m = via_[m] & ~via_[l] & higher_;
            each(via_[l] & ~via_[m] & higher_, [&](int j) {
                each(only_m & ~shell_.bonds_of(j), [&](int k) {
                    record(found_.b5, found_.c5, SP5A, Cluster<5>{i, shell_[j], l, m, shell_[k]},
                           shell_.bonds_of(j) & shell_.bonds_of(k) & via_[l] & via_[m]);
                });
            });
        }
    }

    template <size_t K>
    void record(std::vector<Ring<K, 1>>& one, std::vector<Ring<K, 2>>& two, Type of_none, const Cluster<K>& ring,
                Mask spindles) {
        if (size(spindles) == 1) {
            one.push_back({ring, {shell_.only(spindles)}});
            tally_.add(Type(of_none + 1), one.back().particles());
        } else if (size(spindles) == 2) {
            two.push_back({ring, {shell_.only(spindles), shell_.only(spindles & (spindles - 1))}});
            tally_.add(Type(of_none + 2), two.back().particles());
        } else {
            tally_.add(of_none, ring);
        }
        if ((int64_t)one.size() > most_ || (int64_t)two.size() > most_) throw TooMany();
    }

    const Network& network_;
    Tally& tally_;
    int64_t most_;
    Shell shell_;
    Mask higher_ = 0;
    std::vector<Mask> via_;
    std::vector<Particle> outer_;
    Rings found_;
};

}  // namespace tdaglass::clusters
