// Forces from a neighbour list, in whole quanta: the loop that all the time goes into.
#pragma once
#include <cstring>

#include "force_field.hpp"
#include "pair_laws.hpp"
#include "units.hpp"
#include "virial_sum.hpp"

namespace tdaglass {

// Whether no pair was so close that its force could not be counted: pairs repel within 1.13 sigma, where a strength is
// a force over a length no longer than that.
inline bool can_be_counted(Floats strongest, const PairTable& table, float step) {
    const float limit = -(float)(0x1p29 / (1.13 * table.largest_sigma)) * step;
    return bits(strongest > splat(limit)) == bits(splat(-1));
}

// Forces of all pairs, added to those of the particles. False if a pair is so close that its force cannot be counted
// any more: above a quarter of the range, about 10^4 epsilon/sigma, which is no liquid's. The virial, if asked for, is
// the sum of -u'(r) r.
template <int DIM, bool CUBIC, bool VIRIAL, class Law>
bool pair_forces(Particles& p, const NeighborList& list, const PairTable& table, [[maybe_unused]] int64_t& virial) {
    const Units<DIM> units(p);
    const Floats unit_sq = splat(units.unit_sq);
    const Law law(table, units.step);
    Floats strongest{};
    const Floats to_virial = splat((float)(-units.step * table.force_quantum / table.virial_quantum));
    VirialSum virial_sum;
    int64_t carried = 0;  // slots
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    int32_t *rows = p.position.data(), *forces = p.force.data();
    const uint32_t* slots = list.slots.data();
    for (int i = 0; i < p.n; i++) {
        const Row row = load<Row>(rows + 4 * (size_t)i);
        // Half a box away along every axis is beyond any cut-off.
        store(p.spare_row(), row ^ Row{INT32_MIN, INT32_MIN, INT32_MIN, 0});
        const auto own = law.own(row[3]);
        Ints at[DIM], sum_of[3] = {};
        for (int d = 0; d < DIM; d++) at[d] = splat(row[d]);
        for (const uint32_t *k = slots + list.start[i], *end = slots + list.start[i + 1]; k < end; k += LANES) {
            const Columns other = load_rows(rows, k);
            const Ints others[3] = {other.x, other.y, other.z};
            Floats along[DIM], separation_sq{};
            for (int d = 0; d < DIM; d++) {
                along[d] = to_floats(at[d] - others[d]);
                if (!CUBIC) along[d] = along[d] * units.ratio[d];
                separation_sq = d ? multiply_add(along[d], along[d], separation_sq) : along[d] * along[d];
            }
            const Floats strength = law.strength(own, other.species, unit_sq / separation_sq, separation_sq);
            strongest = select(strength < strongest, strength, strongest);
            if constexpr (VIRIAL) virial_sum.add(round_to_int(strength * separation_sq * to_virial));
            Ints pull[3] = {};  // on the other
            for (int d = 0; d < DIM; d++) {
                pull[d] = round_to_int(strength * along[d]);
                sum_of[d] += pull[d];
            }
            Rows(pull[0], pull[1], pull[2]).add_to(forces, k);
        }
        int32_t* own_force = forces + 4 * (size_t)i;
        store(own_force, load<Row>(own_force) - Rows(sum_of[0], sum_of[1], sum_of[2]).sum());
        if (VIRIAL && list.start[i + 1] - carried > VirialSum::MOST / 2 * LANES) {
            virial_sum.carry();
            carried = list.start[i + 1];
        }
    }
    if (VIRIAL) virial = virial_sum.whole();
    return can_be_counted(strongest, table, units.step);
}

using PairForces = bool (*)(Particles&, const NeighborList&, const PairTable&, int64_t& virial);

template <int DIM, bool VIRIAL>
PairForces choose_pair_forces(const Particles& p, const PairTable& table) {
    const Potential& u = table.potential;
    const bool twelve = u.form == INVERSE_POWER && u.exponent == 12;
    if (table.by_diameter())
        return twelve ? pair_forces<DIM, false, VIRIAL, OfDiameters<12>>
                      : pair_forces<DIM, false, VIRIAL, OfDiameters<ANY>>;
    if (u.form != LENNARD_JONES || u.truncation == SMOOTH || table.n_species > MAX_KINDS)
        return twelve ? pair_forces<DIM, false, VIRIAL, ManySpecies<12>>
                      : pair_forces<DIM, false, VIRIAL, ManySpecies<ANY>>;
    const bool cubic = Units<DIM>(p).is_cubic();
    if (u.truncation == FORCE_SHIFT)
        return cubic ? pair_forces<DIM, true, VIRIAL, FewSpecies<true>>
                     : pair_forces<DIM, false, VIRIAL, FewSpecies<true>>;
    return cubic ? pair_forces<DIM, true, VIRIAL, FewSpecies<false>>
                 : pair_forces<DIM, false, VIRIAL, FewSpecies<false>>;
}

inline EnergyAndVirial energy_and_virial(const Particles& p, const NeighborList& list, const PairTable& table) {
    EnergyAndVirial total;
    for (int i = 0; i < p.n; i++)
        for (int64_t k = list.start[i]; k < list.start[i + 1]; k++) {
            int j = (int)(list.slots[k] / ROW_BYTES);
            if (j == p.spare) continue;
            double r_sq = 0;
            for (int d = 0; d < p.dimension; d++) {
                uint32_t wrapped = (uint32_t)p.position[4 * (size_t)i + d] - (uint32_t)p.position[4 * (size_t)j + d];
                double x = (int32_t)wrapped * (p.edge[d] * 0x1p-32);
                r_sq += x * x;
            }
            // A pair with diameters is the one of unit length, seen from nearer or farther.
            const bool by_diameter = table.by_diameter();
            const double length = by_diameter ? table.length(p.diameter(i), p.diameter(j)) : 1;
            const PairCoefficients& c = by_diameter ? table.at(0, 0) : table.at(p.species(i), p.species(j));
            r_sq /= length * length;
            if (!(r_sq < c.cutoff * c.cutoff)) continue;
            total.energy += c.energy(table.potential, r_sq);
            total.virial += c.virial(table.potential, r_sq);
        }
    return total;
}

}  // namespace tdaglass
