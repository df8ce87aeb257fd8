// Dynamics of replicas side by side: what Dynamics does for one system, for as many as a vector has lanes, bit for bit.
#pragma once
#include "dynamics.hpp"
#include "union_list.hpp"

namespace tdaglass {

template <int DIM, bool FORCE_SHIFTED>
bool replica_forces(const Replicas& r, const UnionList& list, const PairTable& table, Aligned<int32_t>& total) {
    Coefficients coefficients[MAX_SPECIES][MAX_SPECIES];
    for (int a = 0; a < table.n_species; a++)
        for (int b = 0; b < table.n_species; b++) coefficients[a][b] = coefficients_of(table, a, b);
    Floats resolution[DIM], strongest{};
    for (int d = 0; d < DIM; d++) resolution[d] = splat(r.resolution(d));
    std::fill(total.begin(), total.end(), 0);
    const int kinds = table.n_species;
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    const int32_t *position = r.position.data(), *neighbors = list.neighbors.data();
    int32_t* totals = total.data();
    for (int i = 0; i < r.n; i++) {
        Ints at[DIM], sum_of[DIM] = {};
        for (int d = 0; d < DIM; d++) at[d] = load<Ints>(&r.position[r.at(i, d)]);
        for (int s = 0; s < kinds; s++) {
            const Coefficients c = coefficients[r.species[i]][s];
            const int64_t first = list.start[(size_t)i * kinds + s], last = list.start[(size_t)i * kinds + s + 1];
            for (int64_t k = first; k < last; k++) {
                const size_t other = (size_t)neighbors[k] * DIM * LANES;
                Floats along[DIM], separation_sq{};
                for (int d = 0; d < DIM; d++) {
                    along[d] = to_floats(at[d] - load<Ints>(position + other + d * LANES)) * resolution[d];
                    separation_sq = d ? multiply_add(along[d], along[d], separation_sq) : along[d] * along[d];
                }
                Floats strength = pair_strength<FORCE_SHIFTED>(separation_sq, c);
                strongest = select(strength > strongest, strength, strongest);
                for (int d = 0; d < DIM; d++) {
                    Ints force = round_to_int(strength * along[d]);
                    sum_of[d] += force;
                    int32_t* to = totals + other + d * LANES;
                    store(to, load<Ints>(to) - force);
                }
            }
        }
        for (int d = 0; d < DIM; d++) {
            int32_t* to = &total[r.at(i, d)];
            store(to, load<Ints>(to) + sum_of[d]);
        }
    }
    return can_be_counted(strongest, table);
}

class ReplicaDynamics {
   public:
    Replicas replicas;
    Chain chain[LANES];

    ReplicaDynamics(const PairTable& table, double dt, double skin) : table(table), dt(dt), skin(skin) {}

    void start() {
        total.assign(replicas.position.size(), 0);
        list.build(replicas, table, skin);
    }

    // How many times the pairs of a replica alone are computed for it.
    double excess() const { return list.neighbors.size() / std::max(list.per_replica, 1.0); }

    // A step of all; false if any replica cannot go on, which one finds out by running it alone.
    bool step(bool thermostat, const float* temperature) {
        Floats factor = splat(1.0f);
        if (thermostat) factor = half_chains(twice_kinetic_energies(), temperature);
        if (!kick_and_move(factor)) return false;
        if (is_outdated(moved_sq, skin)) list.build(replicas, table, skin);
        if (!find_forces()) return false;
        kick();
        Doubles kinetic = twice_kinetic_energies();
        for (double k : kinetic.of)
            if (!std::isfinite(k)) return false;
        if (thermostat) scale(half_chains(kinetic, temperature));
        return true;
    }

   private:
    struct Doubles {
        double of[LANES];
    };
    const PairTable& table;
    double dt, skin;
    UnionList list;
    Aligned<int32_t> total;
    float moved_sq = 0;

    bool find_forces() {
        bool shifted = table.force_shifted;
        auto forces = replicas.dimension == 2 ? (shifted ? replica_forces<2, true> : replica_forces<2, false>)
                                              : (shifted ? replica_forces<3, true> : replica_forces<3, false>);
        if (!forces(replicas, list, table, total)) return false;
        const Floats quantum = splat((float)table.force_quantum);
        for (size_t k = 0; k < total.size(); k += LANES)
            store(&replicas.force[k], to_floats(load<Ints>(&total[k])) * quantum);
        return true;
    }

    Floats half_chains(const Doubles& kinetic, const float* temperature) {
        const double freedom = replicas.dimension * (replicas.n - 1.0);
        Floats factor{};
        for (int k = 0; k < LANES; k++) factor[k] = chain[k].half_step(dt, kinetic.of[k], temperature[k], freedom);
        return factor;
    }

    Doubles twice_kinetic_energies() const {
        HalfDoubles sum[2] = {}, round_at = kinetic_rounding(replicas.n, table) - HalfDoubles{};
        for (int i = 0; i < replicas.n; i++)
            for (int d = 0; d < replicas.dimension; d++) {
                Floats velocity = load<Floats>(&replicas.velocity[replicas.at(i, d)]);
                TwiceKinetic each(splat(replicas.mass[i]), velocity, round_at);
                for (int h = 0; h < 2; h++) sum[h] += each.half[h];
            }
        Doubles out;
        std::memcpy(out.of, sum, sizeof out.of);
        return out;
    }

    bool kick_and_move(Floats factor) {
        const Floats half_dt = splat((float)(dt / 2));
        const Floats limit = splat((float)longest_move(replicas.edge, replicas.dimension, skin));
        Floats resolution[3], to_steps[3], farthest{};
        for (int d = 0; d < replicas.dimension; d++) {
            resolution[d] = splat(replicas.resolution(d));
            to_steps[d] = (float)dt / resolution[d];
        }
        Ints outside{};
        for (int i = 0; i < replicas.n; i++) {
            Floats distance_sq{};
            for (int d = 0; d < replicas.dimension; d++) {
                size_t k = replicas.at(i, d);
                Floats before = load<Floats>(&replicas.velocity[k]);
                Floats v = kicked(&replicas.velocity[k], &replicas.force[k], splat(replicas.mass[i]), half_dt, factor);
                store(&replicas.velocity[k], v);
                outside |= is_beyond(v, (float)dt, limit) | is_beyond(before, (float)dt, limit);
                Ints moved = move(&replicas.position[k], &replicas.image[k], v, to_steps[d]);
                Floats along = to_floats(moved - load<Ints>(&list.built_at[k])) * resolution[d];
                distance_sq = multiply_add(along, along, distance_sq);
            }
            farthest = select(distance_sq > farthest, distance_sq, farthest);
        }
        moved_sq = largest(farthest);
        return bits(outside) == 0;
    }

    void kick() {
        const Floats half_dt = splat((float)(dt / 2));
        for (int i = 0; i < replicas.n; i++)
            for (int d = 0; d < replicas.dimension; d++) {
                size_t k = replicas.at(i, d);
                store(&replicas.velocity[k], kicked(&replicas.velocity[k], &replicas.force[k], splat(replicas.mass[i]),
                                                    half_dt, splat(1.0f)));
            }
    }

    void scale(Floats factor) {
        for (size_t k = 0; k < replicas.velocity.size(); k += LANES)
            store(&replicas.velocity[k], load<Floats>(&replicas.velocity[k]) * factor);
    }
};

}  // namespace tdaglass
