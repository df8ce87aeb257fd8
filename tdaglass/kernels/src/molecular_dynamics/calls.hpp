// What a call of XLA's foreign function interface hands over: a liquid, and arrays whose leading axes are independent
// systems. The loops on a CPU and those on a card take the same.
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

#include "molecular_dynamics.hpp"
#include "xla/ffi/api/ffi.h"

namespace tdaglass::calls {

namespace ffi = xla::ffi;
using Ints = ffi::Buffer<ffi::S32>;
using Floats = ffi::Buffer<ffi::F32>;
using IntsOut = ffi::ResultBuffer<ffi::S32>;
using FloatsOut = ffi::ResultBuffer<ffi::F32>;
using Table = ffi::Span<const double>;

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
    int64_t form, exponent, truncation;
    double non_additivity, smallest, largest;

    // An error unless every pair of species has its entries.
    ffi::Error check(const Shape& s) const {
        size_t kinds = masses.size(), pairs = kinds * kinds;
        if (s.batch < 0 || sigma.size() != pairs || epsilon.size() != pairs || cutoff.size() != pairs)
            return ffi::Error::InvalidArgument(
                "expected positions (..., n, dim) and one table entry for each pair of species");
        return ffi::Error::Success();
    }

    Settings settings(const Shape& s, bool thermostat, double dt, double skin) const {
        return {s.dim,
                s.n,
                (int64_t)masses.size(),
                sigma.begin(),
                epsilon.begin(),
                cutoff.begin(),
                masses.begin(),
                {form, exponent, truncation, non_additivity, smallest, largest},
                thermostat,
                dt,
                skin};
    }

    void advance(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) const {
        advance_all(settings, systems, progress, n, threads);
    }

    Status measure(const Settings& settings, System& system, double& energy, double& virial) const {
        return tdaglass::measure(settings, system, energy, virial);
    }

    // Its members, behind others.
    template <class Binding>
    static auto bind(Binding&& binding) {
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
};

// Systems before and after, in the order in which they are bound. XLA's results are not looked at through `const`. A
// `Matter` is what they are made of: a Liquid, or another force field with the same functions.
template <class Matter>
struct SystemsOf {
    Ints fraction, image;
    Floats velocity, force, chain_position, chain_momentum;
    Ints species;
    Floats diameters, box, temperature, slope;
    Ints first, last;
    IntsOut fraction_out, image_out;
    FloatsOut velocity_out, force_out, chain_position_out, chain_momentum_out;
    IntsOut made, status;
    Matter matter;
    bool thermostat;
    double dt, skin;

    Shape shape() const { return shape_of(fraction); }

    Settings settings() const { return matter.settings(shape(), thermostat, dt, skin); }

    ffi::Error check() {
        const Shape s = shape();
        if (auto error = matter.check(s); error.failure()) return error;
        const int64_t coordinates = s.batch * s.n * s.dim;
        bool agree = has_numbers(image, coordinates) && has_numbers(velocity, coordinates) &&
                     has_numbers(force, coordinates) && has_numbers(species, s.batch * s.n) &&
                     has_numbers(diameters, s.batch * s.n) && has_numbers(box, s.batch * s.dim) &&
                     has_numbers(*fraction_out, coordinates) && has_numbers(*image_out, coordinates) &&
                     has_numbers(*velocity_out, coordinates) && has_numbers(*force_out, coordinates);
        for (auto* chain : {&chain_position, &chain_momentum}) agree &= has_numbers(*chain, 3 * s.batch);
        for (auto* chain : {&chain_position_out, &chain_momentum_out}) agree &= has_numbers(**chain, 3 * s.batch);
        for (auto* bath : {&temperature, &slope}) agree &= has_numbers(*bath, s.batch);
        for (auto* steps : {&first, &last}) agree &= has_numbers(*steps, s.batch);
        for (auto* progress : {&made, &status}) agree &= has_numbers(**progress, s.batch);
        if (agree) return ffi::Error::Success();
        return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    }
};

using Systems = SystemsOf<Liquid>;

// The boxes of systems at constant pressure, before and after, in the order in which they are bound.
struct Boxes {
    Floats momentum, chain_position, chain_momentum, pressure;
    FloatsOut box_out, momentum_out, chain_position_out, chain_momentum_out;

