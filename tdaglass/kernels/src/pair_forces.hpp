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
// `KINDS`: species to tell apart (1, 2 or 4).
template <int DIM, int KINDS, bool FORCE_SHIFTED>
bool pair_forces(Particles& p, const NeighborList& list, const PairTable& table) {
    const Units<DIM> units(p);
    const Floats unit_sq = splat(units.unit_sq);
    Coefficients coefficients[MAX_SPECIES][KINDS];
    for (int a = 0; a < table.n_species; a++)
        for (int b = 0; b < KINDS; b++) coefficients[a][b] = coefficients_of(table, a, b, units.step);
    Floats strongest{};
    const int32_t* rows = p.position.data();
    int32_t *spare = p.spare_row(), *forces = p.force.data();
    for (int i = 0; i < p.n; i++) {
        const int32_t* row = rows + 4 * (size_t)i;
        const Coefficients* own = coefficients[row[3]];
        Ints at[DIM], sum_of[DIM] = {};
        for (int d = 0; d < DIM; d++) {
            at[d] = splat(row[d]);
            spare[d] = row[d] ^ INT32_MIN;  // half a box away along every axis is beyond any cut-off
        }
        for (int64_t k = list.start[i]; k < list.start[i + 1]; k += LANES) {
            const int32_t* offsets = &list.slots[k];
            Columns other = load_rows(rows, offsets);
            const Ints others[3] = {other.x, other.y, other.z};
            Floats along[DIM];
            for (int d = 0; d < DIM; d++) along[d] = to_floats(at[d] - others[d]) * units.ratio[d];
            Floats separation_sq = along[0] * along[0];
            for (int d = 1; d < DIM; d++) separation_sq = multiply_add(along[d], along[d], separation_sq);
            Coefficients c = own[0];
            for (int s = 1; s < KINDS; s++) {
                Ints is_s = other.species == splat(s);
                c.c12 = select(is_s, own[s].c12, c.c12);
                c.c6 = select(is_s, own[s].c6, c.c6);
                c.inverse_cutoff_sq = select(is_s, own[s].inverse_cutoff_sq, c.inverse_cutoff_sq);
                if (FORCE_SHIFTED) c.force_shift = select(is_s, own[s].force_shift, c.force_shift);
            }
            Floats strength = pair_strength<FORCE_SHIFTED>(unit_sq / separation_sq, c);
            strongest = select(strength < strongest, strength, strongest);
            Ints pull[3] = {};  // on the other
            for (int d = 0; d < DIM; d++) {
                pull[d] = round_to_int(strength * along[d]);
                sum_of[d] += pull[d];
            }
            add_to_rows(forces, offsets, pull[0], pull[1], pull[2]);
        }
        int32_t* own_force = forces + 4 * (size_t)i;
        for (int d = 0; d < DIM; d++) own_force[d] = (int32_t)((uint32_t)own_force[d] - (uint32_t)sum(sum_of[d]));
    }
    return can_be_counted(strongest, table, units.step);
}

using PairForces = bool (*)(Particles&, const NeighborList&, const PairTable&);

template <int DIM, int KINDS>
PairForces with_truncation(bool force_shifted) {
    return force_shifted ? pair_forces<DIM, KINDS, true> : pair_forces<DIM, KINDS, false>;
}

inline PairForces choose_pair_forces(int dimension, const PairTable& table) {
    bool shifted = table.force_shifted;
    if (dimension == 2)
        return table.n_species == 1   ? with_truncation<2, 1>(shifted)
               : table.n_species == 2 ? with_truncation<2, 2>(shifted)
                                      : with_truncation<2, 4>(shifted);
    return table.n_species == 1   ? with_truncation<3, 1>(shifted)
           : table.n_species == 2 ? with_truncation<3, 2>(shifted)
                                  : with_truncation<3, 4>(shifted);
}

// Potential energy, and the virial sum over pairs of -r u'(r), in double precision.
struct EnergyAndVirial {
    double energy = 0, virial = 0;
};

inline EnergyAndVirial energy_and_virial(const Particles& p, const NeighborList& list, const PairTable& table) {
    EnergyAndVirial total;
    for (int i = 0; i < p.n; i++)
        for (int64_t k = list.start[i]; k < list.start[i + 1]; k++) {
            int j = list.slots[k] / 4;
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
