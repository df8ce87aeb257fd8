// The library's functions as targets of XLA's foreign function interface. Leading axes are independent systems.
#include "molecular_dynamics.hpp"
#include <algorithm>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;
using tdaglass::System;
using Ints = ffi::Buffer<ffi::S32>;
using Floats = ffi::Buffer<ffi::F32>;
using IntsOut = ffi::ResultBuffer<ffi::S32>;
using FloatsOut = ffi::ResultBuffer<ffi::F32>;
using Table = ffi::Span<const double>;

namespace {

// Leading axes, all but the last `own`; -1 if there are not as many.
template <class Buffer>
int64_t systems(const Buffer& x, size_t own) {
    auto sizes = x.dimensions();
    if (sizes.size() < own) return -1;
    int64_t n = 1;
    for (size_t k = 0; k + own < sizes.size(); k++) n *= sizes[k];
    return n;
}

template <class Buffer>
bool has_numbers(const Buffer& x, int64_t n) {
    return (int64_t)x.element_count() == n;
}

struct Shape {
    int64_t batch, n, dim;
};

// Sizes from the positions.
template <class Buffer>
Shape shape_of(const Buffer& positions) {
    auto sizes = positions.dimensions();
    if (sizes.size() < 2) return {-1, 0, 0};
    return {systems(positions, 2), sizes[sizes.size() - 2], sizes[sizes.size() - 1]};
}

// What a call says of the liquid, in the order in which it is bound.
struct Liquid {
    Table sigma, epsilon, cutoff, masses;
    tdaglass::Potential potential;

    Liquid(Table sigma, Table epsilon, Table cutoff, Table masses, int64_t form, int64_t exponent, int64_t truncation,
           double non_additivity, double smallest, double largest)
        : sigma(sigma), epsilon(epsilon), cutoff(cutoff), masses(masses),
          potential{form, exponent, truncation, non_additivity, smallest, largest} {}

    // An error unless every pair of species has its entries.
    ffi::Error check(const Shape& s) const {
        size_t kinds = masses.size(), pairs = kinds * kinds;
        if (s.batch < 0 || sigma.size() != pairs || epsilon.size() != pairs || cutoff.size() != pairs)
            return ffi::Error::InvalidArgument(
                "expected positions (..., n, dim) and one table entry for each pair of species");
        return ffi::Error::Success();
    }

