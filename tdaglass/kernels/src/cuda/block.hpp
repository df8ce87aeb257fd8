// Molecular dynamics of one system by one block of threads, or a few of them, many steps in a launch.
#pragma once
#include "forces.hpp"
#include "observe.hpp"
#include "thermostat.hpp"

namespace tdaglass {
namespace block {

// Velocity Verlet, alone or between half steps of a thermostat, as Dynamics does it on a CPU.
class System {
   public:
    FN System(const Settings& s, const Arrays& a, int which, char* shared)
        : s(s), a(a), which(which), p(s, a, which, shared), b(p.block), place{(int*)shared},
          first(p.first_coordinate()), image(a.image_out + p.first_coordinate()) {}

    FN void run() {
        prepare();
        const int refusal = b.refused, last = a.last[which];
        int made = a.first[which];
        if (refusal & ~MOTION_REFUSED || made >= last) {
            hand_back(made, status_of_refusal(refusal & ~MOTION_REFUSED));
        } else {
            const Status status = refusal ? EXPLODED : advance(made, last);
            hand_over(made, status);
        }
    }

   private:
    const Settings& s;
    const Arrays& a;
    const int which;
    Particles p;
    Block& b;
    Places place;
    const u64 first;
    int* image;

    FN static Status status_of_refusal(int refusal) {
        if (refusal & ADDRESS_REFUSED) return DOES_NOT_FIT;
        if (refusal & BOX_REFUSED) return BAD_BOX;
        if (refusal & PARTICLE_REFUSED) return BAD_SPECIES;
        return refusal ? BAD_SETTINGS : OK;
    }

    FN static Status status_of_failure(int failure) {
        return failure & EXPLODED_MOVING ? EXPLODED : failure & OVERLAPPED ? OVERLAP : EXPLODED;
    }

    // Everything a caller hands over, looked at before it is used, as checks.hpp does.
    FN void prepare() {
        EACH_THREAD(t) if (t == 0) set_up();
        BARRIER();
        EACH_THREAD(t) {
            int refused = 0;
            const float most = (float)s.most_kinetic;
            for (int i = t; i < p.n(); i += THREADS) {
                const int species = p.species_of_id(i);
                const bool known = a.species[p.first_id() + i] == species && species >= 0 && species < s.n_species;
                const double d = BY_DIAMETER ? (double)a.diameters[p.first_id() + i] : 0, slack = 1e-6;
                const bool within = !BY_DIAMETER || (d >= s.smallest * (1 - slack) && d <= s.largest * (1 + slack));
                if (!known || !within) refused |= PARTICLE_REFUSED;
                float speed_sq = 0;
                UNROLL for (int c = 0; c < DIM; c++) {
                    const u64 k = first + (u64)i * DIM + c;
                    const float v = a.velocity[k], f = quanta_of(a.force[k]);
                    place.set(i, c, a.fraction[k]);
                    if (is_own(i)) p.velocity()[c * N_PADDED + i] = v, image[(u64)i * DIM + c] = a.image[k];
                    speed_sq += v * v;
                    if (is_too_fast(v) || !(f <= 2147483647.0f && f >= -2147483647.0f)) refused |= MOTION_REFUSED;
                }
                if (!(s.mass[known ? species : 0] * speed_sq < most)) refused |= MOTION_REFUSED;
                if (is_own(i)) p.id()[i] = i;
            }
            for (int k = t; k < FAR_PLACES; k += THREADS) {
                set_far_place(place, k);
                if (BY_DIAMETER) place.set_diameter(first_far_place() + k, (float)(s.smallest * s.inverse_length));
            }
            for (int m = t + 1; OBSERVES && m < s.n_moments; m += THREADS)
                if (a.moments[m - 1] >= a.moments[m]) refused |= MOMENT_REFUSED;
            if (refused) raise_flags(&b.refused, refused);
        }
        BARRIER_ALL();
    }

