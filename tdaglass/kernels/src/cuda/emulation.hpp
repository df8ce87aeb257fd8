// The block kernel on a CPU, for tests without a card: the threads of a block one after the other, in the order of their
// numbers or in another one in every phase, or as threads of the machine that wait for each other at barriers. Several
// blocks of a system are threads of the machine in any case.
#pragma once
#include <memory>
#include <mutex>
#include <thread>

#include "block.hpp"
#include "plan.hpp"

namespace tdaglass::block {

enum class Play { IN_ORDER, IN_ANY_ORDER, TOGETHER };

namespace emulation {

inline void set_choices(const Plan& p) {
    DIM = p.dimension, N_PADDED = p.padded, THREADS = p.threads, CLUSTER = p.cluster;
    STAGES = p.stages, KINDS = p.kinds;
    BY_DIAMETER = p.by_diameter, IS_LENNARD_JONES = p.form == LENNARD_JONES, POWER = p.power;
    TRUNCATION = p.truncation, OBSERVES = p.settings.n_moments > 0;
}

// What every thread of some blocks does that wait for each other, by one player for a block or one for each thread.
// `apart`: bytes from one block's shared memory to the next one's.
template <class Work>
void play(Play how, unsigned seed, Work work, int blocks = 1, int64_t apart = 0) {
    std::vector<int> all(THREADS);
    for (int t = 0; t < THREADS; t++) all[t] = t;
    auto go = [&](Player me, unsigned own_seed) {
        std::mt19937 random(own_seed);
        if (how == Play::IN_ANY_ORDER) me.random = &random;
        player = &me;
        work(me.rank);
        player = nullptr;
    };
    if (how != Play::TOGETHER && blocks == 1) return go({all}, seed);
    std::barrier<> of_all(how == Play::TOGETHER ? blocks * THREADS : blocks);
    std::vector<std::unique_ptr<std::barrier<>>> of_block;
    std::vector<std::thread> threads;
    for (int rank = 0; rank < blocks; rank++)
        if (how == Play::TOGETHER) {
            of_block.push_back(std::make_unique<std::barrier<>>(THREADS));
            for (int t = 0; t < THREADS; t++)
                threads.emplace_back(go, Player{{t}, nullptr, of_block[rank].get(), &of_all, rank, apart}, seed);
        } else {
            threads.emplace_back(go, Player{all, nullptr, nullptr, &of_all, rank, apart}, seed + 1009u * (unsigned)rank);
        }
    for (auto& thread : threads) thread.join();
}

// A system of a launch, by all of its blocks.
inline void play_system(Play how, unsigned seed, const Settings& s, const Arrays& arrays, int which,
                        int64_t shared_bytes) {
    const int64_t apart = planning::up_to(shared_bytes, 16);
    std::vector<uint4> shared((size_t)(CLUSTER * apart) / sizeof(uint4) + 1);
    auto work = [&](int rank) { System(s, arrays, which, (char*)shared.data() + rank * apart).run(); };
    play(how, seed, work, CLUSTER, apart);
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
        emulation::play(how, seed, [&](int) { begin_sums(s, arrays, (int)k, (int)plan.begin_blocks); });
    for (int64_t k = 0; k < systems; k++)
        emulation::play_system(how, seed + (unsigned)k, s, arrays, (int)k, plan.shared_bytes);
}

}  // namespace tdaglass::block
