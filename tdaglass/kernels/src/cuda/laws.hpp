// How strongly a pair pushes: -u'(r) / r in quanta per step, from coefficients as pair_laws.hpp has them.
#pragma once
#include "places.hpp"

namespace tdaglass {
namespace block {

enum { FORCE_SHIFTED = 1, SMOOTHED = 2 };  // values of TRUNCATION

FN float scaled_non_additivity(const Settings& s) { return (float)(s.non_additivity * s.length); }

// sigma_ij of two diameters; the same from both sides.
FN float pair_length(float own, float other, float non_additivity) {
    const float difference = own - other;
    return (own + other) * 0.5f * (1.0f - non_additivity * (difference < 0 ? -difference : difference));
}

FN float raised(float x, int power) {
    float result = 1;
    UNROLL for (int left = power; left; left >>= 1) {
        if (left & 1) result = result * x;
        x = x * x;
    }
    return result;
}

struct Strength {
    float whole;  // what counts: none beyond the cut-off
    float steep;  // without what a truncation takes away, and without end where particles are on top of each other
};

struct Law {
    float unit, unit_sq;      // Settings::length in steps
    float non_additivity, own_diameter;

    FN Law(const Block& b, const Settings& s, float own_diameter)
        : unit(b.unit), unit_sq(b.unit_sq), non_additivity(scaled_non_additivity(s)), own_diameter(own_diameter) {}

    // From the distance squared, in steps.
    FN Strength strength(const Pair& c, float sq, float diameter) const {
        float inverse = 0, inverse_2;  // of the distance in Settings::length
        if (TRUNCATION == FORCE_SHIFTED) {
            inverse = fast_inverse_root(sq) * unit, inverse_2 = inverse * inverse;
        } else {
            inverse_2 = fast_inverse(sq) * unit_sq;
        }
        return BY_DIAMETER ? of_diameters(c, sq, inverse, inverse_2, diameter) : of_species(c, sq, inverse, inverse_2);
    }

   private:
    FN static Strength of_species(const Pair& c, float sq, float inverse, float inverse_2) {
        Strength s;
        if (IS_LENNARD_JONES) {
            const float inverse_6 = inverse_2 * inverse_2 * inverse_2;
            s.steep = multiply_add(c.first, inverse_6, -c.second) * (inverse_6 * inverse_2);
        } else {
            s.steep = c.first * raised(inverse_2, POWER + 1);
        }
        s.whole = s.steep;
        if (TRUNCATION == FORCE_SHIFTED) s.whole = multiply_add(-c.force_shift, inverse, s.steep);
        if (TRUNCATION == SMOOTHED) s.whole = s.steep + multiply_add(c.linear, sq, c.constant);
        s.whole = inverse_2 > c.inverse_cutoff_sq ? s.whole : 0.0f;
        return s;
    }

    // A pair with diameters is that of unit length, seen from nearer or farther.
    FN Strength of_diameters(const Pair& c, float sq, float inverse, float inverse_2, float diameter) const {
        const float length = pair_length(own_diameter, diameter, non_additivity);
        const float within_2 = inverse_2 * (length * length);  // (length / r)^2
        Strength s;
        if (IS_LENNARD_JONES) {
            const float within_6 = within_2 * within_2 * within_2;
            s.steep = multiply_add(c.first, within_6, -c.second) * (within_6 * inverse_2);
        } else {
            s.steep = c.first * (raised(within_2, POWER) * inverse_2);
        }
        s.whole = s.steep;
        const float inverse_length = fast_inverse(length), inverse_length_sq = inverse_length * inverse_length;
        if (TRUNCATION == FORCE_SHIFTED) s.whole = multiply_add(-c.force_shift * inverse_length, inverse, s.steep);
        if (TRUNCATION == SMOOTHED) {
            const float added = multiply_add(c.linear * sq, inverse_length_sq, c.constant);
            s.whole = multiply_add(added, inverse_length_sq, s.steep);
        }
        s.whole = within_2 > c.inverse_cutoff_sq ? s.whole : 0.0f;
        return s;
    }
};

// Coefficients in the steps of this system's box, by one thread.
FN void set_pairs(const Settings& s, Block& b, double step) {
    for (int j = 0; j < KINDS; j++)
        for (int k = 0; k < KINDS; k++) {
            const PairStrength& from = s.strength[j][k];
            Pair& to = b.pair[j][k];
            to.first = (float)(from.first * step), to.second = (float)(from.second * step);
            to.force_shift = (float)(from.force_shift * step), to.constant = (float)(from.constant * step);
            to.linear = (float)(from.linear * step * step * step), to.inverse_cutoff_sq = (float)from.inverse_cutoff_sq;
        }
    b.steepest = (float)(s.steepest * step), b.watched = (float)(s.watched * step);
}

}  // namespace block
}  // namespace tdaglass
