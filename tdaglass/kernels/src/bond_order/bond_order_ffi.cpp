// Bond orders as targets of XLA's foreign function interface. Leading axes are independent systems.
#include "bond_order.hpp"
#include "molecular_dynamics/advance_call.hpp"
#include "tersoff.hpp"

namespace tdaglass::calls {
namespace {

// What a call says of the atoms, in the order in which it is bound.
struct BondOrders {
    Table numbers, masses;

    ffi::Error check(const Shape& s) const {
        if (s.batch >= 0 && numbers.size() == Tersoff::NUMBERS && masses.size() == 1) return ffi::Error::Success();
        return ffi::Error::InvalidArgument("expected positions (..., n, dim), and the numbers of one element");
    }

    Settings settings(const Shape& s, bool thermostat, double dt, double skin) const {
        Settings settings{};
        settings.dimension = s.dim, settings.n_particles = s.n, settings.n_species = (int64_t)masses.size();
        settings.masses = masses.begin(), settings.thermostat = thermostat, settings.dt = dt, settings.skin = skin;
        return settings;
    }

    void advance(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) const {
        advance_bond_orders(settings, numbers.begin(), systems, progress, n, threads);
    }

    Status measure(const Settings& settings, System& system, double& energy, double& virial) const {
        return measure_bond_orders(settings, numbers.begin(), system, energy, virial);
    }

    template <class Binding>
    static auto bind(Binding&& binding) {
        return std::move(binding).template Attr<Table>("numbers").template Attr<Table>("masses");
    }
};

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_bond_orders, advance_call<BondOrders>, bind_advance<BondOrders>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_at_pressure_bond_orders, at_pressure_call<BondOrders>,
                              bind_at_pressure<BondOrders>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_measure_bond_orders, measure_call<BondOrders>, bind_measure<BondOrders>());

}  // namespace tdaglass::calls
