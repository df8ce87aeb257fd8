// Many systems at once: those that are replicas of one system side by side, the others one by one.
#include <algorithm>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "molecular_dynamics.hpp"
#include "replica_dynamics.hpp"

namespace tdaglass {
namespace {

// Side by side, a pair that is near in one replica is computed for all of them; that is worth it up to so many times
// the pairs of a replica alone. Up to 8 it was faster with short lists (Wahnstrom, 2D), and no slower with long ones.
constexpr double MOST_EXCESS = 6;
constexpr int STEPS_BETWEEN_LOOKS = 50;

// Replicas have the same particles and box, and are at the same step.
bool are_replicas(const Settings& s, const System* systems, int count) {
    // Lanes without a system compute copies; with more of these than systems it would not pay.
    if (2 * count <= LANES) return false;
    for (int k = 1; k < count; k++) {
        bool same = std::equal(systems[0].species, systems[0].species + s.n_particles, systems[k].species) &&
                    std::equal(systems[0].box, systems[0].box + s.dimension, systems[k].box) &&
                    systems[0].first == systems[k].first && systems[0].last == systems[k].last;
        if (!same) return false;
    }
    return true;
}

// The caller's particles along a curve that stays in small cubes before it goes on to the next (Morton's): the
// neighbours of one are still in the cache for the next.
std::vector<int32_t> order_in_space(const Settings& s, const System& system) {
    std::vector<std::pair<uint32_t, int32_t>> along_curve;
    for (int32_t i = 0; i < s.n_particles; i++) {
        uint32_t place = 0;
        for (int bit = 31; bit > 31 - 10; bit--)
            for (int d = 0; d < s.dimension; d++) {
                uint32_t from_face = (uint32_t)system.fraction[(size_t)s.dimension * i + d] + 0x80000000u;
                place = place << 1 | (from_face >> bit & 1);
            }
        along_curve.push_back({place, i});
    }
    std::sort(along_curve.begin(), along_curve.end());
    std::vector<int32_t> order;
    for (auto [place, i] : along_curve) order.push_back(i);
    return order;
}

// Call visit(number in the caller's arrays, number in the replicas', lane, system) for every coordinate.
template <class Visit>
void for_each_coordinate(const Replicas& r, const std::vector<int32_t>& order, int count, Visit visit) {
    for (int i = 0; i < r.n; i++)
        for (int d = 0; d < r.dimension; d++)
            for (int lane = 0; lane < LANES; lane++)
                visit((size_t)r.dimension * order[i] + d, r.at(i, d) + lane, std::min(lane, count - 1));
}

// Steps made side by side, and the systems brought there. If a replica fails, none: one by one they tell which.
int32_t advance_side_by_side(const Settings& s, System* systems, int count) {
    PairTable table;
    int32_t made = systems[0].first, last = systems[0].last;
    if (check_settings(s, table) != OK || made >= last) return made;
    for (int k = 0; k < count; k++)
        if (check_system(s, systems[k], table) != OK) return made;
    ReplicaDynamics dynamics(table, s.dt, s.skin);
    Replicas& r = dynamics.replicas;
    r.n = (int)s.n_particles;
    r.dimension = (int)s.dimension;
    const std::vector<int32_t> order = order_in_space(s, systems[0]);
    for (int d = 0; d < r.dimension; d++) r.edge[d] = systems[0].box[d];
    for (int i = 0; i < r.n; i++) {
        r.species.push_back(systems[0].species[order[i]]);
        r.mass.push_back((float)s.masses[r.species[i]]);
    }
    const size_t numbers = (size_t)r.n * r.dimension * LANES;
    r.position.resize(numbers), r.image.resize(numbers), r.velocity.resize(numbers), r.force.resize(numbers);
    for_each_coordinate(r, order, count, [&](size_t from, size_t to, int k) {
        r.position[to] = systems[k].fraction[from];
        r.image[to] = systems[k].image[from];
        r.velocity[to] = systems[k].velocity[from];
        r.force[to] = systems[k].force[from];
    });
    for (int lane = 0; lane < LANES; lane++) {
        const System& system = systems[std::min(lane, count - 1)];
        std::copy(system.chain_position, system.chain_position + CHAIN_LENGTH, dynamics.chain[lane].position);
        std::copy(system.chain_momentum, system.chain_momentum + CHAIN_LENGTH, dynamics.chain[lane].momentum);
    }
    dynamics.start();
    for (; made < last; made++) {
        if ((made - systems[0].first) % STEPS_BETWEEN_LOOKS == 0 && dynamics.excess() > MOST_EXCESS) break;
        float temperature[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            temperature[lane] = bath_temperature(systems[std::min(lane, count - 1)], made);
            if (!is_usable(s.thermostat, temperature[lane])) return systems[0].first;
        }
        if (!dynamics.step(s.thermostat, temperature)) return systems[0].first;
    }
    for_each_coordinate(r, order, count, [&](size_t to, size_t from, int k) {
        if (from % LANES != (size_t)k) return;  // a spare lane
        systems[k].fraction[to] = r.position[from];
        systems[k].image[to] = r.image[from];
        systems[k].velocity[to] = r.velocity[from];
        systems[k].force[to] = r.force[from];
    });
    for (int k = 0; k < count; k++) {
        std::copy(dynamics.chain[k].position, dynamics.chain[k].position + CHAIN_LENGTH, systems[k].chain_position);
        std::copy(dynamics.chain[k].momentum, dynamics.chain[k].momentum + CHAIN_LENGTH, systems[k].chain_momentum);
    }
    return made;
}

struct Job {
    const Settings& settings;
    System* systems;
    Progress* progress;
    int64_t n;
};

void advance_block(int64_t block, void* context) {
    const Job& job = *static_cast<Job*>(context);
    System* systems = job.systems + block * LANES;
    int count = (int)std::min<int64_t>(LANES, job.n - block * LANES);
    if (are_replicas(job.settings, systems, count)) {
        int32_t made = systems[0].first;
        try {
            made = advance_side_by_side(job.settings, systems, count);
        } catch (const std::exception&) {
            // Without memory for all of them, one by one.
        }
        for (int k = 0; k < count; k++) systems[k].first = made;
    }
    for (int k = 0; k < count; k++) job.progress[block * LANES + k] = advance(job.settings, systems[k]);
}

void advance_one(int64_t k, void* context) {
    const Job& job = *static_cast<Job*>(context);
    job.progress[k] = advance(job.settings, job.systems[k]);
}

}  // namespace

void advance_all(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) noexcept {
    Job job{settings, systems, progress, n};
    bool any = false;
    bool sizes = settings.n_particles >= 2 && (settings.dimension == 2 || settings.dimension == 3);
    for (int64_t k = 0; sizes && k < n && !any; k += LANES)
        any = are_replicas(settings, systems + k, (int)std::min<int64_t>(LANES, n - k));
    if (any)
        for_each((n + LANES - 1) / LANES, threads, advance_block, &job);
    else
        for_each(n, threads, advance_one, &job);
}

}  // namespace tdaglass
