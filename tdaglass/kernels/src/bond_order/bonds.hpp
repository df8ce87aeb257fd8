// The bonds of a moment: for every atom those of its neighbours that are within the cut-off, sixteen bonds a bundle. An
// atom's bonds lie side by side in one bundle, so that each sees the others by moving lanes about.
#pragma once
#include <algorithm>
#include <vector>

#include "full_list.hpp"
#include "vectors/bundle.hpp"

namespace tdaglass {

class Bonds {
   public:
    Aligned<float> along[3];        // from the atom to the other
    Aligned<uint32_t> atom, other;  // bytes to their rows
    Aligned<int32_t> first, count;  // lane of the atom's first bond, and number of its bonds
    std::vector<int32_t> most;      // bonds of one atom, in each bundle

    // False if an atom has more bonds than a bundle holds: seventeen within reach are overlaps.
    bool find(Particles& p, const FullList& list, float reach) {
        make_room(p.n);
        most.clear();
        Floats resolution[3];
        for (int d = 0; d < 3; d++) resolution[d] = splat(p.resolution(d));
        const Floats reach_sq = splat(reach * reach);
        const int32_t* rows = p.position.data();
        const uint32_t nobody = (uint32_t)p.spare * ROW_BYTES;
        size_t used = 0;
        for (int i = 0; i < p.n; i++) {
            const Row row = load<Row>(rows + 4 * (size_t)i);
            // Half a box away along every axis is beyond any cut-off.
            store(p.spare_row(), row ^ Row{INT32_MIN, INT32_MIN, INT32_MIN, 0});
            int32_t found[4][BUNDLE + LANES];
            int n = 0;
            for (int k = list.start[i]; k < list.start[i + 1]; k += LANES) {
                const Columns there = load_rows(rows, &list.slots[k]);
                const Ints to[3] = {there.x, there.y, there.z};
                Floats x[3], distance_sq{};
                for (int d = 0; d < 3; d++) {
                    x[d] = to_floats(to[d] - splat(row[d])) * resolution[d];
                    distance_sq = multiply_add(x[d], x[d], distance_sq);
                }
                const unsigned near = bits(distance_sq < reach_sq);
                for (int d = 0; d < 3; d++) append(found[d] + n, as_ints(x[d]), near);
                n = (int)(append(found[3] + n, load<Ints>(&list.slots[k]), near) - found[3]);
                if (n > BUNDLE) return false;
            }
            if (!n) continue;
            if (used % BUNDLE + n > BUNDLE) used = fill_up(used, nobody, reach);
            if (used % BUNDLE == 0) most.push_back(0);
            most.back() = std::max(most.back(), n);
            // What is written beyond the atom's bonds is written over by the next.
            for (int d = 0; d < 3; d++) store(&along[d][used], load<Bundle>(found[d]));
            store(&other[used], load<BundleInts>(found[3]));
            store(&atom[used], all((int32_t)(i * ROW_BYTES)));
            store(&first[used], all((int32_t)(used % BUNDLE)));
            store(&count[used], all((int32_t)n));
            used += n;
        }
        if (used % BUNDLE) fill_up(used, nobody, reach);
        return true;
    }

   private:
    // Lanes of no bond up to the end of a bundle, beyond any cut-off.
    size_t fill_up(size_t used, uint32_t nobody, float reach) {
        for (int d = 0; d < 3; d++) store(&along[d][used], all(reach));
        for (auto* rows : {&atom, &other}) store(&(*rows)[used], all((int32_t)nobody));
        for (auto* lanes : {&first, &count}) store(&(*lanes)[used], BundleInts{});
        return (used + BUNDLE - 1) / BUNDLE * BUNDLE;
    }

    void make_room(int n) {
        const size_t room = BUNDLE * ((size_t)n + 1);  // a bundle an atom, and what is written beyond the last
        if (first.size() >= room) return;
        for (auto& numbers : along) numbers.resize(room);
        for (auto* numbers : {&atom, &other}) numbers->resize(room);
        for (auto* numbers : {&first, &count}) numbers->resize(room);
    }
};

}  // namespace tdaglass
