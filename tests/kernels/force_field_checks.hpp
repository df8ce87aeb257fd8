// What is asked of every force field without Python: forces and virials are slopes of the energy, threads change no bit.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "checking.hpp"
#include "molecular_dynamics/system_run.hpp"

namespace tdaglass::checks {

using checking::check;

constexpr double KELVIN = 8.617333e-5;

// A force field's two calls.
struct Loops {
    std::function<Status(const Settings&, System&, double& energy, double& virial)> measure;
    std::function<void(const Settings&, System*, Progress*, int64_t n, int64_t threads)> advance_all;
};

// A jittered lattice of sites^3 hot atoms, in metal units, in a box that is a little longer along one axis.
struct Atoms {
    std::vector<double> masses;
    double temperature;
    std::vector<int32_t> fraction, image, species;
    std::vector<float> diameters, velocity, force, box, chain_position, chain_momentum;
    std::vector<float> box_momentum, barostat_position, barostat_momentum;
    Settings settings{};

    Atoms(int sites, double spacing, std::vector<double> masses, double temperature, double skin, unsigned seed)
        : masses(masses), temperature(temperature), chain_position(3), chain_momentum(3), box_momentum(1),
          barostat_position(3), barostat_momentum(3) {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        const int n = sites * sites * sites, kinds = (int)masses.size();
        for (int d = 0; d < 3; d++) box.push_back((float)(spacing * sites + 0.3 * d));
        for (int i = 0; i < n; i++) {
            const int at[3] = {i % sites, i / sites % sites, i / sites / sites};
            species.push_back(i % kinds);
            for (int d = 0; d < 3; d++) {
                const double x = (at[d] + 0.5 + 0.03 * normal(random)) / sites;
                fraction.push_back((int32_t)std::lround((x - 0.5) * 0x1p32));
                velocity.push_back(normal(random) * (float)std::sqrt(temperature / masses[i % kinds]));
            }
        }
        diameters.assign(n, 1), image.assign(3 * n, 0), force.assign(3 * n, 0);
        settings.dimension = 3, settings.n_particles = n, settings.n_species = kinds;
        settings.thermostat = true, settings.dt = 1e-3, settings.skin = skin;
    }

