// Pairs as the loops over a list ask for them: what a particle brings, and with which strength its neighbours pull.
//
// A law has own(code), what a particle brings whose row ends with this code (its species, or its diameter), and
// strength(own, codes, 1 / r^2, r^2 in steps): u'(r) / r in quanta per step, negative where particles repel.
#pragma once
#include <bit>
#include <vector>

#include "pair_table.hpp"
#include "vectors/simd.hpp"

namespace tdaglass {

// Lennard-Jones between a few species, whose coefficients are chosen by a permutation of four.
template <bool FORCE_SHIFTED>
class FewSpecies {
   public:
    struct Pair {
        Floats c12, c6, inverse_cutoff_sq, force_shift;
    };

    // All four species in every four lanes.
    FewSpecies(const PairTable& table, float step) {
        for (int a = 0; a < MAX_KINDS; a++)
            for (int k = 0; k < LANES; k++) {
                const Pair c = of_pair(table, a, k % 4, step);
                of_species[a].c12[k] = c.c12[0], of_species[a].c6[k] = c.c6[0];
                of_species[a].inverse_cutoff_sq[k] = c.inverse_cutoff_sq[0];
                of_species[a].force_shift[k] = c.force_shift[0];
            }
    }

    Pair own(int32_t species) const { return of_species[species]; }

    static Floats strength(const Pair& own, Ints species, Floats inverse_2, Floats) {
        Pair c = {choose(own.c12, species), choose(own.c6, species), choose(own.inverse_cutoff_sq, species), {}};
        if (FORCE_SHIFTED) c.force_shift = choose(own.force_shift, species);
        return strength(c, inverse_2);
    }

    // So that strengths come out in quanta per step, negative where particles repel; of species that do not occur, none.
    static Pair of_pair(const PairTable& table, int a, int b, float step) {
        const bool occurs = a < table.n_species && b < table.n_species;
        const PairCoefficients c = occurs ? table.at(a, b) : PairCoefficients{};
        const double unit = -step / table.force_quantum;
        return {splat((float)(12 * c.first * unit)), splat((float)(6 * c.second * unit)),
                splat((float)(1 / (c.cutoff * c.cutoff))), splat((float)(c.force_shift * unit))};
    }

    // u'(r) / r, from 1 / r^2.
    static Floats strength(const Pair& c, Floats inverse_2) {
        Floats inverse_6 = inverse_2 * inverse_2 * inverse_2;
        Floats strength = multiply_subtract(c.c12, inverse_6, c.c6) * (inverse_6 * inverse_2);
        if (FORCE_SHIFTED) strength = strength - c.force_shift * square_root(inverse_2);
        return where(inverse_2 > c.inverse_cutoff_sq, strength);
    }

   private:
    Pair of_species[MAX_KINDS];
};

constexpr int ANY = 0;  // a form that is known when the program runs

// Any form and truncation, of coefficients that are given: EXPONENT is that of an inverse power, or ANY.
template <int EXPONENT>
class AnyForm {
   public:
    struct Pair {
        float first, second, inverse_cutoff_sq, force_shift, constant, linear;
    };

    AnyForm(const PairTable& table, float step)
        : lennard_jones(table.potential.form == LENNARD_JONES), power((int)table.potential.exponent / 2 + 1),
          force_shifted(table.potential.truncation == FORCE_SHIFT), step(step),
          unit(-step / table.force_quantum), exponent((double)table.potential.exponent) {}

    // In units of steps and quanta; of a linear polynomial in r^2, what a smooth truncation adds to forces.
    Pair of_pair(const PairCoefficients& c) const {
        const double first = lennard_jones ? 12 * c.first : exponent * c.first, cutoff_sq = c.cutoff * c.cutoff;
        return {(float)(first * unit), (float)(6 * c.second * unit), (float)(1 / cutoff_sq),
                (float)(c.force_shift * unit), (float)(2 * (c.slope - c.curvature * cutoff_sq) * unit),
                (float)(2 * c.curvature * step * step * unit)};
    }

