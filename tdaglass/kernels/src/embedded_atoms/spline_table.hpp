// The splines of embedded atoms in single precision and in whole quanta, laid out as the loops read them.
#pragma once
#include <algorithm>
#include <cmath>

#include "embedded_atoms.hpp"
#include "molecular_dynamics/quanta.hpp"
#include "vectors/aligned.hpp"

namespace tdaglass {

// A cubic of the double tables at a place in units of the spacing.
struct Cubic {
    double value, slope;  // the slope in units of the spacing, too

    Cubic(const double* rows, int64_t n, double x) {
        const double m = std::clamp(std::trunc(x), 0.0, n - 1.0), p = x - m;
        const double* c = rows + 4 * (int64_t)m;
        value = ((c[0] * p + c[1]) * p + c[2]) * p + c[3];
        slope = (3 * c[0] * p + 2 * c[1]) * p + c[2];
    }
};

struct SplineTable : Quanta, Reaches {
    // Of an interval of distances all that a pair asks for lies in one cache line of four rows: the pair function, the
    // density at the one, the density at the other, and nothing.
    static constexpr int LINE = 16;

    EmbeddedAtomSplines splines{};
    int n_species = 0;
    double density_quantum = 0;
    Aligned<float> lines;      // (n_species, n_species, n_distance, LINE)
    Aligned<float> embedding;  // (n_species, n_density, 4)

    // False unless there is room for the species in the loops, and every number is finite.
    bool make(const Settings& s, const EmbeddedAtomSplines& given) {
        splines = given;
        n_species = (int)s.n_species;
        const bool sizes = n_species >= 1 && n_species <= MAX_KINDS && given.n_density >= 1 && given.n_distance >= 1 &&
                           given.n_density <= MOST && given.n_distance <= MOST && s.dimension == 3;
        if (!sizes) return false;
        for (double x : {given.density_spacing, given.distance_spacing, given.cutoff})
            if (!(x > 0 && std::isfinite(x))) return false;
        longest_cutoff = reach[0][0] = given.cutoff;
        // Forces between atoms are some eV / angstrom, and single precision leaves 1e-7 of them. A pair may have 2^29
        // quanta, 512 eV / angstrom; the virial of such a pair stays below 2^29.
        force_quantum = 0x1p-20, virial_quantum = 0x1p-16, energy_unit = 1;
        // Sixteen times the densities of the table can be counted, at a resolution of 2^-27 of it.
        density_quantum = std::exp2(std::ceil(std::log2(given.density_spacing * (double)given.n_density)) - 27);
        return lay_out();
    }

    const double* embedding_of(int a) const { return splines.embedding + 4 * splines.n_density * a; }
    const double* density_of(int a, int b) const { return of_pair(splines.density, a, b); }
    const double* pair_of(int a, int b) const { return of_pair(splines.pair, a, b); }

   private:
    static constexpr int64_t MOST = 1 << 20;  // intervals: bytes to a line are counted in 32 bits

    const double* of_pair(const double* table, int a, int b) const {
        return table + 4 * splines.n_distance * (n_species * a + b);
    }

    // Densities in quanta; pair functions so that forces come out in quanta, where distances are in intervals; slopes of
    // the embedding in quanta of force per quantum of density and interval.
    bool lay_out() {
        const int64_t n = splines.n_distance;
        const double dr = splines.distance_spacing, to_force = 1 / (force_quantum * dr * dr);
        bool finite = true;
        auto put = [&](float* to, const double* from, double unit) {
            for (int c = 0; c < 4; c++) {
                to[c] = (float)(from[c] * unit);
                finite = finite && std::isfinite(to[c]);
            }
        };
        lines.assign((size_t)(n_species * n_species * n * LINE), 0);
        float* line = lines.data();
        for (int a = 0; a < n_species; a++)
            for (int b = 0; b < n_species; b++)
                for (int64_t m = 0; m < n; m++, line += LINE) {
                    put(line, pair_of(a, b) + 4 * m, to_force);
                    put(line + 4, density_of(a, b) + 4 * m, 1 / density_quantum);
                    put(line + 8, density_of(b, a) + 4 * m, 1 / density_quantum);
                }
        embedding.assign((size_t)(4 * n_species * splines.n_density), 0);
        const double to_slope = density_quantum / splines.density_spacing / dr / force_quantum;
        for (size_t k = 0; k < embedding.size(); k += 4) put(&embedding[k], splines.embedding + k, to_slope);
        return finite;
    }
};

}  // namespace tdaglass
