// What stands in the lists of replicas side by side.
#pragma once
#include <cstdint>

#include "coarse.hpp"
#include "pair_table.hpp"
#include "replicas.hpp"

namespace tdaglass {

// A neighbour: the byte where its row begins, and in the bits below, which are free, where among vectors for each
// kind its own is. A processor that computes as fast as it reads instructions gains from every one less.
struct Neighbor {
    uint32_t bits;

    static constexpr uint32_t BELOW = 31, CODE = sizeof(Floats) / 8;

    template <int DIM>
    static bool fits(int64_t n_particles) {
        static_assert(4 * Replicas<DIM>::ROW % (BELOW + 1) == 0 && (MAX_KINDS - 1) * CODE <= BELOW);
        return n_particles * 4 * Replicas<DIM>::ROW <= UINT32_MAX;
    }
    template <int DIM>
    static Neighbor of(int i, int kind) {
        return {(uint32_t)i * (4 * Replicas<DIM>::ROW) + (uint32_t)kind * CODE};
    }
    template <int DIM>
    uint32_t index() const {
        return bits / (4 * Replicas<DIM>::ROW);
    }

    template <class T>
    T* row(T* rows) const {
        return (T*)((char*)rows + (bits & ~BELOW));
    }
    template <int DIM>
    const int32_t* coarse_row(const int32_t* rows) const {
        static_assert(Replicas<DIM>::ROW % Coarse<DIM>::ROW == 0);
        return (const int32_t*)((const char*)rows + (bits & ~BELOW) / (Replicas<DIM>::ROW / Coarse<DIM>::ROW));
    }
    template <class Vector>
    const Vector& choose(const Vector* of_kind) const {
        return *(const Vector*)((const char*)of_kind + 8 * (size_t)(bits & BELOW));
    }
};

}  // namespace tdaglass
