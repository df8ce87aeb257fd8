// Hard spheres without Python, for `make sanitize`: every path through lists, calendar, threads and statuses.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include "checking.hpp"
#include "hard_spheres/hard_spheres.hpp"

using namespace tdaglass::hard_spheres;
using checking::check;
using tdaglass::Progress;

namespace {

// Spheres of two sizes on a jittered lattice, `filled` of contact to a site.
struct Liquid {
    std::vector<double> position, velocity, time, diameters, box, masses{1, 2};
    std::vector<int32_t> image, species;
    double collisions = 0, virial = 0, tick = 0.01, growth = 0;
    std::vector<Meeting> meetings = std::vector<Meeting>(20);
    Settings settings{};

    Liquid(int dimension, int sites, double filled, double ratio = 0.8, unsigned seed = 1) {
        std::mt19937 random(seed);
        std::normal_distribution<double> normal;
        std::uniform_real_distribution<double> jitter(-0.4, 0.4);
        const int n = dimension == 2 ? sites * sites : sites * sites * sites;
        for (int d = 0; d < dimension; d++) box.push_back(sites);
        for (int i = 0; i < n; i++) {
            const int at[3] = {i % sites, i / sites % sites, i / sites / sites};
            species.push_back(i % 2);
            diameters.push_back(filled * (i % 2 ? ratio : 1));
            for (int d = 0; d < dimension; d++) {
                position.push_back(at[d] + 0.5 + (1 - filled) * jitter(random));
                velocity.push_back(normal(random));
            }
        }
        time.assign(n, 0), image.assign(position.size(), 0);
        settings = {dimension, n, 2, nullptr, 100, 1000};
    }

    System system(int32_t first, int32_t last) {
        settings.masses = masses.data();
        return {position.data(), velocity.data(), time.data(),  image.data(), species.data(), diameters.data(), box.data(), tick,
                growth,          &collisions,     &virial,      first,        last,           meetings.data(),
                (int64_t)meetings.size()};
    }

    Status run(int32_t first, int32_t last) {
        System all = system(first, last);
        return (Status)advance(settings, all).status;
    }

