// A call of the block kernel: its arguments looked at, its plan made, and its systems launched, as many at once as there
// is memory for lists. A `Launcher` is the machine: a card, or what stands in for one in the tests.
#pragma once
#include <algorithm>
#include <string>

#include "../../molecular_dynamics/calls.hpp"
#include "../plan.hpp"
#include "../records.hpp"

namespace tdaglass::cuda {

namespace ffi = xla::ffi;
using calls::Ints;
using calls::IntsOut;
using calls::Systems;
using WholeSums = calls::Watch<IntsOut>;  // whole numbers of 64 bits, in two words

inline ffi::Error cannot(const std::string& why) { return ffi::Error::Internal("tdaglass: " + why); }

inline block::Arrays arrays_of(const Systems& given, const IntsOut& longest) {
    block::Arrays arrays{};
    arrays.fraction = given.fraction.typed_data();
    return arrays;
}

// The arrays from so many systems on.
inline block::Arrays from_system(block::Arrays arrays, const Shape& s, int64_t k) {
    return arrays;
}

template <class Launcher>
ffi::Error advance_blocks(Launcher& launcher, int64_t room, const IntsOut& longest, const WholeSums* sums,
                          const Systems& given) {
    if (auto error = given.check(); error.failure()) return error;
    const auto settings = given.settings();
    const auto shape = given.shape();
    if (!calls::has_numbers(*longest, shape.batch)) return ffi::Error::InvalidArgument("expected one number of neighbours for each system");
    return ffi::Error::Success();
}

}  // namespace tdaglass::cuda
