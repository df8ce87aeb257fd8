// Machine code that Python compiled, and the functions it has become: one for every card that it was loaded to.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>

#include "driver.hpp"

namespace tdaglass::cuda {

class Functions {
  public:
    void keep(const std::string& name, std::string code) {
        std::lock_guard<std::mutex> lock(mutex_);
        codes_[name] = std::move(code);
    }

    // A function of that code in the present context, with so much shared memory; why not if the answer is not empty.
    std::string find(const Driver& driver, void* context, const std::string& code_name, const char* name,
                     int shared_bytes, void*& function) {
        std::lock_guard<std::mutex> lock(mutex_);
        const auto place = std::make_tuple(context, code_name, std::string(name));
        if (auto loaded = functions_.find(place); loaded != functions_.end()) {
            function = loaded->second;
            return "";
        }
        const auto code = codes_.find(code_name);
        if (code == codes_.end()) return "the block kernel was not compiled for this card";
        int failed = 0;
        void *&module = modules_[{context, code_name}], *loaded = nullptr;
        if (!module) failed = driver.load_module(&module, code->second.data());
        if (!failed) failed = driver.get_function(&loaded, module, name);
        if (!failed && shared_bytes) failed = driver.set_attribute(loaded, 8, shared_bytes);  // dynamic, at most
        if (failed) return "the CUDA driver does not take the block kernel: " + driver.words(failed);
        functions_[place] = function = loaded;
        return "";
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::string> codes_;  // by options and architecture
    std::map<std::pair<void*, std::string>, void*> modules_;  // by context, too
    std::map<std::tuple<void*, std::string, std::string>, void*> functions_;  // and by name
};

}  // namespace tdaglass::cuda
