// Embedded atoms as targets of XLA's foreign function interface.
#include "embedded_atoms.hpp"
#include "molecular_dynamics/advance_call.hpp"

using namespace tdaglass::calls;

namespace {

// What a call says of the atoms, in the order in which it is bound.
struct EmbeddedAtoms {
    Table embedding, density, pair, masses;
    double density_spacing, distance_spacing, cutoff;

    ffi::Error check(const Shape& s) const {
        const size_t kinds = masses.size(), pairs = 4 * kinds * kinds;
        bool whole = s.batch >= 0 && kinds > 0 && embedding.size() % (4 * kinds) == 0 && pair.size() % pairs == 0;
        if (whole && density.size() == pair.size()) return ffi::Error::Success();
        return ffi::Error::InvalidArgument("expected positions (..., n, dim) and splines for each pair of species");
    }

    tdaglass::EmbeddedAtomSplines splines() const {
        const int64_t kinds = (int64_t)masses.size();
        return {(int64_t)embedding.size() / (4 * kinds), (int64_t)pair.size() / (4 * kinds * kinds),
                density_spacing, distance_spacing, cutoff, embedding.begin(), density.begin(), pair.begin()};
    }

    tdaglass::Settings settings(const Shape& s, bool thermostat, double dt, double skin) const {
        return {s.dim,   s.n,     (int64_t)masses.size(), nullptr, nullptr,
                nullptr, masses.begin(), {},              thermostat, dt, skin};
    }

    void advance(const tdaglass::Settings& settings, tdaglass::System* systems, tdaglass::Progress* progress, int64_t n,
                 int64_t threads) const {
        tdaglass::advance_all(settings, splines(), systems, progress, n, threads);
    }

    tdaglass::Status measure(const tdaglass::Settings& settings, tdaglass::System& system, double& energy,
                             double& virial) const {
        return tdaglass::measure(settings, splines(), system, energy, virial);
    }

    template <class Binding>
    static auto bind(Binding&& binding) {
        return std::move(binding)
            .template Attr<Table>("embedding")
            .template Attr<Table>("density")
            .template Attr<Table>("pair")
            .template Attr<Table>("masses")
            .template Attr<double>("density_spacing")
            .template Attr<double>("distance_spacing")
            .template Attr<double>("cutoff");
    }
};

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_embedded_atoms, advance_call<EmbeddedAtoms>,
                              bind_advance<EmbeddedAtoms>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_at_pressure_embedded_atoms, at_pressure_call<EmbeddedAtoms>,
                              bind_at_pressure<EmbeddedAtoms>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_measure_embedded_atoms, measure_call<EmbeddedAtoms>,
                              bind_measure<EmbeddedAtoms>());
