// One liquid of pairs, and threads for several systems.
#include "molecular_dynamics.hpp"

#include <atomic>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "pair_force_field.hpp"
#include "system_run.hpp"

namespace tdaglass {
namespace {

Progress checked_advance(const Settings& settings, System& system, Observer* observer) {
    PairTable table;
    if (Status status = check_settings(settings, table)) return {system.first, status};
    PairForceField field(table);
    return advance_one(settings, system, field, observer);
}

Status checked_measure(const Settings& settings, System& system, double& energy, double& virial) {
    PairTable table;
    if (Status status = check_settings(settings, table)) return status;
    PairForceField field(table);
    return measure_one(settings, system, field, energy, virial);
}

}  // namespace

Progress advance(const Settings& settings, System& system, Observer* observer) noexcept {
    try {
        return checked_advance(settings, system, observer);
    } catch (const std::exception&) {  // bad_alloc, or length_error of a vector
        return {system.first, OUT_OF_MEMORY};
    }
}

Status measure(const Settings& settings, System& system, double& energy, double& virial) noexcept {
    try {
        return checked_measure(settings, system, energy, virial);
    } catch (const std::exception&) {
        return OUT_OF_MEMORY;
    }
}

void for_each(int64_t n, int64_t threads, void (*task)(int64_t k, void* context), void* context) noexcept {
    std::atomic<int64_t> next{0};
    auto work = [&] {
        for (int64_t k; (k = next.fetch_add(1)) < n;) task(k, context);
    };
    std::vector<std::thread> others;
    try {
        for (int64_t t = 1; t < threads && t < n; t++) others.emplace_back(work);
    } catch (const std::exception&) {
        // The threads that could be started, this one among them, do the work.
    }
    work();
    for (auto& other : others) other.join();
}

}  // namespace tdaglass
