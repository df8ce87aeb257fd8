// What is known of pairs, and the unit forces are counted in.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "molecular_dynamics.hpp"
#include "quanta.hpp"

namespace tdaglass {

constexpr int64_t MOST_SPECIES = 1024;

// Coefficients of the form, LENNARD_JONES first/r^12 - second/r^6 or INVERSE_POWER first/r^n, and what its truncation
// takes away, in s = r^2: energy_shift, force_shift (r - cutoff), and slope (s - cutoff^2) + curvature/2 (s - cutoff^2)^2.
struct PairCoefficients {
    double first = 0, second = 0, cutoff = 0, energy_shift = 0, force_shift = 0, slope = 0, curvature = 0;

    double form_energy(const Potential& u, double r_sq) const {
        const double inverse_6 = 1 / (r_sq * r_sq * r_sq);
        return u.form == LENNARD_JONES ? (first * inverse_6 - second) * inverse_6
                                       : first * std::pow(r_sq, -u.exponent / 2.0);
    }

    // -r u'(r) of the form.
    double form_virial(const Potential& u, double r_sq) const {
        const double inverse_6 = 1 / (r_sq * r_sq * r_sq);
        return u.form == LENNARD_JONES ? (12 * first * inverse_6 - 6 * second) * inverse_6
                                       : u.exponent * form_energy(u, r_sq);
    }

    // Second derivative of the form in s.
    double form_curvature(const Potential& u, double r_sq) const {
        const double inverse_6 = 1 / (r_sq * r_sq * r_sq), half = u.exponent / 2.0;
        const double of_log = u.form == LENNARD_JONES ? (42 * first * inverse_6 - 12 * second) * inverse_6
                                                      : half * (half + 1) * form_energy(u, r_sq);
        return of_log / (r_sq * r_sq);
    }

    double energy(const Potential& u, double r_sq) const {
        const double beyond = r_sq - cutoff * cutoff;
        return form_energy(u, r_sq) - energy_shift + force_shift * (std::sqrt(r_sq) - cutoff) -
               (slope + curvature / 2 * beyond) * beyond;
    }

    double virial(const Potential& u, double r_sq) const {
        const double beyond = r_sq - cutoff * cutoff;
        return form_virial(u, r_sq) - force_shift * std::sqrt(r_sq) + 2 * r_sq * (slope + curvature * beyond);
    }
};

// False unless sigma, epsilon and cut-off are positive and the coefficients are numbers in single precision.
inline bool make_coefficients(PairCoefficients& c, const Potential& u, double sigma, double epsilon, double cutoff) {
    for (double x : {sigma, epsilon, cutoff})
        if (!(x > 0 && std::isfinite(x))) return false;
    c = {};
    if (u.form == LENNARD_JONES) {
        c.first = 4 * epsilon * std::pow(sigma, 12);
        c.second = 4 * epsilon * std::pow(sigma, 6);
    } else {
        c.first = epsilon * std::pow(sigma, u.exponent);
    }
    c.cutoff = cutoff;
    const double cutoff_sq = cutoff * cutoff;
    c.energy_shift = c.form_energy(u, cutoff_sq);
    if (u.truncation == FORCE_SHIFT) c.force_shift = c.form_virial(u, cutoff_sq) / cutoff;
    if (u.truncation == SMOOTH) {
        c.slope = -c.form_virial(u, cutoff_sq) / (2 * cutoff_sq);
        c.curvature = c.form_curvature(u, cutoff_sq);
    }
    for (double x : {c.first, c.second, c.force_shift, c.slope, c.curvature})
        if (!std::isfinite((float)x)) return false;
    return true;
}

struct PairTable : Quanta, Reaches {
    Potential potential{};
    int n_species = 0;
    double largest_sigma = 0;

    bool by_diameter() const { return potential.largest > 0; }

    // Of species; of pairs with diameters the one of unit length.
    const PairCoefficients& at(int a, int b) const { return pairs[(size_t)a * n_species + b]; }

    // sigma_ij of two diameters.
    double length(double a, double b) const {
        return (a + b) / 2 * (1 - potential.non_additivity * std::fabs(a - b));
    }

    // In single precision the bounds themselves may lie a little outside.
    bool admits(float diameter) const {
        const double slack = 1e-6;
        return !by_diameter() ||
               (diameter >= potential.smallest * (1 - slack) && diameter <= potential.largest * (1 + slack));
    }

