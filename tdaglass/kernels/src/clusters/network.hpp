// Who is bonded to whom, and a particle's neighbours as bits of one number.
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "clusters/types.hpp"

namespace tdaglass::clusters {

// Neighbours of particle i, ascending: neighbor[start[i]] to neighbor[start[i + 1] - 1].
class Network {
  public:
    Network(int64_t n, const int64_t* start, const Particle* neighbor)
        : n_(n), start_(start), neighbor_(neighbor), sketch_(n), among_(start[n]) {
        for (Particle i = 0; i < n; i++)
            for (Particle j : of(i)) sketch_[i] |= bit(j & 63);
        std::vector<int8_t> slot(n, -1);
        for (Particle i = 0; i < n; i++) {
            const auto mine = of(i);
            for (size_t b = 0; b < mine.size(); b++) slot[mine[b]] = (int8_t)b;
            for (size_t b = 0; b < mine.size(); b++)
                for (Particle k : of(mine[b]))
                    if (slot[k] >= 0) among_[start_[i] + b] |= bit(slot[k]);
            for (Particle j : mine) slot[j] = -1;
        }
    }

    // Whether rows ascend, and every bond stands in the rows of both.
    bool consistent() const {
        for (Particle i = 0; i < n_; i++) {
            const auto mine = of(i);
            for (size_t b = 0; b < mine.size(); b++)
                if ((b && mine[b] <= mine[b - 1]) || mine[b] == i || !bonded(mine[b], i)) return false;
        }
        return true;
    }

    int64_t n() const { return n_; }
    int64_t edges() const { return start_[n_]; }
    std::span<const Particle> of(Particle i) const {
        return {neighbor_ + start_[i], (size_t)(start_[i + 1] - start_[i])};
    }
    // Of each neighbour of i, those neighbours of i that it is bonded to.
    const Mask* among(Particle i) const { return among_.data() + start_[i]; }

    bool bonded(Particle i, Particle j) const {
        if (!(sketch_[i] & bit(j & 63))) return false;
        for (Particle k : of(i))
            if (k >= j) return k == j;
        return false;
    }

    template <size_t K>
    int bonds_to(Particle i, const Cluster<K>& others) const {
        int count = 0;
        for (Particle j : others) count += bonded(i, j);
        return count;
    }

    // The number of a bond, below edges().
    int64_t edge(Particle i, Particle j) const {
        if (i > j) std::swap(i, j);
        const auto mine = of(i);
        return start_[i] + (std::lower_bound(mine.begin(), mine.end(), j) - mine.begin());
    }

  private:
    int64_t n_;
    const int64_t* start_;
    const Particle* neighbor_;
    std::vector<Mask> sketch_;  // bit j modulo 64 for every neighbour j
    std::vector<Mask> among_;
};

// What one particle sees around it.
class Shell {
  public:
    explicit Shell(const Network& network) : network_(network), slot_(network.n(), -1) {}

    void look_from(Particle centre) {
        for (Particle j : neighbors_) slot_[j] = -1;
        centre_ = centre;
        neighbors_ = network_.of(centre);
        among_ = network_.among(centre);
        for (size_t b = 0; b < neighbors_.size(); b++) slot_[neighbors_[b]] = (int8_t)b;
    }

    const Network& network() const { return network_; }
    Particle centre() const { return centre_; }
    int degree() const { return (int)neighbors_.size(); }
    Mask all() const { return below(degree()); }
    Particle operator[](int b) const { return neighbors_[b]; }
    Particle only(Mask mask) const { return neighbors_[first(mask)]; }

    // Nothing for who is not a neighbour.
    Mask mask(Particle p) const { return slot_[p] < 0 ? 0 : bit(slot_[p]); }
    template <size_t K>
    Mask mask(const Cluster<K>& cluster) const {
        Mask found = 0;
        for (Particle p : cluster) found |= mask(p);
        return found;
    }

    Mask bonds_of(int b) const { return among_[b]; }
    // Of the first particle of a mask.
    Mask bonds_of_first(Mask mask) const { return among_[first(mask)]; }

    int bonds_between(Mask some, Mask others) const {
        int count = 0;
        each(some, [&](int b) { count += size(among_[b] & others); });
        return count;
    }
    // Whether every one of `some` is bonded to exactly so many of `others`.
    bool each_bonded_to(int number, Mask some, Mask others) const {
        for (; some; some &= some - 1)
            if (size(bonds_of_first(some) & others) != number) return false;
        return true;
    }

  private:
    const Network& network_;
    std::vector<int8_t> slot_;
    std::span<const Particle> neighbors_;
    const Mask* among_ = nullptr;
    Particle centre_ = -1;
};

}  // namespace tdaglass::clusters