    // What depends on the box, by one thread.
    FN void set_up() {
        const float* edge = a.box + (u64)which * DIM;
        double shortest = edge[0], longest = edge[0];
        b.refused = (p.address & 0xffffff) + N_PADDED * address_step() > 65536 ? ADDRESS_REFUSED : 0;
        for (int d = 0; d < DIM; d++) {
            // Edges in single precision are a rounding away from the number the user wrote.
            if (!(edge[d] * (1 + 1e-6) >= 2 * s.longest_cutoff && is_finite(edge[d]))) b.refused |= BOX_REFUSED;
            if (edge[d] < shortest) shortest = edge[d];
            if (edge[d] > longest) longest = edge[d];
        }
        b.failed[0] = b.failed[1] = b.longest = 0;
        b.outdated = 1;  // there is no list yet
        b.kinetic[this_rank()] = b.kinetic_scaled[this_rank()] = 0;
        b.factor = b.pending = 1;
        for (int m = 0; m < CHAIN_LINKS; m++) {
            b.chain_position[m] = a.chain_position[which * CHAIN_LINKS + m];
            b.chain_momentum[m] = a.chain_momentum[which * CHAIN_LINKS + m];
        }
        if (b.refused) {
            b.fastest = 0;
            return;
        }
        const float step = (float)(edge[0] * 0x1p-32);
        b.cubic = 1;
        b.unit = (float)(s.length / step), b.unit_sq = (float)(s.length / step * (s.length / step));
        for (int d = 0; d < DIM; d++) {
            const float resolution = (float)(edge[d] * 0x1p-32);
            b.ratio[d] = resolution / step;
            b.to_steps[d] = (float)s.dt / resolution;
            b.cubic = b.cubic && resolution == step;
        }
        b.outdated_sq = (float)(s.list_skin * s.list_skin / 4 * 0.998 / ((double)step * step));
        const double half_skin = s.skin / 2, quarter = shortest / 4;
        b.fastest = (float)((half_skin < quarter ? half_skin : quarter) / s.dt);
        // Lists compare in single precision, and must miss nobody.
        const double skin = s.list_skin / edge[0] + 2e-6 * longest / edge[0];
        b.skin = (float)skin, b.reach_of_length = (float)(s.reach[0][0] * s.length / edge[0]);
        for (int j = 0; j < KINDS; j++)
            for (int k = 0; k < KINDS; k++) {
                const double reach = s.reach[j][k] / edge[0] + skin;
                b.reach_sq[j][k] = (float)(reach * reach);
            }
        set_pairs(s, b, step);
        cut_cells(s, b, edge);
    }

    FN float quanta_of(float force) const { return force * (float)s.force_quanta; }  // exact: a power of two

    FN bool is_too_fast(float v) const { return !(v < b.fastest && v > -b.fastest); }

    FN Status advance(int& made, const int last) {
        int parity = 0, moment = 0;
        // Those outside the steps of this launch are looked at by others.
        while (OBSERVES && moment < s.n_moments && a.moments[moment] <= made) moment++;
        for (bool begun = false;; begun = true) {
            if (b.outdated && !make_list(p, place)) return b.failed[parity] ? EXPLODED : LIST_FULL;
            if (!begun) {
                take_forces();
            } else {
                if (b.cubic) {
                    find_forces_and_kick<true>(parity);
                } else {
                    find_forces_and_kick<false>(parity);
                }
                if (b.failed[parity]) return status_of_failure(b.failed[parity]);
                made++, parity ^= 1;
            }
            if (s.thermostat) {
                if (begun) half_step(b.pending, b.kinetic, bath_temperature(made - 1));
                sum_scaled();
            }
            if (OBSERVES && begun && moment < s.n_moments && a.moments[moment] == made) {
                Look(p, place, moment).look(image);
                moment++;
            }
            if (made == last) return OK;
            if (s.thermostat) {
                const float temperature = bath_temperature(made);
                if (!(temperature > 0 && is_finite(temperature))) return BAD_SETTINGS;
                half_step(b.factor, b.kinetic_scaled, temperature);
            }
            kick_and_move(parity);
        }
    }

