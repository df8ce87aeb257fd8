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
        pair_forces = choose_pair_forces(particles.dimension, table);
        list.build(particles, table, skin);
    }

    EnergyAndVirial energy_and_virial() const { return tdaglass::energy_and_virial(particles, list, table); }

    // A step of NVE, or with a thermostat of NVT at the temperature of the bath.
    Status step(bool thermostat, double temperature) {
        const double freedom = particles.dimension * (particles.n - 1.0);
        float factor = thermostat ? chain.half_step(dt, twice_kinetic_energy(), temperature, freedom) : 1;
        if (!kick_and_move(factor)) return EXPLODED;
        if (is_outdated(moved_sq, skin)) list.build(particles, table, skin);
        Status status = find_forces();
        if (status != OK) return status;
        kick();
        double kinetic = twice_kinetic_energy();
        if (!std::isfinite(kinetic)) return EXPLODED;
        if (thermostat) scale(chain.half_step(dt, kinetic, temperature, freedom));
        return OK;
    }

    Status find_forces() {
        if (!pair_forces(particles, list, table, total)) return OVERLAP;
        const Floats quantum = splat((float)table.force_quantum);
        for (size_t k = 0; k < 4 * (size_t)particles.n; k += LANES)
            store(&particles.force[k], to_floats(load<Ints>(&total[k])) * quantum);
        return OK;
    }

    // Sum of m v^2, exact after a rounding of every term: it does not depend on the order of the particles, and the
    // thermostat feeds its last bit back into every trajectory.
    double twice_kinetic_energy() const {
        HalfDoubles total{}, round_at = kinetic_rounding(particles.n, table) - HalfDoubles{};
        for (size_t k = 0; k < 4 * (size_t)particles.n; k += LANES) {
            TwiceKinetic each(load<Floats>(&particles.mass[k]), load<Floats>(&particles.velocity[k]), round_at);
            for (HalfDoubles half : each.half) total += half;
        }
        double sum = 0;
        for (int k = 0; k < LANES / 2; k++) sum += total[k];
        return sum;
    }

   private:
    const PairTable& table;
    double dt, skin;
    PairForces pair_forces = nullptr;
    NeighborList list;
    Aligned<int32_t> total;
    float moved_sq = 0;  // the largest since the list was built

    // v <- factor v + (dt/2) f/m, r <- r + dt v. False if a particle moves more than half the skin at once.
    bool kick_and_move(float factor) {
        const Floats half_dt = splat((float)(dt / 2)), limit = splat((float)longest_move(particles.edge, particles.dimension, skin));
        Floats resolution{}, farthest{};
        for (int k = 0; k < LANES; k++) resolution[k] = particles.resolution(k % 4);
        const Floats to_steps = (float)dt / resolution;
        Ints outside{};
        for (size_t k = 0; k < 4 * (size_t)particles.n; k += LANES) {
            Floats before = load<Floats>(&particles.velocity[k]);
            Floats v = kicked(&particles.velocity[k], &particles.force[k], load<Floats>(&particles.mass[k]), half_dt, splat(factor));
            store(&particles.velocity[k], v);
            // Before the kick, too: a thermostat would bring an exploding system to a standstill.
            outside |= is_beyond(v, (float)dt, limit) | is_beyond(before, (float)dt, limit);
            Ints moved = move(&particles.position[k], &particles.image[k], v, to_steps);
            Floats along = to_floats(moved - load<Ints>(&list.built_at[k])) * resolution;
            Ints square = as_ints(along * along);
            // The fourth column, the species, does not move: the sum is over the other three.
            square = as_ints(as_floats(square) + as_floats(neighbor_lanes<1>(square)));
            Floats distance_sq = as_floats(square) + as_floats(neighbor_lanes<2>(square));
            farthest = select(distance_sq > farthest, distance_sq, farthest);
        }
        moved_sq = largest(farthest);
        return bits(outside) == 0;
    }

    void kick() {
        const Floats half_dt = splat((float)(dt / 2));
        for (size_t k = 0; k < 4 * (size_t)particles.n; k += LANES)
            store(&particles.velocity[k], kicked(&particles.velocity[k], &particles.force[k],
                                                 load<Floats>(&particles.mass[k]), half_dt, splat(1.0f)));
    }

    void scale(float factor) {
        for (size_t k = 0; k < 4 * (size_t)particles.n; k += LANES)
            store(&particles.velocity[k], load<Floats>(&particles.velocity[k]) * factor);
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