    // Coefficients are floats or Floats.
    template <class Coefficient>
    Floats strength(Coefficient first, Coefficient second, Coefficient inverse_cutoff_sq, Coefficient force_shift,
                    Coefficient constant, Coefficient linear, Floats inverse_2, Floats separation_sq) const {
        Floats strength;
        if (EXPONENT == ANY && lennard_jones) {
            const Floats inverse_6 = inverse_2 * inverse_2 * inverse_2;
            strength = multiply_subtract(all(first), inverse_6, all(second)) * (inverse_6 * inverse_2);
        } else {
            strength = all(first) * raised(inverse_2);
        }
        if (force_shifted) strength = strength - all(force_shift) * square_root(inverse_2);
        strength = strength + multiply_add(all(linear), separation_sq, all(constant));
        return where(inverse_2 > all(inverse_cutoff_sq), strength);
    }

   private:
    bool lennard_jones;
    int power;  // of 1 / r^2
    bool force_shifted;
    double step, unit, exponent;

    static Floats all(float x) { return splat(x); }
    static Floats all(Floats x) { return x; }

    Floats raised(Floats x) const {
        if (EXPONENT == 12) {
            const Floats cube = x * x * x;
            return cube * cube * x;
        }
        Floats result = splat(1.0f);
        for (int left = power; left; left >>= 1) {
            if (left & 1) result = result * x;
            x = x * x;
        }
        return result;
    }
};

// Species with any table of coefficients.
template <int EXPONENT>
class ManySpecies {
   public:
    using Pair = typename AnyForm<EXPONENT>::Pair;

    ManySpecies(const PairTable& table, float step) : form(table, step), n_species(table.n_species) {
        pairs.reserve((size_t)n_species * n_species);
        for (int a = 0; a < n_species; a++)
            for (int b = 0; b < n_species; b++) pairs.push_back(form.of_pair(table.at(a, b)));
    }

    const Pair* own(int32_t species) const { return &pairs[(size_t)species * n_species]; }

    Floats strength(const Pair* own, Ints species, Floats inverse_2, Floats separation_sq) const {
        constexpr int FIELDS = sizeof(Pair) / sizeof(float);
        const Ints at = species * FIELDS;
        const float* from = &own->first;
        return form.strength(gather(from, at), gather(from + 1, at), gather(from + 2, at), gather(from + 3, at),
                             gather(from + 4, at), gather(from + 5, at), inverse_2, separation_sq);
    }

    // All lanes of one species.
    Floats strength(const Pair& c, Floats inverse_2, Floats separation_sq) const {
        return form.strength(c.first, c.second, c.inverse_cutoff_sq, c.force_shift, c.constant, c.linear, inverse_2,
                             separation_sq);
    }

   private:
    AnyForm<EXPONENT> form;
    int n_species;
    std::vector<Pair> pairs;
};

// Particles with diameters: a pair is that of unit length, seen from nearer or farther.
template <int EXPONENT>
class OfDiameters {
   public:
    OfDiameters(const PairTable& table, float step)
        : form(table, step), unit_pair(form.of_pair(table.at(0, 0))),
          non_additivity((float)table.potential.non_additivity) {}

    float own(int32_t code) const { return std::bit_cast<float>(code); }

    Floats strength(float own, Ints codes, Floats inverse_2, Floats separation_sq) const {
        return strength(splat(own), as_floats(codes), inverse_2, separation_sq);
    }

    Floats strength(Floats own, Floats other, Floats inverse_2, Floats separation_sq) const {
        const Floats half = splat(0.5f), one = splat(1.0f);
        const Floats length = (own + other) * half * (one - splat(non_additivity) * magnitude(own - other));
        const Floats length_sq = length * length, inverse_length_sq = one / length_sq;
        const auto& c = unit_pair;
        return inverse_length_sq * form.strength(c.first, c.second, c.inverse_cutoff_sq, c.force_shift, c.constant,
                                                 c.linear, inverse_2 * length_sq, separation_sq * inverse_length_sq);
    }

   private:
    AnyForm<EXPONENT> form;
    typename AnyForm<EXPONENT>::Pair unit_pair;
    float non_additivity;
};

}  // namespace tdaglass
