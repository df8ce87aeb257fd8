// Forces on replicas side by side: the loop that the time of ensembles goes into.
//
// A processor does this loop about as fast as it can read its instructions, and waits where one result needs another.
// Hence rows that hold position and force, neighbours stored as bytes, and pairs that overlap.
#pragma once
#include "pair_forces.hpp"
#include "union_list.hpp"

namespace tdaglass {

// Coefficients of a particle's pairs, species by species.
struct CoefficientsBySpecies {
    Floats c12[MAX_SPECIES], c6[MAX_SPECIES], inverse_cutoff_sq[MAX_SPECIES], force_shift[MAX_SPECIES];
};

// Forces of all pairs, added to those of the replicas. False if a pair is too close in any of them.
template <int DIM, bool FORCE_SHIFTED, bool CUBIC>
bool replica_forces(Replicas<DIM>& r, const UnionList<DIM>& list, const PairTable& table) {
    const Units<DIM> units(r);
    const Floats unit_sq = splat(units.unit_sq);
    CoefficientsBySpecies coefficients[MAX_SPECIES];
    for (int a = 0; a < MAX_SPECIES; a++)
        for (int b = 0; b < MAX_SPECIES; b++) {
            Coefficients c = coefficients_of(table, a, b, units.step);
            coefficients[a].c12[b] = c.c12, coefficients[a].c6[b] = c.c6;
            coefficients[a].inverse_cutoff_sq[b] = c.inverse_cutoff_sq, coefficients[a].force_shift[b] = c.force_shift;
        }
    Floats strongest{};
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    int32_t* rows = r.rows.data();
    const Neighbor* neighbors = list.neighbors.data();
    for (int i = 0, n = r.n; i < n; i++) {
        const Neighbor *k = neighbors + list.start[i], *end = neighbors + list.start[i + 1];
        const CoefficientsBySpecies& own = coefficients[r.species[i]];
        Ints at[DIM], sum_of[DIM] = {};
        for (int d = 0; d < DIM; d++) at[d] = load<Ints>(r.position(i, d));
        struct Meeting {
            Floats along[DIM], inverse_2;
            int32_t* row;
        };
        auto meet = [&](int32_t* row) INLINED {
            Meeting pair;
            pair.row = row;
            Floats separation_sq{};
            for (int d = 0; d < DIM; d++) {
                Floats x = to_floats(at[d] - load<Ints>(row + d * LANES));
                if (!CUBIC) x = x * units.ratio[d];
                separation_sq = d ? multiply_add(x, x, separation_sq) : x * x;
                pair.along[d] = x;
            }
            pair.inverse_2 = unit_sq / separation_sq;
            return pair;
        };
        auto pull = [&](Neighbor other, const Meeting& pair) INLINED {
            Floats strength = pair_strength<FORCE_SHIFTED>(
                pair.inverse_2, {other.choose(own.c12), other.choose(own.c6), other.choose(own.inverse_cutoff_sq),
                                 other.choose(own.force_shift)});
            strongest = select(strength < strongest, strength, strongest);
            int32_t* force = pair.row + DIM * LANES;
            for (int d = 0; d < DIM; d++) {
                Ints pulled = round_to_int(strength * pair.along[d]);
                sum_of[d] += pulled;
                store(force + d * LANES, load<Ints>(force + d * LANES) + pulled);
            }
        };
        // A pair's arithmetic is one long chain, and a processor that waits for it has no room to look further ahead by
        // itself: three pairs are met before the first of them is pulled, and it is known where the next one is.
        if (end - k >= 3) {
            Meeting a = meet(k[0].row(rows)), b = meet(k[1].row(rows)), c = meet(k[2].row(rows)), d;
            int32_t* next = k[3].row(rows);
            for (; k + 6 < end; k += 4) {
                d = meet(next), next = k[4].row(rows), pull(k[0], a);
                a = meet(next), next = k[5].row(rows), pull(k[1], b);
                b = meet(next), next = k[6].row(rows), pull(k[2], c);
                c = meet(next), next = k[7].row(rows), pull(k[3], d);
            }
            for (; k + 3 < end; k++) {
                d = meet(k[3].row(rows)), pull(k[0], a);
                a = b, b = c, c = d;
            }
            pull(k[0], a), pull(k[1], b), pull(k[2], c);
            k += 3;
        }
        for (; k < end; k++) pull(k[0], meet(k[0].row(rows)));
        for (int d = 0; d < DIM; d++) store(r.force(i, d), load<Ints>(r.force(i, d)) - sum_of[d]);
    }
    return can_be_counted(strongest, table, units.step);
}

}  // namespace tdaglass
