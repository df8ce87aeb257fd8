// The Nose-Hoover chain of the CPU kernels (molecular_dynamics/thermostat.hpp), by one thread while the others wait.
#pragma once
#include "block_record.hpp"

namespace tdaglass {
namespace block {

// e^x, to the last digits in double precision for the small numbers that time steps give; larger ones are halved, and
// their exponentials squared.
FN double exponential(double x) {
    int halved = 0;
    x = x < 700 ? (x > -700 ? x : -700) : 700;
    KEEP_ROLLED while (x > 0.03 || x < -0.03) x *= 0.5, halved++;
    const double tail = 1.0 / 24 + x * (1.0 / 120 + x * (1.0 / 720 + x * (1.0 / 5040)));
    double y = 1 + x * (1 + x * (1.0 / 2 + x * (1.0 / 6 + x * tail)));
    KEEP_ROLLED while (halved-- > 0) y *= y;
    return y;
}

// Half a time step, eqs. (27)-(31) of Martyna et al., Mol. Phys. 87, 1117 (1996); returns the factor that multiplies the
// velocities. Twice the kinetic energy and the temperature are in energy units.
FN float half_chain(const Settings& s, Block& b, double twice_kinetic, double temperature) {
    const int last = CHAIN_LINKS - 1;
    const double dt = s.dt, tau = 100 * dt, light = 1 / (temperature * tau * tau);
    const double inverse_mass[CHAIN_LINKS] = {light / s.freedom, light, light};
    double p[CHAIN_LINKS];
    UNROLL for (int m = 0; m <= last; m++) p[m] = b.chain_momentum[m];
    auto kick = [&](int m) {
        const int below = m > 0 ? m - 1 : 0, above = m < last ? m + 1 : last;
        const double driving = m == 0 ? twice_kinetic - s.freedom * temperature
                                      : p[below] * p[below] * inverse_mass[below] - temperature;
        const double drag = m == last ? 1 : exponential(-dt / 8 * p[above] * inverse_mass[above]);
        p[m] = drag * (drag * p[m] + dt / 4 * driving);
    };
    UNROLL for (int m = last; m >= 0; m--) kick(m);
    const float factor = (float)exponential(-dt / 2 * p[0] * inverse_mass[0]);
    twice_kinetic *= (double)factor * factor;
    UNROLL for (int m = 0; m <= last; m++)
        b.chain_position[m] = (float)(b.chain_position[m] + dt / 2 * p[m] * inverse_mass[m]);
    UNROLL for (int m = 0; m <= last; m++) kick(m);
    UNROLL for (int m = 0; m <= last; m++) b.chain_momentum[m] = (float)p[m];
    return factor;
}

}  // namespace block
}  // namespace tdaglass
