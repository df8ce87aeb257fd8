// Two CUDA cards that are not there: a driver whose launches play the block kernel's threads on the CPU, under the very
// code that serves XLA on a card. What it is asked for can be made to fail.
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "cuda/emulation.hpp"
#include "cuda/launch/block_call.hpp"
#include "cuda/launch/for_python.hpp"
#include "cuda/launch/on_stream.hpp"

namespace {

using namespace tdaglass;

struct Function {
    std::string options, name;
    int shared_bytes = 0;
};

std::recursive_mutex mutex;
std::string failing, launches;  // the former is the name of a function of the driver
int failure = 0;
int64_t card_memory = (int64_t)80 << 30, scratch_limit = (int64_t)1 << 40;
int32_t architecture = 90, shared_per_block = 232448;
int contexts = 0, loaded = 0;

int outcome(const char* function) { return failing == function ? failure : 0; }

// The choices that a card's code was compiled with.
void set_choices(const std::string& options) {
    const std::map<std::string, int*> choices = {
        {"DIM", &block::DIM},         {"N_PADDED", &block::N_PADDED},
        {"THREADS", &block::THREADS}, {"STAGES", &block::STAGES},
        {"KINDS", &block::KINDS},     {"BY_DIAMETER", &block::BY_DIAMETER},
        {"POWER", &block::POWER},     {"IS_LENNARD_JONES", &block::IS_LENNARD_JONES},
        {"OBSERVES", &block::OBSERVES}, {"TRUNCATION", &block::TRUNCATION}, {"CLUSTER", &block::CLUSTER},
    };
    std::istringstream words(options);
    for (std::string word; words >> word;)
        if (auto end = word.find('='); word.rfind("-D", 0) == 0 && choices.count(word.substr(2, end - 2)))
            *choices.at(word.substr(2, end - 2)) = std::stoi(word.substr(end + 1));
}

struct HostScratch {
    std::vector<std::unique_ptr<char[]>> taken;

    std::optional<void*> Allocate(size_t bytes, size_t) {
        if ((int64_t)bytes > scratch_limit) return std::nullopt;
        taken.emplace_back(new char[bytes]);
        std::memset(taken.back().get(), 0xA5, bytes);  // as little use as on a card
        return taken.back().get();
    }
};

tdaglass::cuda::Machine machine;

}  // namespace

extern "C" {

int cuInit(unsigned) { return outcome("cuInit"); }
int cuDriverGetVersion(int* version) { return *version = 13000, 0; }
int cuDeviceGet(int* device, int ordinal) { return ordinal < 2 ? (*device = ordinal, 0) : 101; }
int cuDeviceGetName(char* name, int size, int) { return std::strncpy(name, "pretended card", size), 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = card_memory, 0; }
int cuDeviceGetAttribute(int* value, int attribute, int) {
    const std::map<int, int> known = {
        {16, 132}, {75, architecture / 10}, {76, architecture % 10}, {97, shared_per_block}, {81, 233472}};
    return *value = known.at(attribute), outcome("cuDeviceGetAttribute");
}
int cuGetErrorString(int code, const char** text) { return *text = code == 2 ? "out of memory" : "some failure", 0; }
int cuStreamGetCtx(void*, void** context) { return *context = &machine, outcome("cuStreamGetCtx"); }
int cuCtxPushCurrent_v2(void*) {
    std::lock_guard lock(mutex);
    return contexts++, 0;
}
int cuCtxPopCurrent_v2(void**) {
    std::lock_guard lock(mutex);
    return contexts--, 0;
}
int cuCtxGetDevice(int* device) { return *device = 0, 0; }
int cuModuleLoadData(void** module, const void* code) {
    loaded++;
    return *module = new std::string(static_cast<const char*>(code)), outcome("cuModuleLoadData");
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
    return *function = new Function{*static_cast<std::string*>(module), name}, outcome("cuModuleGetFunction");
}
int cuFuncSetAttribute(void* function, int attribute, int value) {
    if (attribute != 8) return 1;
    return static_cast<Function*>(function)->shared_bytes = value, outcome("cuFuncSetAttribute");
}
int cuLaunchKernel(void* given, unsigned blocks, unsigned, unsigned, unsigned threads, unsigned, unsigned,
                   unsigned shared_bytes, void*, void** parameters, void**) {
    std::lock_guard lock(mutex);
    const Function& function = *static_cast<Function*>(given);
    const auto& settings = *static_cast<block::Settings*>(parameters[0]);
    const auto& arrays = *static_cast<block::Arrays*>(parameters[1]);
    set_choices(function.options);
    if ((int)threads != block::THREADS || (int)shared_bytes > function.shared_bytes) return 1;
    launches += function.name + " " + std::to_string(blocks) + " x " + std::to_string(threads) + "\n";
    if (int code = outcome("cuLaunchKernel")) return code;
    if (function.name == "begin_observing") {
        for (int k = 0; k < (int)blocks; k++)
            block::emulation::play(block::Play::IN_ORDER, 0,
                                   [&](int) { begin_sums(settings, arrays, k, (int)blocks); });
        return 0;
    }
    // A cluster is whole, and its blocks are on one card that knows of clusters.
    if (blocks % block::CLUSTER || (block::CLUSTER > 1 && architecture < 90) || block::CLUSTER > 8) return 1;
    for (int k = 0; k < (int)blocks / block::CLUSTER; k++)
        block::emulation::play_system(block::Play::IN_ORDER, 0, settings, arrays, k, shared_bytes);
    return 0;
}

// What the tests say and ask.
void pretend_failure(const char* function, int code) { failing = function, failure = code; }
void pretend_card(int32_t arch, int32_t shared, int64_t memory) {
    architecture = arch, shared_per_block = shared, card_memory = memory;
}
void pretend_scratch(int64_t bytes) { scratch_limit = bytes; }
// Launches since the last time this was asked, modules loaded, and contexts that nobody took back.
const char* pretended_launches() {
    static std::string since;
    since = std::move(launches);
    launches.clear();
    return since.c_str();
}
int pretended_modules() { return loaded; }
int pretended_contexts() { return contexts; }
}

namespace {

constexpr auto advance_here = [](auto... all) {
    HostScratch scratch;
    tdaglass::cuda::OnStream launcher(machine, nullptr, scratch);
    return tdaglass::cuda::advance_call(launcher, all...);
};

constexpr auto observe_here = [](auto... all) {
    HostScratch scratch;
    tdaglass::cuda::OnStream launcher(machine, nullptr, scratch);
    return tdaglass::cuda::observe_call(launcher, all...);
};

}  // namespace

TDAGLASS_FOR_PYTHON(machine)

XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_advance, advance_here, tdaglass::cuda::and_blocks(xla::ffi::Ffi::Bind()));
XLA_FFI_DEFINE_HANDLER_SYMBOL(tdaglass_block_observe, observe_here,
                              tdaglass::cuda::and_blocks(tdaglass::calls::and_watch<tdaglass::calls::Ints>(xla::ffi::Ffi::Bind())));
