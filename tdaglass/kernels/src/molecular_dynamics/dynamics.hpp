// Velocity Verlet on fixed-point positions, alone, between half steps of a thermostat, or with a barostat too.
#pragma once
#include <cmath>
#include <vector>

#include "barostat.hpp"
#include "force_field.hpp"
#include "thermostat.hpp"
#include "verlet.hpp"

namespace tdaglass {

template <ForceField Field>
class Dynamics {
   public:
    Particles particles;
    Chain chain;
    Barostat barostat;

    Dynamics(Field& field, double dt, double skin) : field(field), dt(dt), skin(skin) {}

    // Call when the particles are in place.
    void start() {
        field.start(particles);
        list.build(particles, field.reaches(), skin);
        kinetic = scale(1);
    }

    // Whether the velocities are such that a step can be made.
    bool is_sound() const { return std::isfinite(kinetic) && !is_too_fast(); }

    EnergyAndVirial energy_and_virial() const { return field.energy_and_virial(particles, list); }

    // A step of NVE, or with a thermostat of NVT at the temperature of the bath.
    Status step(bool thermostat, double temperature) {
        const float factor = thermostat ? chain.half_step(dt, kinetic, temperature, freedom()) : 1;
        kick_and_move(factor, 1, dt);
        if (is_too_fast()) return EXPLODED;
        renew_list();
        if (!field.add_forces(particles, list)) return OVERLAP;
        kinetic = kick(1, 1);
        if (!is_sound()) return EXPLODED;
        if (thermostat) kinetic = scale(chain.half_step(dt, kinetic, temperature, freedom()));
        return OK;
    }

    // A step of NPT at the temperature and pressure of the bath, eqs. (33)-(38) of Tuckerman et al., J. Phys. A 39, 5629
    // (2006), in the order of engine 1. Call find_virial before the first.
    Status step_at_pressure(double temperature, double pressure) {
        const double d = particles.dimension, alpha = 1 + d / freedom(), period = BAROSTAT_PERIOD * dt;
        const double box_mass = (freedom() + d) * temperature * period * period;
        const float factor = chain.half_step(dt, kinetic, temperature, freedom());
        barostat.half_chain(dt, temperature, box_mass);
        auto push_box = [&](double twice_kinetic) {
            const double of_particles = virial * field.quanta().virial_quantum;
            barostat.half_kick(dt, alpha * twice_kinetic + of_particles - d * pressure * particles.volume());
        };
        push_box(kinetic * factor * factor);
        const double growth = barostat.momentum / box_mass * dt;
        if (!(std::fabs(growth) * (field.reaches().longest_cutoff + skin) < skin / 2)) return EXPLODED;
        // Fractions of the box that stretches stand still by themselves.
        const Growth of_velocities(-alpha * growth / 2), of_box(growth);
        for (int k = 0; k < particles.dimension; k++) particles.edge[k] = (float)(particles.edge[k] * of_box.stretch);
        if (is_short(particles.edge, particles.dimension, field.reaches())) return BAD_BOX;
        kick_and_move((float)(factor * of_velocities.stretch), (float)of_velocities.mean, dt * of_box.mean);
        if (is_too_fast()) return EXPLODED;
        renew_list();
        if (!field.add_forces_and_virial(particles, list, virial)) return OVERLAP;
        kinetic = kick((float)of_velocities.stretch, (float)of_velocities.mean);
        if (!is_sound()) return EXPLODED;
        push_box(kinetic);
        kinetic = scale(chain.half_step(dt, kinetic, temperature, freedom()));
        barostat.half_chain(dt, temperature, box_mass);
        return OK;
    }

    Status find_forces() {
        std::fill(particles.force.begin(), particles.force.end(), 0);
        return field.add_forces(particles, list) ? OK : OVERLAP;
    }

    // The virial of the present places; forces stay those that were handed in.
    Status find_virial() {
        Aligned<int32_t> given(particles.force.size());
        given.swap(particles.force);
        const bool countable = field.add_forces_and_virial(particles, list, virial);
        given.swap(particles.force);
        return countable ? OK : OVERLAP;
    }

   private:
    Field& field;
    double dt, skin;
    NeighborList list;
    int64_t virial = 0;   // in quanta
    double kinetic = 0;   // sum of m v^2
    float fastest = 0;    // component of a velocity
    float moved_sq = 0;   // the furthest since the list was built

    bool is_too_fast() const { return is_beyond(fastest, dt, particles.edge, particles.dimension, skin); }

    double freedom() const { return particles.dimension * (particles.n - 1.0); }

    size_t end() const { return 4 * (size_t)particles.n; }

    void renew_list() {
        const Reaches& reaches = field.reaches();
        if (is_outdated(moved_sq, list.usable(skin, particles, reaches))) list.build(particles, reaches, skin);
    }

    Floats kicked_at(size_t k, Floats factor, Floats push) const {
        return kicked(load<Floats>(&particles.velocity[k]), load<Ints>(&particles.force[k]),
                      load<Floats>(&particles.half_kick[k]) * push, factor);
    }

    // v <- factor v + push (dt/2) f/m, r <- r + time v, f <- 0.
    void kick_and_move(float factor_of_all, float push_of_all, double time) {
        const Floats factor = splat(factor_of_all), push = splat(push_of_all);
        Floats resolution{}, farthest{};
        Largest seen;
        for (int k = 0; k < LANES; k++) resolution[k] = particles.resolution(k % 4);
        const Floats to_steps = (float)time / resolution;
        Particles& p = particles;
        for (size_t k = 0; k < end(); k += LANES) {
            Floats v = kicked_at(k, factor, push);
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

    // v <- factor v + push (dt/2) f/m; returns the sum of m v^2.
    double kick(float factor, float push) {
        return change_velocities([&](size_t k) { return kicked_at(k, splat(factor), splat(push)); });
    }

    // v <- factor v; returns the sum of m v^2.
    double scale(float factor) {
        return change_velocities([&](size_t k) { return load<Floats>(&particles.velocity[k]) * splat(factor); });
    }

    template <class Changed>
    double change_velocities(Changed changed) {
        Largest seen;
        TwiceKinetic energy(particles.n, field.quanta());
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
