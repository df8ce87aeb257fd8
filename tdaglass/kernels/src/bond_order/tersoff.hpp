// Tersoff's form of the bond order for atoms of one element, whose neighbours count the same at any length of the bond
// (lambda_3 = 0); the letters are those of tdaglass.glass.potentials.tersoff.
#pragma once
#include <algorithm>
#include <cmath>

#include "molecular_dynamics/quanta.hpp"

namespace tdaglass {

struct Tersoff : Quanta, Reaches {
    double gamma, c, d, cos_theta_0, n, beta, lambda_2, attraction, middle, half_width, lambda_1, repulsion;

    static constexpr int NUMBERS = 12;

    // From numbers in the order above; false unless they can be computed with in single precision.
    bool make(const double* numbers) {
        double* const own[NUMBERS] = {&gamma,    &c,          &d,      &cos_theta_0, &n,        &beta,
                                      &lambda_2, &attraction, &middle, &half_width,  &lambda_1, &repulsion};
        for (int k = 0; k < NUMBERS; k++) {
            *own[k] = numbers[k];
            // The single number that may be negative is a cosine.
            if (!std::isfinite((float)numbers[k]) || (own[k] != &cos_theta_0 && numbers[k] < 0)) return false;
        }
        const double longest = middle + half_width;
        if (!(half_width > 0 && half_width <= middle && d > 0 && n > 0 && beta > 0)) return false;
        // Exponentials of single precision end at 87.
        if (!(std::max(lambda_1, lambda_2) * 2 * longest < 80 && std::isfinite((float)(c * c)))) return false;
        longest_cutoff = reach[0][0] = longest;
        return choose_units();
    }

   private:
    // The steepest that a bond of two can be is A lambda_1, at no distance: 2^28 quanta. An atom's force has to stay
    // below 2^31.
    bool choose_units() {
        const double steepest = std::max(repulsion * lambda_1, attraction * lambda_2);
        if (!(steepest > 0)) return false;
        force_quantum = std::exp2(std::round(std::log2(steepest)) - 28);
        virial_quantum = std::exp2(std::round(std::log2(std::max(repulsion, attraction))) - 28);
        energy_unit = std::exp2(std::round(std::log2(attraction / 64)));
        return std::isfinite(force_quantum) && std::isfinite(energy_unit) && energy_unit > 0;
    }
};

}  // namespace tdaglass
