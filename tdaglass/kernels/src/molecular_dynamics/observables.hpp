// What dynamics.isoconfigurational averages, added up while replicas of one configuration move.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "vectors/aligned.hpp"
#include "molecular_dynamics.hpp"
#include "pair_table.hpp"
#include "vectors/simd.hpp"

namespace tdaglass {

struct Wave {
    Floats cosine, sine;
};

// Cosine and sine of a turn, in units of 2^-32 of a full one: quarters are split off exactly, the rest is a polynomial
// (of Cephes' sinf and cosf) on a quarter about zero.
inline Wave wave(Ints turn) {
    const Ints quarter = (turn + splat(1 << 29)) >> 30;
    const Floats x = to_floats(turn - (quarter << 30)) * splat((float)(2 * M_PI * 0x1p-32)), x_sq = x * x;
    Floats s = multiply_add(splat(-1.9515295891e-4f), x_sq, splat(8.3321608736e-3f));
    s = multiply_add(multiply_add(s, x_sq, splat(-1.6666654611e-1f)) * x_sq, x, x);
    Floats c = multiply_add(splat(2.443315711809948e-5f), x_sq, splat(-1.388731625493765e-3f));
    c = multiply_add(multiply_add(c, x_sq, splat(4.166664568298827e-2f)), x_sq, splat(-0.5f));
    c = multiply_add(c, x_sq, splat(1.0f));
    const Ints odd = (quarter & 1) != 0;
    // Each quarter turn takes (c, s) to (-s, c); the sign bit of two quarters is bit 1 of their number.
    const Ints flip_cosine = ((quarter + 1) & 2) << 30, flip_sine = (quarter & 2) << 30;
    return {as_floats(as_ints(select(odd, s, c)) ^ flip_cosine), as_floats(as_ints(select(odd, c, s)) ^ flip_sine)};
}

// Fractions of the box axis by axis, with room for a whole vector at the end.
class Fractions {
   public:
    Fractions(const Settings& s) : n(s.n_particles), dimension(s.dimension) {
        for (auto& x : axis) x.assign(n + LANES, 0);
    }

    void take(const int32_t* fraction) {
        for (int64_t i = 0; i < n; i++)
            for (int d = 0; d < dimension; d++) axis[d][i] = fraction[dimension * i + d];
    }

    // Of LANES particles and a wave vector: fractions wrap round where the wave does, and no digit is lost.
    Wave wave_at(int64_t i, const int32_t* wave_vector) const {
        Ints turn{};
        for (int d = 0; d < dimension; d++) turn += load<Ints>(&axis[d][i]) * splat(wave_vector[d]);
        return wave(turn);
    }

   private:
    int64_t n, dimension;
    Aligned<int32_t> axis[3];
};

// The common start of the replicas, as all of them are held against it.
class CommonStart {
   public:
    const Settings& settings;
    const Observation& observation;
    std::vector<double> real, imaginary;  // of the density, wave vector by wave vector
    double density_sq = 0;

    CommonStart(const Settings& s, const Observation& o) : settings(s), observation(o), is_there(s.n_particles + LANES) {
        std::fill_n(is_there.begin(), s.n_particles, 1.0f);
        Fractions then(s);
        then.take(o.fraction);
        cosine.resize(o.n_waves * is_there.size()), sine.resize(cosine.size());
        for (int64_t m = 0; m < o.n_waves; m++) {
            Floats total[2] = {};
            for (int64_t i = 0; i < s.n_particles; i += LANES) {
                Wave w = masked(then.wave_at(i, o.waves + s.dimension * m), i);
                store(&cosine[at(m, i)], w.cosine);
                store(&sine[at(m, i)], w.sine);
                total[0] += w.cosine, total[1] += w.sine;
            }
            real.push_back(sum(total[0])), imaginary.push_back(sum(total[1]));
            density_sq += real[m] * real[m] + imaginary[m] * imaginary[m];
        }
    }

    // Zero in the lanes behind the last particle.
    Wave masked(Wave w, int64_t i) const {
        Floats mask = load<Floats>(&is_there[i]);
        return {w.cosine * mask, w.sine * mask};
    }

    Wave wave_at(int64_t m, int64_t i) const {
        return {load<Floats>(&cosine[at(m, i)]), load<Floats>(&sine[at(m, i)])};
    }

   private:
    Aligned<float> is_there, cosine, sine;

    size_t at(int64_t m, int64_t i) const { return m * is_there.size() + i; }
};

// Adds up the observables of one replica after the other, moment by moment. All room is taken at the beginning: looking
// fails at nothing.
class Observer {
   public:
    Observer(const CommonStart& start)
        : settings(start.settings),
          observation(start.observation),
          start(start),
          now(start.settings),
          n(start.settings.n_particles),
          n_curves(start.settings.n_species + 2) {
        for (auto* sums : {&distance, &distance_sq, &cage_sq}) sums->assign(observation.n_moments * n, 0);
        for (auto* sums : {&scattering, &scattering_sq}) sums->assign(observation.n_moments * n_curves, 0);
        own.resize(n + LANES);
        for (auto& axis : moved) axis.resize(n);
    }

