// The arithmetic of a time step, lane by lane. One system and replicas side by side have the same bits because both
// take it from here.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>

#include "quanta.hpp"
#include "vectors/simd.hpp"

namespace tdaglass {

// Whether a particle goes too far in one step: half the skin, or a quarter of the box so that it is known which way it
// was crossed; or its speed is not a number.
inline bool is_beyond(float speed, double dt, const double* edge, int dimension, double skin) {
    return !(speed * dt < std::min(skin / 2, *std::min_element(edge, edge + dimension) / 4));
}

// Whether more than the nearest image of a particle may be within a cut-off.
inline bool is_short(const double* edge, int dimension, const Reaches& reaches) {
    // Edges in single precision are a rounding away from the number the user wrote.
    return !(*std::min_element(edge, edge + dimension) * (1 + 1e-6) >= 2 * reaches.longest_cutoff);
}

// Whether a particle has moved so far since a list was built that a pair may be missing from it.
inline bool is_outdated(float moved_sq, double skin) { return !(skin > 0 && moved_sq <= skin * skin / 4 * 0.998); }

// Adding this to a number, and subtracting it, leaves a multiple of so small a power of two that sums of them are exact
// up to 64 energy units a particle.
inline double kinetic_rounding(int n, const Quanta& quanta) {
    return 1.5 * std::exp2(std::ceil(std::log2(64.0 * n))) * quanta.energy_unit;
}

// Sums of m v^2, lane by lane, of particles rounded so that no order of them changes a sum: the thermostat feeds its
// last bit back into every trajectory.
struct TwiceKinetic {
    HalfDoubles sum[2] = {}, round_at;

    TwiceKinetic(int n, const Quanta& quanta) : round_at(kinetic_rounding(n, quanta) - HalfDoubles{}) {}

    void add(Floats energy) {
        HalfFloats half[2];
        std::memcpy(half, &energy, sizeof half);
        for (int h = 0; h < 2; h++) sum[h] += (__builtin_convertvector(half[h], HalfDoubles) + round_at) - round_at;
    }

    double of_lane(int k) const { return sum[k / (LANES / 2)][k % (LANES / 2)]; }
};

// The largest magnitude: as bits, which are in the order of the numbers, and above all of them if one is not a number.
class Largest {
   public:
    void see(Floats x) {
        Ints size = as_ints(magnitude(x));
        most = size > most ? size : most;
    }

    float number() const {
        int32_t bits = 0;
        for (int k = 0; k < LANES; k++) bits = std::max(bits, (int32_t)most[k]);
        float value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }

   private:
    Ints most{};
};

// What one force quantum adds to a velocity in half a step.
inline float half_kick(double dt, double mass, const Quanta& quanta) {
    return (float)(dt / 2 / mass * quanta.force_quantum);
}

// factor v + (dt/2) f/m, of a force in quanta.
inline Floats kicked(Floats velocity, Ints force, Floats half_kick, Floats factor) {
    return multiply_add(velocity, factor, to_floats(force) * half_kick);
}

// r <- r + dt v, image boxes counted; returns the new fractions.
inline Ints move(int32_t* position, int32_t* image, Floats velocity, Floats to_steps) {
    Ints old = load<Ints>(position), steps = round_to_int(velocity * to_steps), moved = old + steps;
    store(position, moved);
    // A sum that wrapped round went through a face of the box, which few do, forward or backward.
    Ints wrapped = (old ^ moved) & (steps ^ moved);
    if (bits(wrapped)) store(image, load<Ints>(image) + ((wrapped >> 31) & (steps >> 31 | splat(1))));
    return moved;
}

// A force in whole quanta; false if it cannot be counted.
inline bool to_quanta(float force, const Quanta& of, int32_t& quanta) {
    const double x = std::nearbyint(force / of.force_quantum);
    if (!(std::fabs(x) <= INT32_MAX)) return false;
    quanta = (int32_t)x;
    return true;
}

}  // namespace tdaglass
