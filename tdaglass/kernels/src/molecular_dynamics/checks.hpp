// Everything a caller hands over, looked at before it is used.
#pragma once
#include <cmath>

#include "molecular_dynamics.hpp"
#include "pair_table.hpp"

namespace tdaglass {

// Slots hold sixteen times an index in 32 bits.
constexpr int64_t MOST_PARTICLES = (int64_t)1 << 27;

inline Status check_settings(const Settings& s, PairTable& table) {
    bool sizes = (s.dimension == 2 || s.dimension == 3) && s.n_particles >= 2 && s.n_particles < MOST_PARTICLES;
    table = {};
    if (!sizes || !table.make(s)) return BAD_SETTINGS;
    for (double x : {s.dt, s.skin})
        if (!(x > 0 && std::isfinite(x))) return BAD_SETTINGS;
    for (int k = 0; k < s.n_species; k++)
        if (!(s.masses[k] > 0 && std::isfinite(s.masses[k]))) return BAD_SETTINGS;
    return OK;
}

inline Status check_system(const Settings& s, const System& system, const PairTable& table) {
    for (int d = 0; d < s.dimension; d++) {
        // Edges in single precision are a rounding away from the number the user wrote.
        bool long_enough = system.box[d] * (1 + 1e-6) >= 2 * table.longest_cutoff;
        if (!long_enough || !std::isfinite(system.box[d])) return BAD_BOX;
    }
    for (int64_t i = 0; i < s.n_particles; i++) {
        if (system.species[i] < 0 || system.species[i] >= s.n_species) return BAD_SPECIES;
        // In single precision the bounds themselves may lie a little outside.
        const double d = system.diameters[i], slack = 1e-6;
        bool within = d >= s.potential.smallest * (1 - slack) && d <= s.potential.largest * (1 + slack);
        if (table.by_diameter() && !within) return BAD_SPECIES;
    }
    return OK;
}

// Temperature of the bath after so many steps; a thermostat needs a finite one above zero.
inline float bath_temperature(const System& system, int32_t made) {
    return system.temperature + system.slope * (float)made;
}

inline bool is_usable(bool thermostat, float temperature) {
    return !thermostat || (temperature > 0 && std::isfinite(temperature));
}

}  // namespace tdaglass
