// One system: copies in and out of the kernel's order, and its steps. Threads for several.
#include "molecular_dynamics.hpp"

#include <atomic>
#include <bit>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "checks.hpp"
#include "dynamics.hpp"
#include "observables.hpp"

namespace tdaglass {
namespace {

// False if a force is beyond what can be counted.
bool copy_in(const Settings& s, const System& system, const PairTable& table, Dynamics& dynamics) {
    Particles& p = dynamics.particles;
    p.resize((int)s.n_particles, (int)s.dimension);
    for (int d = 0; d < p.dimension; d++) p.edge[d] = system.box[d];
    bool countable = true;
    for (int i = 0; i < p.n; i++) {
        size_t row = 4 * (size_t)i, from = (size_t)p.dimension * i;
        for (int d = 0; d < p.dimension; d++) {
            p.position[row + d] = system.fraction[from + d];
            p.image[row + d] = system.image[from + d];
            p.velocity[row + d] = system.velocity[from + d];
            countable &= to_quanta(system.force[from + d], table, p.force[row + d]);
        }
        p.position[row + 3] = table.by_diameter() ? std::bit_cast<int32_t>(system.diameters[i]) : system.species[i];
        p.kind[i] = table.kind_of(system.species[i], system.diameters[i]);
        double mass = s.masses[system.species[i]];
        for (int d = 0; d < 4; d++) {
            p.mass[row + d] = (float)mass;
            p.half_kick[row + d] = half_kick(s.dt, mass, table);
        }
    }
    for (int m = 0; m < CHAIN_LENGTH && system.chain_position; m++) {
        dynamics.chain.position[m] = system.chain_position[m];
        dynamics.chain.momentum[m] = system.chain_momentum[m];
    }
    dynamics.start();
    return countable;
}

void copy_out(const Dynamics& dynamics, const PairTable& table, System& system) {
    const Particles& p = dynamics.particles;
    for (int i = 0; i < p.n; i++) {
        size_t row = 4 * (size_t)i, to = (size_t)p.dimension * p.index[i];
        for (int d = 0; d < p.dimension; d++) {
            system.fraction[to + d] = p.position[row + d];
            system.image[to + d] = p.image[row + d];
            system.velocity[to + d] = p.velocity[row + d];
            system.force[to + d] = (float)p.force[row + d] * (float)table.force_quantum;
        }
    }
    for (int m = 0; m < CHAIN_LENGTH && system.chain_position; m++) {
        system.chain_position[m] = dynamics.chain.position[m];
        system.chain_momentum[m] = dynamics.chain.momentum[m];
    }
}

Progress checked_advance(const Settings& settings, System& system, Observer* observer) {
    PairTable table;
    Status status = check_settings(settings, table);
    if (status == OK) status = check_system(settings, system, table);
    if (status != OK || system.first >= system.last) return {system.first, status};
    Dynamics dynamics(table, settings.dt, settings.skin);
    if (!copy_in(settings, system, table, dynamics) || !dynamics.is_sound()) return {system.first, EXPLODED};
    int32_t made = system.first;
    auto go_on_to = [&](int32_t target) {
        if (made == target) return true;
        for (; made < target && status == OK; made += status == OK) {
            float temperature = bath_temperature(system, made);
            bool usable = is_usable(settings.thermostat, temperature);
            status = usable ? dynamics.step(settings.thermostat, temperature) : BAD_SETTINGS;
        }
        copy_out(dynamics, table, system);
        return status == OK;
    };
    visit_moments(observer, system.first, system.last, go_on_to, [&](int64_t m) { observer->look(system, m); });
    return {made, status};
}

Status checked_measure(const Settings& settings, System& system, double& energy, double& virial) {
    PairTable table;
    Status status = check_settings(settings, table);
    if (status == OK) status = check_system(settings, system, table);
    if (status != OK) return status;
    Dynamics dynamics(table, settings.dt, settings.skin);
    copy_in(settings, system, table, dynamics);
    status = dynamics.find_forces();
    EnergyAndVirial total = dynamics.energy_and_virial();
    energy = total.energy;
    virial = total.virial;
    copy_out(dynamics, table, system);
    return status;
}

}  // namespace

Progress advance(const Settings& settings, System& system, Observer* observer) noexcept {
    try {
        return checked_advance(settings, system, observer);
    } catch (const std::exception&) {  // bad_alloc, or length_error of a vector
        return {system.first, OUT_OF_MEMORY};
    }
}

Status measure(const Settings& settings, System& system, double& energy, double& virial) noexcept {
    try {
        return checked_measure(settings, system, energy, virial);
    } catch (const std::exception&) {
        return OUT_OF_MEMORY;
    }
}

void for_each(int64_t n, int64_t threads, void (*task)(int64_t k, void* context), void* context) noexcept {
    std::atomic<int64_t> next{0};
    auto work = [&] {
        for (int64_t k; (k = next.fetch_add(1)) < n;) task(k, context);
    };
    std::vector<std::thread> others;
    try {
        for (int64_t t = 1; t < threads && t < n; t++) others.emplace_back(work);
    } catch (const std::exception&) {
        // The threads that could be started, this one among them, do the work.
    }
    work();
    for (auto& other : others) other.join();
}

}  // namespace tdaglass
