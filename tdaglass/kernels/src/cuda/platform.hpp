// What the block kernel asks of the machine it runs on: a card, or a CPU that plays its threads.
//
// The text is written in phases: EACH_THREAD(t) { ... } is what thread t of the block does, BARRIER() waits for all of
// them. Nothing lives in a thread from one phase to the next but what all threads have alike. So the same text runs on
// a CPU, one thread of a phase after the other, in any order of them, or with real threads (platform_cpu.hpp).
//
// A system may have several blocks, CLUSTER of them, where there would be multiprocessors without one. Each holds all
// places and all that the threads of a block tell each other; it moves the particles of its own slots, and writes what
// comes of it into the shared memory of all (..._everywhere). BARRIER_ALL() waits for the threads of all of them.
#pragma once

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#include "platform_cuda.hpp"
#else
#include "platform_cpu.hpp"
#endif

namespace tdaglass {
namespace block {

// The threads of all blocks of a system, counted through. Slots are theirs in turn.
FN int all_threads() { return CLUSTER * THREADS; }
FN int among_all(int t) { return this_rank() * THREADS + t; }
FN bool is_own(int slot) { return slot / THREADS % CLUSTER == this_rank(); }

}  // namespace block
}  // namespace tdaglass
