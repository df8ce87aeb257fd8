// The block kernel played by a CPU, for `make sanitize`: every path through cells, lists, forces, observables and
// statuses, by one thread for all in any order, and by threads that wait for each other.
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "checking.hpp"
#include "cuda/emulation.hpp"

using namespace tdaglass;
using checking::check;
using block::Play;

namespace {

constexpr int SYSTEMS = 2, MOMENTS = 2, CAGE = 3, WAVES = 5;

// Two systems on one jittered lattice, in boxes that differ.
struct Liquid {
    int dimension, n, kinds;
    std::vector<double> sigma, epsilon, cutoff, masses;
    std::vector<int> fraction, image, species, first = {0, 0}, last = {12, 12};
    std::vector<float> velocity, force, diameters, box, chain = std::vector<float>(3 * SYSTEMS);
    std::vector<float> temperature = {1, 1.5f}, slope = {0, -0.01f};
    tdaglass::Settings settings{};
    int64_t room = 160, blocks = 1, threads = 64;
    block::Card card;

    Liquid(int dimension, int sites, int kinds, int64_t truncation, double spacing = 1.05)
        : dimension(dimension), n(dimension == 2 ? sites * sites : sites * sites * sites), kinds(kinds) {
        std::mt19937 random(1);
        std::normal_distribution<float> normal;
        for (int a = 0; a < kinds; a++)
            for (int b = 0; b < kinds; b++) {
                sigma.push_back(0.9 + 0.04 * (a + b)), epsilon.push_back(1 + 0.1 * (a + b));
                cutoff.push_back(2 * sigma.back());
            }
        for (int a = 0; a < kinds; a++) masses.push_back(1 + a);
        for (int k = 0; k < SYSTEMS; k++) {
            for (int d = 0; d < dimension; d++) box.push_back((float)(spacing * sites * (k && d ? 1.02 : 1)));
            for (int i = 0; i < n; i++) {
                const int at[3] = {i % sites, i / sites % sites, i / sites / sites};
                for (int d = 0; d < dimension; d++) {
                    double x = (at[d] + 0.02 * normal(random)) / sites;
                    x -= std::floor(x);
                    fraction.push_back((int)(int64_t)std::min((x - 0.5) * 0x1p32, 2147483647.0));
                    velocity.push_back(normal(random));
                }
                species.push_back(i % kinds);
                diameters.push_back(0.8f + 0.4f * (float)(i * 7 % n) / (float)n);
            }
        }
        image.assign(fraction.size(), 0), force.assign(fraction.size(), 0);
        settings = {dimension, n, kinds, nullptr, nullptr, nullptr, nullptr, {LENNARD_JONES, 0, truncation}, true, 0.004, 0.3};
    }

    Liquid& interacting(int64_t form, int64_t exponent, bool of_diameters) {
        settings.potential.form = form, settings.potential.exponent = exponent;
        if (!of_diameters) return *this;
        settings.potential.non_additivity = 0.2, settings.potential.smallest = 0.79, settings.potential.largest = 1.21;
        sigma.assign(sigma.size(), 1), epsilon.assign(sigma.size(), 1), cutoff.assign(sigma.size(), 1.6);
        return *this;
    }
};

struct Result {
    std::vector<int> fraction, image, made, status, longest;
    std::vector<float> velocity, force, chain_position, chain_momentum;
    std::vector<block::Whole> sums[5];
    bool planned = true;