    int64_t n_moments() const { return observation.n_moments; }
    int32_t moment(int64_t k) const { return observation.moments[k]; }

    void look(const System& system, int64_t moment) {
        find_displacements(system);
        for (int64_t i = 0; i < n; i++) {
            float total_sq = 0;
            for (int d = 0; d < settings.dimension; d++) total_sq += moved[d][i] * moved[d][i];
            distance[moment * n + i] += std::sqrt(total_sq);
            distance_sq[moment * n + i] += total_sq;
        }
        if (observation.n_cage) add_cage_relative(&cage_sq[moment * n]);
        if (observation.n_waves) add_scattering(system, moment);
    }

    void add_to(const Sums& sums) const {
        auto add = [](float* to, const std::vector<float>& from) {
            for (size_t k = 0; k < from.size(); k++) to[k] += from[k];
        };
        add(sums.distance, distance), add(sums.distance_sq, distance_sq), add(sums.cage_sq, cage_sq);
        add(sums.scattering, scattering), add(sums.scattering_sq, scattering_sq);
    }

   private:
    const Settings& settings;
    const Observation& observation;
    const CommonStart& start;
    Fractions now;
    int64_t n, n_curves;
    std::vector<float> distance, distance_sq, cage_sq, scattering, scattering_sq;
    std::vector<float> moved[3];  // since the start, unwrapped
    Aligned<float> own;           // of each particle, its wave now against its wave at the start

    void find_displacements(const System& system) {
        for (int d = 0; d < settings.dimension; d++) {
            const double resolution = system.box[d] * 0x1p-32;
            for (int64_t i = 0; i < n; i++) {
                const int64_t k = settings.dimension * i + d;
                const int64_t images = (int64_t)system.image[k] - observation.image[k];
                const int64_t fractions = (int64_t)system.fraction[k] - observation.fraction[k];
                moved[d][i] = (float)((double)((images << 32) + fractions) * resolution);
            }
        }
    }

    // Squared displacement relative to the mean of the cage, the particle itself included.
    void add_cage_relative(float* sum) const {
        for (int64_t i = 0; i < n; i++) {
            float total[3] = {}, relative_sq = 0;
            int members = 1;
            for (int d = 0; d < settings.dimension; d++) total[d] = moved[d][i];
            for (int64_t k = observation.n_cage * i; k < observation.n_cage * (i + 1); k++) {
                const int32_t j = observation.cage[k];
                if (j < 0 || j >= n) continue;
                members++;
                for (int d = 0; d < settings.dimension; d++) total[d] += moved[d][j];
            }
            for (int d = 0; d < settings.dimension; d++) {
                float relative = moved[d][i] - total[d] / (float)members;
                relative_sq += relative * relative;
            }
            sum[i] += relative_sq;
        }
    }

    // Self part for all particles and for each species, and the total, averaged over the wave vectors.
    void add_scattering(const System& system, int64_t moment) {
        now.take(system.fraction);
        std::fill(own.begin(), own.end(), 0.0f);
        double total = 0;
        for (int64_t m = 0; m < observation.n_waves; m++) {
            Floats real{}, imaginary{};
            for (int64_t i = 0; i < n; i += LANES) {
                Wave w = start.masked(now.wave_at(i, observation.waves + settings.dimension * m), i);
                Wave then = start.wave_at(m, i);
                Floats along = multiply_add(w.cosine, then.cosine, w.sine * then.sine);
                store(&own[i], load<Floats>(&own[i]) + along);
                real += w.cosine, imaginary += w.sine;
            }
            total += sum(real) * start.real[m] + sum(imaginary) * start.imaginary[m];
        }
        std::vector<double> curves(n_curves), members(n_curves);
        for (int64_t i = 0; i < n; i++)
            for (int64_t kind : {(int64_t)0, (int64_t)system.species[i] + 1}) {
                curves[kind] += own[i] / (double)observation.n_waves;
                members[kind]++;
            }
        for (int64_t k = 0; k < n_curves; k++) {
            bool is_total = k == n_curves - 1;
            float value = (float)(is_total ? total / start.density_sq : curves[k] / std::max(members[k], 1.0));
            scattering[moment * n_curves + k] += value;
            scattering_sq[moment * n_curves + k] += value * value;
        }
    }
};

// Go on to every moment of the observer, if there is one, and look; then to the last step. Ends early, with false, when
// it is not possible to go on.
template <class GoOn, class Look>
bool visit_moments(const Observer* observer, int32_t first, int32_t last, GoOn go_on_to, Look look) {
    for (int64_t m = 0; observer && m < observer->n_moments(); m++) {
        if (observer->moment(m) <= first) continue;
        if (!go_on_to(observer->moment(m))) return false;
        look(m);
    }
    return go_on_to(last);
}

}  // namespace tdaglass