    FN float bath_temperature(int made) const { return a.temperature[which] + a.slope[which] * (float)made; }

    FN void take_forces() {
        EACH_THREAD(t) for (int i = among_all(t); i < p.n(); i += all_threads())
            UNROLL for (int d = 0; d < DIM; d++)
                p.force()[d * N_PADDED + i] = nearest(quanta_of(a.force[first + (u64)p.id()[i] * DIM + d]));
    }

    // The sum is used up. Every block makes the same of it.
    FN void half_step(float& factor, Whole* kinetic, float temperature) {
        EACH_THREAD(t) if (t == 0) {
            Whole total = 0;
            UNROLL for (int rank = 0; rank < CLUSTER; rank++) total += kinetic[rank];
            factor = half_chain(s, b, (double)total * s.kinetic_quantum, temperature);
            kinetic[this_rank()] = 0;
        }
        BARRIER();
    }

    // This block's sum to the others, which wait for all. Remote additions of 64 bits are loops on a card.
    FN void hand_round(Whole* kinetic) {
        if (CLUSTER == 1) return;
        BARRIER();
        EACH_THREAD(t) if (t < CLUSTER && t != this_rank())
            *of_rank(&kinetic[this_rank()], t) = kinetic[this_rank()];
    }

    // v <- factor v + (dt/2) f/m, r <- r + dt v.
    FN void kick_and_move(int parity) {
        EACH_THREAD(t) {
            const float factor = b.factor, pending = b.pending;
            int outdated = 0, exploded = 0;
            UNROLL_TWICE for (int i = among_all(t); i < p.n(); i += all_threads()) {
                const float half_kick = s.half_kick[species_of_slot(p, i)];
                float moved_sq = 0, v[AXES], f[AXES];
                int built_at[AXES];
                UNROLL for (int d = 0; d < DIM; d++) {
                    const int k = d * N_PADDED + i;
                    f[d] = (float)p.force()[k], v[d] = p.velocity()[k], built_at[d] = p.built_at()[k];
                }
                UNROLL for (int d = 0; d < DIM; d++) {
                    v[d] = multiply_add(v[d] * pending, factor, f[d] * half_kick);
                    exploded |= is_too_fast(v[d]);
                    const int old = place.get(i, d), by = nearest(v[d] * b.to_steps[d]), now = (int)((u32)old + (u32)by);
                    place.set_everywhere(i, d, now);
                    // A sum that wrapped round went through a face of the box.
                    if (((old ^ now) & (by ^ now)) < 0) image[(u64)p.id()[i] * DIM + d] += by < 0 ? -1 : 1;
                    const float gone = (float)(int)((u32)now - (u32)built_at[d]) * b.ratio[d];
                    moved_sq = multiply_add(gone, gone, moved_sq);
                }
                UNROLL for (int d = 0; d < DIM; d++) p.velocity()[d * N_PADDED + i] = v[d];
                outdated |= moved_sq > b.outdated_sq;
            }
            if (outdated) raise_flags_everywhere(&b.outdated, 1);
            if (exploded) raise_flags_everywhere(&b.failed[parity], EXPLODED_MOVING);
        }
        BARRIER_ALL();
    }

