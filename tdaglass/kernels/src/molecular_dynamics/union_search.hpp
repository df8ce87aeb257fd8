// The search for pairs of particles that may be near each other in any of the replicas side by side.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "vectors/aligned.hpp"
#include "neighbor.hpp"
#include "units.hpp"

namespace tdaglass {

// Particles are looked at where the middle of their replicas is, with room for how far those stray from it; LANES of
// them that follow each other stand in a row, with a box around them. What is out of a box's reach is passed over.
template <int DIM>
class UnionSearch {
   public:
    UnionSearch(const Replicas<DIM>& replicas, const Coarse<DIM>& coarse, double reach)
        : n(replicas.n), n_rows((n + LANES - 1) / LANES), coarse(coarse), reach((float)(reach * (1 + 1e-5))) {
        rows.resize((size_t)n_rows * Coarse<DIM>::ROW);
        neighbor.assign((size_t)n_rows * LANES, 0);
        stray.assign((size_t)n_rows * LANES, NAN);  // no particle: near none
        box_stray.assign(n_rows + LANES, 0);
        for (int d = 0; d < DIM; d++) {
            resolution[d] = splat(replicas.resolution(d));
            center[d].assign(n_rows + LANES, 0);
            half_edge[d].assign(n_rows + LANES, -INFINITY);  // no box: far from everywhere
        }
        for (int row = 0; row < n_rows; row++) fill(replicas, row);
    }

    // Call visit(particle, begin, end) with the neighbours that may be near it among those that follow it.
    template <class Visit>
    void visit_all(Visit visit) const {
        std::vector<int32_t> near_rows(n_rows + LANES), candidates(n_rows * LANES + LANES);
        for (int own = 0; own < n_rows; own++) {
            const int32_t* last_row = find_rows(own, near_rows.data());
            for (int i = own * LANES; i < std::min((own + 1) * LANES, n); i++) {
                const auto here = Coarse<DIM>::splat_lane(&rows[(size_t)own * Coarse<DIM>::ROW], i % LANES);
                const Floats own_limit = splat(reach * coarse.per_length + Coarse<DIM>::ERROR + stray[i]);
                int32_t* end = candidates.data();
                unsigned wanted = ~1u << i % LANES;  // of the first row, which is its own, those that follow it
                for (const int32_t* row = near_rows.data(); row < last_row; row++) {
                    const Ints distance_sq = coarse.distance_sq(here, &rows[(size_t)*row * Coarse<DIM>::ROW]);
                    const size_t first = (size_t)*row * LANES;
                    const Floats limit = own_limit + load<Floats>(&stray[first]);
                    const unsigned near = bits(to_floats(distance_sq) < limit * limit);
                    end = append(end, load<Ints>(&neighbor[first]), near & wanted);
                    wanted = ~0u;
                }
                visit(i, (const Neighbor*)candidates.data(), (const Neighbor*)end);
            }
        }
    }

   private:
    int n, n_rows;
    const Coarse<DIM>& coarse;
    float reach;
    Floats resolution[DIM];
    Aligned<int32_t> rows, neighbor;  // coarse; what stands in a list for each particle
    Aligned<float> stray;             // in coarse units
    // Boxes; lengths.
    Aligned<int32_t> center[DIM];
    Aligned<float> half_edge[DIM], box_stray;  // of the particle that strays furthest

    void fill(const Replicas<DIM>& r, int row) {
        const Units<DIM> units(r);
        const int count = std::min(LANES, n - row * LANES);
        Ints middle[DIM] = {};
        float furthest = 0;
        for (int k = 0; k < count; k++) {
            const int i = row * LANES + k;
            Ints of_all[DIM];
            for (int d = 0; d < DIM; d++) {
                const Ints replicas = load<Ints>(r.position(i, d)), first = splat(replicas[0]);
                of_all[d] = first + splat(sum((replicas - first) / LANES));
                middle[d][k] = of_all[d][0];
            }
            const float distance = units.step * std::sqrt(largest(units.distance_sq(of_all, r.position(i, 0))));
            furthest = std::max(furthest, distance);
            stray[i] = distance * coarse.per_length;
            neighbor[i] = (int32_t)Neighbor::of<DIM>(i, r.kind[i]).bits;
        }
        Coarse<DIM>::store_row(&rows[(size_t)row * Coarse<DIM>::ROW], middle);
        box_stray[row] = furthest;
        for (int d = 0; d < DIM; d++) {
            // Seen from the first of them, so that a box may lie across a face of the system.
            const Ints from_first = middle[d] - splat(middle[d][0]);
            int64_t least = 0, most = 0;
            for (int k = 0; k < count; k++)
                least = std::min<int64_t>(least, from_first[k]), most = std::max<int64_t>(most, from_first[k]);
            center[d][row] = (int32_t)((uint32_t)middle[d][0] + (uint32_t)((least + most) / 2));
            half_edge[d][row] = (float)((double)(most - least) / 2 * r.resolution(d) * (1 + 1e-5));
        }
    }

    // The rows from this one on whose boxes are in its reach, written one after the other; returns their end.
    const int32_t* find_rows(int own, int32_t* end) const {
        for (int box = own; box < n_rows; box += LANES) {
            Floats gap_sq{};
            Ints number;
            for (int d = 0; d < DIM; d++) {
                const Floats x = to_floats(splat(center[d][own]) - load<Ints>(&center[d][box])) * resolution[d];
                Floats gap = magnitude(x) - load<Floats>(&half_edge[d][box]) - splat(half_edge[d][own]);
                gap = where(gap > Floats{}, gap);
                gap_sq = multiply_add(gap, gap, gap_sq);
            }
            for (int k = 0; k < LANES; k++) number[k] = box + k;
            const Floats limit = splat(reach + box_stray[own]) + load<Floats>(&box_stray[box]);
            end = append(end, number, bits(gap_sq < limit * limit));
        }
        return end;
    }
};

}  // namespace tdaglass
