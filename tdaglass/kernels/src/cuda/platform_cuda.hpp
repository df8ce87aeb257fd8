// A card: a phase is what a thread does until the next barrier of its block.
//
// Compiled in (plan.hpp): DIM, N_PADDED (particles and far places, in thirty-twos), THREADS, BLOCKS (on a
// multiprocessor), STAGES (chunks of a list on their way; 0 where a card has no asynchronous copies), CLUSTER (blocks of
// a system), KINDS (species that lists tell apart), BY_DIAMETER, IS_LENNARD_JONES, POWER (half the exponent), TRUNCATION,
// OBSERVES.
#pragma once
#include "records.hpp"

#define FN __device__ __forceinline__
#define EACH_THREAD(t) for (int t = ::tdaglass::block::this_thread(), once = 1; once; once = 0)
#define BARRIER() __syncthreads()
#define BARRIER_ALL() ::tdaglass::block::wait_for_cluster()
#define UNROLL _Pragma("unroll")
#define UNROLL_TWICE _Pragma("unroll 2")
#define KEEP_ROLLED _Pragma("unroll 1")
// Tests of a list take more registers where particles have diameters, of which there are none to spare.
#if BY_DIAMETER
#define UNROLL_TESTS KEEP_ROLLED
#else
#define UNROLL_TESTS UNROLL_TWICE
#endif