    bool is(const Result& x) const {
        bool same = fraction == x.fraction && image == x.image && made == x.made && status == x.status &&
                    velocity == x.velocity && force == x.force && chain_momentum == x.chain_momentum;
        for (int k = 0; k < 5; k++) same = same && sums[k] == x.sums[k];
        return same;
    }
    bool all(Status wanted) const {
        return planned && status[0] == (int)wanted && status[1] == (int)wanted;
    }
};

Result run(const Liquid& l, Play how = Play::IN_ORDER, bool observes = false, unsigned seed = 0) {
    tdaglass::Settings settings = l.settings;
    settings.sigma = l.sigma.data(), settings.epsilon = l.epsilon.data();
    settings.cutoff = l.cutoff.data(), settings.masses = l.masses.data();
    block::Plan plan;
    Result r;
    const block::Watched watched = observes ? block::Watched{MOMENTS, CAGE, WAVES} : block::Watched{};
    if (block::make_plan(settings, l.room, l.card, watched, plan, l.blocks, l.threads) != block::OK) {
        r.planned = false;
        return r;
    }
    r.fraction.resize(l.fraction.size()), r.image.resize(l.fraction.size());
    r.velocity.resize(l.fraction.size()), r.force.resize(l.fraction.size());
    r.chain_position.resize(3 * SYSTEMS), r.chain_momentum.resize(3 * SYSTEMS);
    r.made.resize(SYSTEMS), r.status.resize(SYSTEMS), r.longest.resize(SYSTEMS);
    const int moments[MOMENTS] = {3, 11};
    std::vector<int> cage, waves;
    for (int k = 0; k < l.n * CAGE; k++) cage.push_back(k * 31 % (l.n + 2) - 1);
    for (int k = 0; k < WAVES * l.dimension; k++) waves.push_back(k * 5 % 17 - 8);
    const size_t n = l.n, curves = l.kinds + 2;
    for (int k = 0; k < 5; k++) r.sums[k].resize(2 * MOMENTS * (k < 3 ? n : curves));
    std::vector<block::uint4> scratch((size_t)plan.scratch_bytes * SYSTEMS / 16), density((size_t)plan.common_bytes / 16 + 1);
    const block::Arrays arrays{
        l.fraction.data(), l.image.data(), l.velocity.data(), l.force.data(), l.chain.data(), l.chain.data(),
        l.species.data(), l.diameters.data(), l.box.data(), l.temperature.data(), l.slope.data(), l.first.data(),
        l.last.data(), r.fraction.data(), r.image.data(), r.velocity.data(), r.force.data(), r.chain_position.data(),
        r.chain_momentum.data(), r.made.data(), r.status.data(), r.longest.data(), (char*)scratch.data(), moments,
        l.fraction.data(), l.image.data(), cage.data(), waves.data(), r.sums[0].data(), r.sums[1].data(),
        r.sums[2].data(), r.sums[3].data(), r.sums[4].data(), (block::Whole*)density.data()};
    block::run_on_cpu(plan, arrays, SYSTEMS, how, seed);
    return r;
}

void whoever_plays() {
    for (int dimension : {2, 3})
        for (int kinds : {1, 2, 4})
            for (int64_t truncation : {SHIFT, FORCE_SHIFT, SMOOTH})
                for (bool of_diameters : {false, true}) {
                    // The larger have cells, the smaller look for nearest images.
                    Liquid liquid(dimension, kinds == 2 ? 8 : 5, kinds, truncation);
                    liquid.interacting(kinds == 4 ? INVERSE_POWER : LENNARD_JONES, 18, of_diameters);
                    liquid.settings.thermostat = truncation != SHIFT;
                    const bool observes = kinds != 1;
                    const Result wanted = run(liquid, Play::IN_ORDER, observes);
                    check(wanted.all(OK), "a liquid runs");
                    check(run(liquid, Play::IN_ANY_ORDER, observes, 7).is(wanted), "in any order");
                    if (kinds == 2 || truncation == SMOOTH)
                        check(run(liquid, Play::TOGETHER, observes).is(wanted), "together");
                    liquid.threads = 32, liquid.blocks = 4;
                    check(run(liquid, Play::IN_ANY_ORDER, observes, 3).is(wanted), "four blocks in any order");
                    liquid.blocks = 2;
                    if (kinds == 2 || truncation == SMOOTH)
                        check(run(liquid, Play::TOGETHER, observes).is(wanted), "two blocks together");
                    liquid.blocks = 1;
                    liquid.threads = 96, liquid.card.major = 7, liquid.settings.skin = 0.5;
                    check(run(liquid, Play::IN_ANY_ORDER, observes).is(wanted), "other threads, another skin");
                }
}

void bad_input() {
    const Liquid good(3, 6, 2, SHIFT);
    auto told = [&](Status wanted, const char* what, auto spoil) {
        for (Play how : {Play::IN_ORDER, Play::TOGETHER})
            for (int64_t blocks : {1, 2}) {
                Liquid liquid = good;
                liquid.blocks = blocks, liquid.threads = 64 / blocks;
                spoil(liquid);
                check(run(liquid, how).all(wanted), what);
            }
    };
    const float nan = std::numeric_limits<float>::quiet_NaN();
    auto both = [&](auto& array, size_t k, auto value) { array[k] = array[array.size() / 2 + k] = value; };
    told(BAD_BOX, "a short edge", [&](Liquid& l) { both(l.box, 1, 2.0f); });
    told(BAD_BOX, "an edge that is no number", [&](Liquid& l) { both(l.box, 0, nan); });
    told(BAD_SPECIES, "an unknown species", [&](Liquid& l) { both(l.species, 9, 1000000); });
    told(BAD_SPECIES, "a negative species", [&](Liquid& l) { both(l.species, 9, -1); });
    told(BAD_SPECIES, "a diameter out of bounds", [&](Liquid& l) {
        l.interacting(INVERSE_POWER, 12, true);
        both(l.diameters, 3, 9.0f);
    });
    told(EXPLODED, "a velocity that is no number", [&](Liquid& l) { both(l.velocity, 5, nan); });
    told(EXPLODED, "a velocity without end", [&](Liquid& l) { both(l.velocity, 5, 1e30f); });
    told(EXPLODED, "a force without end", [&](Liquid& l) { both(l.force, 5, 1e30f); });
    told(EXPLODED, "a long step", [&](Liquid& l) { l.settings.dt = 10; });
    told(BAD_SETTINGS, "a bath below zero", [&](Liquid& l) { l.temperature = {-1, -1}; });
    told(BAD_SETTINGS, "a bath that is no number", [&](Liquid& l) { l.slope = {nan, nan}; });
    told((Status)block::LIST_FULL, "a full list", [&](Liquid& l) { l.room = 24; });
    for (double apart : {0.0, 1e-9, 0.2})
        told(OVERLAP, "an overlap", [&](Liquid& l) {
            l.settings.thermostat = false, l.settings.dt = 1e-9;
            for (int k = 0; k < SYSTEMS; k++)
                for (int d = 0; d < 3; d++) {
                    const size_t at = ((size_t)k * l.n) * 3 + d;
                    l.fraction[at] = l.fraction[at + 3] + (d ? 0 : (int)(apart / l.box[3 * k] * 0x1p32));
                    l.velocity[at] = l.velocity[at + 3] = 0;
                }
        });
    told(OVERLAP, "all in one place", [&](Liquid& l) {
        l.fraction.assign(l.fraction.size(), 5), l.velocity.assign(l.velocity.size(), 0);
        l.room = 1016;
    });
    told(OK, "no steps", [&](Liquid& l) { l.last = l.first; });
    Liquid none = good;
    none.room = 5000;
    check(!run(none).planned, "too much room");
}

}  // namespace

int main() {
    whoever_plays();
    bad_input();
    return checking::verdict("the block kernel");
}
