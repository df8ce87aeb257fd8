// Forces on replicas side by side: the loop that the time of ensembles goes into.
//
// A processor does this loop about as fast as it can read its instructions, and waits where one result needs another.
// Hence rows that hold position and force, neighbours stored as bytes, and pairs that overlap.
#pragma once
#include "pair_forces.hpp"
#include "union_list.hpp"

namespace tdaglass {

// A law for replicas has own(particle) and strength(own, neighbour, 1 / r^2, r^2 in steps) for all lanes at once, with
// the same bits as the law for one system.

template <int DIM, bool FORCE_SHIFTED>
class ReplicasOfFewSpecies {
   public:
    using Law = FewSpecies<FORCE_SHIFTED>;
    struct Own {
        Floats c12[MAX_KINDS], c6[MAX_KINDS], inverse_cutoff_sq[MAX_KINDS], force_shift[MAX_KINDS];
    };

    ReplicasOfFewSpecies(const Replicas<DIM>& r, const PairTable& table, float step) : species(r.species.data()) {
        for (int a = 0; a < MAX_KINDS; a++)
            for (int b = 0; b < MAX_KINDS; b++) {
                const auto c = Law::of_pair(table, a, b, step);
                of_species[a].c12[b] = c.c12, of_species[a].c6[b] = c.c6;
                of_species[a].inverse_cutoff_sq[b] = c.inverse_cutoff_sq, of_species[a].force_shift[b] = c.force_shift;
            }
    }

    const Own& own(int i) const { return of_species[species[i]]; }

    static Floats strength(const Own& own, Neighbor other, Floats inverse_2, Floats) {
        return Law::strength({other.choose(own.c12), other.choose(own.c6), other.choose(own.inverse_cutoff_sq),
                              other.choose(own.force_shift)},
                             inverse_2);
    }

   private:
    const int32_t* species;
    Own of_species[MAX_KINDS];
};

template <int DIM, int EXPONENT>
class ReplicasOfManySpecies {
   public:
    using Law = ManySpecies<EXPONENT>;

    ReplicasOfManySpecies(const Replicas<DIM>& r, const PairTable& table, float step)
        : law(table, step), species(r.species.data()) {}

    const typename Law::Pair* own(int i) const { return law.own(species[i]); }

    Floats strength(const typename Law::Pair* own, Neighbor other, Floats inverse_2, Floats separation_sq) const {
        return law.strength(own[species[other.template index<DIM>()]], inverse_2, separation_sq);
    }

   private:
    Law law;
    const int32_t* species;
};

template <int DIM, int EXPONENT>
class ReplicasOfDiameters {
   public:
    ReplicasOfDiameters(const Replicas<DIM>& r, const PairTable& table, float step)
        : law(table, step), diameter(r.diameter.data()) {}

    Floats own(int i) const { return splat(diameter[i]); }

    Floats strength(Floats own, Neighbor other, Floats inverse_2, Floats separation_sq) const {
        return law.strength(own, splat(diameter[other.template index<DIM>()]), inverse_2, separation_sq);
    }

   private:
    OfDiameters<EXPONENT> law;
    const float* diameter;
};

// Forces of all pairs, added to those of the replicas. False if a pair is too close in any of them.
template <int DIM, bool CUBIC, class Law>
bool replica_forces(Replicas<DIM>& r, const UnionList<DIM>& list, const PairTable& table) {
    const Units<DIM> units(r);
    const Floats unit_sq = splat(units.unit_sq);
    const Law law(r, table, units.step);
    Floats strongest{};
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    int32_t* rows = r.rows.data();
    const Neighbor* neighbors = list.neighbors.data();
    for (int i = 0, n = r.n; i < n; i++) {
        const Neighbor *k = neighbors + list.start[i], *end = neighbors + list.start[i + 1];
        const auto& own = law.own(i);
        Ints at[DIM], sum_of[DIM] = {};
        for (int d = 0; d < DIM; d++) at[d] = load<Ints>(r.position(i, d));
        struct Meeting {
            Floats along[DIM], inverse_2, separation_sq;
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
            pair.separation_sq = separation_sq;
            pair.inverse_2 = unit_sq / separation_sq;
            return pair;
        };
        auto pull = [&](Neighbor other, const Meeting& pair) INLINED {
            const Floats strength = law.strength(own, other, pair.inverse_2, pair.separation_sq);
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

template <int DIM>
using ReplicaForces = bool (*)(Replicas<DIM>&, const UnionList<DIM>&, const PairTable&);

template <int DIM>
ReplicaForces<DIM> choose_replica_forces(const Replicas<DIM>& r, const PairTable& table) {
    const Potential& u = table.potential;
    const bool twelve = u.form == INVERSE_POWER && u.exponent == 12;
    if (table.by_diameter())
        return twelve ? replica_forces<DIM, false, ReplicasOfDiameters<DIM, 12>>
                      : replica_forces<DIM, false, ReplicasOfDiameters<DIM, ANY>>;
    if (u.form != LENNARD_JONES || u.truncation == SMOOTH || table.n_species > MAX_KINDS)
        return twelve ? replica_forces<DIM, false, ReplicasOfManySpecies<DIM, 12>>
                      : replica_forces<DIM, false, ReplicasOfManySpecies<DIM, ANY>>;
    const bool cubic = Units<DIM>(r).is_cubic();
    if (u.truncation == FORCE_SHIFT)
        return cubic ? replica_forces<DIM, true, ReplicasOfFewSpecies<DIM, true>>
                     : replica_forces<DIM, false, ReplicasOfFewSpecies<DIM, true>>;
    return cubic ? replica_forces<DIM, true, ReplicasOfFewSpecies<DIM, false>>
                 : replica_forces<DIM, false, ReplicasOfFewSpecies<DIM, false>>;
}

}  // namespace tdaglass