    // The masses are pointed at when they are used: atoms may be copied.
    System system(int last = 0) {
        settings.masses = masses.data();
        System s{fraction.data(), image.data(), velocity.data(), force.data(), chain_position.data(),
                 chain_momentum.data(), species.data(), diameters.data(), box.data(), (float)temperature, 0, 0, last};
        s.box_momentum = box_momentum.data();
        s.barostat_position = barostat_position.data(), s.barostat_momentum = barostat_momentum.data();
        return s;
    }
};

inline double energy_of(Atoms& atoms, const Loops& loops, double* virial = nullptr) {
    System system = atoms.system();
    double energy = 0, unasked = 0;
    check(loops.measure(atoms.settings, system, energy, virial ? *virial : unasked) == OK, "measured");
    return energy;
}

// How far a force may be from the slope, in eV / angstrom, and the virial, in parts of itself.
struct Tolerance {
    double force, virial;
};

inline void forces_are_slopes(Atoms atoms, const Loops& loops, Tolerance within) {
    double virial = 0;
    energy_of(atoms, loops, &virial);
    const std::vector<float> force = atoms.force;
    double total[3] = {};
    for (size_t k = 0; k < force.size(); k++) total[k % 3] += force[k];
    for (double sum : total) check(std::fabs(sum) < 1e-2, "forces add up to nothing");
    for (size_t k = 0; k < 60; k += 7) {
        const int32_t step = 1 << 16;
        const double length = step * (atoms.box[k % 3] * 0x1p-32);
        atoms.fraction[k] += step;
        const double ahead = energy_of(atoms, loops);
        atoms.fraction[k] -= 2 * step;
        const double behind = energy_of(atoms, loops);
        atoms.fraction[k] += step;
        check(std::fabs((behind - ahead) / (2 * length) - force[k]) < within.force, "a force is a slope of the energy");
    }
    auto stretched = [&](double by) {
        Atoms larger = atoms;
        for (float& edge : larger.box) edge = (float)(edge * (1 + by));
        return energy_of(larger, loops);
    };
    const double slope = (stretched(-1e-4) - stretched(1e-4)) / 2e-4;
    check(std::fabs(slope / virial - 1) < within.virial, "the virial is the slope in the edges");
}

// The virial is the same in whole quanta, and forces are the same to the last bit beside it.
template <class Field>
void virial_in_quanta(Atoms atoms, const Loops& loops, Field& field) {
    double virial = 0;
    energy_of(atoms, loops, &virial);
    Dynamics<Field> dynamics(field, atoms.settings.dt, atoms.settings.skin);
    System system = atoms.system();
    copy_in(atoms.settings, system, field, dynamics);
    NeighborList list;
    list.build(dynamics.particles, field.reaches(), atoms.settings.skin);
    int64_t whole = 0;
    Aligned<int32_t>& rows = dynamics.particles.force;
    std::fill(rows.begin(), rows.end(), 0);
    check(field.add_forces_and_virial(dynamics.particles, list, whole), "a virial that can be counted");
    const Aligned<int32_t> with_virial = rows;
    check(std::fabs((double)whole * field.quanta().virial_quantum - virial) < 1e-4 * std::fabs(virial), "the virial in quanta");
    std::fill(rows.begin(), rows.end(), 0);
    check(field.add_forces(dynamics.particles, list) && rows == with_virial, "forces are the same without the virial");
}

// Four systems, sixty steps.
inline void threads_change_no_bit(const std::function<Atoms(unsigned seed)>& make, const Loops& loops, bool barostat) {
    std::vector<std::vector<int32_t>> ends;
    for (int threads : {1, 3}) {
        std::vector<Atoms> all;
        for (unsigned seed = 1; seed <= 4; seed++) all.push_back(make(seed));
        std::vector<System> systems;
        for (Atoms& atoms : all) systems.push_back(atoms.system(60));
        std::vector<Progress> progress(all.size());
        Settings settings = all[0].settings;
        settings.barostat = barostat;
        loops.advance_all(settings, systems.data(), progress.data(), (int64_t)systems.size(), threads);
        std::vector<int32_t> end;
        for (size_t k = 0; k < all.size(); k++) {
            check(progress[k].status == OK && progress[k].made == 60, "steps are made");
            check((all[k].box_momentum[0] != 0) == barostat, "the box moves where it should");
            end.insert(end.end(), all[k].fraction.begin(), all[k].fraction.end());
        }
        ends.push_back(end);
    }
    check(ends[0] == ends[1], "threads change no bit");
}

// How five steps of one system end.
inline Status status_of(Atoms& atoms, const Loops& loops) {
    System system = atoms.system(5);
    Progress progress{};
    loops.advance_all(atoms.settings, &system, &progress, 1, 1);
    return (Status)progress.status;
}

// What every field refuses alike.
inline void bad_atoms_stop(const std::function<Atoms(unsigned seed)>& make, const Loops& loops) {
    auto status = [&](auto change) {
        Atoms atoms = make(1);
        change(atoms);
        return status_of(atoms, loops);
    };
    check(status([](Atoms& a) { a.settings.dimension = 2; }) == BAD_SETTINGS, "two dimensions");
    check(status([](Atoms& a) { a.box[1] = 4.0f; }) == BAD_BOX, "a box that is too small");
    check(status([](Atoms& a) { a.species[3] = (int32_t)a.settings.n_species; }) == BAD_SPECIES, "another species");
    check(status([](Atoms& a) { a.velocity[3] = 1e6f; }) == EXPLODED, "a fast atom");
    for (bool barostat : {false, true})
        check(status([=](Atoms& a) {
                  a.settings.barostat = barostat;
                  for (int i = 0; i < 60; i++) a.fraction[i] = (i * 7919) << 8;
              }) == OVERLAP, "twenty atoms in one place");
}

}  // namespace tdaglass::checks
