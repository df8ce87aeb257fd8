// The CUDA driver, opened where there is one: no header of CUDA's, and nothing of it when the library is built.
#pragma once
#include <dlfcn.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace tdaglass::cuda {

// What is asked of a card, in the order in which Python reads it (kernels/cards.py).
struct Card {
    char name[128];
    int64_t memory;        // bytes
    int32_t major, minor;  // of its compute capability
    int32_t multiprocessors;
    int32_t shared_per_block, shared_per_multiprocessor;  // bytes, at most
    int32_t driver;  // newest version of CUDA that the driver knows: 1000 major + 10 minor
};

class Driver {
  public:
    int (*launch)(void* function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void* stream,
                  void** parameters, void** extra) = nullptr;
    int (*load_module)(void** module, const void* code) = nullptr;
    int (*get_function)(void** function, void* module, const char* name) = nullptr;
    int (*set_attribute)(void* function, int attribute, int value) = nullptr;
    int (*context_of_stream)(void* stream, void** context) = nullptr;
    int (*push_context)(void* context) = nullptr;
    int (*pop_context)(void** context) = nullptr;
    int (*device_of_context)(int* device) = nullptr;

    // Why there is no driver; empty if there is one.
    std::string open(const char* path) {
        if (launch) return "";
        void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!library) return std::string("there is no CUDA driver (") + path + ")";
        bool complete = true;
        auto take = [&](auto& function, const char* name) {
            void* found = dlsym(library, name);
            std::memcpy(&function, &found, sizeof found);
            complete &= found != nullptr;
        };
        take(load_module, "cuModuleLoadData");
        take(get_function, "cuModuleGetFunction");
        take(set_attribute, "cuFuncSetAttribute");
        take(context_of_stream, "cuStreamGetCtx");
        take(push_context, "cuCtxPushCurrent_v2");
        take(pop_context, "cuCtxPopCurrent_v2");
        take(device_of_context, "cuCtxGetDevice");
        take(initialize_, "cuInit");
        take(version_, "cuDriverGetVersion");
        take(device_, "cuDeviceGet");
        take(device_name_, "cuDeviceGetName");
        take(device_memory_, "cuDeviceTotalMem_v2");
        take(device_attribute_, "cuDeviceGetAttribute");
        take(describe_, "cuGetErrorString");
        decltype(launch) start;
        take(start, "cuLaunchKernel");
        if (!complete) return std::string("the CUDA driver (") + path + ") is too old";
        if (int code = initialize_(0)) return "the CUDA driver does not start: " + words(code);
        launch = start;
        return "";
    }

    // Why a card cannot be asked; empty if it was.
    std::string ask(int ordinal, Card& card) const {
        int device = 0;
        size_t memory = 0;
        int failed = device_(&device, ordinal);
        if (!failed) failed = device_name_(card.name, sizeof card.name, device);
        if (!failed) failed = device_memory_(&memory, device);
        if (!failed) failed = version_(&card.driver);
        auto attribute = [&](int32_t& value, int number) {
            if (!failed) failed = device_attribute_(&value, number, device);
        };
        attribute(card.multiprocessors, 16);
        attribute(card.major, 75);
        attribute(card.minor, 76);
        attribute(card.shared_per_block, 97);  // that a function may ask for
        attribute(card.shared_per_multiprocessor, 81);
        card.memory = (int64_t)memory;
        return failed ? "the CUDA driver says nothing of card " + std::to_string(ordinal) + ": " + words(failed) : "";
    }

    std::string words(int code) const {
        const char* said = nullptr;
        return describe_ && !describe_(code, &said) && said ? said : "error " + std::to_string(code);
    }

  private:
    int (*initialize_)(unsigned flags) = nullptr;
    int (*version_)(int* version) = nullptr;
    int (*device_)(int* device, int ordinal) = nullptr;
    int (*device_name_)(char* name, int size, int device) = nullptr;
    int (*device_memory_)(size_t* bytes, int device) = nullptr;
    int (*device_attribute_)(int* value, int attribute, int device) = nullptr;
    int (*describe_)(int code, const char** text) = nullptr;
};

}  // namespace tdaglass::cuda