namespace tdaglass {
namespace block {

enum { AXES = DIM, MOST_BLOCKS = CLUSTER };  // of a box; of a system

// Asked for anew in every phase: what the compiler derives from it would take registers from one phase to the next.
FN int this_thread() {
    int t;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(t));
    return t;
}

// Which block of its system this is, and what another one has in its shared memory where this one has x.
FN int this_rank() {
#if CLUSTER > 1
    int rank;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
#else
    return 0;
#endif
}
template <class T>
FN T* of_rank(T* x, int rank) {
#if CLUSTER > 1
    T* there;
    asm("mapa.u64 %0, %1, %2;" : "=l"(there) : "l"(x), "r"(rank));
    return there;
#else
    return x;
#endif
}
FN void wait_for_cluster() {
#if CLUSTER > 1
    asm volatile("barrier.cluster.arrive.release;\n\tbarrier.cluster.wait.acquire;" ::: "memory");
#else
    __syncthreads();
#endif
}

FN float fast_inverse(float x) {
    float y;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
FN float fast_inverse_root(float x) {
    float y;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}
FN float square_root(float x) { return __fsqrt_rn(x); }
FN float multiply_add(float a, float b, float c) { return __fmaf_rn(a, b, c); }
FN int bits_of(float x) { return __float_as_int(x); }
FN float float_of(int x) { return __int_as_float(x); }
FN int nearest(float x) { return __float2int_rn(x); }  // the nearest there is; 0 of what is no number
FN Whole nearest_long(float x) { return __float2ll_rn(x); }
FN Whole nearest_long(double x) { return __double2ll_rn(x); }
FN int round_down(float x) { return __float2int_rd(x); }
FN bool is_finite(float x) { return (__float_as_int(x) & 0x7f800000) != 0x7f800000; }

FN int leading_zeros(u32 x) { return __clz((int)x); }
FN int count_bits(u32 x) { return __popc(x); }
FN u32 shift_sign_in(u32 bits, float x) { return __funnelshift_l((u32)__float_as_int(x), bits, 1); }
FN u32 byte_pair(u32 low, u32 high) { return __byte_perm(low, high, 0x5432); }  // upper half of low, lower of high
FN u32 high_product(u32 a, u32 b) { return __umulhi(a, b); }
// The compiler forgets what it knows of a number, and with it what it has computed from it.
FN void forget(u32& x) { asm volatile("" : "+r"(x)); }
FN void forget(char*& x) { asm volatile("" : "+l"(x)); }

FN int add_to(int* to, int x) { return atomicAdd(to, x); }
FN void add_to(Whole* to, Whole x) { atomicAdd((u64*)to, (u64)x); }
FN void raise_flags(int* to, int flags) { atomicOr(to, flags); }
FN void raise_to(int* to, int x) { atomicMax(to, x); }

// Called by all threads of a warp.
FN void sum_to(Whole* to, Whole x) {
    for (int k = 16; k > 0; k /= 2) x += __shfl_xor_sync(0xffffffffu, x, k);
    if (threadIdx.x % 32 == 0) add_to(to, x);
}

// In the shared memory of all blocks of a system.
FN void raise_flags_everywhere(int* to, int flags) {
    for (int rank = 0; rank < CLUSTER; rank++) raise_flags(of_rank(to, rank), flags);
}
FN void store_everywhere(int* to, int x) {
    *to = x;
#if CLUSTER > 1
    const u32 here = (u32)__cvta_generic_to_shared(to);
    UNROLL for (int k = 1; k < CLUSTER; k++) {
        u32 there;
        asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(here), "r"((this_rank() + k) % CLUSTER));
        asm volatile("st.shared::cluster.s32 [%0], %1;" ::"r"(there), "r"(x) : "memory");
    }
#endif
}
// By all threads of a warp.
FN void raise_everywhere(int* to, int x) {
#if CLUSTER > 1
    x = __reduce_max_sync(0xffffffffu, x);
    const int lane = threadIdx.x % 32;
    if (lane < CLUSTER) raise_to(of_rank(to, lane), x);
#else
    raise_to(to, x);
#endif
}

// Counts to starts, of n and one more at the end. Called by all threads of a block; the first warp does it.
FN void counts_to_starts(int t, int* start, int n) {
    if (t >= 32) return;
    int total = 0;
    for (int base = 0; base < n; base += 32) {
        const int k = base + t, own = k < n ? start[k] : 0;
        int sum = own;
        for (int d = 1; d < 32; d *= 2) {
            const int below = __shfl_up_sync(0xffffffffu, sum, d);
            if (t >= d) sum += below;
        }
        if (k < n) start[k] = total + sum - own;
        total += __shfl_sync(0xffffffffu, sum, 31);
    }
    if (t == 0) start[n] = total;
}

// Shared memory has addresses of its own, of which lists keep the lower sixteen bits. The highest eight are the rank of
// the block, and must not be lost.
FN u32 shared_address(const void* x) { return (u32)__cvta_generic_to_shared(x); }
FN u32 lower_address(u32 two, u32 of_block) {
    return CLUSTER == 1 ? two & 0xffff : __byte_perm(two, of_block, 0x7610);
}
FN u32 upper_address(u32 two, u32 of_block) {
    return CLUSTER == 1 ? two >> 16 : __byte_perm(two, of_block, 0x7632);
}
FN float load_shared(const char*, u32 at) {
    float x;
    asm volatile("ld.shared.f32 %0, [%1];" : "=f"(x) : "r"(at));
    return x;
}
FN void load_place(const char*, u32 at, int* x) {
#if DIM == 2
    asm volatile("ld.shared.v2.s32 {%0, %1}, [%2];" : "=r"(x[0]), "=r"(x[1]) : "r"(at));
#else
    asm volatile("ld.shared.s32 %0, [%1];" : "=r"(x[0]) : "r"(at));
    asm volatile("ld.shared.s32 %0, [%1+%2];" : "=r"(x[1]) : "r"(at), "n"(4 * N_PADDED));
    asm volatile("ld.shared.s32 %0, [%1+%2];" : "=r"(x[2]) : "r"(at), "n"(8 * N_PADDED));
#endif
}

// A thread's own copies from device to shared memory, which hold no registers while they are under way.
FN void start_copy(uint4* to, const uint4* from) {
#if STAGES
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from) : "memory");
#endif
}
FN void end_group() {
#if STAGES
    asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
FN void wait_for_all_but_newest() {
#if STAGES
    asm volatile("cp.async.wait_group %0;" ::"n"(STAGES - 1) : "memory");
#endif
}
// Stays where it is written: the compiler would move it to where it is used.
FN uint4 read_ahead(const uint4* from) {
    uint4 x;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "l"(from));
    return x;
}

}  // namespace block
}  // namespace tdaglass
