// One list for replicas that lie side by side in the lanes of a vector: the half pairs near each other in any of them.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "aligned.hpp"
#include "pair_table.hpp"
#include "simd.hpp"

namespace tdaglass {

// LANES replicas of one system, axis by axis: numbers [(particle dimension + axis) LANES + replica].
struct Replicas {
    int n = 0, dimension = 0;
    double edge[3] = {1, 1, 1};
    std::vector<int32_t> species;
    std::vector<float> mass;
    Aligned<int32_t> position, image;
    Aligned<float> velocity, force;

    size_t at(int i, int axis) const { return ((size_t)i * dimension + axis) * LANES; }
    float resolution(int axis) const { return (float)(edge[axis] * 0x1p-32); }

    // Squared distances of two particles, replica by replica.
    Floats separation_sq(int i, int j) const {
        Floats total{};
        for (int d = 0; d < dimension; d++) {
            Floats x = to_floats(load<Ints>(&position[at(i, d)]) - load<Ints>(&position[at(j, d)])) * splat(resolution(d));
            total = multiply_add(x, x, total);
        }
        return total;
    }

    // The longest distance, over particles and replicas, from other positions.
    double farthest_from(const Aligned<int32_t>& others) const {
        Floats most{};
        for (int i = 0; i < n; i++) {
            Floats total{};
            for (int d = 0; d < dimension; d++) {
                Ints moved = load<Ints>(&position[at(i, d)]) - load<Ints>(&others[at(i, d)]);
                Floats x = to_floats(moved) * splat(resolution(d));
                total = multiply_add(x, x, total);
            }
            most = select(total > most, total, most);
        }
        return std::sqrt(largest(most));
    }
};

// Pairs within their cut-offs plus the skin in any replica, pruned from an outer list that is made more rarely.
class UnionList {
   public:
    // Neighbours of particle i of species s: neighbors[start[i n_species + s]] up to the next start.
    std::vector<int64_t> start;
    std::vector<int32_t> neighbors;
    Aligned<int32_t> built_at;
    double per_replica = 0;  // pairs that a replica alone would have listed

    void build(const Replicas& replicas, const PairTable& table, double skin) {
        const double outer_skin = 3 * skin;
        if (outer_built_at.empty() || 2 * replicas.farthest_from(outer_built_at) > outer_skin - skin) {
            find_outer(replicas, table, outer_skin);
            outer_built_at = replicas.position;
        }
        keep_near(replicas, table, skin, outer_start, outer, start, neighbors);
        built_at = replicas.position;
    }

   private:
    std::vector<int64_t> outer_start, all_start;
    std::vector<int32_t> outer, all;
    Aligned<int32_t> outer_built_at;

    // Boxes around LANES particles that follow each other, in the first replica: those out of reach are passed over.
    struct Boxes {
        std::vector<int32_t> center[3];
        std::vector<float> half_edge[3], stray;  // of the particle that strays furthest

        Boxes(const Replicas& r, const std::vector<int32_t> (&first)[3], const std::vector<float>& strays) {
            const int n_boxes = (r.n + LANES - 1) / LANES;
            stray.assign(n_boxes + LANES, 0);
            for (int d = 0; d < 3; d++) {
                center[d].assign(n_boxes + LANES, 0);
                half_edge[d].assign(n_boxes + LANES, -INFINITY);  // no box: far from everywhere
            }
            for (int box = 0; box < n_boxes; box++) {
                const int begin = box * LANES, end = std::min(begin + LANES, r.n);
                for (int i = begin; i < end; i++) stray[box] = std::max(stray[box], strays[i]);
                for (int d = 0; d < r.dimension; d++) {
                    // Seen from the first of them, so that a box may lie across a face of the system.
                    int64_t least = 0, most = 0;
                    for (int i = begin; i < end; i++) {
                        int64_t from_first = (int32_t)((uint32_t)first[d][i] - (uint32_t)first[d][begin]);
                        least = std::min(least, from_first), most = std::max(most, from_first);
                    }
                    center[d][box] = (int32_t)((uint32_t)first[d][begin] + (uint32_t)((least + most) / 2));
                    half_edge[d][box] = (float)((double)(most - least) / 2 * r.resolution(d) * (1 + 1e-5));
                }
            }
        }
    };

    static Floats square(Floats x) { return x * x; }

