// Dynamics of replicas side by side: what Dynamics does for one system, for as many as a vector has lanes, bit for bit.
#pragma once
#include "replica_forces.hpp"
#include "thermostat.hpp"
#include "verlet.hpp"

namespace tdaglass {

// The same steps as those of Dynamics.
template <int DIM>
class ReplicaDynamics {
   public:
    Replicas<DIM> replicas;
    Chain chain[LANES];

    ReplicaDynamics(const PairTable& table, const double* masses, double dt, double skin)
        : table(table), dt(dt), skin(skin), list(skin), energy(1, table) {
        mass.resize(table.n_species), of_quantum.resize(table.n_species);
        for (int s = 0; s < table.n_species; s++) {
            mass[s] = splat((float)masses[s]);
            of_quantum[s] = splat(half_kick(dt, masses[s], table));
        }
    }

    // Call when the replicas are in place. False if any of them cannot make a step.
    bool start() {
        list.build(replicas, table);
        find_forces = choose_replica_forces(replicas, table);
        scale(splat(1.0f));
        return is_sound();
    }

    // How many times the pairs of a replica alone are computed for it.
    double excess() { return list.excess(replicas, table); }

    // A step of all; false if any replica cannot go on, which one finds out by running it alone.
    bool step(bool thermostat, const float* temperature) {
        kick_and_move(thermostat ? half_chains(temperature) : splat(1.0f));
        if (is_too_fast()) return false;
        list.has_moved(fastest * dt);
        if (list.is_outdated()) list.build(replicas, table);
        if (!find_forces(replicas, list, table)) return false;
        kick();
        if (!is_sound()) return false;
        if (thermostat) scale(half_chains(temperature));
        return true;
    }

   private:
    const PairTable& table;
    double dt, skin;
    Aligned<Floats> mass, of_quantum;  // of each species; of_quantum: see half_kick
    UnionList<DIM> list;
    ReplicaForces<DIM> find_forces = nullptr;
    TwiceKinetic energy;
    float fastest = 0;

    bool is_too_fast() const { return is_beyond(fastest, dt, replicas.edge, DIM, skin); }

    bool is_sound() const {
        bool finite = true;
        for (int k = 0; k < LANES; k++) finite = finite && std::isfinite(energy.of_lane(k));
        return finite && !is_too_fast();
    }

    Floats half_chains(const float* temperature) {
        const double freedom = DIM * (replicas.n - 1.0);
        Floats factor{};
        for (int k = 0; k < LANES; k++) factor[k] = chain[k].half_step(dt, energy.of_lane(k), temperature[k], freedom);
        return factor;
    }

    // v <- factor v + (dt/2) f/m, r <- r + dt v, f <- 0.
    void kick_and_move(Floats factor) {
        Replicas<DIM>& r = replicas;
        Floats to_steps[DIM];
        Largest seen;
        for (int d = 0; d < DIM; d++) to_steps[d] = (float)dt / splat(r.resolution(d));
        for (int i = 0; i < r.n; i++) {
            const Floats of_force = of_quantum[r.species[i]];
            Floats speed_sq{};
            for (int d = 0; d < DIM; d++) {
                const size_t k = r.at(i, d);
                Floats v = kicked(load<Floats>(&r.velocity[k]), load<Ints>(r.force(i, d)), of_force, factor);
                store(&r.velocity[k], v);
                store(r.force(i, d), Ints{});
                move(r.position(i, d), &r.image[k], v, to_steps[d]);
                speed_sq = multiply_add(v, v, speed_sq);
            }
            seen.see(speed_sq);
        }
        fastest = std::sqrt(seen.number());
    }

    // v <- v + (dt/2) f/m, and the sums of m v^2.
    void kick() {
        change_velocities([&](int i, int d, Floats v) {
            return kicked(v, load<Ints>(replicas.force(i, d)), of_quantum[replicas.species[i]], splat(1.0f));
        });
    }

    // v <- factor v, and the sums of m v^2.
    void scale(Floats factor) {
        change_velocities([&](int, int, Floats v) { return v * factor; });
    }

    template <class Changed>
    void change_velocities(Changed changed) {
        Largest seen;
        TwiceKinetic sums(replicas.n, table);
        for (int i = 0; i < replicas.n; i++) {
            Floats speed_sq{};
            for (int d = 0; d < DIM; d++) {
                const size_t k = replicas.at(i, d);
                Floats v = changed(i, d, load<Floats>(&replicas.velocity[k]));
                store(&replicas.velocity[k], v);
                speed_sq += v * v;
            }
            seen.see(speed_sq);
            sums.add(mass[replicas.species[i]] * speed_sq);
        }
        energy = sums;
        fastest = std::sqrt(seen.number());
    }
};

}  // namespace tdaglass
