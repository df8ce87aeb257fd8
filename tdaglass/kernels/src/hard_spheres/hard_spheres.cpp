// Systems one by one, or many over threads, and what is seen on their way.
#include "hard_spheres.hpp"

#include <algorithm>
#include <cmath>
#include <exception>
#include <vector>

#include "checks.hpp"
#include "dynamics.hpp"
#include "molecular_dynamics/observables.hpp"

namespace tdaglass::hard_spheres {
namespace {

// Positions in single precision, such as were handed in, overlap by a rounding; a collision mends it.
constexpr double DEEPEST_OVERLAP = 1e-4;

// Where particles are at present, as observers look at them: positions are edge (image + 1/2 + fraction / 2^32).
class Snapshot {
   public:
    Snapshot(const Settings& settings, const System& of)
        : s(settings), system(of), fraction(s.n_particles * s.dimension), image(fraction.size()),
          box(system.box, system.box + s.dimension) {}

    tdaglass::System of(const EventDynamics& dynamics) {
        for (int32_t i = 0; i < s.n_particles; i++) {
            const Four x = dynamics.present(i);
            for (int32_t k = 0; k < s.dimension; k++) {
                const int64_t at = s.dimension * i + k;
                const double turns = x[k] / system.box[k], boxes = std::floor(turns);
                const double steps = std::floor((turns - boxes - 0.5) * 0x1p32 + 0.5);
                // What rounds up to the far face is at the near face of the next image.
                const bool over = steps >= 0x1p31;
                fraction[at] = over ? INT32_MIN : (int32_t)steps;
                image[at] = system.image[at] + (int32_t)boxes + over;
            }
        }
        return {fraction.data(), image.data(), nullptr, nullptr, nullptr, nullptr, system.species, nullptr, box.data(),
                0, 0, 0, 0};
    }

   private:
    const Settings& s;
    const System& system;
    std::vector<int32_t> fraction, image;
    std::vector<float> box;
};

Progress advance(const Settings& s, System& system, Observer* observer) {
    if (Status status = check_settings(s)) return {system.first, status};
    if (Status status = check_system(s, system)) return {system.first, status};
    if (system.first == system.last) return {system.first, OK};
    EventDynamics dynamics(s, system);
    if (dynamics.deepest_overlap() > DEEPEST_OVERLAP) return {system.first, OVERLAP};
    Snapshot snapshot(s, system);
    const bool arrived = visit_moments(
        observer, system.first, system.last, [&](int32_t tick) { return dynamics.go_on_to(tick); },
        [&](int64_t m) { observer->look(snapshot.of(dynamics), m); });
    dynamics.copy_out();
    return {dynamics.ticks(), arrived ? OK : TOO_MANY};
}

// Systems that one thread takes at a time, and that one observer looks at: few enough that their sums find room.
constexpr int64_t MOST_OBSERVERS = 64;

struct Job {
    const Settings& settings;
    System* systems;
    Progress* progress;
    int64_t n, at_a_time;
    Observer* observers = nullptr;  // one for each piece

    int64_t pieces() const { return (n + at_a_time - 1) / at_a_time; }

    void run(int64_t threads) {
        auto piece = [](int64_t piece, void* context) {
            const Job& job = *static_cast<Job*>(context);
            for (int64_t k = piece * job.at_a_time; k < std::min(job.n, (piece + 1) * job.at_a_time); k++)
                try {
                    Observer* observer = job.observers ? job.observers + piece : nullptr;
                    job.progress[k] = advance(job.settings, job.systems[k], observer);
                } catch (const std::exception&) {
                    job.progress[k] = {job.systems[k].first, OUT_OF_MEMORY};
                }
        };
        for_each(pieces(), threads, piece, this);
    }
};

}  // namespace

Progress advance(const Settings& settings, System& system) noexcept {
    Progress progress;
    Job{settings, &system, &progress, 1, 1}.run(1);
    return progress;
}

void advance_all(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) noexcept {
    Job{settings, systems, progress, n, 1}.run(threads);
}

void advance_and_observe(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads,
                         const Observation& observation, const Sums& sums) noexcept {
    auto all = [&](Status status) {
        for (int64_t k = 0; k < n; k++) progress[k] = {systems[k].first, status};
    };
    if (Status status = check_settings(settings)) return all(status);
    try {
        // Observers know liquids of pairs, and ask no more of them than their sizes.
        tdaglass::Settings sizes{};
        sizes.dimension = settings.dimension, sizes.n_particles = settings.n_particles, sizes.n_species = settings.n_species;
        CommonStart start(sizes, observation);
        Job job{settings, systems, progress, n, (n + MOST_OBSERVERS - 1) / MOST_OBSERVERS};
        std::vector<Observer> observers(job.pieces(), Observer(start));
        job.observers = observers.data();
        job.run(threads);
        for (const Observer& observer : observers) observer.add_to(sums);
    } catch (const std::exception&) {
        all(OUT_OF_MEMORY);
    }
}

}  // namespace tdaglass::hard_spheres
