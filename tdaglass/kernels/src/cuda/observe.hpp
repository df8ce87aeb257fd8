// What dynamics.isoconfigurational averages, added up over all systems of a launch: see molecular_dynamics/observables.hpp.
//
// Sums are whole numbers, added by whoever comes, so that the order of blocks, launches and cards changes no bit; who has
// them all makes numbers of them (kernels/blocks.py). A number in single precision is added exactly: in two wholes, of
// 2^-8 and of 2^-52, which have room for 2^42 in lengths or their squares from a thousand replicas, and for a million
// replicas of what is smaller. Lengths are in units of Settings::length.
#pragma once
#include "places.hpp"

namespace tdaglass {
namespace block {

FN void add_exactly(Whole* sums, Whole k, float x) {
    Whole* to = sums + 2 * k;
    const float most = 0x1p42f;
    x = x < most ? (x > -most ? x : -most) : most;
    const Whole high = nearest_long(x * 0x1p8f), low = nearest_long((x - (float)high * 0x1p-8f) * 0x1p52f);
    if (high) add_to(to, high);
    if (low) add_to(to + 1, low);
}

struct Wave {
    float cosine, sine;
};

// Cosine and sine of a turn, in units of 2^-32 of a full one, as the CPU kernels find them.
FN Wave wave(u32 turn) {
    const int quarter = (int)(turn + (1u << 29)) >> 30;
    const float x = (float)(int)(turn - ((u32)quarter << 30)) * (float)(2 * 3.14159265358979323846 * 0x1p-32), x_sq = x * x;
    float s = multiply_add(-1.9515295891e-4f, x_sq, 8.3321608736e-3f);
    s = multiply_add(multiply_add(s, x_sq, -1.6666654611e-1f) * x_sq, x, x);
    float c = multiply_add(2.443315711809948e-5f, x_sq, -1.388731625493765e-3f);
    c = multiply_add(multiply_add(c, x_sq, 4.166664568298827e-2f), x_sq, -0.5f);
    c = multiply_add(c, x_sq, 1.0f);
    const float cosine = quarter & 1 ? s : c, sine = quarter & 1 ? c : s;
    return {(quarter + 1) & 2 ? -cosine : cosine, quarter & 2 ? -sine : sine};
}

constexpr float WAVE_QUANTA = 0x1p30f;  // of which waves of a density are sums

FN u32 turn_of(const int* fraction, const int* waves, int m) {
    u32 turn = 0;
    UNROLL for (int d = 0; d < DIM; d++) turn += (u32)fraction[d] * (u32)waves[DIM * m + d];
    return turn;
}

// Replicas are looked at where they are in the middle of a launch.
struct Look {
    const Particles& p;
    const Places& place;
    const Settings& s;
    const Arrays& a;
    Whole moment;

    FN Look(const Particles& p, const Places& place, int moment)
        : p(p), place(place), s(p.s), a(p.a), moment(moment) {}

    FN void look(const int* image) {
        // Of species, and of all behind them: sums of own waves, then members.
        Whole* of_species = p.density() + 2 * s.n_waves;
        EACH_THREAD(t) {
            const int n_sums = 2 * s.n_waves + 2 * (MOST_SPECIES + 1);
            for (int k = among_all(t); k < n_sums; k += all_threads()) p.density()[k] = 0;
        }
        BARRIER_ALL();
        EACH_THREAD(t) {
            Whole own[MOST_SPECIES] = {}, members[MOST_SPECIES] = {};
            for (int i = among_all(t); i < p.n(); i += all_threads()) {
                int x[AXES];
                UNROLL for (int d = 0; d < DIM; d++) x[d] = place.get(i, d);
                add_displacement(i, x, image);
                if (!s.n_waves) continue;
                const Whole along = nearest_long(own_wave(i, x) * 0x1p32f);
                const int species = species_of_slot(p, i);
                UNROLL for (int k = 0; k < MOST_SPECIES; k++) own[k] += k == species ? along : 0, members[k] += k == species;
            }
            if (s.n_waves)
                UNROLL for (int k = 0; k < MOST_SPECIES; k++) {
                    sum_to(of_species + k, own[k]), sum_to(of_species + MOST_SPECIES + 1 + k, members[k]);
                    sum_to(of_species + MOST_SPECIES, own[k]);
                }
            for (int m = 0; m < s.n_waves; m++) {
                Whole real = 0, imaginary = 0;
                for (int i = among_all(t); i < p.n(); i += all_threads()) {
                    int x[AXES];
                    UNROLL for (int d = 0; d < DIM; d++) x[d] = place.get(i, d);
                    const Wave w = wave(turn_of(x, a.waves, m));
                    real += nearest(w.cosine * WAVE_QUANTA), imaginary += nearest(w.sine * WAVE_QUANTA);
                }
                sum_to(p.density() + 2 * m, real), sum_to(p.density() + 2 * m + 1, imaginary);
            }
        }
        BARRIER_ALL();
        EACH_THREAD(t) {
            if (s.n_cage)
                for (int i = among_all(t); i < p.n(); i += all_threads()) add_cage_relative(i);
            if (s.n_waves && among_all(t) == 0) add_scattering(of_species);
        }
        BARRIER();
    }

