// One list for replicas that lie side by side in the lanes of a vector: the half pairs near each other in any of them.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "aligned.hpp"
#include "pair_table.hpp"
#include "replicas.hpp"
#include "simd.hpp"
#include "units.hpp"
#include "verlet.hpp"

namespace tdaglass {

// A neighbour in a list: the byte where its row begins, and in the bits below, which are free, where among vectors for
// each species its own is. A processor that computes as fast as it reads instructions gains from every one less.
struct Neighbor {
    uint32_t bits;

    static constexpr uint32_t BELOW = 31, CODE = sizeof(Floats) / 8;

    template <int DIM>
    static bool fits(int64_t n_particles) {
        static_assert(4 * Replicas<DIM>::ROW % (BELOW + 1) == 0 && (MAX_SPECIES - 1) * CODE <= BELOW);
        return n_particles * 4 * Replicas<DIM>::ROW <= UINT32_MAX;
    }
    template <int DIM>
    static Neighbor of(int i, int species) {
        return {(uint32_t)i * (4 * Replicas<DIM>::ROW) + (uint32_t)species * CODE};
    }

    template <class T>
    T* row(T* rows) const {
        return (T*)((char*)rows + (bits & ~BELOW));
    }
    const Floats& choose(const Floats* of_species) const {
        return *(const Floats*)((const char*)of_species + 8 * (size_t)(bits & BELOW));
    }
};

// Pairs within their cut-offs plus the skin in any replica, pruned from an outer list that is made more rarely.
template <int DIM>
class UnionList {
   public:
    std::vector<int64_t> start;  // of the neighbours of each particle; n + 1 entries
    std::vector<Neighbor> neighbors;  // and one more, which is looked at and not used
    Aligned<int32_t> built_at;

    // The skin of one system is shared out: less for the list that forces are found from, since pruning is cheap, above
    // all in three dimensions, where a list grows with the cube of its reach; more for the outer one.
    explicit UnionList(double skin) : skin((DIM == 3 ? 0.6 : 0.9) * skin), outer_skin(3 * skin) {}

    // Whether a pair may be missing, when a particle has moved so far since the list was built.
    bool is_outdated(float moved_sq) const { return tdaglass::is_outdated(moved_sq, skin); }

    void build(const Replicas<DIM>& replicas, const PairTable& table) {
        if (outer_built_at.empty() || 2 * farthest(replicas) > outer_skin - skin) {
            find_outer(replicas, table);
            outer_built_at = replicas.positions();
        }
        keep_near(replicas, table, skin, outer_start, outer, start, neighbors);
        built_at = replicas.positions();
    }

    // How many times the pairs are listed that a replica alone would have listed.
    double excess(const Replicas<DIM>& r, const PairTable& table) const {
        const Units<DIM> units(r);
        const Reach reach(units, table, skin);
        int64_t in_each = 0;
        for (int i = 0; i < r.n; i++) {
            Ints here[DIM];
            load_place(r, i, here);
            for (int64_t k = start[i]; k < start[i + 1]; k++) {
                const Neighbor other = neighbors[k];
                Floats distance_sq = units.template distance_sq<false>(here, other.row(r.rows.data()));
                in_each += __builtin_popcount(bits(distance_sq < other.choose(reach.sq[r.species[i]])));
            }
        }
        return (double)start[r.n] / std::max((double)in_each / LANES, 1.0);
    }

   private:
    double skin, outer_skin;
    std::vector<int64_t> outer_start, all_start;
    std::vector<Neighbor> outer, all;
    Aligned<int32_t> outer_built_at;

    // Squared, in steps: cut-offs and a margin.
    struct Reach {
        Floats sq[MAX_SPECIES][MAX_SPECIES];

        Reach(const Units<DIM>& units, const PairTable& table, double margin) {
            for (int a = 0; a < MAX_SPECIES; a++)
                for (int b = 0; b < MAX_SPECIES; b++) {
                    double reach = table.pair[a][b].cutoff + margin;
                    sq[a][b] = splat((float)(reach * reach * units.unit_sq));
                }
        }
    };

    static void load_place(const Replicas<DIM>& r, int i, Ints (&place)[DIM]) {
        for (int d = 0; d < DIM; d++) place[d] = load<Ints>(r.position(i, d));
    }

    // The longest distance, over particles and replicas, from where the outer list was made.
    double farthest(const Replicas<DIM>& r) const {
        const Units<DIM> units(r);
        Floats most{};
        for (int i = 0; i < r.n; i++) {
            Ints place[DIM];
            load_place(r, i, place);
            Floats moved_sq = units.template distance_sq<false>(place, &outer_built_at[r.at(i, 0)]);
            most = select(moved_sq > most, moved_sq, most);
        }
        return units.step * std::sqrt(largest(most));
    }

    // The first replica, and how far a particle strays from it in the others; with room for a vector at the end.
    struct First {
        std::vector<int32_t> place[DIM], neighbor;  // neighbor: what stands in a list for each
        std::vector<float> stray;

        First(const Replicas<DIM>& r, const Units<DIM>& units) : neighbor(r.n + LANES, 0), stray(r.n + LANES, 0) {
            for (auto& axis : place) axis.assign(r.n + LANES, 0);
            for (int i = 0; i < r.n; i++) {
                neighbor[i] = (int32_t)Neighbor::of<DIM>(i, r.species[i]).bits;
                Ints here[DIM];
                for (int d = 0; d < DIM; d++) here[d] = splat(place[d][i] = *r.position(i, d));
                stray[i] = units.step * std::sqrt(largest(units.template distance_sq<false>(here, r.position(i, 0))));
            }
        }
    };

