// Clusters that were found: how many of each type, in how many each particle is, and which particles they have.
#pragma once
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "clusters/types.hpp"

namespace tdaglass::clusters {

struct TooMany : std::exception {};

template <size_t K>
bool all_different(const Cluster<K>& cluster) {
    for (size_t a = 1; a < K; a++)
        for (size_t b = 0; b < a; b++)
            if (cluster[a] == cluster[b]) return false;
    return true;
}

class Tally {
  public:
    // Arrays to add to: (types,), (types, n), and for each type rows of particles, of which there is room for some.
    Tally(int64_t n, int64_t* count, int32_t* of_particle, const int64_t* room, int32_t* const* rows)
        : n_(n), count_(count), of_particle_(of_particle), room_(room), rows_(rows) {}

    template <size_t K>
    void add(Type type, const Cluster<K>& cluster) {
        const int64_t row = count_[type]++;
        for (Particle p : cluster) of_particle_[type * n_ + p]++;
        if (rows_ && row < room_[type]) std::copy(cluster.begin(), cluster.end(), rows_[type] + row * K);
    }

    // Of particles that may be the same: only if none is.
    template <size_t K>
    void add_if_different(Type type, const Cluster<K>& cluster) {
        if (all_different(cluster)) add(type, cluster);
    }

  private:
    int64_t n_;
    int64_t* count_;
    int32_t* of_particle_;
    const int64_t* room_;
    int32_t* const* rows_;
};

// Sets of particles, each of which counts once however often it is found.
template <size_t K>
class Sets {
  public:
    void add(Cluster<K> cluster) {
        std::sort(cluster.begin(), cluster.end());
        if (std::adjacent_find(cluster.begin(), cluster.end()) == cluster.end()) found_.push_back(cluster);
    }

    void count(Type type, Tally& tally) {
        std::sort(found_.begin(), found_.end());
        found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
        for (const Cluster<K>& cluster : found_) tally.add(type, cluster);
        found_.clear();
    }

  private:
    std::vector<Cluster<K>> found_;
};

}  // namespace tdaglass::clusters
