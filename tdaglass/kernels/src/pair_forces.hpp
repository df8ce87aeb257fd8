// Forces from a neighbour list, in whole quanta: the loop that all the time goes into.
#pragma once
#include <cstring>

#include "neighbor_list.hpp"

namespace tdaglass {

struct Coefficients {
    Floats c12, c6, cutoff_sq, force_shift;
};

// So that strengths come out in quanta per length.
inline Coefficients coefficients_of(const PairTable& table, int a, int b) {
    const PairCoefficients& c = table.pair[a][b];  // zero, cut-off included, for species that do not occur
    double q = table.force_quantum;
    return {splat((float)(12 * c.c12 / q)), splat((float)(6 * c.c6 / q)), splat((float)(c.cutoff * c.cutoff)),
            splat((float)(c.force_shift / q))};
}

// Minus u'(r) / r.
template <bool FORCE_SHIFTED>
inline Floats pair_strength(Floats separation_sq, const Coefficients& c) {
    Floats inverse_2 = 1.0f / separation_sq;
    Floats inverse_6 = inverse_2 * inverse_2 * inverse_2;
    Floats strength = multiply_subtract(c.c12, inverse_6, c.c6) * (inverse_6 * inverse_2);
    if (FORCE_SHIFTED) strength = strength - c.force_shift * square_root(inverse_2);
    return where(separation_sq < c.cutoff_sq, strength);
}

// Whether no pair was so close that its force could not be counted: pairs repel within 1.13 sigma, where a strength is
// a force over a length no longer than that.
inline bool can_be_counted(Floats strongest, const PairTable& table) {
    const float limit = (float)(0x1p29 / (1.13 * table.largest_sigma));
    return bits(strongest < splat(limit)) == bits(splat(-1));
}

// Forces of all pairs, added up in `total` (rows as in Particles). False if a pair is so close that its force cannot
// be counted any more: above a quarter of the range, about 10^4 epsilon/sigma, which is no liquid's.
// `KINDS`: species to tell apart (1, 2 or 4).
template <int DIM, int KINDS, bool FORCE_SHIFTED>
bool pair_forces(Particles& p, const NeighborList& list, const PairTable& table, Aligned<int32_t>& total) {
    Coefficients coefficients[MAX_SPECIES][KINDS];
    for (int a = 0; a < table.n_species; a++)
        for (int b = 0; b < KINDS; b++) coefficients[a][b] = coefficients_of(table, a, b);
    Floats resolution[DIM];
    for (int d = 0; d < DIM; d++) resolution[d] = splat(p.resolution(d));
    Floats strongest{};
    total.assign(p.position.size(), 0);
    const int32_t* rows = p.position.data();
    int32_t* spare = p.spare_row();
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
            for (int d = 0; d < DIM; d++) along[d] = to_floats(at[d] - others[d]) * resolution[d];
            Floats separation_sq = along[0] * along[0];
            for (int d = 1; d < DIM; d++) separation_sq = multiply_add(along[d], along[d], separation_sq);
            Coefficients c = own[0];
            for (int s = 1; s < KINDS; s++) {
                Ints is_s = other.species == splat(s);
                c.c12 = select(is_s, own[s].c12, c.c12);
                c.c6 = select(is_s, own[s].c6, c.c6);
                c.cutoff_sq = select(is_s, own[s].cutoff_sq, c.cutoff_sq);
                if (FORCE_SHIFTED) c.force_shift = select(is_s, own[s].force_shift, c.force_shift);
            }
            Floats strength = pair_strength<FORCE_SHIFTED>(separation_sq, c);
            strongest = select(strength > strongest, strength, strongest);
            Ints force[3] = {};
            for (int d = 0; d < DIM; d++) {
                force[d] = round_to_int(strength * along[d]);
                sum_of[d] += force[d];
            }
            subtract_from_rows(total.data(), offsets, force[0], force[1], force[2]);
        }
        int32_t* own_total = &total[4 * (size_t)i];
        for (int d = 0; d < DIM; d++) own_total[d] = (int32_t)((uint32_t)own_total[d] + (uint32_t)sum(sum_of[d]));
    }
    return can_be_counted(strongest, table);
}

using PairForces = bool (*)(Particles&, const NeighborList&, const PairTable&, Aligned<int32_t>&);

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
