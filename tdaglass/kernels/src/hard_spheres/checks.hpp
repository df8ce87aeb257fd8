// Everything a caller hands over, looked at before it is used.
#pragma once
#include <algorithm>
#include <cmath>

#include "hard_spheres.hpp"

namespace tdaglass::hard_spheres {

// Of neighbours' indices and ticks, which are counted in 32 bits.
constexpr int64_t MOST_PARTICLES = (int64_t)1 << 27;
// Largest diameters in a time unit, and boxes from home: what is beyond has no digits left.
constexpr double FASTEST = 1e5, FARTHEST = 1e9;
// The nearest image of a particle is then the only one that another can meet, with a margin for lists.
constexpr double SHORTEST_EDGE = 2.2;

inline Status check_settings(const Settings& s) {
    const bool sizes = (s.dimension == 2 || s.dimension == 3) && s.n_particles >= 2 && s.n_particles < MOST_PARTICLES &&
                       s.n_species >= 1 && s.ticks_per_epoch >= 1 && s.ticks_per_epoch <= 1000000 && s.most_events >= 1 &&
                       s.most_events <= (int64_t)1 << 32;
    if (!sizes) return BAD_SETTINGS;
    for (int64_t k = 0; k < s.n_species; k++)
        if (!(s.masses[k] > 1e-100 && s.masses[k] < 1e100)) return BAD_SETTINGS;
    return OK;
}

inline Status check_system(const Settings& s, const System& system) {
    const auto within = [](double x, double most) { return std::abs(x) <= most; };  // no number is within nothing
    if (!(system.tick > 0 && system.tick < 1e6) || !(system.growth >= 0 && system.growth * system.tick < 10) ||
        system.first < 0 || system.last < system.first || system.n_meetings < 0)
        return BAD_SETTINGS;
    // Grown particles are the caller's to measure, at the end of an epoch.
    if (system.growth > 0 && (system.first % s.ticks_per_epoch || system.last - system.first > s.ticks_per_epoch))
        return BAD_SETTINGS;
    double largest = 0;
    for (int64_t i = 0; i < s.n_particles; i++) {
        if (!(system.diameters[i] > 1e-50 && system.diameters[i] < 1e50)) return BAD_PARTICLES;
        largest = std::max(largest, system.diameters[i]);
    }
    const double at_the_end = largest * (1 + system.growth * system.tick * (double)s.ticks_per_epoch);
    for (int64_t k = 0; k < s.dimension; k++)
        // An edge in single precision is a rounding away from the number the user wrote.
        if (!(system.box[k] * (1 + 1e-6) >= SHORTEST_EDGE * at_the_end && system.box[k] < 1e6 * (double)s.n_particles * at_the_end))
            return BAD_BOX;
    const double now = (double)(system.first % s.ticks_per_epoch) * system.tick;
    for (int64_t i = 0; i < s.n_particles; i++) {
        if (!(system.time[i] >= 0 && system.time[i] <= now)) return BAD_PARTICLES;
        if (system.species[i] < 0 || system.species[i] >= s.n_species) return BAD_PARTICLES;
        for (int64_t k = 0; k < s.dimension; k++) {
            const int64_t at = s.dimension * i + k;
            if (!within(system.position[at], FARTHEST * system.box[k]) || !within(system.image[at], FARTHEST) ||
                !within(system.velocity[at], FASTEST * at_the_end))
                return BAD_PARTICLES;
        }
    }
    return OK;
}

}  // namespace tdaglass::hard_spheres
