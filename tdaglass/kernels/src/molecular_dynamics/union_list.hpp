// One list for replicas that lie side by side in the lanes of a vector: the half pairs near each other in any of them.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "vectors/aligned.hpp"
#include "union_search.hpp"

namespace tdaglass {

// Pairs within their cut-offs plus the skin in any replica, pruned from an outer list that is made more rarely.
template <int DIM>
class UnionList {
   public:
    std::vector<int64_t> start;       // of the neighbours of each particle; n + 1 entries
    std::vector<Neighbor> neighbors;  // and at least one more, which is looked at and not used

    // The skin of one system is shared out: less for the list that forces are found from, since pruning is cheap, above
    // all in three dimensions, where a list grows with the cube of its reach; more for the outer one.
    explicit UnionList(double skin) : skin((DIM == 3 ? 0.6 : 0.9) * skin), outer_skin(3 * skin) {}

    // Another step was made, in which no particle went further than this.
    void has_moved(double distance) { moved += distance; }

    // Whether a pair may be missing. That no particle went further than the fastest of each step is nearly as good as
    // to know how far each has gone, since no list lasts longer than a few of them, and cheaper.
    bool is_outdated() const { return moved > 0.499 * skin; }

    void build(const Replicas<DIM>& r, const PairTable& table) {
        const Coarse<DIM> coarse(r.edge);
        take_places(r);
        if (outer_built_at.empty() || 2 * farthest(r) > outer_skin - skin) {
            find_outer(r, table, coarse);
            outer_built_at = r.positions();
        }
        prune(r, table, coarse);
        moved = 0;
    }

    // How many times the pairs are listed that a replica alone would have listed.
    double excess(const Replicas<DIM>& r, const PairTable& table) {
        const Coarse<DIM> coarse(r.edge);
        const Reach reach(coarse, table, skin);
        int64_t in_each = 0;
        take_places(r);
        for (int i = 0; i < r.n; i++) {
            const auto here = Coarse<DIM>::load_row(place_of(i));
            for (int64_t k = start[i]; k < start[i + 1]; k++) {
                const Ints distance_sq = coarse.distance_sq(here, neighbors[k].template coarse_row<DIM>(places.data()));
                in_each += __builtin_popcount(bits(distance_sq <= neighbors[k].choose(reach.sq[r.kind[i]])));
            }
        }
        return (double)start[r.n] / std::max((double)in_each / LANES, 1.0);
    }

   private:
    double skin, outer_skin, moved = 0;
    std::vector<int64_t> outer_start;
    std::vector<Neighbor> outer;
    Aligned<int32_t> outer_built_at, places;  // places: coarse rows, of the replicas of each particle

    // Squared, in coarse units: cut-offs and a margin.
    struct Reach {
        Ints sq[MAX_KINDS][MAX_KINDS];

        Reach(const Coarse<DIM>& coarse, const PairTable& table, double margin) {
            for (int a = 0; a < MAX_KINDS; a++)
                for (int b = 0; b < MAX_KINDS; b++) sq[a][b] = splat(coarse.reach_sq(table.reach[a][b] + margin));
        }
    };

    const int32_t* place_of(int i) const { return &places[(size_t)i * Coarse<DIM>::ROW]; }

    void take_places(const Replicas<DIM>& r) {
        places.resize((size_t)r.n * Coarse<DIM>::ROW);
        for (int i = 0; i < r.n; i++) {
            Ints fraction[DIM];
            for (int d = 0; d < DIM; d++) fraction[d] = load<Ints>(r.position(i, d));
            Coarse<DIM>::store_row(&places[(size_t)i * Coarse<DIM>::ROW], fraction);
        }
    }

    // The longest distance, over particles and replicas, from where the outer list was made.
    double farthest(const Replicas<DIM>& r) const {
        const Units<DIM> units(r);
        Floats most{};
        for (int i = 0; i < r.n; i++) {
            Ints place[DIM];
            for (int d = 0; d < DIM; d++) place[d] = load<Ints>(r.position(i, d));
            Floats moved_sq = units.distance_sq(place, &outer_built_at[r.at(i, 0)]);
            most = select(moved_sq > most, moved_sq, most);
        }
        return units.step * std::sqrt(largest(most));
    }

    void find_outer(const Replicas<DIM>& r, const PairTable& table, const Coarse<DIM>& coarse) {
        const UnionSearch<DIM> search(r, coarse, table.longest_cutoff + outer_skin);
        const Reach reach(coarse, table, outer_skin);
        outer_start.assign(1, 0);
        search.visit_all([&](int i, const Neighbor* begin, const Neighbor* end) {
            const size_t used = outer_start.back(), needed = used + (end - begin);
            if (outer.size() < needed) outer.resize(2 * needed);
            const Neighbor* kept = keep_near(i, coarse, reach.sq[r.kind[i]], begin, end, outer.data() + used);
            outer_start.push_back(kept - outer.data());
        });
    }

    void prune(const Replicas<DIM>& r, const PairTable& table, const Coarse<DIM>& coarse) {
        const Reach reach(coarse, table, skin);
        const size_t needed = outer_start[r.n] + 1;
        if (neighbors.size() < needed) neighbors.resize(needed);
        start.assign(1, 0);
        for (int i = 0; i < r.n; i++) {
            const Neighbor *begin = outer.data() + outer_start[i], *end = outer.data() + outer_start[i + 1];
            Neighbor* to = neighbors.data() + start.back();
            start.push_back(keep_near(i, coarse, reach.sq[r.kind[i]], begin, end, to) - neighbors.data());
        }
        neighbors[start.back()] = {};
    }

    // Write those within reach of a particle in any replica one after the other; returns their end.
    Neighbor* keep_near(int i, Coarse<DIM> coarse, const Ints* reach_sq, const Neighbor* k, const Neighbor* end,
                        Neighbor* kept) const {
        const int32_t* rows = places.data();  // and a copy of `coarse`: what is written could lie there for all we say
        const auto here = Coarse<DIM>::load_row(place_of(i));
        for (; k < end; k++) {
            const Neighbor other = *k;
            const Ints beyond = coarse.distance_sq(here, other.coarse_row<DIM>(rows)) > other.choose(reach_sq);
            // An entry that is overwritten next costs less than a branch.
            *kept = other;
            kept += bits(beyond) != bits(splat(-1));
        }
        return kept;
    }
};

}  // namespace tdaglass
