// Dynamics of replicas side by side: what Dynamics does for one system, for as many as a vector has lanes, bit for bit.
#pragma once
#include "dynamics.hpp"
#include "union_list.hpp"

namespace tdaglass {

// Coefficients of a particle's pairs, species by species.
struct CoefficientsBySpecies {
    Floats c12[MAX_SPECIES], c6[MAX_SPECIES], inverse_cutoff_sq[MAX_SPECIES], force_shift[MAX_SPECIES];
};

// Forces of all pairs, added to those of the replicas. False if a pair is too close in any of them.
template <int DIM, bool FORCE_SHIFTED, bool CUBIC>
bool replica_forces(Replicas<DIM>& r, const UnionList<DIM>& list, const PairTable& table) {
    const Units<DIM> units(r);
    const Floats unit_sq = splat(units.unit_sq);
    CoefficientsBySpecies coefficients[MAX_SPECIES];
    for (int a = 0; a < MAX_SPECIES; a++)
        for (int b = 0; b < MAX_SPECIES; b++) {
            Coefficients c = coefficients_of(table, a, b, units.step);
            coefficients[a].c12[b] = c.c12, coefficients[a].c6[b] = c.c6;
            coefficients[a].inverse_cutoff_sq[b] = c.inverse_cutoff_sq, coefficients[a].force_shift[b] = c.force_shift;
        }
    Floats strongest{};
    // Plain pointers, which stay in registers: the compiler cannot know that no vector is resized in between.
    int32_t* rows = r.rows.data();
    const Neighbor* neighbors = list.neighbors.data();
    for (int i = 0, n = r.n; i < n; i++) {
        const Neighbor *k = neighbors + list.start[i], *end = neighbors + list.start[i + 1];
        const CoefficientsBySpecies& own = coefficients[r.species[i]];
        Ints at[DIM], sum_of[DIM] = {};
        for (int d = 0; d < DIM; d++) at[d] = load<Ints>(r.position(i, d));
        struct Meeting {
            Floats along[DIM], inverse_2;
            int32_t* row;
        };
        auto meet = [&](int32_t* row) {
            Meeting pair;
            pair.row = row;
            Floats separation_sq{};
            for (int d = 0; d < DIM; d++) {
                Floats x = to_floats(at[d] - load<Ints>(row + d * LANES));
                if (!CUBIC) x = x * units.ratio[d];
                separation_sq = d ? multiply_add(x, x, separation_sq) : x * x;
                pair.along[d] = x;
            }
            pair.inverse_2 = unit_sq / separation_sq;
            return pair;
        };
        auto pull = [&](Neighbor other, const Meeting& pair) {
            Coefficients c = {other.choose(own.c12), other.choose(own.c6), other.choose(own.inverse_cutoff_sq), other.choose(own.force_shift)};
            Floats strength = pair_strength<FORCE_SHIFTED>(pair.inverse_2, c);
            strongest = select(strength < strongest, strength, strongest);
            int32_t* force = pair.row + DIM * LANES;
            for (int d = 0; d < DIM; d++) {
                Ints pulled = round_to_int(strength * pair.along[d]);
                sum_of[d] += pulled;
                store(force + d * LANES, load<Ints>(force + d * LANES) + pulled);
            }
        };
        // A pair's arithmetic is one long chain, and a processor that waits for it has no room to look further ahead by
        // itself: three pairs are met before the first of them is pulled, and it is known where the next one is.
        if (end - k >= 3) {
            Meeting a = meet(k[0].row(rows)), b = meet(k[1].row(rows)), c = meet(k[2].row(rows)), d;
            int32_t* next = k[3].row(rows);
            for (; k + 6 < end; k += 4) {
                d = meet(next), next = k[4].row(rows), pull(k[0], a);
                a = meet(next), next = k[5].row(rows), pull(k[1], b);
                b = meet(next), next = k[6].row(rows), pull(k[2], c);
                c = meet(next), next = k[7].row(rows), pull(k[3], d);
            }
            for (; k + 3 < end; k++) {
                d = meet(k[3].row(rows)), pull(k[0], a);
                a = b, b = c, c = d;
            }
            pull(k[0], a), pull(k[1], b), pull(k[2], c);
            k += 3;
        }
        for (; k < end; k++) pull(k[0], meet(k[0].row(rows)));
        for (int d = 0; d < DIM; d++) store(r.force(i, d), load<Ints>(r.force(i, d)) - sum_of[d]);
    }
    return can_be_counted(strongest, table, units.step);
}

template <int DIM>
class ReplicaDynamics {
   public:
    Replicas<DIM> replicas;
    Chain chain[LANES];

