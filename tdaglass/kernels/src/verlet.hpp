// The arithmetic of a time step, lane by lane. One system and replicas side by side have the same bits because both
// take it from here.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "pair_table.hpp"
#include "simd.hpp"

namespace tdaglass {

// In one step: half the skin, and a quarter of the box so that it is known which way it was crossed.
inline double longest_move(const double* edge, int dimension, double skin) {
    return std::min(skin / 2, *std::min_element(edge, edge + dimension) / 4);
}

// Whether a particle has moved so far since a list was built that a pair may be missing from it.
inline bool is_outdated(float moved_sq, double skin) { return moved_sq > skin * skin / 4 * 0.998; }

// Adding this to a number, and subtracting it, leaves a multiple of so small a power of two that sums of them are exact
// up to 64 energy units a particle.
inline double kinetic_rounding(int n, const PairTable& table) {
    return 1.5 * std::exp2(std::ceil(std::log2(64.0 * n))) * table.energy_unit;
}

// m v^2 of every lane, rounded so that sums of them are exact.
struct TwiceKinetic {
    HalfDoubles half[2];

    TwiceKinetic(Floats mass, Floats velocity, HalfDoubles round_at) {
        Floats energy = mass * velocity * velocity;
        HalfFloats single[2];
        std::memcpy(single, &energy, sizeof single);
        for (int h = 0; h < 2; h++) half[h] = (__builtin_convertvector(single[h], HalfDoubles) + round_at) - round_at;
    }
};

// v + (dt/2) f/m, where `velocity` and `force` point at a vector of numbers each.
inline Floats kicked(const float* velocity, const float* force, Floats mass, Floats half_dt, Floats factor) {
    return multiply_add(load<Floats>(velocity), factor, load<Floats>(force) / mass * half_dt);
}

// r <- r + dt v, image boxes counted; returns the new fractions.
inline Ints move(int32_t* position, int32_t* image, Floats velocity, Floats to_steps) {
    Ints old = load<Ints>(position);
    Ints steps = round_to_int(velocity * to_steps);
    Ints moved = old + steps;
    store(position, moved);
    // Two's complement wraps: forward motion that ends on a smaller number crossed the upper face.
    Ints crossed = ((steps > 0) & (moved < old)) - ((steps < 0) & (moved > old));
    store(image, load<Ints>(image) - crossed);
    return moved;
}

// Lanes that would go further than the limit in a step, or are not numbers.
inline Ints is_beyond(Floats velocity, float dt, Floats limit) { return ~(magnitude(velocity * dt) < limit); }

}  // namespace tdaglass