    // v <- v + (dt/2) f/m at the new places.
    template <bool CUBIC>
    FN void find_forces_and_kick(int parity) {
        EACH_THREAD(t) {
            const float most = (float)s.most_kinetic;
            const double quanta = s.kinetic_quanta;
            Whole kinetic = 0;
            int failed = 0;
            for (int i = among_all(t); i < p.n(); i += all_threads()) {
                int f[AXES];
                const ForceLoop<CUBIC> loop(p, place, i);
                if (!loop.force_on(t, i, kind_of_slot(p, i), f)) failed |= OVERLAPPED;
                const int species = species_of_slot(p, i);
                float speed_sq = 0, v[AXES];
                UNROLL for (int d = 0; d < DIM; d++) {
                    const int k = d * N_PADDED + i;
                    v[d] = p.velocity()[k] + (float)f[d] * s.half_kick[species];
                    p.force()[k] = f[d], p.velocity()[k] = v[d];
                    if (is_too_fast(v[d])) failed |= EXPLODED_KICKED;
                    speed_sq += v[d] * v[d];
                }
                const float energy = s.mass[species] * speed_sq;
                if (!(energy < most)) failed |= EXPLODED_KICKED;
                kinetic += nearest_long((double)energy * quanta);
            }
            if (s.thermostat) sum_to(&b.kinetic[this_rank()], kinetic);
            if (failed) raise_flags_everywhere(&b.failed[parity], failed);
        }
        if (s.thermostat) hand_round(b.kinetic);
        BARRIER_ALL();
    }

    // Once more from the velocities as they leave the step: a launch that begins here finds the same.
    FN void sum_scaled() {
        EACH_THREAD(t) {
            const float pending = b.pending;
            const double quanta = s.kinetic_quanta;
            Whole kinetic = 0;
            UNROLL_TWICE for (int i = among_all(t); i < p.n(); i += all_threads()) {
                float speed_sq = 0;
                UNROLL for (int d = 0; d < DIM; d++) {
                    const float v = p.velocity()[d * N_PADDED + i] * pending;
                    speed_sq += v * v;
                }
                kinetic += nearest_long((double)(s.mass[species_of_slot(p, i)] * speed_sq) * quanta);
            }
            sum_to(&b.kinetic_scaled[this_rank()], kinetic);
        }
        hand_round(b.kinetic_scaled);
        BARRIER_ALL();
    }

    FN void say(int made, Status status) const {
        a.made[which] = made, a.status[which] = status, a.longest[which] = b.longest;
    }

    // The system as it came.
    FN void hand_back(int made, Status status) {
        EACH_THREAD(t) {
            for (int k = among_all(t); k < p.n() * DIM; k += all_threads()) {
                a.fraction_out[first + k] = a.fraction[first + k], a.image_out[first + k] = a.image[first + k];
                a.velocity_out[first + k] = a.velocity[first + k], a.force_out[first + k] = a.force[first + k];
            }
            if (among_all(t) < CHAIN_LINKS) {
                a.chain_position_out[which * CHAIN_LINKS + t] = a.chain_position[which * CHAIN_LINKS + t];
                a.chain_momentum_out[which * CHAIN_LINKS + t] = a.chain_momentum[which * CHAIN_LINKS + t];
            }
            if (among_all(t) == 0) say(made, status);
        }
    }

    // As it is now; without a list, or before the first step, not of use.
    FN void hand_over(int made, Status status) {
        EACH_THREAD(t) {
            const Particles p = this->p.anew();
            for (int i = among_all(t); i < p.n(); i += all_threads()) {
                const u64 to = first + (u64)p.id()[i] * DIM;
                UNROLL for (int d = 0; d < DIM; d++) {
                    const int k = d * N_PADDED + i;
                    a.fraction_out[to + d] = place.get(i, d);
                    a.velocity_out[to + d] = p.velocity()[k] * b.pending;
                    a.force_out[to + d] = (float)p.force()[k] * (float)s.force_quantum;
                }
            }
            if (among_all(t) < CHAIN_LINKS) {
                a.chain_position_out[which * CHAIN_LINKS + t] = b.chain_position[t];
                a.chain_momentum_out[which * CHAIN_LINKS + t] = b.chain_momentum[t];
            }
            if (among_all(t) == 0) say(made, status);
        }
    }
};

}  // namespace block
}  // namespace tdaglass
