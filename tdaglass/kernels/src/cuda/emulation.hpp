// The block kernel on a CPU, for tests without a card: the threads of a block one after the other, in the order of their
// numbers or in another one in every phase, or as threads of the machine that wait for each other at barriers.
#pragma once
#include <mutex>
#include <thread>

#include "block.hpp"
#include "plan.hpp"

namespace tdaglass::block {

enum class Play { IN_ORDER, IN_ANY_ORDER, TOGETHER };

namespace emulation {

inline void set_choices(const Plan& p) {
    DIM = p.dimension, N_PADDED = p.padded, THREADS = p.threads, STAGES = p.stages, KINDS = p.kinds;
    BY_DIAMETER = p.by_diameter, IS_LENNARD_JONES = p.form == LENNARD_JONES, POWER = p.power;
    TRUNCATION = p.truncation, OBSERVES = p.settings.n_moments > 0;
}

// What every thread of a block does, by one player for all or one for each.
template <class Work>
void play(Play how, unsigned seed, Work work) {
    if (how != Play::TOGETHER) {
        std::mt19937 random(seed);
        Player all{std::vector<int>(THREADS)};
        for (int t = 0; t < THREADS; t++) all.threads[t] = t;
        if (how == Play::IN_ANY_ORDER) all.random = &random;
        player = &all;
        work();
        player = nullptr;
        return;
    }
    std::barrier<> barrier(THREADS);
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&, t] {
            Player one{{t}, nullptr, &barrier};
            player = &one;
            work();
            player = nullptr;
        });
    for (auto& thread : threads) thread.join();
}

}  // namespace emulation

// A launch: all systems, and what is observed of them. Arrays as on a card, scratch and common scratch included.
inline void run_on_cpu(const Plan& plan, const Arrays& arrays, int64_t systems, Play how = Play::IN_ORDER,
                       unsigned seed = 0) {
    static std::mutex one_launch;  // what is compiled in on a card is the launch's here
    std::lock_guard lock(one_launch);
    emulation::set_choices(plan);
    const Settings& s = plan.settings;
    for (int64_t k = 0; k < plan.begin_blocks; k++)
        emulation::play(how, seed, [&] { begin_sums(s, arrays, (int)k, (int)plan.begin_blocks); });
    std::vector<uint4> shared((size_t)plan.shared_bytes / sizeof(uint4) + 1);
    for (int64_t k = 0; k < systems; k++)
        emulation::play(how, seed + (unsigned)k, [&] { System(s, arrays, (int)k, (char*)shared.data()).run(); });
}

}  // namespace tdaglass::block