    // The systems move their boxes where XLA wants the results.
    void hand_over(std::vector<System>& systems, const Floats& box, int64_t dim) {
        auto from = [](const Floats& before, FloatsOut& after) {
            std::copy_n(before.typed_data(), before.element_count(), after->typed_data());
        };
        from(box, box_out), from(momentum, momentum_out);
        from(chain_position, chain_position_out), from(chain_momentum, chain_momentum_out);
        for (size_t k = 0; k < systems.size(); k++) {
            systems[k].box = box_out->typed_data() + k * dim;
            systems[k].box_momentum = momentum_out->typed_data() + k;
            systems[k].barostat_position = chain_position_out->typed_data() + 3 * k;
            systems[k].barostat_momentum = chain_momentum_out->typed_data() + 3 * k;
            systems[k].pressure = pressure.typed_data()[k];
        }
    }

    ffi::Error check(const Shape& s) {
        bool agree = has_numbers(*box_out, s.batch * s.dim);
        for (auto* x : {&momentum, &pressure}) agree &= has_numbers(*x, s.batch);
        for (auto* x : {&chain_position, &chain_momentum}) agree &= has_numbers(*x, 3 * s.batch);
        for (auto* x : {&chain_position_out, &chain_momentum_out}) agree &= has_numbers(**x, 3 * s.batch);
        if (agree && has_numbers(*momentum_out, s.batch)) return ffi::Error::Success();
        return ffi::Error::InvalidArgument("expected a barostat and a pressure for every system");
    }
};

// What to look at on the way and where its sums go, in the order in which they are bound. `Sum` is a result of XLA's, in
// which each sum takes `words` numbers.
template <class Sum>
struct Watch {
    Ints moments, fraction, image, cage, waves;
    Sum distance, distance_sq, cage_sq, scattering, scattering_sq;

    // An error unless the arrays are those of such systems.
    ffi::Error check(const Settings& s, int64_t words = 1) {
        const int64_t n_moments = moments.element_count();
        const auto start = fraction.dimensions(), neighbors = cage.dimensions();
        bool agree = start.size() == 2 && neighbors.size() == 2 && start[0] == s.n_particles &&
                     start[1] == s.dimension && neighbors[0] == s.n_particles &&
                     has_numbers(image, s.n_particles * s.dimension) && s.dimension > 0 &&
                     waves.element_count() % s.dimension == 0;
        for (auto* sum : {&distance, &distance_sq, &cage_sq}) agree &= has_numbers(**sum, words * n_moments * s.n_particles);
        for (auto* sum : {&scattering, &scattering_sq})
            agree &= has_numbers(**sum, words * n_moments * (s.n_species + 2));
        if (agree) return ffi::Error::Success();
        return ffi::Error::InvalidArgument("expected one start, its cages, and sums for every moment");
    }

    Observation observation(const Settings& s) const {
        return {(int64_t)moments.element_count(),
                cage.dimensions()[1],
                (int64_t)waves.element_count() / s.dimension,
                moments.typed_data(),
                fraction.typed_data(),
                image.typed_data(),
                cage.typed_data(),
                waves.typed_data()};
    }
};

// The members of SystemsOf, behind others.
template <class Matter = Liquid, class Binding>
auto and_systems(Binding&& binding) {
    return Matter::bind(std::move(binding)
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
        .template Attr<double>("skin");
}

// The members of Boxes, behind others.
template <class Binding>
auto and_boxes(Binding&& binding) {
    return std::move(binding)
        .template Arg<Floats>()   // momentum
        .template Arg<Floats>()   // chain_position
        .template Arg<Floats>()   // chain_momentum
        .template Arg<Floats>()   // pressure
        .template Ret<Floats>()   // box
        .template Ret<Floats>()   // momentum
        .template Ret<Floats>()   // chain_position
        .template Ret<Floats>();  // chain_momentum
}

// The members of a Watch, behind others; `Sum` is a buffer of XLA's.
template <class Sum, class Binding>
auto and_watch(Binding&& binding) {
    return std::move(binding)
        .template Arg<Ints>()  // moments
        .template Arg<Ints>()  // fraction of the start
        .template Arg<Ints>()  // image of the start
        .template Arg<Ints>()  // cage
        .template Arg<Ints>()  // waves
        .template Ret<Sum>()   // distance
        .template Ret<Sum>()   // distance_sq
        .template Ret<Sum>()   // cage_sq
        .template Ret<Sum>()   // scattering
        .template Ret<Sum>();  // scattering_sq
}

}  // namespace tdaglass::calls
