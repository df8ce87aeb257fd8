// The kernels without Python, for `make sanitize`: every path through lists, threads and statuses, good input and bad.
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "checking.hpp"
#include "molecular_dynamics/molecular_dynamics.hpp"
#include "molecular_dynamics/union_list.hpp"

using namespace tdaglass;
using checking::check;

namespace {

// A jittered lattice of several species in a box that may be longer along one axis.
struct Liquid {
    std::vector<double> sigma, epsilon, cutoff, masses;
    std::vector<int32_t> fraction, image, species;
    std::vector<float> diameters, velocity, force, box, chain_position = std::vector<float>(3),
                                                        chain_momentum = chain_position;
    Settings settings{};

    std::vector<float> barostat_position = chain_position, barostat_momentum = chain_position;
    float box_momentum = 0, pressure = 5;

    Liquid(int dimension, int sites, int kinds, bool force_shift, double spacing, unsigned seed = 1) {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        for (int a = 0; a < kinds; a++)
            for (int b = 0; b < kinds; b++) {
                sigma.push_back(0.9 + 0.05 * (a + b));
                epsilon.push_back(1 + 0.1 * (a + b));
                cutoff.push_back(2.2 * sigma.back());
            }
        masses.assign(kinds, 1.5);
        int n = dimension == 2 ? sites * sites : sites * sites * sites;
        for (int d = 0; d < dimension; d++) box.push_back((float)(spacing * sites));
        for (int i = 0; i < n; i++) {
            int at[3] = {i % sites, i / sites % sites, i / sites / sites};
            for (int d = 0; d < dimension; d++) {
                double x = (at[d] + 0.01 * normal(random)) / sites;
                x -= std::floor(x);
                fraction.push_back((int32_t)(int64_t)std::min((x - 0.5) * 0x1p32, 2147483647.0));
                velocity.push_back(normal(random));
            }
            species.push_back(i % kinds);
            diameters.push_back(0.8f + 0.4f * (float)(i * 7 % n) / (float)n);
        }
        image.assign(fraction.size(), 0);
        force.assign(fraction.size(), 0);
        settings = {dimension, n, kinds, nullptr, nullptr, nullptr, nullptr,
                    {LENNARD_JONES, 0, force_shift ? FORCE_SHIFT : SHIFT}, true, 0.002, 0.3};
    }

    // The same with soft spheres, or with a diameter for each particle.
    Liquid& interacting(int64_t form, int64_t exponent, int64_t truncation, bool of_diameters) {
        settings.potential = {form, exponent, truncation};
        if (of_diameters) {
            settings.potential.non_additivity = 0.2, settings.potential.smallest = 0.79, settings.potential.largest = 1.21;
            sigma.assign(sigma.size(), 1), epsilon.assign(sigma.size(), 1), cutoff.assign(sigma.size(), 1.7);
        }
        return *this;
    }

    // The tables are pointed at when they are used: a liquid may be copied.
    System system(int32_t steps) {
        settings.sigma = sigma.data(), settings.epsilon = epsilon.data();
        settings.cutoff = cutoff.data(), settings.masses = masses.data();
        return {fraction.data(), image.data(), velocity.data(), force.data(), chain_position.data(),
                chain_momentum.data(), species.data(), diameters.data(), box.data(), 1.0f, 0.0f, 0, steps,
                &box_momentum, barostat_position.data(), barostat_momentum.data(), pressure};
    }

    Progress run(int32_t steps) {
        System all = system(steps);
        return advance(settings, all);
    }

