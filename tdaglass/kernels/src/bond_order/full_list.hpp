// All neighbours of every atom, in the order in which the caller has them: sums over them have the same bits whatever the
// order in memory, and whenever a list was built.
#pragma once
#include <cstdint>
#include <vector>

#include "molecular_dynamics/neighbor_list.hpp"

namespace tdaglass {

class FullList {
   public:
    std::vector<int32_t> start;  // of the slots of each atom, whole vectors of them; n + 1 entries
    Aligned<uint32_t> slots;     // bytes to the row of a neighbour; unused slots point at the spare row

    // From a list that has every pair once.
    void build(const Particles& p, const NeighborList& half) {
        find_neighbors(p, half);
        start.assign(p.n + 1, 0);
        for (int i = 0; i < p.n; i++) start[i + 1] = start[i] + (count[i] + LANES - 1) / LANES * LANES;
        slots.assign(start[p.n], (uint32_t)p.spare * ROW_BYTES);
        std::vector<int32_t> place(p.n), next(start.begin(), start.end() - 1);
        for (int i = 0; i < p.n; i++) place[p.index[i]] = i;
        // Who comes first hands its name out first: every list is then in order.
        for (int j : place)
            for (int k = first[j]; k < first[j + 1]; k++) slots[next[neighbors[k]]++] = (uint32_t)j * ROW_BYTES;
    }

   private:
    std::vector<int32_t> count, first, neighbors;  // in any order

    void find_neighbors(const Particles& p, const NeighborList& half) {
        auto for_each_pair = [&](auto see) {
            for (int i = 0; i < p.n; i++)
                for (int64_t k = half.start[i]; k < half.start[i + 1]; k++) {
                    const int j = (int)(half.slots[k] / ROW_BYTES);
                    if (j != p.spare) see(i, j), see(j, i);
                }
        };
        count.assign(p.n, 0);
        for_each_pair([&](int i, int) { count[i]++; });
        first.assign(p.n + 1, 0);
        for (int i = 0; i < p.n; i++) first[i + 1] = first[i] + count[i];
        neighbors.resize(first[p.n]);
        std::vector<int32_t> next(first.begin(), first.end() - 1);
        for_each_pair([&](int i, int j) { neighbors[next[i]++] = j; });
    }
};

}  // namespace tdaglass
