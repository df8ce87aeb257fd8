// Calls that are the same for every kind of matter: its systems advanced, at constant volume or pressure, or measured.
#pragma once
#include <algorithm>
#include <vector>

#include "calls.hpp"
#include "molecular_dynamics.hpp"

namespace tdaglass::calls {

template <class T>
void copy(T* to, const T* from, int64_t n) {
    if (to != from) std::copy(from, from + n, to);
}

// `advance_them(settings, systems, progress, batch, threads)` makes the steps.
template <class Given, class Advance>
ffi::Error advance_systems(Advance advance_them, int64_t threads, Given& given, Boxes* boxes = nullptr) {
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
    Settings settings = given.settings();
    if (boxes) {
        if (auto error = boxes->check(given.shape()); error.failure()) return error;
        settings.barostat = true;
        boxes->hand_over(all, given.box, dim);
    }
    std::vector<Progress> progress(batch);
    advance_them(settings, all.data(), progress.data(), batch, threads);
    for (int64_t k = 0; k < batch; k++) {
        given.made->typed_data()[k] = progress[k].made;
        given.status->typed_data()[k] = progress[k].status;
    }
    return ffi::Error::Success();
}

// Records of what was bound.
template <class Matter>
constexpr auto advance_call = [](int64_t threads, auto... all) {
    SystemsOf<Matter> given{all...};
    auto advance_them = [&](auto... these) { given.matter.advance(these...); };
    return advance_systems(advance_them, threads, given);
};

template <class Matter>
constexpr auto at_pressure_call = [](int64_t threads, Floats momentum, Floats chain_position, Floats chain_momentum,
                                     Floats pressure, FloatsOut box_out, FloatsOut momentum_out,
                                     FloatsOut chain_position_out, FloatsOut chain_momentum_out, auto... all) {
    Boxes boxes{momentum, chain_position, chain_momentum,     pressure,
                box_out,  momentum_out,   chain_position_out, chain_momentum_out};
    SystemsOf<Matter> given{all...};
    auto advance_them = [&](auto... these) { given.matter.advance(these...); };
    return advance_systems(advance_them, threads, given, &boxes);
};

template <class Matter>
constexpr auto measure_call = [](Ints fraction, Ints species, Floats diameters, Floats box, FloatsOut force,
                                 FloatsOut energy, FloatsOut virial, IntsOut status, double skin, int64_t threads,
                                 auto... all) {
    const Matter matter{all...};
    const Shape s = shape_of(fraction);
    if (auto error = matter.check(s); error.failure()) return error;
    const int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(species, s.batch * s.n) && has_numbers(diameters, s.batch * s.n) &&
                 has_numbers(box, s.batch * s.dim) && has_numbers(*force, coordinates) &&
                 has_numbers(*energy, s.batch) && has_numbers(*virial, s.batch) && has_numbers(*status, s.batch);
    if (!agree) return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    const auto settings = matter.settings(s, false, 1.0, skin);  // no steps are made
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
        status->typed_data()[k] = matter.measure(settings, system, potential, pressure_part);
        energy->typed_data()[k] = (float)potential;
        virial->typed_data()[k] = (float)pressure_part;
    };
    for_each(
        s.batch, threads, [](int64_t k, void* task) { (*static_cast<decltype(one)*>(task))(k); }, &one);
    return ffi::Error::Success();
};

// How they are bound.
template <class Matter>
auto bind_advance() {
    return and_systems<Matter>(ffi::Ffi::Bind().Attr<int64_t>("threads"));
}

template <class Matter>
auto bind_at_pressure() {
    return and_systems<Matter>(and_boxes(ffi::Ffi::Bind().Attr<int64_t>("threads")));
}

template <class Matter>
auto bind_measure() {
    return Matter::bind(ffi::Ffi::Bind()
                            .Arg<Ints>()    // fraction
                            .Arg<Ints>()    // species
                            .Arg<Floats>()  // diameters
                            .Arg<Floats>()  // box
                            .Ret<Floats>()  // force
                            .Ret<Floats>()  // energy
                            .Ret<Floats>()  // virial
                            .Ret<Ints>()    // status
                            .Attr<double>("skin")
                            .Attr<int64_t>("threads"));
}

}  // namespace tdaglass::calls
