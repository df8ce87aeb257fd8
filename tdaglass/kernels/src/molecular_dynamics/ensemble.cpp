// Many systems at once: those that are replicas of one system side by side, the others one by one.
#include <algorithm>
#include <utility>
#include <vector>

#include "checks.hpp"
#include "molecular_dynamics.hpp"
#include "observables.hpp"
#include "replica_dynamics.hpp"

namespace tdaglass {
namespace {

// Side by side, a pair that is near in one replica is computed for all of them; that is worth it up to so many times
// the pairs of a replica alone. Up to 8 it was faster with short lists (Wahnstrom, 2D), and no slower with long ones.
constexpr double MOST_EXCESS = 6;
constexpr int STEPS_BETWEEN_LOOKS = 200;

// Replicas have the same particles and box, and are at the same step.
bool are_replicas(const Settings& s, const System* systems, int count) {
    // Lanes without a system compute copies; with more of these than systems it would not pay. Boxes that move part.
    if (2 * count <= LANES || s.barostat) return false;
    for (int k = 1; k < count; k++) {
        bool same = std::equal(systems[0].species, systems[0].species + s.n_particles, systems[k].species) &&
                    std::equal(systems[0].diameters, systems[0].diameters + s.n_particles, systems[k].diameters) &&
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

// Replicas in the lanes of vectors, brought there from the systems of the caller and back.
template <int DIM>
class SideBySide {
   public:
    SideBySide(const Settings& s, System* systems, int count, const PairTable& table)
        : s(s), systems(systems), count(count), table(table), order(order_in_space(s, systems[0])),
          made(systems[0].first), next_look(made), dynamics(table, s.masses, s.dt, s.skin) {
        Replicas<DIM>& r = dynamics.replicas;
        r.resize((int)s.n_particles);
        for (int d = 0; d < DIM; d++) r.edge[d] = systems[0].box[d];
        for (int i = 0; i < r.n; i++) {
            r.species.push_back(systems[0].species[order[i]]);
            r.diameter.push_back(systems[0].diameters[order[i]]);
            r.kind.push_back(table.kind_of(r.species[i], r.diameter[i]));
        }
        sound = true;
        for_each_coordinate([&](size_t from, int i, int d, int lane, int k) {
            r.position(i, d)[lane] = systems[k].fraction[from];
            r.image[r.at(i, d) + lane] = systems[k].image[from];
            r.velocity[r.at(i, d) + lane] = systems[k].velocity[from];
            sound &= to_quanta(systems[k].force[from], table, r.force(i, d)[lane]);
        });
        for (int lane = 0; lane < LANES; lane++) {
            const System& system = system_of(lane);
            std::copy(system.chain_position, system.chain_position + CHAIN_LENGTH, dynamics.chain[lane].position);
            std::copy(system.chain_momentum, system.chain_momentum + CHAIN_LENGTH, dynamics.chain[lane].momentum);
        }
        sound = sound && dynamics.start();
    }

    // Step until so many steps are made. False if it is better to go on one by one: the replicas have drifted too far
    // apart, or one of them fails and alone it will tell how. The systems hold the last step that is of use.
    bool go_on_to(int32_t target) {
        if (made == target) return true;
        for (; made < target; made++) {
            if (made >= next_look) {
                next_look = made + STEPS_BETWEEN_LOOKS;
                if (dynamics.excess() > MOST_EXCESS) {
                    copy_out();
                    return false;
                }
            }
            float temperature[LANES];
            for (int lane = 0; lane < LANES; lane++) {
                temperature[lane] = bath_temperature(system_of(lane), made);
                if (!is_usable(s.thermostat, temperature[lane])) return false;
            }
            if (!sound || !dynamics.step(s.thermostat, temperature)) return false;
        }
        copy_out();
        return true;
    }

   private:
    const Settings& s;
    System* systems;
    int count;
    const PairTable& table;
    std::vector<int32_t> order;
    int32_t made, next_look;  // at how far the replicas have drifted apart
    ReplicaDynamics<DIM> dynamics;
    bool sound;

    // Lanes without a system compute copies of the last.
    System& system_of(int lane) const { return systems[std::min(lane, count - 1)]; }

    // Call visit(number in the caller's arrays, particle, axis, lane, system) for every coordinate.
    template <class Visit>
    void for_each_coordinate(Visit visit) const {
        for (int i = 0; i < dynamics.replicas.n; i++)
            for (int d = 0; d < DIM; d++)
                for (int lane = 0; lane < LANES; lane++)
                    visit((size_t)DIM * order[i] + d, i, d, lane, std::min(lane, count - 1));
    }

    void copy_out() {
        const Replicas<DIM>& r = dynamics.replicas;
        for_each_coordinate([&](size_t to, int i, int d, int lane, int k) {
            if (lane != k) return;  // a spare lane
            systems[k].fraction[to] = r.position(i, d)[lane];
            systems[k].image[to] = r.image[r.at(i, d) + lane];
            systems[k].velocity[to] = r.velocity[r.at(i, d) + lane];
            systems[k].force[to] = (float)r.force(i, d)[lane] * (float)table.force_quantum;
        });
        for (int k = 0; k < count; k++) {
            const Chain& chain = dynamics.chain[k];
            std::copy(chain.position, chain.position + CHAIN_LENGTH, systems[k].chain_position);
            std::copy(chain.momentum, chain.momentum + CHAIN_LENGTH, systems[k].chain_momentum);
            systems[k].first = made;
        }
    }
};

// As far as it goes side by side; the rest is for them to do one by one.
template <int DIM>
void advance_side_by_side(const Settings& s, System* systems, int count, Observer* observer) {
    PairTable table;
    const int32_t first = systems[0].first, last = systems[0].last;
    if (check_settings(s, table) != OK || first >= last || !Neighbor::fits<DIM>(s.n_particles)) return;
    for (int k = 0; k < count; k++)
        if (check_system(s, systems[k], table) != OK) return;
    SideBySide<DIM> replicas(s, systems, count, table);
    visit_moments(observer, first, last, [&](int32_t target) { return replicas.go_on_to(target); },
                  [&](int64_t m) {
                      for (int k = 0; k < count; k++) observer->look(systems[k], m);
                  });
}

// Systems that one thread takes at a time: replicas that fit side by side, or one.
struct Job {
    const Settings& settings;
    System* systems;
    Progress* progress;
    int64_t n;
    int64_t at_a_time;
    Observer* observers = nullptr;  // one for each piece

    int64_t pieces() const { return (n + at_a_time - 1) / at_a_time; }

    void advance_piece(int64_t piece) const {
        const int64_t begin = piece * at_a_time;
        const int count = (int)std::min(at_a_time, n - begin);
        Observer* observer = observers ? observers + piece : nullptr;
        if (at_a_time > 1 && are_replicas(settings, systems + begin, count)) {
            try {
                auto side_by_side = settings.dimension == 2 ? advance_side_by_side<2> : advance_side_by_side<3>;
                side_by_side(settings, systems + begin, count, observer);
            } catch (const std::exception&) {
                // Without memory for all of them, one by one.
            }
        }
        for (int64_t k = begin; k < begin + count; k++) progress[k] = advance(settings, systems[k], observer);
    }

    void run(int64_t threads) {
        for_each(pieces(), threads, [](int64_t piece, void* job) { static_cast<Job*>(job)->advance_piece(piece); }, this);
    }
};

Job job_of(const Settings& settings, System* systems, Progress* progress, int64_t n) {
    bool any = false;
    bool sizes = settings.n_particles >= 2 && (settings.dimension == 2 || settings.dimension == 3);
    for (int64_t k = 0; sizes && k < n && !any; k += LANES)
        any = are_replicas(settings, systems + k, (int)std::min<int64_t>(LANES, n - k));
    return {settings, systems, progress, n, any ? LANES : 1};
}

}  // namespace

void advance_all(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) noexcept {
    job_of(settings, systems, progress, n).run(threads);
}

void advance_and_observe(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads,
                         const Observation& observation, const Sums& sums) noexcept {
    auto all = [&](Status status) {
        for (int64_t k = 0; k < n; k++) progress[k] = {systems[k].first, status};
    };
    PairTable table;
    if (Status status = check_settings(settings, table)) return all(status);
    try {
        Job job = job_of(settings, systems, progress, n);
        CommonStart start(settings, observation);
        std::vector<Observer> observers(job.pieces(), Observer(start));
        job.observers = observers.data();
        job.run(threads);
        for (const Observer& observer : observers) observer.add_to(sums);
    } catch (const std::exception&) {
        all(OUT_OF_MEMORY);
    }
}

}  // namespace tdaglass
