// One system under any force field: copies in and out of the kernel's order, and its steps.
#pragma once
#include <algorithm>

#include "checks.hpp"
#include "dynamics.hpp"
#include "observables.hpp"

namespace tdaglass {

inline void load_chain(Chain& chain, const float* position, const float* momentum) {
    if (!position) return;
    std::copy_n(position, CHAIN_LENGTH, chain.position);
    std::copy_n(momentum, CHAIN_LENGTH, chain.momentum);
}

inline void store_chain(const Chain& chain, float* position, float* momentum) {
    if (!position) return;
    std::copy_n(chain.position, CHAIN_LENGTH, position);
    std::copy_n(chain.momentum, CHAIN_LENGTH, momentum);
}

// False if a force is beyond what can be counted.
template <class Field>
bool copy_in(const Settings& s, const System& system, Field& field, Dynamics<Field>& dynamics) {
    Particles& p = dynamics.particles;
    const Quanta& quanta = field.quanta();
    p.resize((int)s.n_particles, (int)s.dimension);
    for (int d = 0; d < p.dimension; d++) p.edge[d] = system.box[d];
    bool countable = true;
    for (int i = 0; i < p.n; i++) {
        size_t row = 4 * (size_t)i, from = (size_t)p.dimension * i;
        for (int d = 0; d < p.dimension; d++) {
            p.position[row + d] = system.fraction[from + d];
            p.image[row + d] = system.image[from + d];
            p.velocity[row + d] = system.velocity[from + d];
            countable &= to_quanta(system.force[from + d], quanta, p.force[row + d]);
        }
        p.position[row + 3] = field.code_of(system.species[i], system.diameters[i]);
        p.kind[i] = field.kind_of(system.species[i], system.diameters[i]);
        double mass = s.masses[system.species[i]];
        for (int d = 0; d < 4; d++) {
            p.mass[row + d] = (float)mass;
            p.half_kick[row + d] = half_kick(s.dt, mass, quanta);
        }
    }
    load_chain(dynamics.chain, system.chain_position, system.chain_momentum);
    load_chain(dynamics.barostat.chain, system.barostat_position, system.barostat_momentum);
    if (system.box_momentum) dynamics.barostat.momentum = *system.box_momentum;
    dynamics.start();
    return countable;
}

template <class Field>
void copy_out(const Settings& s, const Dynamics<Field>& dynamics, const Quanta& quanta, System& system) {
    const Particles& p = dynamics.particles;
    for (int i = 0; i < p.n; i++) {
        size_t row = 4 * (size_t)i, to = (size_t)p.dimension * p.index[i];
        for (int d = 0; d < p.dimension; d++) {
            system.fraction[to + d] = p.position[row + d];
            system.image[to + d] = p.image[row + d];
            system.velocity[to + d] = p.velocity[row + d];
            system.force[to + d] = (float)p.force[row + d] * (float)quanta.force_quantum;
        }
    }
    store_chain(dynamics.chain, system.chain_position, system.chain_momentum);
    if (!s.barostat) return;
    for (int d = 0; d < p.dimension; d++) system.box[d] = (float)p.edge[d];
    store_chain(dynamics.barostat.chain, system.barostat_position, system.barostat_momentum);
    *system.box_momentum = dynamics.barostat.momentum;
}

// The settings have been looked at, and the force field is made from them.
template <class Field>
Progress advance_one(const Settings& settings, System& system, Field& field, Observer* observer = nullptr) {
    const Status fit = check_system(settings, system, field.reaches(), field);
    if (fit != OK || system.first >= system.last) return {system.first, fit};
    if (settings.barostat && !has_barostat(settings, system)) return {system.first, BAD_SETTINGS};
    Dynamics<Field> dynamics(field, settings.dt, settings.skin);
    if (!copy_in(settings, system, field, dynamics) || !dynamics.is_sound()) return {system.first, EXPLODED};
    Status status = settings.barostat ? dynamics.find_virial() : OK;
    int32_t made = system.first;
    auto step = [&] {
        const float temperature = bath_temperature(system, made);
        if (!is_usable(settings.thermostat, temperature)) return BAD_SETTINGS;
        return settings.barostat ? dynamics.step_at_pressure(temperature, system.pressure)
                                 : dynamics.step(settings.thermostat, temperature);
    };
    auto go_on_to = [&](int32_t target) {
        if (made == target) return true;
        for (; made < target && status == OK; made += status == OK) status = step();
        copy_out(settings, dynamics, field.quanta(), system);
        return status == OK;
    };
    visit_moments(observer, system.first, system.last, go_on_to, [&](int64_t m) { observer->look(system, m); });
    return {made, status};
}

template <class Field>
Status measure_one(const Settings& settings, System& system, Field& field, double& energy, double& virial) {
    Status status = check_system(settings, system, field.reaches(), field);
    if (status != OK) return status;
    Dynamics<Field> dynamics(field, settings.dt, settings.skin);
    copy_in(settings, system, field, dynamics);
    status = dynamics.find_forces();
    const EnergyAndVirial total = dynamics.energy_and_virial();
    energy = total.energy;
    virial = total.virial;
    copy_out(settings, dynamics, field.quanta(), system);
    return status;
}

}  // namespace tdaglass