    ReplicaDynamics(const PairTable& table, const double* masses, double dt, double skin)
        : table(table), dt(dt), skin(skin), list(skin), energy(1, table) {
        for (int s = 0; s < table.n_species; s++) {
            mass[s] = splat((float)masses[s]);
            of_quantum[s] = splat(half_kick(dt, masses[s], table));
        }
    }

    // Call when the replicas are in place. False if any of them cannot make a step.
    bool start() {
        list.build(replicas, table);
        bool shifted = table.force_shifted, cubic = Units<DIM>(replicas).is_cubic();
        find_forces = shifted ? (cubic ? replica_forces<DIM, true, true> : replica_forces<DIM, true, false>)
                              : (cubic ? replica_forces<DIM, false, true> : replica_forces<DIM, false, false>);
        scale(splat(1.0f));
        return is_sound();
    }

    // How many times the pairs of a replica alone are computed for it.
    double excess() const { return list.excess(replicas, table); }

    // A step of all; false if any replica cannot go on, which one finds out by running it alone.
    bool step(bool thermostat, const float* temperature) {
        kick_and_move(thermostat ? half_chains(temperature) : splat(1.0f));
        if (is_beyond(fastest)) return false;
        if (list.is_outdated(moved_sq)) list.build(replicas, table);
        if (!find_forces(replicas, list, table)) return false;
        kick();
        if (!is_sound()) return false;
        if (thermostat) scale(half_chains(temperature));
        return true;
    }

   private:
    const PairTable& table;
    double dt, skin;
    Floats mass[MAX_SPECIES], of_quantum[MAX_SPECIES];  // of_quantum: see half_kick
    UnionList<DIM> list;
    bool (*find_forces)(Replicas<DIM>&, const UnionList<DIM>&, const PairTable&) = nullptr;
    TwiceKinetic energy;
    float fastest = 0, moved_sq = 0;

    bool is_beyond(float speed) const { return !(speed * dt < longest_move(replicas.edge, DIM, skin)); }

    bool is_sound() const {
        bool finite = true;
        for (int k = 0; k < LANES; k++) finite = finite && std::isfinite(energy.of_lane(k));
        return finite && !is_beyond(fastest);
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
        Floats resolution[DIM], to_steps[DIM], farthest{}, most{};
        for (int d = 0; d < DIM; d++) {
            resolution[d] = splat(r.resolution(d));
            to_steps[d] = (float)dt / resolution[d];
        }
        for (int i = 0; i < r.n; i++) {
            const Floats of_force = of_quantum[r.species[i]];
            Floats distance_sq{};
            for (int d = 0; d < DIM; d++) {
                const size_t k = r.at(i, d);
                Floats v = kicked(load<Floats>(&r.velocity[k]), load<Ints>(r.force(i, d)), of_force, factor);
                store(&r.velocity[k], v);
                store(r.force(i, d), Ints{});
                most = select(magnitude(v) > most, magnitude(v), most);
                Ints old = load<Ints>(r.position(i, d)), steps = round_to_int(v * to_steps[d]), moved = old + steps;
                store(r.position(i, d), moved);
                Ints through_face = wrapped(old, steps, moved);
                if (bits(through_face)) count_images(&r.image[k], through_face, steps);
                Floats along = to_floats(moved - load<Ints>(&list.built_at[k])) * resolution[d];
                distance_sq = multiply_add(along, along, distance_sq);
            }
            farthest = select(distance_sq > farthest, distance_sq, farthest);
        }
        moved_sq = largest(farthest);
        fastest = largest(most);
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
        Floats most{};
        TwiceKinetic sums(replicas.n, table);
        for (int i = 0; i < replicas.n; i++) {
            Floats speed_sq{};
            for (int d = 0; d < DIM; d++) {
                const size_t k = replicas.at(i, d);
                Floats v = changed(i, d, load<Floats>(&replicas.velocity[k]));
                store(&replicas.velocity[k], v);
                most = select(magnitude(v) > most, magnitude(v), most);
                speed_sq += v * v;
            }
            sums.add(mass[replicas.species[i]] * speed_sq);
        }
        energy = sums;
        fastest = largest(most);
    }
};

}  // namespace tdaglass
