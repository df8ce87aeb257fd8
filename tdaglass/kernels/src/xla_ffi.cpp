// The library's functions as targets of XLA's foreign function interface. Leading axes are independent systems.
#include "molecular_dynamics.hpp"
#include <algorithm>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;
using tdaglass::System;
using Ints = ffi::Buffer<ffi::S32>;
using Floats = ffi::Buffer<ffi::F32>;
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

// An error unless every pair of species has its entries.
ffi::Error check_tables(const Shape& s, Table sigma, Table epsilon, Table cutoff, Table masses) {
    size_t kinds = masses.size();
    bool square = sigma.size() == kinds * kinds && epsilon.size() == kinds * kinds && cutoff.size() == kinds * kinds;
    if (s.batch < 0 || !square)
        return ffi::Error::InvalidArgument("expected positions (..., n, dim) and one table entry for each pair of species");
    return ffi::Error::Success();
}

// Sizes from the positions.
template <class Buffer>
Shape shape_of(const Buffer& positions) {
    auto sizes = positions.dimensions();
    if (sizes.size() < 2) return {-1, 0, 0};
    return {systems(positions, 2), sizes[sizes.size() - 2], sizes[sizes.size() - 1]};
}

tdaglass::Settings settings_of(const Shape& s, Table sigma, Table epsilon, Table cutoff, Table masses, bool force_shift,
                               bool thermostat, double dt, double skin) {
    return {s.dim,         s.n,         (int64_t)masses.size(), sigma.begin(), epsilon.begin(), cutoff.begin(),
            masses.begin(), force_shift, thermostat,             dt,            skin};
}

template <class T>
void copy(T* to, const T* from, int64_t n) {
    if (to != from) std::copy(from, from + n, to);
}

ffi::Error advance(Ints fraction, Ints image, Floats velocity, Floats force, Floats chain_position,
                   Floats chain_momentum, Ints species, Floats box, Floats temperature, Floats slope, Ints first,
                   Ints last, ffi::ResultBuffer<ffi::S32> fraction_out, ffi::ResultBuffer<ffi::S32> image_out,
                   ffi::ResultBuffer<ffi::F32> velocity_out, ffi::ResultBuffer<ffi::F32> force_out,
                   ffi::ResultBuffer<ffi::F32> chain_position_out, ffi::ResultBuffer<ffi::F32> chain_momentum_out,
                   ffi::ResultBuffer<ffi::S32> made, ffi::ResultBuffer<ffi::S32> status, Table sigma, Table epsilon,
                   Table cutoff, Table masses, bool force_shift, bool thermostat, double dt, double skin,
                   int64_t threads) {
    Shape s = shape_of(fraction);
    if (auto error = check_tables(s, sigma, epsilon, cutoff, masses); error.failure()) return error;
    int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(image, coordinates) && has_numbers(velocity, coordinates) &&
                 has_numbers(force, coordinates) && has_numbers(species, s.batch * s.n) &&
                 has_numbers(box, s.batch * s.dim) && has_numbers(chain_position, 3 * s.batch) &&
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
    auto settings = settings_of(s, sigma, epsilon, cutoff, masses, force_shift, thermostat, dt, skin);
    std::vector<System> all;
    for (int64_t k = 0; k < s.batch; k++) {
        int64_t at = k * s.n * s.dim;
        all.push_back({fraction_out->typed_data() + at, image_out->typed_data() + at, velocity_out->typed_data() + at,
                       force_out->typed_data() + at, chain_position_out->typed_data() + 3 * k,
                       chain_momentum_out->typed_data() + 3 * k, species.typed_data() + k * s.n,
                       box.typed_data() + k * s.dim, temperature.typed_data()[k], slope.typed_data()[k],
                       first.typed_data()[k], last.typed_data()[k]});
    }
    std::vector<tdaglass::Progress> progress(s.batch);
    tdaglass::advance_all(settings, all.data(), progress.data(), s.batch, threads);
    for (int64_t k = 0; k < s.batch; k++) {
        made->typed_data()[k] = progress[k].made;
        status->typed_data()[k] = progress[k].status;
    }
    return ffi::Error::Success();
}