    // Boxes around LANES particles that follow each other, in the first replica: those out of reach are passed over.
    struct Boxes {
        std::vector<int32_t> center[DIM];
        std::vector<float> half_edge[DIM], stray;  // of the particle that strays furthest

        Boxes(const Replicas<DIM>& r, const First& first) {
            const int n_boxes = (r.n + LANES - 1) / LANES;
            stray.assign(n_boxes + LANES, 0);
            for (int d = 0; d < DIM; d++) {
                center[d].assign(n_boxes + LANES, 0);
                half_edge[d].assign(n_boxes + LANES, -INFINITY);  // no box: far from everywhere
            }
            for (int box = 0; box < n_boxes; box++) {
                const int begin = box * LANES, end = std::min(begin + LANES, r.n);
                for (int i = begin; i < end; i++) stray[box] = std::max(stray[box], first.stray[i]);
                for (int d = 0; d < DIM; d++) {
                    // Seen from the first of them, so that a box may lie across a face of the system.
                    const uint32_t origin = (uint32_t)first.place[d][begin];
                    int64_t least = 0, most = 0;
                    for (int i = begin; i < end; i++) {
                        int64_t from_first = (int32_t)((uint32_t)first.place[d][i] - origin);
                        least = std::min(least, from_first), most = std::max(most, from_first);
                    }
                    center[d][box] = (int32_t)(origin + (uint32_t)((least + most) / 2));
                    half_edge[d][box] = (float)((double)(most - least) / 2 * r.resolution(d) * (1 + 1e-5));
                }
            }
        }
    };

    // Every pair is looked at in the first replica, with room for how far a particle strays from it in the others.
    void find_outer(const Replicas<DIM>& r, const PairTable& table) {
        const int n = r.n;
        const Units<DIM> units(r);
        Floats resolution[DIM];
        for (int d = 0; d < DIM; d++) resolution[d] = splat(r.resolution(d));
        const First first(r, units);
        const Boxes boxes(r, first);
        all_start.assign(1, 0);
        size_t used = 0;
        for (int i = 0; i < n; i++) {
            if (all.size() < used + n + LANES) all.resize(2 * used + n + LANES);
            int32_t* end = (int32_t*)&all[used];
            Ints here[DIM];
            for (int d = 0; d < DIM; d++) here[d] = splat(first.place[d][i]);
            const Floats reach = splat((float)((table.longest_cutoff + outer_skin) * (1 + 1e-5)) + first.stray[i]);
            for (int box = (i + 1) / LANES; box * LANES < n; box += LANES) {
                Floats gap_sq{};
                for (int d = 0; d < DIM; d++) {
                    Floats x = to_floats(here[d] - load<Ints>(&boxes.center[d][box])) * resolution[d];
                    Floats gap = magnitude(x) - load<Floats>(&boxes.half_edge[d][box]);
                    gap = where(gap > Floats{}, gap);
                    gap_sq = multiply_add(gap, gap, gap_sq);
                }
                Floats limit = reach + load<Floats>(&boxes.stray[box]);
                for (unsigned in_reach = bits(gap_sq < limit * limit); in_reach; in_reach &= in_reach - 1) {
                    const int j = (box + __builtin_ctz(in_reach)) * LANES;
                    Floats separation_sq{};
                    for (int d = 0; d < DIM; d++) {
                        Floats x = to_floats(here[d] - load<Ints>(&first.place[d][j])) * resolution[d];
                        separation_sq = multiply_add(x, x, separation_sq);
                    }
                    limit = reach + load<Floats>(&first.stray[j]);
                    unsigned near = bits(separation_sq < limit * limit);
                    if (j <= i) near &= ~0u << (i + 1 - j);
                    if (n - j < LANES) near &= (1u << (n - j)) - 1;
                    end = append(end, load<Ints>(&first.neighbor[j]), near);
                }
            }
            used = end - (int32_t*)all.data();
            all_start.push_back((int64_t)used);
        }
        keep_near(r, table, outer_skin, all_start, all, outer_start, outer);
    }

    // Of the listed pairs those within reach in any replica.
    void keep_near(const Replicas<DIM>& r, const PairTable& table, double margin, const std::vector<int64_t>& from_start,
                   const std::vector<Neighbor>& from, std::vector<int64_t>& to_start, std::vector<Neighbor>& to) {
        const Units<DIM> units(r);
        const Reach reach(units, table, margin);
        (units.is_cubic() ? keep<true> : keep<false>)(r, units, reach, from_start, from, to_start, to);
    }

    template <bool CUBIC>
    static void keep(const Replicas<DIM>& r, const Units<DIM>& units, const Reach& reach,
                     const std::vector<int64_t>& from_start, const std::vector<Neighbor>& from,
                     std::vector<int64_t>& to_start, std::vector<Neighbor>& to) {
        to_start.resize(from_start.size());
        to.resize(from_start.back() + 1);
        // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
        const int32_t* rows = r.rows.data();
        const Neighbor* candidates = from.data();
        Neighbor* kept = to.data();
        for (int i = 0; i < r.n; i++) {
            Ints here[DIM];
            load_place(r, i, here);
            const Floats* reach_sq = reach.sq[r.species[i]];
            to_start[i] = kept - to.data();
            for (int64_t k = from_start[i], end = from_start[i + 1]; k < end; k++) {
                const Neighbor other = candidates[k];
                const Floats distance_sq = units.template distance_sq<CUBIC>(here, other.row(rows));
                // An entry that is overwritten next costs less than a branch.
                *kept = other;
                kept += bits(distance_sq < other.choose(reach_sq)) != 0;
            }
        }
        to_start[r.n] = kept - to.data();
        *kept = {};
        to.resize(to_start[r.n] + 1);
    }
};

}  // namespace tdaglass