    double energy() const {
        double sum = 0;
        for (size_t k = 0; k < velocity.size(); k++) sum += masses[species[k / box.size()]] * velocity[k] * velocity[k] / 2;
        return sum;
    }
};

void good_input() {
    for (int dimension : {2, 3})
        for (int sites : {3, 4, 7})
            for (double filled : {0.05, 0.5, 0.9}) {
                Liquid liquid(dimension, sites, filled);
                const double before = liquid.energy();
                check(liquid.run(0, 350) == OK, "a liquid runs");
                check(std::abs(liquid.energy() / before - 1) < 1e-13, "energy is kept");
                check(filled < 0.5 || liquid.collisions > 0, "spheres meet");
                Liquid halved(dimension, sites, filled);
                check(halved.run(0, 37) == OK && halved.run(37, 37) == OK && halved.run(37, 350) == OK, "in parts");
                check(halved.position == liquid.position && halved.velocity == liquid.velocity &&
                          halved.time == liquid.time && halved.image == liquid.image &&
                          halved.virial == liquid.virial,
                      "the division into calls changes nothing");
            }
    Liquid uneven(3, 6, 0.9, 0.1);
    check(uneven.run(0, 100) == OK, "sizes of one to ten");
    // Sixty-four of a thin gas in a corner: more neighbours than lists have room for.
    Liquid crowded(3, 6, 0.05, 1.0);
    for (int i = 0; i < 64; i++)
        for (int d = 0; d < 3; d++) crowded.position[3 * i + d] = 0.1 * (i >> 2 * d & 3);
    const double thin = crowded.energy();
    check(crowded.run(0, 300) == OK && crowded.collisions > 0 && std::abs(crowded.energy() / thin - 1) < 1e-13,
          "lists that have to grow");
    Liquid watched(3, 5, 0.8);
    watched.settings.most_events = 5;
    check(watched.run(0, 300) == OK && watched.collisions > 5 * 125, "a clock that is looked at");
    Liquid still(3, 4, 0.9);
    still.velocity.assign(still.velocity.size(), 0);
    check(still.run(0, 1000) == OK && !still.collisions, "spheres at rest");
    Liquid slab(3, 5, 0.9);
    slab.box[2] = 50;
    check(slab.run(0, 200) == OK, "edges of different lengths");
    Liquid cold(3, 4, 0.5), hot(3, 4, 0.5);
    for (double& v : cold.velocity) v *= 1e-9;
    for (double& v : hot.velocity) v *= 1e3;
    check(cold.run(0, 300) == OK && hot.run(0, 10) == OK && hot.collisions > 0, "slow ones and fast ones");
    Liquid growing(3, 5, 0.5);
    growing.settings.ticks_per_epoch = 1, growing.tick = 0.5, growing.growth = 1.2;
    check(growing.run(0, 1) == OK && growing.collisions > 0, "spheres that grow");
    Liquid lattice(3, 4, 1.0, 1.0);
    for (size_t k = 0; k < lattice.velocity.size(); k++) lattice.velocity[k] = k % 7 < 3 ? 1 : -1;
    check(lattice.run(0, 1) != OUT_OF_MEMORY, "all in contact, and many collisions at one time");
}

void bad_input() {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    for (double bad : {nan, inf, -inf, 1e300, -1e300}) {
        Liquid fast(3, 4, 0.9), far(3, 4, 0.9), late(3, 4, 0.9), large(3, 4, 0.9), open(3, 4, 0.9);
        fast.velocity[5] = bad, far.position[5] = bad, late.time[5] = bad, large.diameters[5] = bad, open.box[1] = bad;
        check(fast.run(0, 5) == BAD_PARTICLES, "a velocity out of range");
        check(far.run(0, 5) == BAD_PARTICLES, "a position out of range");
        check(late.run(0, 5) == BAD_PARTICLES, "a time out of range");
        check(large.run(0, 5) == BAD_PARTICLES, "a diameter out of range");
        check(open.run(0, 5) == BAD_BOX, "an edge out of range");
        Liquid timeless(3, 4, 0.9), growing(3, 4, 0.9), heavy(3, 4, 0.9);
        timeless.tick = bad, growing.growth = bad, heavy.masses[1] = bad;
        check(timeless.run(0, 5) == BAD_SETTINGS && growing.run(0, 5) == BAD_SETTINGS && heavy.run(0, 5) == BAD_SETTINGS,
              "a setting out of range");
    }
    for (int32_t bad : {-1, 2, 1 << 30}) {
        Liquid liquid(3, 4, 0.9);
        liquid.species[3] = bad;
        check(liquid.run(0, 5) == BAD_PARTICLES, "a species out of range");
    }
    Liquid travelled(3, 4, 0.9);
    travelled.image[3] = 2000000000;
    check(travelled.run(0, 5) == BAD_PARTICLES, "further than can be counted");
    for (int64_t bad : {(int64_t)-1, (int64_t)0, (int64_t)1, (int64_t)1 << 40})
        for (int64_t Settings::*size : {&Settings::dimension, &Settings::n_particles, &Settings::ticks_per_epoch,
                                        &Settings::most_events}) {
            if (bad == 1 && (size == &Settings::ticks_per_epoch || size == &Settings::most_events)) continue;
            Liquid liquid(3, 4, 0.9);
            liquid.settings.*size = bad;
            check(liquid.run(0, 5) == BAD_SETTINGS, "a size out of range");
        }
    Liquid small(3, 3, 0.9);
    small.box[0] = 1.9;
    check(small.run(0, 5) == BAD_BOX, "a box smaller than two spheres");
    Liquid overlapping(3, 4, 0.9);
    for (int d = 0; d < 3; d++) overlapping.position[d] = overlapping.position[3 + d];
    check(overlapping.run(0, 5) == OVERLAP, "two at one place");
    Liquid backwards(3, 4, 0.9);
    check(backwards.run(5, 3) == BAD_SETTINGS && backwards.run(-5, 3) == BAD_SETTINGS, "ticks that cannot be");
    Liquid half_grown(3, 4, 0.5);
    half_grown.growth = 0.1;
    check(half_grown.run(50, 90) == BAD_SETTINGS, "growth from the middle of an epoch");
    Liquid jammed(3, 4, 0.9);
    jammed.settings.ticks_per_epoch = 1, jammed.settings.most_events = 50, jammed.tick = 1, jammed.growth = 1;
    check(jammed.run(0, 1) == TOO_MANY, "spheres that grow into each other");
}

// Sums over replicas are the same on any threads; tables may hold anything.
void observables() {
    for (int dimension : {2, 3}) {
        std::vector<float> found[2];
        for (int64_t threads : {1, 4}) {
            std::vector<Liquid> liquids;
            for (unsigned k = 0; k < 9; k++) liquids.emplace_back(dimension, 5, 0.8, 0.9), liquids[k].velocity[0] += k;
            const int64_t n = liquids[0].settings.n_particles;
            std::vector<int32_t> fraction(n * dimension), image(fraction.size()), moments{1, 40, 150}, cage, waves;
            for (int64_t k = 0; k < n * dimension; k++)
                fraction[k] = (int32_t)((liquids[0].position[k] / 5 - 0.5) * 0x1p32);
            for (int64_t k = 0; k < 5 * n; k++) cage.push_back((int32_t)(k * 37 % (n + 20)) - 10);
            for (int k = 0; k < 7 * dimension; k++) waves.push_back(k % 11 - 5);
            std::vector<float> sums(3 * (3 * n + 2 * 4));
            float* at[5];
            for (int k = 0; k < 5; k++) at[k] = sums.data() + 3 * (k < 4 ? k * n : 3 * n + 4);
            std::vector<System> systems;
            for (Liquid& liquid : liquids) systems.push_back(liquid.system(0, 150));
            std::vector<Progress> progress(systems.size());
            tdaglass::Observation what{3, 5, 7, moments.data(), fraction.data(), image.data(), cage.data(), waves.data()};
            advance_and_observe(liquids[0].settings, systems.data(), progress.data(), (int64_t)systems.size(), threads,
                                what, {at[0], at[1], at[2], at[3], at[4]});
            for (const Progress& p : progress) check(p.status == OK && p.made == 150, "watched replicas run");
            for (int64_t k = 0; k < 3 * n; k++) check(sums[k] > 0 && sums[k] < 1e3f, "distances gone");
            check(at[3][0] > 2 && at[3][0] < 9.001f && std::isfinite(at[3][3]), "scattering");
            found[threads > 1] = sums;
            Settings wrong = liquids[0].settings;
            wrong.n_particles = -1;
            advance_and_observe(wrong, systems.data(), progress.data(), 2, threads, what,
                                {at[0], at[1], at[2], at[3], at[4]});
            check(progress[1].status == BAD_SETTINGS, "a size out of range, watched");
            advance_all(liquids[0].settings, systems.data(), progress.data(), 0, threads);
        }
        check(found[0] == found[1], "threads change no sum");
    }
}

}  // namespace

int main() {
    good_input();
    bad_input();
    observables();
    return checking::verdict("hard spheres");
}