ffi::Error measure(Ints fraction, Ints species, Floats box, ffi::ResultBuffer<ffi::F32> force,
                   ffi::ResultBuffer<ffi::F32> energy, ffi::ResultBuffer<ffi::F32> virial,
                   ffi::ResultBuffer<ffi::S32> status, Table sigma, Table epsilon, Table cutoff, Table masses,
                   bool force_shift, double skin, int64_t threads) {
    Shape s = shape_of(fraction);
    if (auto error = check_tables(s, sigma, epsilon, cutoff, masses); error.failure()) return error;
    int64_t coordinates = s.batch * s.n * s.dim;
    bool agree = has_numbers(species, s.batch * s.n) && has_numbers(box, s.batch * s.dim) &&
                 has_numbers(*force, coordinates) && has_numbers(*energy, s.batch) && has_numbers(*virial, s.batch) &&
                 has_numbers(*status, s.batch);
    if (!agree) return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    auto settings = settings_of(s, sigma, epsilon, cutoff, masses, force_shift, false, 1.0, skin);  // no steps are made
    auto one = [&](int64_t k) {
        std::vector<int32_t> position(fraction.typed_data() + k * s.n * s.dim,
                                      fraction.typed_data() + (k + 1) * s.n * s.dim);
        std::vector<int32_t> image(position.size());
        std::vector<float> velocity(position.size());
        float* forces = force->typed_data() + k * s.n * s.dim;
        std::fill(forces, forces + position.size(), 0.0f);
        System system{position.data(), image.data(), velocity.data(), forces, nullptr, nullptr,
                      species.typed_data() + k * s.n, box.typed_data() + k * s.dim, 0, 0, 0, 0};
        double potential = 0, pressure_part = 0;
        status->typed_data()[k] = tdaglass::measure(settings, system, potential, pressure_part);
        energy->typed_data()[k] = (float)potential;
        virial->typed_data()[k] = (float)pressure_part;
    };
    tdaglass::for_each(
        s.batch, threads, [](int64_t k, void* task) { (*static_cast<decltype(one)*>(task))(k); }, &one);
    return ffi::Error::Success();
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance, advance,
                              ffi::Ffi::Bind()
                                  .Arg<Ints>()    // fraction
                                  .Arg<Ints>()    // image
                                  .Arg<Floats>()  // velocity
                                  .Arg<Floats>()  // force
                                  .Arg<Floats>()  // chain_position
                                  .Arg<Floats>()  // chain_momentum
                                  .Arg<Ints>()    // species
                                  .Arg<Floats>()  // box
                                  .Arg<Floats>()  // temperature
                                  .Arg<Floats>()  // slope
                                  .Arg<Ints>()    // first
                                  .Arg<Ints>()    // last
                                  .Ret<Ints>()    // fraction
                                  .Ret<Ints>()    // image
                                  .Ret<Floats>()  // velocity
                                  .Ret<Floats>()  // force
                                  .Ret<Floats>()  // chain_position
                                  .Ret<Floats>()  // chain_momentum
                                  .Ret<Ints>()    // made
                                  .Ret<Ints>()    // status
                                  .Attr<Table>("sigma")
                                  .Attr<Table>("epsilon")
                                  .Attr<Table>("cutoff")
                                  .Attr<Table>("masses")
                                  .Attr<bool>("force_shift")
                                  .Attr<bool>("thermostat")
                                  .Attr<double>("dt")
                                  .Attr<double>("skin")
                                  .Attr<int64_t>("threads"));

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_measure, measure,
                              ffi::Ffi::Bind()
                                  .Arg<Ints>()    // fraction
                                  .Arg<Ints>()    // species
                                  .Arg<Floats>()  // box
                                  .Ret<Floats>()  // force
                                  .Ret<Floats>()  // energy
                                  .Ret<Floats>()  // virial
                                  .Ret<Ints>()    // status
                                  .Attr<Table>("sigma")
                                  .Attr<Table>("epsilon")
                                  .Attr<Table>("cutoff")
                                  .Attr<Table>("masses")
                                  .Attr<bool>("force_shift")
                                  .Attr<double>("skin")
                                  .Attr<int64_t>("threads"));