   private:
    FN float in_lengths(float x) const { return x * (float)s.inverse_length; }

    FN void add_displacement(int i, const int* x, const int* image) const {
        const int id = p.id()[i];
        float total_sq = 0;
        UNROLL for (int d = 0; d < DIM; d++) {
            const u64 k = (u64)id * DIM + d;
            const Whole images = (Whole)image[k] - a.start_image[k], fractions = (Whole)x[d] - a.start_fraction[k];
            const double resolution = (double)a.box[(u64)p.which * DIM + d] * 0x1p-32;
            const float moved = (float)((double)(images * ((Whole)1 << 32) + fractions) * resolution);
            p.moved()[k] = moved;
            total_sq += moved * moved;
        }
        const Whole k = moment * p.n() + id;
        add_exactly(a.distance, k, in_lengths(square_root(total_sq)));
        add_exactly(a.distance_sq, k, in_lengths(in_lengths(total_sq)));
    }

    // Squared displacement relative to the mean of the cage, the particle itself included.
    FN void add_cage_relative(int i) const {
        float total[AXES], relative_sq = 0;
        int members = 1;
        UNROLL for (int d = 0; d < DIM; d++) total[d] = p.moved()[(u64)i * DIM + d];
        for (int c = 0; c < s.n_cage; c++) {
            const int j = a.cage[(u64)i * s.n_cage + c];
            if (j < 0 || j >= p.n()) continue;
            members++;
            UNROLL for (int d = 0; d < DIM; d++) total[d] += p.moved()[(u64)j * DIM + d];
        }
        UNROLL for (int d = 0; d < DIM; d++) {
            const float relative = p.moved()[(u64)i * DIM + d] - total[d] / (float)members;
            relative_sq += relative * relative;
        }
        add_exactly(a.cage_sq, moment * p.n() + i, in_lengths(in_lengths(relative_sq)));
    }

    // The particle now against itself at the start, averaged over the wave vectors.
    FN float own_wave(int i, const int* x) const {
        const u64 first = (u64)p.id()[i] * DIM;
        int moved[AXES];
        UNROLL for (int d = 0; d < DIM; d++) moved[d] = (int)((u32)x[d] - (u32)a.start_fraction[first + d]);
        float total = 0;
        for (int m = 0; m < s.n_waves; m++) total += wave(turn_of(moved, a.waves, m)).cosine;
        return total / (float)s.n_waves;
    }

    FN void add_scattering(const Whole* of_species) const {
        const Whole n_curves = s.n_species + 2;
        const Whole* start = a.density;
        double total = 0, total_then = 0;
        for (int k = 0; k < 2 * s.n_waves; k++) {
            const double then = (double)start[k] / WAVE_QUANTA;
            total += (double)p.density()[k] / WAVE_QUANTA * then, total_then += then * then;
        }
        for (int k = 0; k < n_curves; k++) {
            const int of = k == 0 ? (int)MOST_SPECIES : k - 1;
            const Whole members = k == 0 ? p.n() : of_species[MOST_SPECIES + k];
            const double curve = k == n_curves - 1 ? total / total_then
                                                   : (double)of_species[of] * 0x1p-32 / (double)(members > 1 ? members : 1);
            const float value = (float)curve;
            add_exactly(a.scattering, moment * n_curves + k, value);
            add_exactly(a.scattering_sq, moment * n_curves + k, value * value);
        }
    }
};

// Before a launch: no sums, and the waves of the common start; block `which` of `n_blocks`.
FN void begin_sums(const Settings& s, const Arrays& a, int which, int n_blocks) {
    EACH_THREAD(t) {
        const Whole first = (Whole)which * THREADS + t, by = (Whole)n_blocks * THREADS;
        for (Whole k = first; k < 2 * (Whole)s.n_moments * s.n_particles; k += by)
            a.distance[k] = a.distance_sq[k] = a.cage_sq[k] = 0;
        for (Whole k = first; k < 2 * (Whole)s.n_moments * (s.n_species + 2); k += by)
            a.scattering[k] = a.scattering_sq[k] = 0;
        if (which < s.n_waves && t < 2) a.density[2 * which + t] = 0;
    }
    BARRIER();
    EACH_THREAD(t) {
        Whole real = 0, imaginary = 0;
        for (int i = t; which < s.n_waves && i < s.n_particles; i += THREADS) {
            const Wave w = wave(turn_of(a.start_fraction + (u64)i * DIM, a.waves, which));
            real += nearest(w.cosine * WAVE_QUANTA), imaginary += nearest(w.sine * WAVE_QUANTA);
        }
        if (which < s.n_waves) sum_to(a.density + 2 * which, real), sum_to(a.density + 2 * which + 1, imaginary);
    }
}

}  // namespace block
}  // namespace tdaglass
