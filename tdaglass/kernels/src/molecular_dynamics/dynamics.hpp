// Velocity Verlet, alone or between half steps of a thermostat, on fixed-point positions.
#pragma once
#include <cmath>
#include <vector>

#include "molecular_dynamics.hpp"
#include "pair_forces.hpp"
#include "thermostat.hpp"
#include "verlet.hpp"

namespace tdaglass {

class Dynamics {
   public:
    Particles particles;
    Chain chain;

    Dynamics(const PairTable& table, double dt, double skin) : table(table), dt(dt), skin(skin) {}

    // Call when the particles are in place.
    void start() {
        pair_forces = particles.dimension == 2 ? choose_pair_forces<2>(particles, table)
                                               : choose_pair_forces<3>(particles, table);
        list.build(particles, table, skin);
        kinetic = scale(1);
    }

    // Whether the velocities are such that a step can be made.
    bool is_sound() const { return std::isfinite(kinetic) && !is_too_fast(); }

    EnergyAndVirial energy_and_virial() const { return tdaglass::energy_and_virial(particles, list, table); }

    // A step of NVE, or with a thermostat of NVT at the temperature of the bath.
    Status step(bool thermostat, double temperature) {
        const double freedom = particles.dimension * (particles.n - 1.0);
        kick_and_move(thermostat ? chain.half_step(dt, kinetic, temperature, freedom) : 1);
        if (is_too_fast()) return EXPLODED;
        if (is_outdated(moved_sq, skin)) list.build(particles, table, skin);
        if (!pair_forces(particles, list, table)) return OVERLAP;
        kinetic = kick();
        if (!is_sound()) return EXPLODED;
        if (thermostat) kinetic = scale(chain.half_step(dt, kinetic, temperature, freedom));
        return OK;
    }

    Status find_forces() {
        std::fill(particles.force.begin(), particles.force.end(), 0);
        return pair_forces(particles, list, table) ? OK : OVERLAP;
    }

   private:
    const PairTable& table;
    double dt, skin;
    PairForces pair_forces = nullptr;
    NeighborList list;
    double kinetic = 0;   // sum of m v^2
    float fastest = 0;    // component of a velocity
    float moved_sq = 0;   // the furthest since the list was built

    bool is_too_fast() const { return is_beyond(fastest, dt, particles.edge, particles.dimension, skin); }

    size_t end() const { return 4 * (size_t)particles.n; }

    Floats kicked_at(size_t k, Floats factor) const {
        return kicked(load<Floats>(&particles.velocity[k]), load<Ints>(&particles.force[k]),
                      load<Floats>(&particles.half_kick[k]), factor);
    }

    // v <- factor v + (dt/2) f/m, r <- r + dt v, f <- 0.
    void kick_and_move(float factor_of_all) {
        const Floats factor = splat(factor_of_all);
        Floats resolution{}, farthest{};
        Largest seen;
        for (int k = 0; k < LANES; k++) resolution[k] = particles.resolution(k % 4);
        const Floats to_steps = (float)dt / resolution;
        Particles& p = particles;
        for (size_t k = 0; k < end(); k += LANES) {
            Floats v = kicked_at(k, factor);
            store(&p.velocity[k], v);
            store(&p.force[k], Ints{});
            seen.see(v);
            Ints moved = move(&p.position[k], &p.image[k], v, to_steps);
            Floats along = to_floats(moved - load<Ints>(&list.built_at[k])) * resolution;
            // The fourth column, the species, does not move: the sum is over the other three.
            Floats distance_sq = row_sums(along * along);
            farthest = select(distance_sq > farthest, distance_sq, farthest);
        }
        moved_sq = largest(farthest);
        fastest = seen.number();
    }

    // v <- v + (dt/2) f/m; returns the sum of m v^2.
    double kick() {
        return change_velocities([this](size_t k) { return kicked_at(k, splat(1.0f)); });
    }

    // v <- factor v; returns the sum of m v^2.
    double scale(float factor) {
        return change_velocities([&](size_t k) { return load<Floats>(&particles.velocity[k]) * splat(factor); });
    }

    template <class Changed>
    double change_velocities(Changed changed) {
        Largest seen;
        TwiceKinetic energy(particles.n, table);
        for (size_t k = 0; k < end(); k += LANES) {
            Floats v = changed(k);
            store(&particles.velocity[k], v);
            seen.see(v);
            energy.add(load<Floats>(&particles.mass[k]) * row_sums(v * v));
        }
        fastest = seen.number();
        double total = 0;
        for (int k = 0; k < LANES; k += 4) total += energy.of_lane(k);  // a row's sum stands in all of its columns
        return total;
    }

    // In every row the sum of its four numbers, (x + y) + (z + w).
    static Floats row_sums(Floats x) {
        x = x + as_floats(neighbor_lanes<1>(as_ints(x)));
        return x + as_floats(neighbor_lanes<2>(as_ints(x)));
    }

    template <int FLIP, size_t... k>
    static Ints neighbor_lanes(Ints x, std::index_sequence<k...>) {
        return __builtin_shufflevector(x, x, ((int)k ^ FLIP)...);
    }
    template <int FLIP>
    static Ints neighbor_lanes(Ints x) {
        return neighbor_lanes<FLIP>(x, std::make_index_sequence<LANES>{});
    }
};

}  // namespace tdaglass
