// A call of the block kernel: its arguments looked at, its plan made, and its systems launched, as many at once as
// there is memory for. A `Launcher` is the machine: a card, or in tests what stands in for one.
#pragma once
#include <algorithm>
#include <string>

#include "cuda/plan.hpp"
#include "molecular_dynamics/calls.hpp"

namespace tdaglass::cuda {

namespace ffi = xla::ffi;
using calls::Ints;
using calls::IntsOut;
using Watch = calls::Watch<IntsOut>;

// Of 32 bits, that a sum takes: two whole numbers of 64.
constexpr int64_t WORDS = 4;

// Behind these words Python finds a sentence for its user.
inline ffi::Error cannot(const std::string& why) { return ffi::Error::Internal("tdaglass: " + why); }

inline block::Arrays arrays_of(calls::Systems& given, IntsOut& longest, Watch* watch) {
    block::Arrays x{};
    x.fraction = given.fraction.typed_data(), x.image = given.image.typed_data();
    x.velocity = given.velocity.typed_data(), x.force = given.force.typed_data();
    x.chain_position = given.chain_position.typed_data(), x.chain_momentum = given.chain_momentum.typed_data();
    x.species = given.species.typed_data(), x.diameters = given.diameters.typed_data();
    x.box = given.box.typed_data();
    x.temperature = given.temperature.typed_data(), x.slope = given.slope.typed_data();
    x.first = given.first.typed_data(), x.last = given.last.typed_data();
    x.fraction_out = given.fraction_out->typed_data(), x.image_out = given.image_out->typed_data();
    x.velocity_out = given.velocity_out->typed_data(), x.force_out = given.force_out->typed_data();
    x.chain_position_out = given.chain_position_out->typed_data();
    x.chain_momentum_out = given.chain_momentum_out->typed_data();
    x.made = given.made->typed_data(), x.status = given.status->typed_data(), x.longest = longest->typed_data();
    if (watch) {
        x.moments = watch->moments.typed_data(), x.start_fraction = watch->fraction.typed_data();
        x.start_image = watch->image.typed_data(), x.cage = watch->cage.typed_data();
        x.waves = watch->waves.typed_data();
        auto wholes = [](IntsOut& x) { return reinterpret_cast<block::Whole*>(x->typed_data()); };
        x.distance = wholes(watch->distance), x.distance_sq = wholes(watch->distance_sq);
        x.cage_sq = wholes(watch->cage_sq);
        x.scattering = wholes(watch->scattering), x.scattering_sq = wholes(watch->scattering_sq);
    }
    return x;
}

// The same from system k on; all of them have scratch and observation in common.
inline block::Arrays from_system(block::Arrays x, const calls::Shape& s, int64_t k) {
    auto skip = [&](int64_t numbers, auto&... arrays) { ((arrays += k * numbers), ...); };
    skip(s.n * s.dim, x.fraction, x.image, x.velocity, x.force);
    skip(s.n * s.dim, x.fraction_out, x.image_out, x.velocity_out, x.force_out);
    skip(block::CHAIN_LINKS, x.chain_position, x.chain_momentum, x.chain_position_out, x.chain_momentum_out);
    skip(s.n, x.species, x.diameters);
    skip(s.dim, x.box);
    skip(1, x.temperature, x.slope, x.first, x.last, x.made, x.status, x.longest);
    return x;
}

inline std::string why_no_plan(block::Status status) {
    return status == block::DOES_NOT_FIT ? "a block of threads does not hold systems of this size"
                                         : "an entry of the tables, the time step or the skin is out of range";
}

template <class Launcher>
ffi::Error advance_blocks(Launcher& launcher, int64_t room, int64_t blocks_of_system, IntsOut longest, Watch* watch,
                          calls::Systems& given) {
    if (auto error = given.check(); error.failure()) return error;
    const auto settings = given.settings();
    const auto shape = given.shape();
    if (!calls::has_numbers(*longest, shape.batch))
        return ffi::Error::InvalidArgument("expected one longest list for each system");
    block::Watched watched;
    if (watch) {
        if (auto error = watch->check(settings, WORDS); error.failure()) return error;
        const auto what = watch->observation(settings);
        watched = {what.n_moments, what.n_cage, what.n_waves};
    }
    block::Card limits;
    if (auto why = launcher.begin(limits); !why.empty()) return cannot(why);
    block::Plan plan;
    if (auto status = block::make_plan(settings, room, limits, watched, plan, blocks_of_system))
        return cannot(why_no_plan(status));

    auto arrays = arrays_of(given, longest, watch);
    if (plan.common_bytes && !(arrays.density = reinterpret_cast<block::Whole*>(launcher.take(plan.common_bytes))))
        return cannot("there is not enough memory for what is observed; try fewer wave vectors");
    // Lists are needed while a system runs: where there is no room for all of them, systems run one part after another.
    int64_t most = launcher.most_scratch() / plan.scratch_bytes;
    most = std::clamp<int64_t>(most, 1, std::max<int64_t>(shape.batch, 1));
    while (!(arrays.scratch = launcher.take(most * plan.scratch_bytes))) {
        if (most == 1) return cannot("there is not enough memory for the neighbour lists; try fewer systems at once");
        most = (most + 1) / 2;
    }
    const int64_t parts = (shape.batch + most - 1) / most, of_part = parts ? (shape.batch + parts - 1) / parts : 1;
    std::string why = launcher.launch("begin_observing", plan.begin_blocks, 0, plan, arrays);
    for (int64_t k = 0; k < shape.batch && why.empty(); k += of_part)
        why = launcher.launch("advance", std::min(of_part, shape.batch - k) * plan.cluster, plan.shared_bytes, plan,
                              from_system(arrays, shape, k));
    return why.empty() ? ffi::Error::Success() : cannot(why);
}

// What is bound behind the machine's own: room for neighbours, blocks of a system, and the systems.
template <class Binding>
auto and_blocks(Binding&& binding) {
    return calls::and_systems(std::move(binding)
                                  .template Attr<int64_t>("room")
                                  .template Attr<int64_t>("blocks_of_system")
                                  .template Ret<Ints>());  // longest
}

constexpr auto advance_call = [](auto& launcher, int64_t room, int64_t blocks_of_system, IntsOut longest,
                                 auto... all) {
    calls::Systems given{all...};
    return advance_blocks(launcher, room, blocks_of_system, longest, nullptr, given);
};

constexpr auto observe_call = [](auto& launcher, Ints moments, Ints fraction, Ints image, Ints cage, Ints waves,
                                 IntsOut distance, IntsOut distance_sq, IntsOut cage_sq, IntsOut scattering,
                                 IntsOut scattering_sq, int64_t room, int64_t blocks_of_system, IntsOut longest,
                                 auto... all) {
    Watch watch{moments,  fraction,    image,   cage,       waves,
                        distance, distance_sq, cage_sq, scattering, scattering_sq};
    calls::Systems given{all...};
    return advance_blocks(launcher, room, blocks_of_system, longest, &watch, given);
};

}  // namespace tdaglass::cuda