    // Squared distances, in the first replica, of particle i from LANES particles that follow each other.
    static Floats separation_from_first(const Replicas& r, const std::vector<int32_t> (&first)[3], int i, int j) {
        Floats total{};
        for (int d = 0; d < r.dimension; d++) {
            Floats x = to_floats(splat(first[d][i]) - load<Ints>(&first[d][j])) * splat(r.resolution(d));
            total = multiply_add(x, x, total);
        }
        return total;
    }

    // Every pair is looked at in the first replica, with room for how far a particle strays from it in the others.
    void find_outer(const Replicas& r, const PairTable& table, double skin) {
        const int n = r.n, kinds = table.n_species;
        std::vector<int32_t> first[3];
        std::vector<float> strays(n + LANES, 0);
        for (int d = 0; d < 3; d++) first[d].assign(n + LANES, 0);
        for (int i = 0; i < n; i++) {
            Floats total{};
            for (int d = 0; d < r.dimension; d++) {
                first[d][i] = r.position[r.at(i, d)];
                Floats x = to_floats(load<Ints>(&r.position[r.at(i, d)]) - splat(first[d][i])) * splat(r.resolution(d));
                total = multiply_add(x, x, total);
            }
            strays[i] = std::sqrt(largest(total));
        }
        all_start.assign(1, 0);
        size_t used = 0;
        const Boxes boxes(r, first, strays);
        std::vector<int32_t> found(n + 2 * LANES);
        Ints lane{};
        for (int k = 0; k < LANES; k++) lane[k] = k;
        for (int i = 0; i < n; i++) {
            int32_t* end = found.data();
            const Floats reach = splat((float)((table.longest_cutoff + skin) * (1 + 1e-5)) + strays[i]);
            for (int box = (i + 1) / LANES; box * LANES < n; box += LANES) {
                Floats gap_sq{};
                for (int d = 0; d < r.dimension; d++) {
                    Floats x = to_floats(splat(first[d][i]) - load<Ints>(&boxes.center[d][box])) * splat(r.resolution(d));
                    Floats gap = magnitude(x) - load<Floats>(&boxes.half_edge[d][box]);
                    gap = where(gap > Floats{}, gap);
                    gap_sq = multiply_add(gap, gap, gap_sq);
                }
                Floats limit = reach + load<Floats>(&boxes.stray[box]);
                for (unsigned in_reach = bits(gap_sq < limit * limit); in_reach; in_reach &= in_reach - 1) {
                    const int j = (box + __builtin_ctz(in_reach)) * LANES;
                    unsigned near = bits(separation_from_first(r, first, i, j) < square(reach + load<Floats>(&strays[j])));
                    if (j <= i) near &= ~0u << (i + 1 - j);
                    if (n - j < LANES) near &= (1u << (n - j)) - 1;
                    end = append(end, lane + j, near);
                }
            }
            // Species by species; the entry that is overwritten next costs less than a branch.
            if (all.size() < used + (end - found.data()) + 1) all.resize(2 * all.size() + n + 1);
            for (int s = 0; s < kinds; s++) {
                for (int32_t* j = found.data(); j < end; j++) {
                    all[used] = *j;
                    used += r.species[*j] == s;
                }
                all_start.push_back((int64_t)used);
            }
        }
        keep_near(r, table, skin, all_start, all, outer_start, outer);
    }

    // Of the listed pairs those within reach in any replica.
    void keep_near(const Replicas& r, const PairTable& table, double skin, const std::vector<int64_t>& from_start,
                   const std::vector<int32_t>& from, std::vector<int64_t>& to_start, std::vector<int32_t>& to) {
        const int kinds = table.n_species;
        to_start.resize(from_start.size());
        to.resize(from_start.back());
        int64_t kept = 0, in_each = 0;
        for (int i = 0; i < r.n; i++)
            for (int s = 0; s < kinds; s++) {
                size_t segment = (size_t)i * kinds + s;
                to_start[segment] = kept;
                double reach = table.pair[r.species[i]][s].cutoff + skin;
                const Floats reach_sq = splat((float)(reach * reach));
                for (int64_t k = from_start[segment]; k < from_start[segment + 1]; k++) {
                    unsigned near = bits(r.separation_sq(i, from[k]) < reach_sq);
                    to[kept] = from[k];
                    kept += near != 0;
                    in_each += __builtin_popcount(near);
                }
            }
        to_start[(size_t)r.n * kinds] = kept;
        to.resize(kept);
        per_replica = (double)in_each / LANES;
    }
};

}  // namespace tdaglass
