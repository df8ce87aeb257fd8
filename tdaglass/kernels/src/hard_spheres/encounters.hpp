// When a particle will meet the first of its neighbours: quadratic equations, many at a time and without branches.
#pragma once
#include <cstdint>

#include "particles.hpp"

namespace tdaglass::hard_spheres {

constexpr double NEVER = 1e300;

struct Encounter {
    double time;
    int32_t with;  // a place in the list of neighbours; -1 for none before the time given
};

// Spheres whose diameters grow as 1 + growth t; by default they do not.
class Encounters {
   public:
    double growth = 0;

    // The first of those before `limit`. Directly after a collision of this particle the origin of time of all pairs is
    // the present.
    template <bool JUST_COLLIDED>
    INLINED Encounter first(const Particle& particle, const Particle* all, const int32_t* neighbors, int32_t n,
                            double now, const Box& box, double limit) const {
        if (n > AT_A_TIME) [[unlikely]] return first_of_many(particle, all, neighbors, n, now, box, limit);
        return first_of_few<JUST_COLLIDED>(particle, all, neighbors, n, now, box, limit);
    }

   private:
    static constexpr int32_t SIDE_BY_SIDE = 8, AT_A_TIME = 32;

    __attribute__((noinline)) Encounter first_of_many(const Particle& particle, const Particle* all,
                                                      const int32_t* neighbors, int32_t n, double now, const Box& box,
                                                      double limit) const {
        Encounter found{limit, -1};
        for (int32_t k = 0; k < n; k += AT_A_TIME) {
            const int32_t count = n - k < AT_A_TIME ? n - k : AT_A_TIME;
            const Encounter here = first_of_few<false>(particle, all, neighbors + k, count, now, box, found.time);
            if (here.with >= 0) found = {here.time, here.with + k};
        }
        return found;
    }

    template <bool JUST_COLLIDED>
    INLINED Encounter first_of_few(const Particle& particle, const Particle* all, const int32_t* neighbors, int32_t n,
                                   double now, const Box& box, double limit) const {
        // d and u of |d + u t| = s; the fourth entries are the origin of time and the sum of radii.
        alignas(64) double apart[4 * AT_A_TIME], relative[4 * AT_A_TIME], time[AT_A_TIME];
        const Four x = where(particle), v = velocity(particle) * Four{1, 1, 1, -1};
        for (int32_t k = 0; k < n; k++) {
            const Particle& other = all[neighbors[k]];
            const double origin = JUST_COLLIDED ? now : particle.t > other.t ? particle.t : other.t;
            const Four v_other = velocity(other), u = v - v_other;
            Four d = JUST_COLLIDED ? x : x + four(origin - particle.t) * v;
            d -= where(other) + four(origin - other.t) * v_other;
            // The image that is nearest now; it may not have been then.
            d -= box.boxes(JUST_COLLIDED ? d : d + four(now - origin) * u) * box.edge;
            if constexpr (!JUST_COLLIDED) d[3] = origin;
            store(apart + 4 * k, d), store(relative + 4 * k, u);
        }
        const int32_t padded = (n + SIDE_BY_SIDE - 1) / SIDE_BY_SIDE * SIDE_BY_SIDE;
        for (int32_t k = n; k < padded; k++) {
            store(apart + 4 * k, Four{1, 0, 0, 0});
            store(relative + 4 * k, Four{1, 0, 0, 0});
        }
        for (int32_t k = 0; k < padded; k += SIDE_BY_SIDE)
            solve<JUST_COLLIDED>(apart + 4 * k, relative + 4 * k, time + k, now);
        Encounter found{limit, -1};
        for (int32_t k = 0; k < n; k++) {
            const bool sooner = time[k] < found.time;
            found.time = sooner ? time[k] : found.time;
            found.with = sooner ? k : found.with;
        }
        return found;
    }

    // With q = d^2 - s^2, a = u^2, b = d.u the first root is q / (sqrt(b^2 - a q) - b), in which nothing cancels. A pair
    // that rounding has pushed into touch meets at once. Growing, s = S (1 + g t) at the origin; b loses s g S, a (g S)^2.
    template <bool JUST_COLLIDED>
    INLINED void solve(const double* __restrict d, const double* __restrict u, double* __restrict found, double now) const {
        for (int32_t k = 0; k < SIDE_BY_SIDE; k++) {
            const double dx = d[4 * k], dy = d[4 * k + 1], dz = d[4 * k + 2];
            const double origin = JUST_COLLIDED ? now : d[4 * k + 3];
            const double ux = u[4 * k], uy = u[4 * k + 1], uz = u[4 * k + 2], radii = u[4 * k + 3];
            const double s = radii * (1 + growth * origin), widening = growth * radii;
            const double b = dx * ux + dy * uy + dz * uz - s * widening;
            const double q = dx * dx + dy * dy + dz * dz - s * s;
            const double a = ux * ux + uy * uy + uz * uz - widening * widening;
            const double discriminant = b * b - a * q;
            const double after = q / (std::sqrt(discriminant > 0 ? discriminant : 0) - b);
            const bool meet = ((b < 0) | ((a < 0) & (q > 0))) & (discriminant >= 0);
            found[k] = meet ? origin + (after > 0 ? after : 0) : NEVER;
        }
    }
};

}  // namespace tdaglass::hard_spheres
