// Particles in flight, and the periodic box. Discs are spheres whose third coordinate stays zero.
#pragma once
#include <cmath>

#include "vectors/aligned.hpp"
#include "vectors/simd.hpp"

namespace tdaglass::hard_spheres {

typedef double Four __attribute__((vector_size(32)));

INLINED inline Four four(double x) { return x - Four{}; }

// One line of the cache. The radius is negative so that one subtraction gives a relative velocity and a sum of radii.
struct alignas(64) Particle {
    double x[3];  // where it was
    double t;     // when: at its last collision
    double v[3];  // since
    double minus_radius;
};

INLINED inline Four where(const Particle& p) { return load<Four>(p.x); }
INLINED inline Four velocity(const Particle& p) { return load<Four>(p.v); }

// Position at another time; the fourth entry means nothing.
INLINED inline Four position_at(const Particle& p, double time) {
    return where(p) + four(time - p.t) * velocity(p);
}

INLINED inline double dot(Four a, Four b) {
    const Four c = a * b;
    return c[0] + c[1] + c[2];
}

// Nearest images by rounding; an axis that is not there has no images.
struct Box {
    Four edge{}, inverse{};

    // The whole number of boxes between two points. Adding this number leaves no room for a fraction.
    INLINED Four boxes(Four apart) const {
        const Four no_fraction = four(0x1.8p52);
        return (apart * inverse + no_fraction) - no_fraction;
    }
    INLINED Four nearest_image(Four apart) const { return apart - boxes(apart) * edge; }
};

}  // namespace tdaglass::hard_spheres