    Status status(int32_t steps = 5) { return (Status)run(steps).status; }
};

void good_input() {
    for (int dimension : {2, 3})
        for (int kinds : {1, 2, 3, 4})
            for (bool force_shift : {false, true})
                for (int sites : {5, 9}) {
                    Liquid liquid(dimension, sites, kinds, force_shift, 1.1);
                    liquid.settings.thermostat = force_shift;
                    Progress progress = liquid.run(60);
                    check(progress.status == OK && progress.made == 60, "a liquid runs");
                    double energy, virial;
                    System all = liquid.system(0);
                    check(measure(liquid.settings, all, energy, virial) == OK && std::isfinite(energy), "energy");
                }
    for (int kinds : {1, 3, 7})
        for (int64_t form : {LENNARD_JONES, INVERSE_POWER})
            for (int64_t truncation : {SHIFT, FORCE_SHIFT, SMOOTH})
                for (bool of_diameters : {false, true}) {
                    Liquid liquid(kinds == 3 ? 2 : 3, 7, kinds, false, 1.1);
                    liquid.interacting(form, kinds == 1 ? 18 : 12, truncation, of_diameters);
                    check(liquid.status(40) == OK, "other forms, many species, diameters");
                    double energy, virial;
                    System all = liquid.system(0);
                    check(measure(liquid.settings, all, energy, virial) == OK && std::isfinite(energy), "their energy");
                }
    Liquid lone(3, 1, 1, false, 10);
    check(lone.status(50) == BAD_SETTINGS, "a particle alone");
    Liquid thin(2, 60, 1, false, 5);
    check(thin.status(50) == OK, "a gas, with more cells than particles fill");
    Liquid wide(3, 6, 2, true, 1.2);
    wide.settings.skin = 100;
    check(wide.status(50) == OK, "a skin wider than the box");
    Liquid narrow(3, 6, 2, true, 1.2);
    narrow.settings.skin = 0.02;
    check(narrow.status(50) == OK, "a list that is rebuilt all the time");
    Liquid slab(3, 8, 1, false, 1.1);
    slab.box[2] = 40;
    check(slab.status(50) == OK, "edges of different lengths");
    Liquid idle(3, 5, 1, false, 1.1);
    check(idle.run(0).made == 0 && idle.status(0) == OK, "no steps");
}

// At constant pressure, in one call or two, with any skin; boxes that shrink too far, or too fast, or are nowhere kept.
void moving_boxes() {
    const float inf = std::numeric_limits<float>::infinity();
    auto squeezed = [](int dimension, int kinds) {
        Liquid liquid(dimension, dimension == 2 ? 14 : 9, kinds, false, 1.1);
        liquid.settings.barostat = true;
        return liquid;
    };
    for (int dimension : {2, 3})
        for (int kinds : {1, 3, 7}) {
            Liquid whole = squeezed(dimension, kinds), parts = whole, thin = whole;
            if (kinds == 3) whole.interacting(INVERSE_POWER, 12, SMOOTH, true);
            parts = thin = whole;
            thin.settings.skin = 0.1;
            check(whole.status(80) == OK && thin.status(80) == OK, "a liquid runs at constant pressure");
            System all = parts.system(30);
            check(advance(parts.settings, all).status == OK, "its first steps");
            all.first = 30, all.last = 80;
            check(advance(parts.settings, all).status == OK, "its last steps");
            check(whole.box[0] != (float)(1.1 * (dimension == 2 ? 14 : 9)) && whole.box_momentum != 0, "the box moves");
            for (const Liquid* other : {&parts, &thin})
                check(whole.fraction == other->fraction && whole.velocity == other->velocity && whole.box == other->box &&
                          whole.box_momentum == other->box_momentum &&
                          whole.barostat_momentum == other->barostat_momentum,
                      "calls and skins change nothing");
        }
    Liquid narrow = squeezed(3, 1);
    narrow.cutoff.assign(1, 0.4999 * narrow.box[0]);
    narrow.pressure = 100;
    check(narrow.status(2000) == BAD_BOX, "a box that becomes too small");
    Liquid crushed = squeezed(3, 2);
    crushed.pressure = 1e9f;
    check(crushed.status(2000) == EXPLODED, "a box that shrinks too fast");
    for (float bad : {inf, -inf, inf - inf}) {
        Liquid liquid = squeezed(3, 2);
        liquid.pressure = bad;
        check(liquid.status() == BAD_SETTINGS, "a pressure out of range");
        Liquid pushed = squeezed(3, 2);
        pushed.box_momentum = bad;
        check(pushed.status() == EXPLODED, "a box out of range");
    }
    Liquid lost = squeezed(3, 2);
    System nowhere = lost.system(5);
    nowhere.box_momentum = nullptr;
    check(advance(lost.settings, nowhere).status == BAD_SETTINGS, "a box that is kept nowhere");
    Liquid together = squeezed(3, 2);
    for (int d = 0; d < 3; d++) together.fraction[d] = together.fraction[3 + d];
    check(together.status() == OVERLAP, "two particles in one place, at constant pressure");
    std::vector<Liquid> many(7, squeezed(2, 2));
    std::vector<System> systems;
    for (Liquid& liquid : many) systems.push_back(liquid.system(40));
    std::vector<Progress> progress(7);
    advance_all(many[0].settings, systems.data(), progress.data(), 7, 2);
    for (const Liquid& liquid : many) check(liquid.box == many[0].box, "batches at constant pressure");
}

void bad_input() {
    const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
    for (float bad : {nan, inf, -inf, 1e30f, 1e5f}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.velocity[7] = bad;
        check(liquid.status() == EXPLODED, "a velocity out of range");
        Liquid pushed(3, 5, 2, false, 1.1);
        pushed.force[7] = bad * 1e5f;
        check(pushed.status() == EXPLODED, "a force out of range");
        if (std::isfinite(bad)) continue;
        Liquid heated(3, 5, 2, false, 1.1);
        heated.chain_momentum[0] = bad;
        check(heated.status() == EXPLODED, "a thermostat out of range");
    }
    for (float bad : {nan, inf, -1.0f, 0.0f, 2.0f}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.box[1] = bad;
        check(liquid.status() == BAD_BOX, "an edge out of range");
    }
    for (int32_t bad : {-1, 2, 1 << 30}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.species[3] = bad;
        check(liquid.status() == BAD_SPECIES, "a species out of range");
    }
    for (float bad : {nan, inf, -1.0f, 0.0f, 1.3f}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.interacting(INVERSE_POWER, 12, SMOOTH, true).diameters[3] = bad;
        check(liquid.status() == BAD_SPECIES, "a diameter out of range");
    }
    for (int64_t bad : {-2, 0, 7, 66}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        check(liquid.interacting(INVERSE_POWER, bad, SHIFT, false).status() == BAD_SETTINGS, "an exponent out of range");
        check(liquid.interacting(bad < 7 ? 2 : -1, 12, SHIFT, false).status() == BAD_SETTINGS, "no such form");
        check(liquid.interacting(INVERSE_POWER, 12, bad < 7 ? -1 : 3, false).status() == BAD_SETTINGS, "no truncation");
    }
    for (double bad : {(double)nan, (double)inf, -1.0, 0.5}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.interacting(INVERSE_POWER, 12, SMOOTH, true).settings.potential.non_additivity = bad;
        check(liquid.status() == BAD_SETTINGS, "a non-additivity out of range");
        liquid.interacting(INVERSE_POWER, 12, SMOOTH, true).settings.potential.smallest = bad * 10;
        check(liquid.status() == BAD_SETTINGS, "bounds of diameters out of range");
    }
    for (double bad : {(double)nan, (double)inf, -1.0, 0.0}) {
        for (double Settings::*field : {&Settings::dt, &Settings::skin}) {
            Liquid liquid(3, 5, 2, false, 1.1);
            liquid.settings.*field = bad;
            check(liquid.status() == BAD_SETTINGS, "a setting out of range");
        }
        for (auto table : {&Liquid::sigma, &Liquid::epsilon, &Liquid::cutoff, &Liquid::masses}) {
            Liquid liquid(3, 5, 2, false, 1.1);
            (liquid.*table)[1] = bad;
            check(liquid.status() == BAD_SETTINGS, "an entry of the tables out of range");
        }
    }
    for (int64_t bad : {(int64_t)-1, (int64_t)0, (int64_t)1 << 20}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.settings.n_species = bad;
        check(liquid.status() == BAD_SETTINGS, "a number of species out of range");
        liquid.settings.n_species = 2;
        liquid.settings.dimension = bad;
        check(liquid.status() == BAD_SETTINGS, "a dimension out of range");
    }
    for (int64_t bad : {(int64_t)-1, (int64_t)0, (int64_t)1 << 40}) {
        Liquid liquid(3, 5, 2, false, 1.1);
        liquid.settings.n_particles = bad;
        check(liquid.status() == BAD_SETTINGS, "a number of particles out of range");
    }
    Liquid together(3, 5, 2, false, 1.1);
    for (int d = 0; d < 3; d++) together.fraction[d] = together.fraction[3 + d];
    check(together.status() == OVERLAP, "two particles in one place");
    Liquid heap(3, 5, 2, false, 1.1);
    for (size_t k = 0; k < heap.fraction.size(); k++) heap.fraction[k] = 12345;
    check(heap.status() == OVERLAP, "all particles in one place");
    Liquid hasty(3, 5, 2, false, 1.1);
    hasty.settings.dt = 0.5;
    check(hasty.status() == EXPLODED, "a time step too long");
    Liquid cold(3, 5, 2, false, 1.1);
    System frozen = cold.system(5);
    frozen.temperature = 0;
    check(advance(cold.settings, frozen).status == BAD_SETTINGS, "a bath without temperature");
}

void threads_change_nothing() {
    std::vector<int32_t> found[2];
    for (int64_t threads : {1, 4}) {
        std::vector<Liquid> liquids;
        for (unsigned k = 0; k < 6; k++) liquids.emplace_back(3, 5, 2, false, 1.1, k);
        for_each(
            6, threads,
            [](int64_t k, void* all) { check((*static_cast<std::vector<Liquid>*>(all))[k].status(40) == OK, "threads"); },
            &liquids);
        for (Liquid& liquid : liquids)
            found[threads > 1].insert(found[threads > 1].end(), liquid.fraction.begin(), liquid.fraction.end());
    }
    check(found[0] == found[1], "threads change nothing");
}

// Replicas side by side, on their way apart, are each the same to the last bit as alone; one that fails is named.
void replicas_are_a_loop() {
    for (int count : {1, 5, 16, 21})
        for (bool force_shift : {false, true}) {
            std::vector<Liquid> together;
            for (int k = 0; k < count; k++) {
                Liquid liquid(force_shift ? 2 : 3, 6, 2, force_shift, 1.15, 1);
                if (count == 16) liquid.box[1] *= 1.2f;
                if (count == 5) liquid.interacting(INVERSE_POWER, force_shift ? 12 : 18, SMOOTH, true);
                if (count == 21 && force_shift) liquid.interacting(INVERSE_POWER, 12, FORCE_SHIFT, false);
                for (size_t i = 0; i < liquid.velocity.size(); i++)
                    liquid.velocity[i] *= (i * 7 + k * 13) % 5 - 2.0f;  // each its own
                together.push_back(liquid);
            }
            std::vector<Liquid> alone = together;
            int bad = count == 21 ? 17 : -1;
            if (bad >= 0) together[bad].velocity[3] = alone[bad].velocity[3] = 1e6f;
            std::vector<System> systems;
            for (Liquid& liquid : together) systems.push_back(liquid.system(150));
            std::vector<Progress> progress(count);
            advance_all(together[0].settings, systems.data(), progress.data(), count, 2);
            for (int k = 0; k < count; k++) {
                Progress expected = alone[k].run(150);
                check(expected.status == (k == bad ? EXPLODED : OK), "a replica alone");
                check(progress[k].status == expected.status && progress[k].made == expected.made, "progress");
                if (k == bad) continue;
                check(together[k].fraction == alone[k].fraction && together[k].image == alone[k].image &&
                          together[k].velocity == alone[k].velocity && together[k].force == alone[k].force &&
                          together[k].chain_momentum == alone[k].chain_momentum,
                      "replicas are a loop");
            }
        }
}

// Every pair that is within its cut-off and a skin in any replica, once, in a box much longer than reaches, while
// some particles are at one place in all replicas and some far away in one.
template <int DIM>
void no_pair_is_missed() {
    const int n = 900;
    const double sigma[4] = {1, 0.8, 0.8, 0.88}, epsilon[4] = {1, 1, 1, 1}, cutoff[4] = {2.5, 2.0, 2.0, 2.2};
    const Settings settings{DIM, n, 2, sigma, epsilon, cutoff, nullptr, {LENNARD_JONES, 0, SHIFT}, false, 1, 0.1};
    const double whole_skin = 0.1, skin = (DIM == 3 ? 0.6 : 0.9) * whole_skin;
    PairTable table;
    check(table.make(settings), "table");
    Replicas<DIM> r;
    r.resize(n);
    r.edge[0] = DIM == 2 ? 70 : 24, r.edge[1] = DIM == 2 ? 16 : 8;
    if (DIM == 3) r.edge[DIM - 1] = 6.1;
    std::mt19937 random(5);
    std::uniform_int_distribution<int32_t> anywhere(INT32_MIN, INT32_MAX);
    std::normal_distribution<double> normal;
    auto steps = [&](double length, int axis) { return (uint32_t)(int64_t)(length / r.edge[axis] * 0x1p32); };
    UnionList<DIM> list(whole_skin);
    for (int i = 0; i < n; i++) {
        r.species.push_back(i % 5 == 0);
        r.kind.push_back(r.species[i]);
        for (int d = 0; d < DIM; d++) {
            // Along the longest axis in order, as particles that lie near each other in memory are near in space.
            const uint32_t in_order = (uint32_t)((uint64_t)i * UINT32_MAX / n) ^ 0x80000000u;
            const uint32_t at = d ? (uint32_t)anywhere(random) : in_order;
            for (int k = 0; k < LANES; k++) {
                const double strays = (i % 50 == 0 && k == 1 ? 2 : i % 3 ? 0 : 0.2) * normal(random);
                r.position(i, d)[k] = (int32_t)(at + steps(strays, d));
            }
        }
    }
    for (int again = 0; again < 2; again++) {  // first from nothing, then pruned from the outer list
        list.build(r, table);
        for (int i = 0; i < n; i++) {
            std::vector<int> listed(n), near(n);
            for (int64_t m = list.start[i]; m < list.start[i + 1]; m++)
                listed[(list.neighbors[m].row(r.rows.data()) - r.rows.data()) / Replicas<DIM>::ROW]++;
            for (int j = i + 1; j < n; j++)
                for (int k = 0; k < LANES; k++) {
                    double r_sq = 0;
                    for (int d = 0; d < DIM; d++) {
                        const uint32_t apart = (uint32_t)r.position(i, d)[k] - (uint32_t)r.position(j, d)[k];
                        r_sq += std::pow((int32_t)apart * 0x1p-32 * r.edge[d], 2);
                    }
                    near[j] |= std::sqrt(r_sq) < cutoff[2 * r.species[i] + r.species[j]] + skin;
                }
            for (int j = 0; j < n; j++) check(near[j] <= listed[j] && listed[j] <= (j > i), "no pair is missed");
            int64_t pairs = std::accumulate(near.begin(), near.end(), 0), all = list.start[i + 1] - list.start[i];
            check(all <= 1.05 * pairs + 3, "few pairs too many");
        }
        // Towards each other and apart, as far as the outer list just allows.
        for (int i = 0; i < n; i++)
            for (int k = 0; k < LANES; k++) {
                const double way = (i % 2 ? 0.49 : -0.49) * (3 * whole_skin - skin);
                r.position(i, 0)[k] = (int32_t)((uint32_t)r.position(i, 0)[k] + steps(way, 0));
            }
    }
}

// Sums over replicas, one of them alone on its piece of work, are the same on any threads; tables may hold anything.
void observables() {
    for (int dimension : {2, 3}) {
        std::vector<float> found[2];
        for (int64_t threads : {1, 4}) {
            std::vector<Liquid> liquids;
            for (int k = 0; k < 33; k++) {
                liquids.emplace_back(dimension, 6, 2, true, 1.15);
                for (float& v : liquids[k].velocity) v *= k % 5 - 2.0f;
            }
            const Liquid start = liquids[0];
            const int64_t n = start.settings.n_particles;
            std::vector<int32_t> moments{1, 40, 90}, cage, waves;
            for (int64_t k = 0; k < 5 * n; k++) cage.push_back((int32_t)(k * 37 % (n + 20)) - 10);
            for (int k = 0; k < 7 * dimension; k++) waves.push_back(k % 11 - 5);
            std::vector<float> sums(3 * (3 * n + 2 * 4));
            float* at[5];
            for (int k = 0; k < 5; k++) at[k] = sums.data() + 3 * (k < 4 ? k * n : 3 * n + 4);
            std::vector<System> systems;
            for (Liquid& liquid : liquids) systems.push_back(liquid.system(90));
            std::vector<Progress> progress(systems.size());
            Observation what{3, 5, 7, moments.data(), start.fraction.data(), start.image.data(), cage.data(), waves.data()};
            advance_and_observe(liquids[0].settings, systems.data(), progress.data(), (int64_t)systems.size(), threads,
                                what, {at[0], at[1], at[2], at[3], at[4]});
            for (const Progress& p : progress) check(p.status == OK && p.made == 90, "watched replicas run");
            for (int64_t k = 0; k < 3 * n; k++) check(sums[k] > 0 && sums[k] < 1e3f, "distances gone");
            check(at[3][0] > 10 && at[3][0] < 33.001f && std::isfinite(at[3][3]), "scattering");
            found[threads > 1] = sums;
            for (int64_t Settings::*size : {&Settings::dimension, &Settings::n_species, &Settings::n_particles})
                for (int64_t bad : {(int64_t)-1, (int64_t)0, (int64_t)5, (int64_t)1 << 40}) {
                    if (size != &Settings::dimension && bad == 5) continue;
                    Settings wrong = liquids[0].settings;
                    wrong.*size = bad;
                    advance_and_observe(wrong, systems.data(), progress.data(), 2, threads, what,
                                        {at[0], at[1], at[2], at[3], at[4]});
                    check(progress[1].status == BAD_SETTINGS, "a size out of range, watched");
                }
        }
        check(found[0] == found[1], "threads change no sum");
    }
}

}  // namespace

int main() {
    observables();
    no_pair_is_missed<2>();
    no_pair_is_missed<3>();
    replicas_are_a_loop();
    good_input();
    moving_boxes();
    bad_input();
    threads_change_nothing();
    return checking::verdict("molecular dynamics");
}
