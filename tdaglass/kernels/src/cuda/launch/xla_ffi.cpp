// The block kernel as targets of XLA's foreign function interface for CUDA.
#include "block_call.hpp"
#include "for_python.hpp"
#include "on_stream.hpp"

namespace {

using namespace tdaglass::cuda;

Machine machine;

constexpr auto advance_on_stream = [](void* stream, ffi::ScratchAllocator scratch, auto... all) {
    OnStream launcher(machine, stream, scratch);
    return advance_call(launcher, all...);
};

constexpr auto observe_on_stream = [](void* stream, ffi::ScratchAllocator scratch, auto... all) {
    OnStream launcher(machine, stream, scratch);
    return observe_call(launcher, all...);
};

auto on_stream() { return ffi::Ffi::Bind().Ctx<ffi::PlatformStream<void*>>().Ctx<ffi::ScratchAllocator>(); }

}  // namespace

TDAGLASS_FOR_PYTHON(machine)

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_advance, advance_on_stream, and_blocks(on_stream()));
XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_observe, observe_on_stream,
                              and_blocks(tdaglass::calls::and_watch<tdaglass::calls::Ints>(on_stream())));
