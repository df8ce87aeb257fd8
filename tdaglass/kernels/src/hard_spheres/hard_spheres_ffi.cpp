// Hard spheres as targets of XLA's foreign function interface. Leading axes are independent systems. Numbers in double
// precision come as pairs of words, which JAX has in any precision.
#include <algorithm>
#include <vector>

#include "hard_spheres.hpp"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;
using namespace tdaglass::hard_spheres;
using Ints = ffi::Buffer<ffi::S32>;
using Words = ffi::Buffer<ffi::U32>;
using Floats = ffi::Buffer<ffi::F32>;
using IntsOut = ffi::ResultBuffer<ffi::S32>;
using WordsOut = ffi::ResultBuffer<ffi::U32>;
using FloatsOut = ffi::ResultBuffer<ffi::F32>;

namespace {

template <class Buffer>
bool has_numbers(const Buffer& x, int64_t n) {
    return (int64_t)x.element_count() == n;
}

const double* doubles(const Words& x) { return static_cast<const double*>(x.untyped_data()); }
double* doubles(WordsOut& x) { return static_cast<double*>(x->untyped_data()); }

// `advance_them(settings, systems, progress, batch, threads)` is one of the library's functions.
template <class Advance>
ffi::Error advance_systems(Advance advance_them, Words position, Words velocity, Words time, Ints image, Ints species,
                           Words diameters, Words box, Words clock, Words counts, Ints first, Ints last,
                           WordsOut position_out, WordsOut velocity_out, WordsOut time_out, IntsOut image_out,
                           WordsOut counts_out, IntsOut made, IntsOut status, WordsOut meeting_times,
                           IntsOut meeting_pairs, ffi::Span<const double> masses, int64_t ticks_per_epoch,
                           int64_t most_events, int64_t threads) {
    auto sizes = image.dimensions();
    if (sizes.size() < 2) return ffi::Error::InvalidArgument("expected positions (..., n, dim)");
    const int64_t n = sizes[sizes.size() - 2], dim = sizes[sizes.size() - 1], batch = first.element_count();
    const int64_t particles = batch * n, coordinates = particles * dim;
    const int64_t n_meetings = batch ? (int64_t)meeting_pairs->element_count() / (2 * batch) : 0;
    bool agree = has_numbers(image, coordinates) && has_numbers(species, particles) && has_numbers(last, batch);
    for (auto* x : {&position, &velocity}) agree &= has_numbers(*x, 2 * coordinates);
    for (auto* x : {&time, &diameters}) agree &= has_numbers(*x, 2 * particles);
    for (auto* x : {&clock, &counts}) agree &= has_numbers(*x, 4 * batch);
    for (auto* x : {&position_out, &velocity_out}) agree &= has_numbers(**x, 2 * coordinates);
    agree &= has_numbers(box, 2 * batch * dim) && has_numbers(*time_out, 2 * particles) &&
             has_numbers(*image_out, coordinates) && has_numbers(*counts_out, 4 * batch) && has_numbers(*made, batch) &&
             has_numbers(*status, batch) && has_numbers(*meeting_times, 2 * batch * n_meetings) &&
             has_numbers(*meeting_pairs, 2 * batch * n_meetings);
    if (!agree) return ffi::Error::InvalidArgument("expected all arrays with the same systems, particles and axes");
    auto copy = [](const auto& from, auto& to) {
        if (to->untyped_data() != from.untyped_data())
            std::copy_n(from.typed_data(), from.element_count(), to->typed_data());
    };
    copy(position, position_out), copy(velocity, velocity_out), copy(time, time_out), copy(counts, counts_out);
    copy(image, image_out);
    const Settings settings{dim, n, (int64_t)masses.size(), masses.begin(), ticks_per_epoch, most_events};
    std::vector<Meeting> meetings(batch * n_meetings, Meeting{0, -1, -1});
    std::vector<System> all;
    for (int64_t k = 0; k < batch; k++)
        all.push_back({doubles(position_out) + k * n * dim, doubles(velocity_out) + k * n * dim,
                       doubles(time_out) + k * n, image_out->typed_data() + k * n * dim, species.typed_data() + k * n,
                       doubles(diameters) + k * n, doubles(box) + k * dim, doubles(clock)[2 * k],
                       doubles(clock)[2 * k + 1], doubles(counts_out) + 2 * k, doubles(counts_out) + 2 * k + 1,
                       first.typed_data()[k], last.typed_data()[k], meetings.data() + k * n_meetings, n_meetings});
    std::vector<tdaglass::Progress> progress(batch);
    advance_them(settings, all.data(), progress.data(), batch, threads);
    for (int64_t k = 0; k < batch; k++) {
        made->typed_data()[k] = progress[k].made;
        status->typed_data()[k] = progress[k].status;
    }
    for (size_t k = 0; k < meetings.size(); k++) {
        doubles(meeting_times)[k] = meetings[k].time;
        meeting_pairs->typed_data()[2 * k] = meetings[k].first;
        meeting_pairs->typed_data()[2 * k + 1] = meetings[k].second;
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
    const tdaglass::Observation observation{n_moments,            neighbors[1],          n_waves,
                                            moments.typed_data(), fraction.typed_data(), image.typed_data(),
                                            cage.typed_data(),    waves.typed_data()};
    const tdaglass::Sums sums{distance->typed_data(), distance_sq->typed_data(), cage_sq->typed_data(),
                              scattering->typed_data(), scattering_sq->typed_data()};
    bool agree = true;
    auto look_on = [&](const Settings& s, System* all, tdaglass::Progress* progress, int64_t batch, int64_t threads) {
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
        advance_and_observe(s, all, progress, batch, threads, observation, sums);
    };
    auto error = advance_systems(look_on, moving...);
    return agree ? error : ffi::Error::InvalidArgument("expected increasing moments among the ticks, and one start");
}

// The arguments of advance_systems, behind others.
template <class Binding>
auto and_systems(Binding&& binding) {
    return std::move(binding)
        .template Arg<Words>()  // position
        .template Arg<Words>()  // velocity
        .template Arg<Words>()  // time
        .template Arg<Ints>()   // image
        .template Arg<Ints>()   // species
        .template Arg<Words>()  // diameters
        .template Arg<Words>()  // box
        .template Arg<Words>()  // clock: tick and growth
        .template Arg<Words>()  // counts: collisions and virial
        .template Arg<Ints>()   // first
        .template Arg<Ints>()   // last
        .template Ret<Words>()  // position
        .template Ret<Words>()  // velocity
        .template Ret<Words>()  // time
        .template Ret<Ints>()   // image
        .template Ret<Words>()  // counts
        .template Ret<Ints>()   // made
        .template Ret<Ints>()   // status
        .template Ret<Words>()  // times of the first meetings
        .template Ret<Ints>()   // who met
        .template Attr<ffi::Span<const double>>("masses")
        .template Attr<int64_t>("ticks_per_epoch")
        .template Attr<int64_t>("most_events")
        .template Attr<int64_t>("threads");
}

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_advance_hard_spheres,
                              [](auto... all) { return advance_systems(advance_all, all...); },
                              and_systems(ffi::Ffi::Bind()));

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_observe_hard_spheres, [](auto... all) { return observe(all...); },
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
