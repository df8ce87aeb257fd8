// The arithmetic of a time step, lane by lane. One system and replicas side by side have the same bits because both
// take it from here.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "pair_table.hpp"
#include "simd.hpp"

namespace tdaglass {

// Distances are counted in steps of the fraction along the first axis: in a cubic box no axis has to be rescaled.
template <int DIM>
struct Units {
    float step, unit_sq;  // length of a step; unit lengths, squared, in steps
    Floats ratio[DIM];

    template <class Box>  // with a resolution for every axis
    explicit Units(const Box& box) : step(box.resolution(0)), unit_sq(1 / (step * step)) {
        for (int d = 0; d < DIM; d++) ratio[d] = splat(box.resolution(d) / step);
    }

    // Squared distances in steps between places, axis by axis.
    template <bool CUBIC>
    Floats distance_sq(const Ints* a, const int32_t* b) const {
        Floats total{};
        for (int d = 0; d < DIM; d++) {
            Floats x = to_floats(a[d] - load<Ints>(b + d * LANES));
            if (!CUBIC) x = x * ratio[d];
            total = d ? multiply_add(x, x, total) : x * x;
        }
        return total;
    }

    bool is_cubic() const {
        bool same = true;
        for (int d = 0; d < DIM; d++) same = same && ratio[d][0] == 1;
        return same;
    }
};

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

// Sums of m v^2, lane by lane, of particles rounded so that no order of them changes a sum: the thermostat feeds its
// last bit back into every trajectory.
struct TwiceKinetic {
    HalfDoubles sum[2] = {}, round_at;

    TwiceKinetic(int n, const PairTable& table) : round_at(kinetic_rounding(n, table) - HalfDoubles{}) {}

    void add(Floats energy) {
        HalfFloats half[2];
        std::memcpy(half, &energy, sizeof half);
        for (int h = 0; h < 2; h++) sum[h] += (__builtin_convertvector(half[h], HalfDoubles) + round_at) - round_at;
    }

    double of_lane(int k) const { return sum[k / (LANES / 2)][k % (LANES / 2)]; }
};

// What one force quantum adds to a velocity in half a step.
inline float half_kick(double dt, double mass, const PairTable& table) {
    return (float)(dt / 2 / mass * table.force_quantum);
}

// factor v + (dt/2) f/m, of a force in quanta.
inline Floats kicked(Floats velocity, Ints force, Floats half_kick, Floats factor) {
    return multiply_add(velocity, factor, to_floats(force) * half_kick);
}

// Lanes where a sum of two numbers wrapped round: a particle left the box through a face.
inline Ints wrapped(Ints before, Ints steps, Ints after) { return (before ^ after) & (steps ^ after); }

// Count the image boxes of lanes that wrapped round, forward or backward; particles rarely do.
inline void count_images(int32_t* image, Ints wrapped, Ints steps) {
    store(image, load<Ints>(image) + ((wrapped >> 31) & (steps >> 31 | splat(1))));
}

// A force in whole quanta; false if it cannot be counted.
inline bool to_quanta(float force, const PairTable& table, int32_t& quanta) {
    const double x = std::nearbyint(force / table.force_quantum);
    if (!(std::fabs(x) <= INT32_MAX)) return false;
    quanta = (int32_t)x;
    return true;
}

}  // namespace tdaglass
