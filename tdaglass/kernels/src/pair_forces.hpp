// Forces from a neighbour list, in whole quanta: the loop that all the time goes into.
#pragma once
#include <cstring>

#include "neighbor_list.hpp"
#include "units.hpp"

namespace tdaglass {

struct Coefficients {
    Floats c12, c6, inverse_cutoff_sq, force_shift;
};

// So that strengths come out in quanta per step, negative where particles repel.
inline Coefficients coefficients_of(const PairTable& table, int a, int b, float step) {
    const PairCoefficients& c = table.pair[a][b];  // zero, cut-off included, for species that do not occur
    double unit = -step / table.force_quantum;
    return {splat((float)(12 * c.c12 * unit)), splat((float)(6 * c.c6 * unit)), splat((float)(1 / (c.cutoff * c.cutoff))),
            splat((float)(c.force_shift * unit))};
}

// u'(r) / r, from 1 / r^2.
template <bool FORCE_SHIFTED>
inline Floats pair_strength(Floats inverse_2, const Coefficients& c) {
    Floats inverse_6 = inverse_2 * inverse_2 * inverse_2;
    Floats strength = multiply_subtract(c.c12, inverse_6, c.c6) * (inverse_6 * inverse_2);
    if (FORCE_SHIFTED) strength = strength - c.force_shift * square_root(inverse_2);
    return where(inverse_2 > c.inverse_cutoff_sq, strength);
}

// Whether no pair was so close that its force could not be counted: pairs repel within 1.13 sigma, where a strength is
// a force over a length no longer than that.
inline bool can_be_counted(Floats strongest, const PairTable& table, float step) {
    const float limit = -(float)(0x1p29 / (1.13 * table.largest_sigma)) * step;
    return bits(strongest > splat(limit)) == bits(splat(-1));
}

// Forces of all pairs, added to those of the particles. False if a pair is so close that its force cannot be counted
// any more: above a quarter of the range, about 10^4 epsilon/sigma, which is no liquid's.
template <int DIM, bool FORCE_SHIFTED, bool CUBIC>
bool pair_forces(Particles& p, const NeighborList& list, const PairTable& table) {
    const Units<DIM> units(p);
    const Floats unit_sq = splat(units.unit_sq);
    Coefficients coefficients[MAX_SPECIES];  // of all four species in every four lanes
    for (int a = 0; a < MAX_SPECIES; a++)
        for (int k = 0; k < LANES; k++) {
            Coefficients c = coefficients_of(table, a, k % 4, units.step);
            coefficients[a].c12[k] = c.c12[0], coefficients[a].c6[k] = c.c6[0];
            coefficients[a].inverse_cutoff_sq[k] = c.inverse_cutoff_sq[0];
            coefficients[a].force_shift[k] = c.force_shift[0];
        }
    Floats strongest{};
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    int32_t *rows = p.position.data(), *forces = p.force.data();
    const uint32_t* slots = list.slots.data();
    for (int i = 0; i < p.n; i++) {
        const Row row = load<Row>(rows + 4 * (size_t)i);
        // Half a box away along every axis is beyond any cut-off.
        store(p.spare_row(), row ^ Row{INT32_MIN, INT32_MIN, INT32_MIN, 0});
        const Coefficients own = coefficients[row[3]];
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
            const Ints s = other.species;
            Coefficients c = {choose(own.c12, s), choose(own.c6, s), choose(own.inverse_cutoff_sq, s), {}};
            if (FORCE_SHIFTED) c.force_shift = choose(own.force_shift, s);
            Floats strength = pair_strength<FORCE_SHIFTED>(unit_sq / separation_sq, c);
            strongest = select(strength < strongest, strength, strongest);
            Ints pull[3] = {};  // on the other
            for (int d = 0; d < DIM; d++) {
                pull[d] = round_to_int(strength * along[d]);
                sum_of[d] += pull[d];
            }
            Rows(pull[0], pull[1], pull[2]).add_to(forces, k);
        }
        int32_t* own_force = forces + 4 * (size_t)i;
        store(own_force, load<Row>(own_force) - Rows(sum_of[0], sum_of[1], sum_of[2]).sum());
    }
    return can_be_counted(strongest, table, units.step);
}

using PairForces = bool (*)(Particles&, const NeighborList&, const PairTable&);

template <int DIM>
PairForces choose_pair_forces(const Particles& p, const PairTable& table) {
    const bool cubic = Units<DIM>(p).is_cubic();
    if (table.force_shifted) return cubic ? pair_forces<DIM, true, true> : pair_forces<DIM, true, false>;
    return cubic ? pair_forces<DIM, false, true> : pair_forces<DIM, false, false>;
}

// Potential energy, and the virial sum over pairs of -r u'(r), in double precision.
struct EnergyAndVirial {
    double energy = 0, virial = 0;
};

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
            const PairCoefficients& c = table.pair[p.species(i)][p.species(j)];
            if (!(r_sq < c.cutoff * c.cutoff)) continue;
            double inverse_6 = 1 / (r_sq * r_sq * r_sq), r = std::sqrt(r_sq);
            total.energy += (c.c12 * inverse_6 - c.c6) * inverse_6 - c.energy_shift + c.force_shift * (r - c.cutoff);
            total.virial += (12 * c.c12 * inverse_6 - 6 * c.c6) * inverse_6 - c.force_shift * r;
        }
    return total;
}

}  // namespace tdaglass
