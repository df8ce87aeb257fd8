// The block kernel as targets of XLA's foreign function interface for CUDA, and what Python asks and hands over.
#include <cstring>
#include <mutex>

#include "block_call.hpp"
#include "driver.hpp"
#include "functions.hpp"

namespace {

using namespace tdaglass;
using namespace tdaglass::cuda;

Driver driver;
Functions functions;

// A quarter of the memory is for lists; the systems themselves are the caller's.
constexpr int64_t SCRATCH_SHARE = 4;

// Launches on XLA's stream, in the context that the stream belongs to.
class OnStream {
  public:
    OnStream(void* stream, ffi::ScratchAllocator& scratch) : stream_(stream), scratch_(scratch) {}
    OnStream(const OnStream&) = delete;

    ~OnStream() {
        void* ours = nullptr;
        if (context_) driver.pop_context(&ours);
    }

    std::string begin(block::Card& limits) {
        if (!driver.launch) return "the CUDA driver was not opened";
        void* context = nullptr;
        int device = 0;
        int failed = driver.context_of_stream(stream_, &context);
        if (!failed) failed = driver.push_context(context);
        if (failed) return "the CUDA driver has no context for this stream: " + driver.words(failed);
        context_ = context;
        if (int failed = driver.device_of_context(&device)) return driver.words(failed);
        if (auto why = driver.ask(device, card_); !why.empty()) return why;
        limits = {card_.major, card_.minor, card_.shared_per_block, card_.shared_per_multiprocessor};
        return "";
    }

    int64_t most_scratch() const { return card_.memory / SCRATCH_SHARE; }

    // XLA gives no finer alignment than sixteen bytes, and needs none.
    char* take(int64_t bytes) {
        auto found = scratch_.Allocate(bytes, 16);
        return found.has_value() ? static_cast<char*>(*found) : nullptr;
    }

    std::string launch(const char* name, int64_t blocks, int64_t shared_bytes, const block::Plan& plan,
                       block::Arrays arrays) {
        if (!blocks) return "";
        const auto code = plan.options + " sm_" + std::to_string(10 * card_.major + card_.minor);
        void* function = nullptr;
        if (auto why = functions.find(driver, context_, code, name, (int)shared_bytes, function); !why.empty()) return why;
        auto settings = plan.settings;
        void* parameters[] = {&settings, &arrays};
        int failed = driver.launch(function, (unsigned)blocks, 1, 1, (unsigned)plan.threads, 1, 1,
                                   (unsigned)shared_bytes, stream_, parameters, nullptr);
        return failed ? std::string("the CUDA driver does not launch the block kernel: ") + driver.words(failed) : "";
    }

  private:
    void* stream_;
    ffi::ScratchAllocator& scratch_;
    void* context_ = nullptr;
    Card card_{};
};

constexpr auto advance_on_stream = [](void* stream, ffi::ScratchAllocator scratch, auto... all) {
    OnStream launcher(stream, scratch);
    return advance_call(launcher, all...);
};

constexpr auto observe_on_stream = [](void* stream, ffi::ScratchAllocator scratch, auto... all) {
    OnStream launcher(stream, scratch);
    return observe_call(launcher, all...);
};

auto on_stream() { return ffi::Ffi::Bind().Ctx<ffi::PlatformStream<void*>>().Ctx<ffi::ScratchAllocator>(); }

}  // namespace

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_advance, advance_on_stream, and_blocks(on_stream()));
XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_observe, observe_on_stream,
                              and_blocks(calls::and_watch(on_stream())));

extern "C" {

// Ask a card by its number; zero, or a sentence is written to `why`.
int32_t tdaglass_card(const char* path, int32_t ordinal, Card* card, char* why, int64_t size) noexcept try {
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    *card = {};
    std::string said = driver.open(path);
    if (said.empty()) said = driver.ask(ordinal, *card);
    std::strncpy(why, said.c_str(), size - 1);
    return said.empty() ? 0 : 1;
} catch (...) {
    return 1;
}

// How a liquid is laid out in a block (kernels/blocks.py); a block::Status.
struct PlanRecord {
    int32_t threads;
    int64_t shared_bytes, scratch_bytes;
    char options[1024];
};

int32_t tdaglass_block_plan(const Settings* settings, int64_t room, int64_t observes, const Card* card,
                            PlanRecord* record) noexcept try {
    block::Plan plan;
    const block::Watched watched{observes, observes, observes};
    auto status = block::make_plan(*settings, room, {card->major, card->minor, card->shared_per_block, card->shared_per_multiprocessor}, watched, plan);
    *record = {plan.threads, plan.shared_bytes, plan.scratch_bytes, {}};
    std::strncpy(record->options, plan.options.c_str(), sizeof record->options - 1);
    return status;
} catch (...) {
    return block::OUT_OF_MEMORY;
}

// Keep machine code for plans with these options on cards of this architecture.
int32_t tdaglass_block_code(const char* name, const char* code, int64_t size) noexcept try {
    functions.keep(name, std::string(code, size));
    return 0;
} catch (...) {
    return 1;
}

}
