// The box at constant pressure, as in engine 1 (tdaglass.glass.integrators): isotropic, of Martyna, Tobias and Klein.
#pragma once
#include <cmath>

#include "thermostat.hpp"

namespace tdaglass {

constexpr double BAROSTAT_PERIOD = 1000;  // time steps

// In single precision, as in the caller's state; see Chain.
struct Barostat {
    float momentum = 0;  // conjugate to the logarithm of the edges
    Chain chain;

    void half_chain(double dt, double temperature, double mass) {
        const double twice_kinetic = (double)momentum * momentum / mass;
        momentum *= chain.half_step(dt, twice_kinetic, temperature, 1, BAROSTAT_PERIOD);
    }

    void half_kick(double dt, double force) { momentum = (float)(momentum + dt / 2 * force); }
};

// e^x, and its mean over a step, e^(x/2) sinh(x/2) / (x/2), by a series: x is the tiny growth in one step.
struct Growth {
    double stretch, mean;

    explicit Growth(double x) : stretch(std::exp(x)) {
        const double y = x / 2, y_sq = y * y;
        mean = std::exp(y) * (1 + y_sq / 6 * (1 + y_sq / 20 * (1 + y_sq / 42)));
    }
};

}  // namespace tdaglass
