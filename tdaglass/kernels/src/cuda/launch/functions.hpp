// Machine code that Python compiled, and the functions it has become: one for every card that it was loaded to.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "driver.hpp"

namespace tdaglass::cuda {

class Functions {
  public:
    void keep(const std::string& name, std::string code) {
        std::lock_guard<std::mutex> lock(mutex_);
        codes_[name] = std::move(code);
    }

    // The function of that code in the present context, with so much shared memory; why not if the answer is not empty.
    std::string find(const Driver& driver, void* context, const std::string& name, int shared_bytes, void*& function) {
        std::lock_guard<std::mutex> lock(mutex_);
        const auto place = std::make_pair(context, name);
        if (auto loaded = functions_.find(place); loaded != functions_.end()) {
            function = loaded->second;
            return "";
        }
        const auto code = codes_.find(name);
        if (code == codes_.end()) return "the block kernel was not compiled for " + name;
        void *module = nullptr, *loaded = nullptr;
        int failed = driver.load_module(&module, code->second.data());
        if (!failed) failed = driver.get_function(&loaded, module, "advance");
        if (!failed) failed = driver.set_attribute(loaded, 8, shared_bytes);  // dynamic shared memory, at most
        if (failed) return "the CUDA driver does not take the block kernel: " + driver.words(failed);
        functions_[place] = function = loaded;
        return "";
    }

  private:
    std::mutex mutex_;
    std::map<std::string, std::string> codes_;                 // by options and architecture
    std::map<std::pair<void*, std::string>, void*> functions_;  // by context, too
};

}  // namespace tdaglass::cuda
