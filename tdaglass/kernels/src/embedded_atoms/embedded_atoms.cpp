// Systems of embedded atoms, over threads.
#include "embedded_atoms.hpp"

#include "embedded_atom_forces.hpp"
#include "molecular_dynamics/system_run.hpp"

namespace tdaglass {
namespace {

Status make(const Settings& settings, const EmbeddedAtomSplines& splines, SplineTable& table) {
    const Status status = check_settings(settings);
    return status == OK && !table.make(settings, splines) ? BAD_SETTINGS : status;
}

}  // namespace

void advance_all(const Settings& settings, const EmbeddedAtomSplines& splines, System* systems, Progress* progress,
                 int64_t n, int64_t threads) noexcept {
    auto all = [&](Status status) {
        for (int64_t k = 0; k < n; k++) progress[k] = {systems[k].first, status};
    };
    try {
        SplineTable table;
        if (Status status = make(settings, splines, table)) return all(status);
        auto one = [&](int64_t k) {
            try {
                EmbeddedAtomForceField field(table);
                progress[k] = advance_one(settings, systems[k], field);
            } catch (const std::exception&) {
                progress[k] = {systems[k].first, OUT_OF_MEMORY};
            }
        };
        for_each(n, threads, [](int64_t k, void* task) { (*static_cast<decltype(one)*>(task))(k); }, &one);
    } catch (const std::exception&) {
        all(OUT_OF_MEMORY);
    }
}

Status measure(const Settings& settings, const EmbeddedAtomSplines& splines, System& system, double& energy,
               double& virial) noexcept {
    try {
        SplineTable table;
        if (Status status = make(settings, splines, table)) return status;
        EmbeddedAtomForceField field(table);
        return measure_one(settings, system, field, energy, virial);
    } catch (const std::exception&) {
        return OUT_OF_MEMORY;
    }
}

}  // namespace tdaglass
