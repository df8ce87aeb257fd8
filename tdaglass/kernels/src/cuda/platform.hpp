// What the block kernel asks of the machine it runs on: a card, or a CPU that plays its threads.
//
// The text is written in phases: EACH_THREAD(t) { ... } is what thread t of the block does, BARRIER() waits for all of
// them. Nothing lives in a thread from one phase to the next but what all threads have alike. So the same text runs on
// a CPU, one thread of a phase after the other, in any order of them, or with real threads (platform_cpu.hpp).
#pragma once

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#include "platform_cuda.hpp"
#else
#include "platform_cpu.hpp"
#endif