    int kind_of(int species, float diameter) const {
        if (!by_diameter()) return kind_of_species[species];
        int kind = 0;
        while (kind < n_kinds - 1 && diameter > bound(kind + 1)) kind++;
        return kind;
    }

    // False unless every number is positive and finite, and the potential is one that there are loops for.
    bool make(const Settings& s) {
        potential = s.potential;
        n_species = (int)s.n_species;
        if (s.n_species < 1 || s.n_species > MOST_SPECIES) return false;
        const bool power = potential.form == INVERSE_POWER && potential.exponent >= 2 && potential.exponent % 2 == 0 &&
                           potential.exponent <= 64;
        if (!power && potential.form != LENNARD_JONES) return false;
        if (potential.truncation < SHIFT || potential.truncation > SMOOTH) return false;
        return by_diameter() ? make_of_diameters(s) : make_of_species(s);
    }

   private:
    std::vector<PairCoefficients> pairs;
    std::vector<int32_t> kind_of_species;

    bool make_of_species(const Settings& s) {
        double largest_force = 0, largest_epsilon = 0;
        pairs.resize((size_t)n_species * n_species);
        for (size_t k = 0; k < pairs.size(); k++) {
            if (!make_coefficients(pairs[k], potential, s.sigma[k], s.epsilon[k], s.cutoff[k])) return false;
            longest_cutoff = std::max(longest_cutoff, s.cutoff[k]);
            largest_sigma = std::max(largest_sigma, s.sigma[k]);
            largest_force = std::max(largest_force, s.epsilon[k] / s.sigma[k]);
            largest_epsilon = std::max(largest_epsilon, s.epsilon[k]);
        }
        choose_units(largest_force, largest_epsilon);
        // More species than kinds: those that reach alike far for their like are one.
        n_kinds = std::min(n_species, MAX_KINDS);
        std::vector<int32_t> by_reach(n_species);
        for (int a = 0; a < n_species; a++) by_reach[a] = a;
        if (n_species > MAX_KINDS)
            std::stable_sort(by_reach.begin(), by_reach.end(), [&](int a, int b) { return at(a, a).cutoff < at(b, b).cutoff; });
        kind_of_species.resize(n_species);
        for (int rank = 0; rank < n_species; rank++) kind_of_species[by_reach[rank]] = rank * n_kinds / n_species;
        for (int a = 0; a < n_species; a++)
            for (int b = 0; b < n_species; b++) {
                double& far = reach[kind_of_species[a]][kind_of_species[b]];
                far = std::max(far, at(a, b).cutoff);
            }
        return true;
    }

    bool make_of_diameters(const Settings& s) {
        const double small = potential.smallest, large = potential.largest, spread = potential.non_additivity;
        if (!(small > 0 && small <= large && std::isfinite(large) && spread >= 0 && 2 * spread * large <= 1)) return false;
        for (int a = 0; a < n_species; a++)  // one form for all
            if (s.sigma[a] != 1 || s.epsilon[a] != s.epsilon[0] || s.cutoff[a] != s.cutoff[0]) return false;
        pairs.resize((size_t)n_species * n_species);
        for (auto& c : pairs)
            if (!make_coefficients(c, potential, 1, s.epsilon[0], s.cutoff[0])) return false;
        longest_cutoff = s.cutoff[0] * large;
        largest_sigma = large;
        choose_units(s.epsilon[0] / small, s.epsilon[0]);
        n_kinds = MAX_KINDS;
        for (int a = 0; a < n_kinds; a++)  // the largest of both kinds reach furthest
            for (int b = 0; b < n_kinds; b++) reach[a][b] = s.cutoff[0] * length(bound(a + 1), bound(b + 1)) * (1 + 1e-6);
        return true;
    }

    // Diameters that are in proportion.
    double bound(int k) const {
        return potential.smallest * std::pow(potential.largest / potential.smallest, (double)k / n_kinds);
    }

    // A particle's force has to stay below 2^31 quanta: 65536 epsilon/sigma, at a resolution of 3e-5,
    // which is less than single precision leaves of forces between neighbours. Of the virial, 2^-15 epsilon or so: of a
    // pair whose force can be counted it stays below 2^30.
    void choose_units(double largest_force, double largest_epsilon) {
        force_quantum = std::exp2(std::round(std::log2(largest_force)) - 15);
        virial_quantum = std::exp2(std::round(std::log2(force_quantum * largest_sigma)));
        energy_unit = std::exp2(std::round(std::log2(largest_epsilon)));  // near the deepest well
    }
};

}  // namespace tdaglass
