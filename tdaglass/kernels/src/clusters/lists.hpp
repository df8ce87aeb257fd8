// What belongs to each of many keys: particles or bonds, and the rings that they are part of.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tdaglass::clusters {

template <class Entry>
class Lists {
  public:
    // `visit(put)` calls put(key, entry) for all there are, and does so twice alike.
    template <class Visit>
    Lists(int64_t keys, Visit visit) : start_(keys + 1) {
        visit([&](int64_t key, const Entry&) { start_[key + 1]++; });
        for (int64_t k = 0; k < keys; k++) start_[k + 1] += start_[k];
        std::vector<int64_t> next(start_.begin(), start_.end() - 1);
        entry_.resize(start_[keys]);
        visit([&](int64_t key, const Entry& entry) { entry_[next[key]++] = entry; });
    }

    std::span<const Entry> operator[](int64_t key) const {
        return {entry_.data() + start_[key], (size_t)(start_[key + 1] - start_[key])};
    }

  private:
    std::vector<int64_t> start_;
    std::vector<Entry> entry_;
};

}  // namespace tdaglass::clusters
