// A CPU that plays the threads of a block: see emulation.hpp.
//
// What is compiled in on a card is a variable here, so that one library serves every liquid.
#pragma once
#include <algorithm>
#include <atomic>
#include <barrier>
#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "records.hpp"

#define FN inline
#define EACH_THREAD(t) for (int t : ::tdaglass::block::threads_of_phase())
#define BARRIER() ::tdaglass::block::wait_for_block()
#define BARRIER_ALL() ::tdaglass::block::wait_for_all()
#define UNROLL
#define UNROLL_TWICE
#define KEEP_ROLLED
#define UNROLL_TESTS

namespace tdaglass::block {

inline int DIM, N_PADDED, THREADS, CLUSTER, STAGES, KINDS, BY_DIAMETER, IS_LENNARD_JONES, POWER, TRUNCATION, OBSERVES;
constexpr int AXES = 3, MOST_BLOCKS = 8;  // of a box; of a system

// Who plays: all threads of a block, in some order, or one of them.
struct Player {
    std::vector<int> threads;
    std::mt19937* random = nullptr;   // then the order is another one in every phase
    std::barrier<>* of_block = nullptr;  // then others play the other threads
    std::barrier<>* of_all = nullptr;    // then others play other blocks of the system, or other threads
    int rank = 0;                        // of the block
    int64_t apart = 0;                   // bytes from one block's shared memory to the next one's
};
inline thread_local Player* player;

inline const std::vector<int>& threads_of_phase() {
    if (player->random) std::shuffle(player->threads.begin(), player->threads.end(), *player->random);
    return player->threads;
}
inline void wait_for_block() {
    if (player->of_block) player->of_block->arrive_and_wait();
}
inline void wait_for_all() {
    if (player->of_all) player->of_all->arrive_and_wait();
}

FN int this_rank() { return player->rank; }
template <class T>
T* of_rank(T* x, int rank) {
    return (T*)((char*)x + (rank - player->rank) * player->apart);
}

struct alignas(16) uint4 {
    u32 x, y, z, w;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(16) int4 {
    int x, y, z, w;
};
struct alignas(8) uint2 {
    u32 x, y;
};

FN float fast_inverse(float x) { return 1 / x; }
FN float fast_inverse_root(float x) { return 1 / std::sqrt(x); }
FN float square_root(float x) { return std::sqrt(x); }
FN float multiply_add(float a, float b, float c) { return std::fma(a, b, c); }
FN int bits_of(float x) { return std::bit_cast<int>(x); }
FN float float_of(int x) { return std::bit_cast<float>(x); }
// As a card does: the nearest there is, and 0 of what is no number.
FN Whole nearest_long(double x) {
    if (!(std::fabs(x) < 0x1p63)) return x > 0 ? 0x7fffffffffffffffLL : x < 0 ? -0x7fffffffffffffffLL - 1 : 0;
    return std::llrint(x);
}
FN Whole nearest_long(float x) { return nearest_long((double)x); }
FN int nearest(float x) { return (int)std::clamp<Whole>(nearest_long((double)x), -0x80000000LL, 0x7fffffffLL); }
FN int round_down(float x) { return nearest(std::floor(x)); }
FN bool is_finite(float x) { return std::isfinite(x); }

FN int leading_zeros(u32 x) { return std::countl_zero(x); }
FN int count_bits(u32 x) { return std::popcount(x); }
FN u32 shift_sign_in(u32 bits, float x) { return bits << 1 | (u32)bits_of(x) >> 31; }
FN u32 byte_pair(u32 low, u32 high) { return low >> 16 | high << 16; }
FN u32 high_product(u32 a, u32 b) { return (u32)((u64)a * b >> 32); }
FN void forget(u32&) {}
FN void forget(char*&) {}

FN int add_to(int* to, int x) { return std::atomic_ref(*to).fetch_add(x, std::memory_order_relaxed); }
FN void add_to(Whole* to, Whole x) { std::atomic_ref(*to).fetch_add(x, std::memory_order_relaxed); }
FN void raise_flags(int* to, int flags) { std::atomic_ref(*to).fetch_or(flags, std::memory_order_relaxed); }
FN void raise_to(int* to, int x) {
    std::atomic_ref most(*to);
    for (int now = most.load(std::memory_order_relaxed); now < x && !most.compare_exchange_weak(now, x);) {
    }
}
FN void sum_to(Whole* to, Whole x) { add_to(to, x); }
FN void raise_flags_everywhere(int* to, int flags) {
    for (int rank = 0; rank < CLUSTER; rank++) raise_flags(of_rank(to, rank), flags);
}
FN void raise_everywhere(int* to, int x) {
    for (int rank = 0; rank < CLUSTER; rank++) raise_to(of_rank(to, rank), x);
}
FN void store_everywhere(int* to, int x) {
    for (int rank = 0; rank < CLUSTER; rank++) *of_rank(to, rank) = x;
}
FN void counts_to_starts(int t, int* start, int n) {
    if (t != 0) return;
    int total = 0;
    for (int k = 0; k < n; k++) {
        const int own = start[k];
        start[k] = total;
        total += own;
    }
    start[n] = total;
}

// Addresses begin where those of a card do, and have the rank of the block in front.
FN u32 shared_address(const void*) { return (u32)player->rank << 24 | 1024; }
FN u32 lower_address(u32 two, u32 of_block) { return (two & 0xffff) | (of_block & 0xffff0000); }
FN u32 upper_address(u32 two, u32 of_block) { return two >> 16 | (of_block & 0xffff0000); }
FN float load_shared(const char* shared, u32 at) { return *(const float*)(shared + (at - shared_address(shared))); }
FN void load_place(const char* shared, u32 at, int* x) {
    const int* first = (const int*)(shared + (at - shared_address(shared)));
    for (int d = 0; d < DIM; d++) x[d] = first[DIM == 2 ? d : d * N_PADDED];
}

FN void start_copy(uint4* to, const uint4* from) { *to = *from; }
FN void end_group() {}
FN void wait_for_all_but_newest() {}
FN uint4 read_ahead(const uint4* from) { return *from; }

}  // namespace tdaglass::block
