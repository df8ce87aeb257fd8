// The 41 types of clusters, in the order in which Python names them, and how many particles each has.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace tdaglass::clusters {

enum Type {
    SP3A, SP3B, SP3C, SP4A, SP4B, SP4C, SP5A, SP5B, SP5C, T6A, T6Z, T7K, T7T_A, T7T_S, T8A, T8B, T8K, T9A, T9B, T9K,
    T10A, T10B, T10K, T10W, T11A, T11B, T11C, T11E, T11F, T11W, T12A, T12B, T12D, T12E, T12K, T13A, T13B, T13K, FCC,
    HCP, BCC_9, TYPES
};

constexpr int SIZE[TYPES] = {3,  4,  5,  4,  5,  6,  5,  6,  7,  6,  6,  7,  7,  7,  8,  8,  8,  9,  9,  9, 10,
                             10, 10, 10, 11, 11, 11, 11, 11, 11, 12, 12, 12, 12, 12, 13, 13, 13, 13, 13, 9};

using Particle = int32_t;

template <size_t K>
using Cluster = std::array<Particle, K>;

// Some neighbours of one particle, which has no more than 64: bit b is the b-th of them, in ascending order.
using Mask = uint64_t;
constexpr int MOST_BONDS = 64;

inline int size(Mask mask) { return std::popcount(mask); }
inline int first(Mask mask) { return std::countr_zero(mask); }
inline Mask bit(int b) { return Mask(1) << b; }
inline Mask below(int b) { return b >= 64 ? ~Mask(0) : bit(b) - 1; }

// visit(b) for every bit, ascending.
template <class Visit>
void each(Mask mask, Visit visit) {
    for (; mask; mask &= mask - 1) visit(first(mask));
}

}  // namespace tdaglass::clusters