    tdaglass::Settings settings(const Shape& s, bool thermostat, double dt, double skin) const {
        return {s.dim,          s.n,       (int64_t)masses.size(), sigma.begin(), epsilon.begin(), cutoff.begin(),
                masses.begin(), potential, thermostat,             dt,            skin};
    }
};

template <class T>
void copy(T* to, const T* from, int64_t n) {
    if (to != from) std::copy(from, from + n, to);
}

// `advance_them(settings, systems, progress, batch, threads)` is one of the library's functions.
template <class Advance>
ffi::Error advance_systems(Advance advance_them, Ints fraction, Ints image, Floats velocity, Floats force,
                           Floats chain_position, Floats chain_momentum, Ints species, Floats diameters, Floats box,
                           Floats temperature, Floats slope, Ints first, Ints last, IntsOut fraction_out,
                           IntsOut image_out, FloatsOut velocity_out, FloatsOut force_out,
                           FloatsOut chain_position_out, FloatsOut chain_momentum_out, IntsOut made, IntsOut status,
                           Table sigma, Table epsilon, Table cutoff, Table masses, int64_t form, int64_t exponent,
                           int64_t truncation, double non_additivity, double smallest, double largest, bool thermostat,
                           double dt, double skin, int64_t threads) {
    Shape s = shape_of(fraction);
    const Liquid liquid(sigma, epsilon, cutoff, masses, form, exponent, truncation, non_additivity, smallest, largest);
    if (auto error = liquid.check(s); error.failure()) return error;
    int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(image, coordinates) && has_numbers(velocity, coordinates) &&
                 has_numbers(force, coordinates) && has_numbers(species, s.batch * s.n) &&
                 has_numbers(diameters, s.batch * s.n) && has_numbers(box, s.batch * s.dim) &&
                 has_numbers(chain_position, 3 * s.batch) &&
                 has_numbers(chain_momentum, 3 * s.batch) && has_numbers(temperature, s.batch) &&
                 has_numbers(slope, s.batch) && has_numbers(first, s.batch) && has_numbers(last, s.batch) &&
                 has_numbers(*fraction_out, coordinates) && has_numbers(*image_out, coordinates) &&
                 has_numbers(*velocity_out, coordinates) && has_numbers(*force_out, coordinates) &&
                 has_numbers(*chain_position_out, 3 * s.batch) && has_numbers(*chain_momentum_out, 3 * s.batch) &&
                 has_numbers(*made, s.batch) && has_numbers(*status, s.batch);
    if (!agree) return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    copy(fraction_out->typed_data(), fraction.typed_data(), coordinates);
    copy(image_out->typed_data(), image.typed_data(), coordinates);
    copy(velocity_out->typed_data(), velocity.typed_data(), coordinates);
    copy(force_out->typed_data(), force.typed_data(), coordinates);
    copy(chain_position_out->typed_data(), chain_position.typed_data(), 3 * s.batch);
    copy(chain_momentum_out->typed_data(), chain_momentum.typed_data(), 3 * s.batch);
    auto settings = liquid.settings(s, thermostat, dt, skin);
    std::vector<System> all;
    for (int64_t k = 0; k < s.batch; k++) {
        int64_t at = k * s.n * s.dim;
        all.push_back({fraction_out->typed_data() + at, image_out->typed_data() + at, velocity_out->typed_data() + at,
                       force_out->typed_data() + at, chain_position_out->typed_data() + 3 * k,
                       chain_momentum_out->typed_data() + 3 * k, species.typed_data() + k * s.n,
                       diameters.typed_data() + k * s.n, box.typed_data() + k * s.dim, temperature.typed_data()[k], slope.typed_data()[k],
                       first.typed_data()[k], last.typed_data()[k]});
    }
    std::vector<tdaglass::Progress> progress(s.batch);
    advance_them(settings, all.data(), progress.data(), s.batch, threads);
    for (int64_t k = 0; k < s.batch; k++) {
        made->typed_data()[k] = progress[k].made;
        status->typed_data()[k] = progress[k].status;
    }
    return ffi::Error::Success();
}

// One batch of replicas, and what to look at on their way.
template <class... Moving>
ffi::Error observe(Ints moments, Ints fraction, Ints image, Ints cage, Ints waves, FloatsOut distance,
                   FloatsOut distance_sq, FloatsOut cage_sq, FloatsOut scattering, FloatsOut scattering_sq,
                   Moving... moving) {
    auto sizes = fraction.dimensions(), neighbors = cage.dimensions();
    if (sizes.size() != 2 || neighbors.size() != 2) return ffi::Error::InvalidArgument("expected positions (n, dim)");
    const int64_t n = sizes[0], dim = sizes[1], n_moments = moments.element_count();
    const int64_t n_waves = waves.element_count() / std::max<int64_t>(dim, 1);
    const tdaglass::Observation observation{n_moments,          neighbors[1],       n_waves,
                                            moments.typed_data(), fraction.typed_data(), image.typed_data(),
                                            cage.typed_data(),    waves.typed_data()};
    const tdaglass::Sums sums{distance->typed_data(), distance_sq->typed_data(), cage_sq->typed_data(),
                              scattering->typed_data(), scattering_sq->typed_data()};
    bool agree = true;
    auto look_on = [&](const tdaglass::Settings& s, System* all, tdaglass::Progress* progress, int64_t batch,
                       int64_t threads) {
        agree = n == s.n_particles && dim == s.dimension && neighbors[0] == n && has_numbers(image, n * dim) &&
                has_numbers(waves, n_waves * dim);
        for (auto* sum : {&distance, &distance_sq, &cage_sq}) agree &= has_numbers(**sum, n_moments * n);
        for (auto* sum : {&scattering, &scattering_sq}) agree &= has_numbers(**sum, n_moments * (s.n_species + 2));
        for (int64_t k = 0; k < n_moments; k++)
            for (int64_t system = 0; system < batch; system++)
                agree &= (k ? observation.moments[k - 1] : all[system].first) < observation.moments[k] &&
                         observation.moments[k] <= all[system].last;
        if (!agree) return;
        for (auto* sum : {&distance, &distance_sq, &cage_sq, &scattering, &scattering_sq})
            std::fill_n((*sum)->typed_data(), (*sum)->element_count(), 0.0f);
        tdaglass::advance_and_observe(s, all, progress, batch, threads, observation, sums);
    };
    auto error = advance_systems(look_on, moving...);
    return agree ? error : ffi::Error::InvalidArgument("expected increasing moments among the steps, and one start");
}

ffi::Error measure(Ints fraction, Ints species, Floats diameters, Floats box, FloatsOut force, FloatsOut energy,
                   FloatsOut virial, IntsOut status, Table sigma, Table epsilon, Table cutoff, Table masses,
                   int64_t form, int64_t exponent, int64_t truncation, double non_additivity, double smallest,
                   double largest, double skin, int64_t threads) {
    Shape s = shape_of(fraction);
    const Liquid liquid(sigma, epsilon, cutoff, masses, form, exponent, truncation, non_additivity, smallest, largest);
    if (auto error = liquid.check(s); error.failure()) return error;
    int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(species, s.batch * s.n) && has_numbers(diameters, s.batch * s.n) && has_numbers(box, s.batch * s.dim) &&
                 has_numbers(*force, coordinates) && has_numbers(*energy, s.batch) && has_numbers(*virial, s.batch) &&
                 has_numbers(*status, s.batch);
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

// The attributes of a Liquid, behind others.
template <class Binding>
auto and_liquid(Binding&& binding) {
    return std::move(binding)
        .template Attr<Table>("sigma")
        .template Attr<Table>("epsilon")
        .template Attr<Table>("cutoff")
        .template Attr<Table>("masses")
        .template Attr<int64_t>("form")
        .template Attr<int64_t>("exponent")
        .template Attr<int64_t>("truncation")
        .template Attr<double>("non_additivity")
        .template Attr<double>("smallest")
        .template Attr<double>("largest");
}

// The arguments of advance_systems, behind others.
template <class Binding>
auto and_systems(Binding&& binding) {
    return and_liquid(std::move(binding)
                          .template Arg<Ints>()    // fraction
                          .template Arg<Ints>()    // image
                          .template Arg<Floats>()  // velocity
                          .template Arg<Floats>()  // force
                          .template Arg<Floats>()  // chain_position
                          .template Arg<Floats>()  // chain_momentum
                          .template Arg<Ints>()    // species
                          .template Arg<Floats>()  // diameters
                          .template Arg<Floats>()  // box
                          .template Arg<Floats>()  // temperature
                          .template Arg<Floats>()  // slope
                          .template Arg<Ints>()    // first
                          .template Arg<Ints>()    // last
                          .template Ret<Ints>()    // fraction
                          .template Ret<Ints>()    // image
                          .template Ret<Floats>()  // velocity
                          .template Ret<Floats>()  // force
                          .template Ret<Floats>()  // chain_position
                          .template Ret<Floats>()  // chain_momentum
                          .template Ret<Ints>()    // made
                          .template Ret<Ints>())   // status
        .template Attr<bool>("thermostat")
        .template Attr<double>("dt")
        .template Attr<double>("skin")
        .template Attr<int64_t>("threads");
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance,
                              [](auto... all) { return advance_systems(tdaglass::advance_all, all...); },
                              and_systems(ffi::Ffi::Bind()));

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_observe,
                              [](auto... all) { return observe(all...); },
                              and_systems(ffi::Ffi::Bind()
                                              .Arg<Ints>()    // moments
                                              .Arg<Ints>()    // fraction of the start
                                              .Arg<Ints>()    // image of the start
                                              .Arg<Ints>()    // cage
                                              .Arg<Ints>()    // waves
                                              .Ret<Floats>()  // distance
                                              .Ret<Floats>()  // distance_sq
                                              .Ret<Floats>()  // cage_sq
                                              .Ret<Floats>()  // scattering
                                              .Ret<Floats>()  // scattering_sq
                                          ));

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
