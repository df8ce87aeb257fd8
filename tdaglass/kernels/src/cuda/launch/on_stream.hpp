// Launches of the block kernel on XLA's stream, in the context that the stream belongs to.
#pragma once
#include <string>

#include "cuda/plan.hpp"
#include "driver.hpp"
#include "functions.hpp"

namespace tdaglass::cuda {

// What a library knows of the cards in its process.
struct Machine {
    Driver driver;
    Functions functions;
};

inline block::Card limits_of(const Card& card) {
    return {card.major, card.minor, card.shared_per_block, card.shared_per_multiprocessor};
}

// A `Launcher` of block_call.hpp; `Scratch` is XLA's allocator, whose blocks live as long as the call's work.
template <class Scratch>
class OnStream {
  public:
    OnStream(Machine& machine, void* stream, Scratch& scratch)
        : driver_(machine.driver), functions_(machine.functions), stream_(stream), scratch_(scratch) {}
    OnStream(const OnStream&) = delete;

    ~OnStream() {
        void* ours = nullptr;
        if (context_) driver_.pop_context(&ours);
    }

    std::string begin(block::Card& limits) {
        if (!driver_.launch) return "the CUDA driver was not opened";
        void* context = nullptr;
        int device = 0;
        int failed = driver_.context_of_stream(stream_, &context);
        if (!failed) failed = driver_.push_context(context);
        if (failed) return "the CUDA driver has no context for this stream: " + driver_.words(failed);
        context_ = context;
        if (int unknown = driver_.device_of_context(&device)) return driver_.words(unknown);
        if (auto why = driver_.ask(device, card_); !why.empty()) return why;
        limits = limits_of(card_);
        return "";
    }

    // A quarter of the memory is for lists; the systems themselves are the caller's.
    int64_t most_scratch() const { return card_.memory / 4; }

    // XLA gives no finer alignment than sixteen bytes, and none is needed.
    char* take(int64_t bytes) {
        auto found = scratch_.Allocate(bytes, 16);
        return found.has_value() ? static_cast<char*>(*found) : nullptr;
    }

    std::string launch(const char* name, int64_t blocks, int64_t shared_bytes, const block::Plan& plan,
                       block::Arrays arrays) {
        if (!blocks) return "";
        const auto code = plan.options + " sm_" + std::to_string(10 * card_.major + card_.minor);
        void* function = nullptr;
        auto why = functions_.find(driver_, context_, code, name, (int)shared_bytes, function);
        if (!why.empty()) return why;
        auto settings = plan.settings;
        void* parameters[] = {&settings, &arrays};
        int failed = driver_.launch(function, (unsigned)blocks, 1, 1, (unsigned)plan.threads, 1, 1,
                                    (unsigned)shared_bytes, stream_, parameters, nullptr);
        return failed ? std::string("the CUDA driver does not launch the block kernel: ") + driver_.words(failed) : "";
    }

  private:
    Driver& driver_;
    Functions& functions_;
    void* stream_;
    Scratch& scratch_;
    void* context_ = nullptr;
    Card card_{};
};

}  // namespace tdaglass::cuda
