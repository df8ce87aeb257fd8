// Everything a caller hands over, looked at before it is used.
#pragma once
#include <cmath>

#include "molecular_dynamics.hpp"
#include "pair_table.hpp"
#include "verlet.hpp"

namespace tdaglass {

// Slots hold sixteen times an index in 32 bits.
constexpr int64_t MOST_PARTICLES = (int64_t)1 << 27;

// What does not depend on the force field.
inline Status check_settings(const Settings& s) {
    bool sizes = (s.dimension == 2 || s.dimension == 3) && s.n_particles >= 2 && s.n_particles < MOST_PARTICLES;
    if (!sizes || s.n_species < 1 || s.n_species > MOST_SPECIES) return BAD_SETTINGS;
    for (double x : {s.dt, s.skin})
        if (!(x > 0 && std::isfinite(x))) return BAD_SETTINGS;
    for (int k = 0; k < s.n_species; k++)
        if (!(s.masses[k] > 0 && std::isfinite(s.masses[k]))) return BAD_SETTINGS;
    return OK;
}

// Of pair liquids, and their table.
inline Status check_settings(const Settings& s, PairTable& table) {
    table = {};
    const Status status = check_settings(s);
    return status == OK && !table.make(s) ? BAD_SETTINGS : status;
}

// Of a force field, or the table of one.
template <class Field>
Status check_system(const Settings& s, const System& system, const Reaches& reaches, const Field& field) {
    double edge[3];
    for (int d = 0; d < s.dimension; d++) {
        edge[d] = system.box[d];
        if (!std::isfinite(edge[d])) return BAD_BOX;
    }
    if (is_short(edge, (int)s.dimension, reaches)) return BAD_BOX;
    for (int64_t i = 0; i < s.n_particles; i++) {
        if (system.species[i] < 0 || system.species[i] >= s.n_species) return BAD_SPECIES;
        if (!field.admits(system.diameters[i])) return BAD_SPECIES;
    }
    return OK;
}

inline Status check_system(const Settings& s, const System& system, const PairTable& table) {
    return check_system(s, system, table, table);
}

// Temperature of the bath after so many steps; a thermostat needs a finite one above zero.
inline float bath_temperature(const System& system, int32_t made) {
    return system.temperature + system.slope * (float)made;
}

inline bool is_usable(bool thermostat, float temperature) {
    return !thermostat || (temperature > 0 && std::isfinite(temperature));
}

// A barostat needs a finite pressure, places to keep the box in, and a thermostat.
inline bool has_barostat(const Settings& s, const System& system) {
    return s.thermostat && system.box_momentum && system.barostat_position && system.barostat_momentum &&
           std::isfinite(system.pressure);
}

}  // namespace tdaglass
