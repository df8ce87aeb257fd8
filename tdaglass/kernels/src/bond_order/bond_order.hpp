// What the library offers for bond orders, with nothing of JAX or Python in it; as molecular_dynamics.hpp for pairs.
#pragma once
#include "molecular_dynamics/molecular_dynamics.hpp"

namespace tdaglass {

// `numbers` are those of Tersoff::make. Every system ends on the same bits as by itself, on any thread.
void advance_bond_orders(const Settings& settings, const double* numbers, System* systems, Progress* progress, int64_t n,
                         int64_t threads) noexcept;

Status measure_bond_orders(const Settings& settings, const double* numbers, System& system, double& energy,
                           double& virial) noexcept;

}  // namespace tdaglass
