// The library's functions as targets of XLA's foreign function interface. Leading axes are independent systems.
#include "advance_call.hpp"

using namespace tdaglass::calls;

namespace {

// One batch of replicas, and what to look at on their way.
ffi::Error observe(int64_t threads, Watch<FloatsOut>& watch, Systems& given) {
    if (auto error = given.check(); error.failure()) return error;
    if (auto error = watch.check(given.settings()); error.failure()) return error;
    const auto observation = watch.observation(given.settings());
    for (int64_t system = 0; system < given.shape().batch; system++) {
        int32_t made = given.first.typed_data()[system];
        for (int64_t k = 0; k < observation.n_moments; made = observation.moments[k++])
            if (observation.moments[k] <= made || observation.moments[k] > given.last.typed_data()[system])
                return ffi::Error::InvalidArgument("expected increasing moments among the steps");
    }
    auto look_on = [&](auto... these) {
        for (auto* sum : {&watch.distance, &watch.distance_sq, &watch.cage_sq, &watch.scattering, &watch.scattering_sq})
            std::fill_n((*sum)->typed_data(), (*sum)->element_count(), 0.0f);
        const tdaglass::Sums sums{watch.distance->typed_data(), watch.distance_sq->typed_data(),
                                  watch.cage_sq->typed_data(), watch.scattering->typed_data(),
                                  watch.scattering_sq->typed_data()};
        tdaglass::advance_and_observe(these..., observation, sums);
    };
    return advance_systems(look_on, threads, given);
}

// A record of what was bound.
constexpr auto observe_call = [](int64_t threads, Ints moments, Ints fraction, Ints image, Ints cage, Ints waves,
                                 FloatsOut distance, FloatsOut distance_sq, FloatsOut cage_sq, FloatsOut scattering,
                                 FloatsOut scattering_sq, auto... all) {
    Watch<FloatsOut> watch{moments,  fraction,    image,   cage,       waves,
                                   distance, distance_sq, cage_sq, scattering, scattering_sq};
    Systems given{all...};
    return observe(threads, watch, given);
};

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance, advance_call<Liquid>, bind_advance<Liquid>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_at_pressure, at_pressure_call<Liquid>, bind_at_pressure<Liquid>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_measure, measure_call<Liquid>, bind_measure<Liquid>());

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_observe, observe_call,
                              and_systems(and_watch<Floats>(ffi::Ffi::Bind().Attr<int64_t>("threads"))));
