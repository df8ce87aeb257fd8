// Arrays that begin on a cache line, so that no vector of theirs lies across two.
#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace tdaglass {

template <class T>
struct OnCacheLines {
    using value_type = T;
    static constexpr std::align_val_t line{64};

    OnCacheLines() = default;
    template <class U>
    OnCacheLines(const OnCacheLines<U>&) {}

    T* allocate(size_t n) {
        if (n > static_cast<size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
        return static_cast<T*>(::operator new(n * sizeof(T), line));
    }
    void deallocate(T* p, size_t) { ::operator delete(p, line); }
    template <class U>
    bool operator==(const OnCacheLines<U>&) const {
        return true;
    }
};

template <class T>
using Aligned = std::vector<T, OnCacheLines<T>>;

}  // namespace tdaglass
