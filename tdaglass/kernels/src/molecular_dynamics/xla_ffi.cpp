// The library's functions as targets of XLA's foreign function interface. Leading axes are independent systems.
#include <algorithm>
#include <vector>

#include "calls.hpp"
#include "molecular_dynamics.hpp"

using namespace tdaglass::calls;
using tdaglass::System;

namespace {

template <class T>
void copy(T* to, const T* from, int64_t n) {
    if (to != from) std::copy(from, from + n, to);
}

// `advance_them(settings, systems, progress, batch, threads)` is one of the library's functions.
template <class Advance>
ffi::Error advance_systems(Advance advance_them, int64_t threads, Systems& given) {
    if (auto error = given.check(); error.failure()) return error;
    const auto [batch, n, dim] = given.shape();
    copy(given.fraction_out->typed_data(), given.fraction.typed_data(), batch * n * dim);
    copy(given.image_out->typed_data(), given.image.typed_data(), batch * n * dim);
    copy(given.velocity_out->typed_data(), given.velocity.typed_data(), batch * n * dim);
    copy(given.force_out->typed_data(), given.force.typed_data(), batch * n * dim);
    copy(given.chain_position_out->typed_data(), given.chain_position.typed_data(), 3 * batch);
    copy(given.chain_momentum_out->typed_data(), given.chain_momentum.typed_data(), 3 * batch);
    std::vector<System> all;
    for (int64_t k = 0; k < batch; k++) {
        const int64_t at = k * n * dim;
        all.push_back({given.fraction_out->typed_data() + at, given.image_out->typed_data() + at,
                       given.velocity_out->typed_data() + at, given.force_out->typed_data() + at,
                       given.chain_position_out->typed_data() + 3 * k, given.chain_momentum_out->typed_data() + 3 * k,
                       given.species.typed_data() + k * n, given.diameters.typed_data() + k * n,
                       given.box.typed_data() + k * dim, given.temperature.typed_data()[k],
                       given.slope.typed_data()[k], given.first.typed_data()[k], given.last.typed_data()[k]});
    }
    std::vector<tdaglass::Progress> progress(batch);
    advance_them(given.settings(), all.data(), progress.data(), batch, threads);
    for (int64_t k = 0; k < batch; k++) {
        given.made->typed_data()[k] = progress[k].made;
        given.status->typed_data()[k] = progress[k].status;
    }
    return ffi::Error::Success();
}

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

ffi::Error measure(Ints fraction, Ints species, Floats diameters, Floats box, FloatsOut force, FloatsOut energy,
                   FloatsOut virial, IntsOut status, Table sigma, Table epsilon, Table cutoff, Table masses,
                   int64_t form, int64_t exponent, int64_t truncation, double non_additivity, double smallest,
                   double largest, double skin, int64_t threads) {
    Shape s = shape_of(fraction);
    const Liquid liquid{sigma,    epsilon,    cutoff,         masses,   form,
                        exponent, truncation, non_additivity, smallest, largest};
    if (auto error = liquid.check(s); error.failure()) return error;
    int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(species, s.batch * s.n) && has_numbers(diameters, s.batch * s.n) &&
                 has_numbers(box, s.batch * s.dim) && has_numbers(*force, coordinates) &&
                 has_numbers(*energy, s.batch) && has_numbers(*virial, s.batch) && has_numbers(*status, s.batch);
    if (!agree) return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    auto settings = liquid.settings(s, false, 1.0, skin);  // no steps are made
    auto one = [&](int64_t k) {
        std::vector<int32_t> position(fraction.typed_data() + k * s.n * s.dim,
                                      fraction.typed_data() + (k + 1) * s.n * s.dim);
        std::vector<int32_t> image(position.size());
        std::vector<float> velocity(position.size());
        float* forces = force->typed_data() + k * s.n * s.dim;
        std::fill(forces, forces + position.size(), 0.0f);
        System system{position.data(), image.data(), velocity.data(), forces, nullptr, nullptr,
                      species.typed_data() + k * s.n, diameters.typed_data() + k * s.n,
                      box.typed_data() + k * s.dim, 0, 0, 0, 0};
        double potential = 0, pressure_part = 0;
        status->typed_data()[k] = tdaglass::measure(settings, system, potential, pressure_part);
        energy->typed_data()[k] = (float)potential;
        virial->typed_data()[k] = (float)pressure_part;
    };
    tdaglass::for_each(
        s.batch, threads, [](int64_t k, void* task) { (*static_cast<decltype(one)*>(task))(k); }, &one);
    return ffi::Error::Success();
}

// Records of what was bound.
constexpr auto advance_call = [](int64_t threads, auto... all) {
    Systems given{all...};
    return advance_systems(tdaglass::advance_all, threads, given);
};

constexpr auto observe_call = [](int64_t threads, Ints moments, Ints fraction, Ints image, Ints cage, Ints waves,
                                 FloatsOut distance, FloatsOut distance_sq, FloatsOut cage_sq, FloatsOut scattering,
                                 FloatsOut scattering_sq, auto... all) {
    Watch<FloatsOut> watch{moments,  fraction,    image,   cage,       waves,
                                   distance, distance_sq, cage_sq, scattering, scattering_sq};
    Systems given{all...};
    return observe(threads, watch, given);
};

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance, advance_call, and_systems(ffi::Ffi::Bind().Attr<int64_t>("threads")));

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_observe, observe_call,
                              and_systems(and_watch<Floats>(ffi::Ffi::Bind().Attr<int64_t>("threads"))));

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_measure, measure,
                              and_liquid(ffi::Ffi::Bind()
                                             .Arg<Ints>()    // fraction
                                             .Arg<Ints>()    // species
                                             .Arg<Floats>()  // diameters
                                             .Arg<Floats>()  // box
                                             .Ret<Floats>()  // force
                                             .Ret<Floats>()  // energy
                                             .Ret<Floats>()  // virial
                                             .Ret<Ints>()    // status
                                         )
                                  .Attr<double>("skin")
                                  .Attr<int64_t>("threads"));
