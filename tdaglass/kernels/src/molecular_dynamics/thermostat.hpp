// The Nose-Hoover chain of engine 1 (tdaglass.glass.integrators): three links, one substep.
#pragma once
#include <cmath>

namespace tdaglass {

constexpr int CHAIN_LENGTH = 3;
constexpr double THERMOSTAT_PERIOD = 100;  // time steps

// What is carried from step to step is in single precision, as in the caller's state, so that a run that is divided
// into calls is the same run.
struct Chain {
    float position[CHAIN_LENGTH] = {}, momentum[CHAIN_LENGTH] = {};

    // Half a time step, eqs. (27)-(31) of Martyna et al., Mol. Phys. 87, 1117 (1996); returns the factor that
    // multiplies the velocities. Twice the kinetic energy and the temperature are in energy units.
    float half_step(double dt, double twice_kinetic, double temperature, double degrees_of_freedom,
                    double period = THERMOSTAT_PERIOD) {
        constexpr int LAST = CHAIN_LENGTH - 1;
        double q[CHAIN_LENGTH], p[CHAIN_LENGTH], tau = period * dt;
        for (int m = 0; m <= LAST; m++) {
            q[m] = temperature * tau * tau * (m == 0 ? degrees_of_freedom : 1);
            p[m] = momentum[m];
        }
        auto driving = [&](int m) {
            return m == 0 ? twice_kinetic - degrees_of_freedom * temperature
                          : p[m - 1] * p[m - 1] / q[m - 1] - temperature;
        };
        auto kick = [&](int m) {
            double drag = m == LAST ? 1 : std::exp(-dt / 8 * p[m + 1] / q[m + 1]);
            p[m] = drag * (drag * p[m] + dt / 4 * driving(m));
        };
        for (int m = LAST; m >= 0; m--) kick(m);
        float factor = (float)std::exp(-dt / 2 * p[0] / q[0]);
        twice_kinetic *= (double)factor * factor;
        for (int m = 0; m <= LAST; m++) position[m] = (float)(position[m] + dt / 2 * p[m] / q[m]);
        for (int m = 0; m <= LAST; m++) kick(m);
        for (int m = 0; m <= LAST; m++) momentum[m] = (float)p[m];
        return factor;
    }
};

}  // namespace tdaglass
