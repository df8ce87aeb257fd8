// Systems of atoms with bond orders: each its own piece of work.
#include "bond_order.hpp"

#include <exception>

#include "bond_order_field.hpp"
#include "molecular_dynamics/system_run.hpp"

namespace tdaglass {
namespace {

Status checked(const Settings& settings, const double* numbers, Tersoff& tersoff) {
    if (const Status status = check_settings(settings)) return status;
    const bool one_element = settings.n_species == 1 && settings.dimension == 3;
    return one_element && tersoff.make(numbers) ? OK : BAD_SETTINGS;
}

Progress advance_system(const Settings& settings, const double* numbers, System& system) noexcept {
    try {
        Tersoff tersoff;
        if (const Status status = checked(settings, numbers, tersoff)) return {system.first, status};
        BondOrderField field(tersoff);
        return advance_one(settings, system, field);
    } catch (const std::exception&) {  // bad_alloc, or length_error of a vector
        return {system.first, OUT_OF_MEMORY};
    }
}

}  // namespace

void advance_bond_orders(const Settings& settings, const double* numbers, System* systems, Progress* progress, int64_t n,
                         int64_t threads) noexcept {
    auto one = [&](int64_t k) { progress[k] = advance_system(settings, numbers, systems[k]); };
    for_each(
        n, threads, [](int64_t k, void* task) { (*static_cast<decltype(one)*>(task))(k); }, &one);
}

Status measure_bond_orders(const Settings& settings, const double* numbers, System& system, double& energy,
                           double& virial) noexcept {
    try {
        Tersoff tersoff;
        if (const Status status = checked(settings, numbers, tersoff)) return status;
        BondOrderField field(tersoff);
        return measure_one(settings, system, field, energy, virial);
    } catch (const std::exception&) {
        return OUT_OF_MEMORY;
    }
}

}  // namespace tdaglass
