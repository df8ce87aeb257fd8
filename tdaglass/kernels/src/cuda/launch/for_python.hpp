// What Python asks and hands over through ctypes (kernels/cards.py, kernels/blocks.py). Nothing here throws.
#pragma once
#include <cstring>
#include <mutex>
#include <string>

#include "on_stream.hpp"

namespace tdaglass::cuda {

inline void copy_text(char* to, const std::string& text, size_t size) {
    std::strncpy(to, text.c_str(), size - 1);
    to[size - 1] = 0;
}

// Ask a card by its number; zero, or a sentence is written to `why`.
inline int32_t ask_card(Machine& machine, const char* path, int32_t ordinal, Card* card, char* why, int64_t size) try {
    *card = {};
    std::string said = machine.driver.open(path);
    if (said.empty()) said = machine.driver.ask(ordinal, *card);
    copy_text(why, said, size);
    return said.empty() ? 0 : 1;
} catch (...) {
    return 1;
}

struct PlanRecord {
    int32_t threads;
    int64_t shared_bytes, scratch_bytes;
    double length;  // unit of lengths in what is observed
    char options[1024];
};

// How a liquid is laid out in so many blocks of a card; a block::Status.
inline int32_t plan_for(const Settings* settings, int64_t room, int64_t observes, int64_t blocks, const Card* card,
                        PlanRecord* record) try {
    block::Plan plan;
    const auto status =
        block::make_plan(*settings, room, limits_of(*card), {observes, observes, observes}, plan, blocks);
    *record = {plan.threads, plan.shared_bytes, plan.scratch_bytes, plan.settings.length, {}};
    copy_text(record->options, plan.options, sizeof record->options);
    return status;
} catch (...) {
    return block::OUT_OF_MEMORY;
}

// Keep machine code for plans with some options on cards of one architecture.
inline int32_t keep_code(Machine& machine, const char* name, const char* code, int64_t size) try {
    machine.functions.keep(name, std::string(code, size));
    return 0;
} catch (...) {
    return 1;
}

}  // namespace tdaglass::cuda

// The functions under the names that Python knows, for the cards of one library.
#define TDAGLASS_FOR_PYTHON(machine)                                                                                 \
    extern "C" int32_t tdaglass_card(const char* path, int32_t ordinal, tdaglass::cuda::Card* card, char* why,       \
                                     int64_t size) noexcept {                                                        \
        return tdaglass::cuda::ask_card(machine, path, ordinal, card, why, size);                                    \
    }                                                                                                                \
    extern "C" int32_t tdaglass_block_plan(const tdaglass::Settings* settings, int64_t room, int64_t observes,       \
                                           int64_t blocks, const tdaglass::cuda::Card* card,                         \
                                           tdaglass::cuda::PlanRecord* record) noexcept {                            \
        return tdaglass::cuda::plan_for(settings, room, observes, blocks, card, record);                             \
    }                                                                                                                \
    extern "C" int32_t tdaglass_block_code(const char* name, const char* code, int64_t size) noexcept {              \
        return tdaglass::cuda::keep_code(machine, name, code, size);                                                 \
    }
