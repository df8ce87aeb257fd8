// Coefficients of u(r) = c12/r^12 - c6/r^6 - energy_shift + force_shift (r - cutoff), and the unit forces are counted in.
#pragma once
#include <algorithm>
#include <cmath>

namespace tdaglass {

constexpr int MAX_SPECIES = 4;

struct PairCoefficients {
    double c12, c6, cutoff, energy_shift, force_shift;
};

struct PairTable {
    int n_species = 0;
    bool force_shifted = false;
    PairCoefficients pair[MAX_SPECIES][MAX_SPECIES] = {};
    double longest_cutoff = 0, largest_sigma = 0;
    // Forces are whole numbers of this: sums of them do not depend on the order, so that trajectories depend
    // neither on the sorting of the particles nor on the neighbour list, nor on how steps are divided into calls.
    double force_quantum = 0;
    double energy_unit = 0;  // a power of two near the deepest well
};

// Tables are (n_species, n_species), row by row. False unless every number is positive and finite.
inline bool make_pair_table(PairTable& table, int n_species, const double* sigma, const double* epsilon,
                            const double* cutoff, bool force_shifted) {
    if (n_species < 1 || n_species > MAX_SPECIES) return false;
    table = {};
    table.n_species = n_species;
    table.force_shifted = force_shifted;
    double largest_force = 0, largest_epsilon = 0;
    for (int a = 0; a < n_species; a++)
        for (int b = 0; b < n_species; b++) {
            double s = sigma[a * n_species + b], e = epsilon[a * n_species + b], rc = cutoff[a * n_species + b];
            for (double x : {s, e, rc})
                if (!(x > 0 && std::isfinite(x))) return false;
            PairCoefficients& c = table.pair[a][b];
            c.c12 = 4 * e * std::pow(s, 12);
            c.c6 = 4 * e * std::pow(s, 6);
            c.cutoff = rc;
            c.energy_shift = c.c12 / std::pow(rc, 12) - c.c6 / std::pow(rc, 6);
            if (force_shifted) c.force_shift = (12 * c.c12 / std::pow(rc, 12) - 6 * c.c6 / std::pow(rc, 6)) / rc;
            for (double x : {c.c12, c.c6, c.force_shift})
                if (!std::isfinite((float)x)) return false;
            table.longest_cutoff = std::max(table.longest_cutoff, rc);
            table.largest_sigma = std::max(table.largest_sigma, s);
            largest_force = std::max(largest_force, e / s);
            largest_epsilon = std::max(largest_epsilon, e);
        }
    // A particle's force has to stay below 2^31 quanta: 65536 epsilon/sigma, at a resolution of 3e-5,
    // which is less than single precision leaves of forces between neighbours.
    table.force_quantum = std::exp2(std::round(std::log2(largest_force)) - 15);
    table.energy_unit = std::exp2(std::round(std::log2(largest_epsilon)));
    return true;
}

}  // namespace tdaglass
