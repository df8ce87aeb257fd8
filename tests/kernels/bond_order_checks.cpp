// Bond orders without Python, for `make sanitize`: forces are slopes, virials too, threads change no bit, bad input stops.
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <vector>

#include "bond_order/bond_order.hpp"
#include "bond_order/bond_order_field.hpp"
#include "molecular_dynamics/system_run.hpp"

using namespace tdaglass;

namespace {

int failures = 0;

void check(bool holds, const char* what) {
    if (holds) return;
    std::printf("FAILED: %s\n", what);
    failures++;
}

// Carbon of Tersoff, and of Erhart and Albe, whose n is one.
const double TERSOFF[] = {1, 38049, 4.3484, -0.57058, 0.72751, 1.5724e-7, 2.2119, 346.7, 1.95, 0.15, 3.4879, 1393.6};
const double ERHART_ALBE[] = {0.11233, 181.91, 6.28433, -0.5556, 1, 1, 1.93090093, 175.426651, 2, 0.15, 4.18426232, 2019.8449};
const double MASSES[] = {0.0012448, 0.0012448}, KELVIN = 8.617333e-5;

// A jittered lattice of n = sites^3 atoms, hot enough to break bonds, in a box that is a little longer along one axis.
struct Carbon {
    std::vector<int32_t> fraction, image, species;
    std::vector<float> diameters, velocity, force, box, chain_position, chain_momentum;
    std::vector<float> box_momentum, barostat_position, barostat_momentum;
    Settings settings{};

    explicit Carbon(int sites = 5, unsigned seed = 1)
        : chain_position(3), chain_momentum(3), box_momentum(1), barostat_position(3), barostat_momentum(3) {
        std::mt19937 random(seed);
        std::normal_distribution<float> normal;
        const int n = sites * sites * sites;
        for (int d = 0; d < 3; d++) box.push_back(1.9f * sites + 0.3f * d);
        for (int i = 0; i < n; i++) {
            const int at[3] = {i % sites, i / sites % sites, i / sites / sites};
            for (int d = 0; d < 3; d++) {
                const double x = (at[d] + 0.5 + 0.03 * normal(random)) / sites;
                fraction.push_back((int32_t)std::lround((x - 0.5) * 0x1.fp31 * 2));
                velocity.push_back(normal(random) * (float)std::sqrt(9000 * KELVIN / MASSES[0]));
            }
        }
        species.assign(n, 0), diameters.assign(n, 1);
        image.assign(3 * n, 0), force.assign(3 * n, 0);
        settings.dimension = 3, settings.n_particles = n, settings.n_species = 1, settings.masses = MASSES;
        settings.thermostat = true, settings.dt = 1e-3, settings.skin = 0.6;
    }

    System system(int last = 0) {
        System s{fraction.data(), image.data(),     velocity.data(),  force.data(),
                 chain_position.data(), chain_momentum.data(), species.data(), diameters.data(),
                 box.data(), (float)(9000 * KELVIN), 0, 0, last};
        s.box_momentum = box_momentum.data();
        s.barostat_position = barostat_position.data(), s.barostat_momentum = barostat_momentum.data();
        return s;
    }
};

double energy_of(Carbon& carbon, const double* numbers, double* virial = nullptr) {
    System system = carbon.system();
    double energy = 0, unasked = 0;
    check(measure_bond_orders(carbon.settings, numbers, system, energy, virial ? *virial : unasked) == OK, "measured");
    return energy;
}

void forces_are_slopes(const double* numbers) {
    Carbon carbon;
    double virial = 0;
    energy_of(carbon, numbers, &virial);
    const std::vector<float> force = carbon.force;
    double total[3] = {};
    for (size_t k = 0; k < force.size(); k++) total[k % 3] += force[k];
    for (double sum : total) check(std::fabs(sum) < 1e-2, "forces add up to nothing");
    for (size_t k = 0; k < 60; k += 7) {
        const int32_t step = 1 << 16;
        const double length = step * (carbon.box[k % 3] * 0x1p-32);
        carbon.fraction[k] += step;
        const double ahead = energy_of(carbon, numbers);
        carbon.fraction[k] -= 2 * step;
        const double behind = energy_of(carbon, numbers);
        carbon.fraction[k] += step;
        check(std::fabs((behind - ahead) / (2 * length) - force[k]) < 2e-3, "a force is a slope of the energy");
    }
    // The virial, beside the edges, and in whole quanta.
    auto stretched = [&](double by) {
        Carbon larger = carbon;
        for (float& edge : larger.box) edge = (float)(edge * (1 + by));
        return energy_of(larger, numbers);
    };
    const double slope = (stretched(-1e-4) - stretched(1e-4)) / 2e-4;
    check(std::fabs(slope / virial - 1) < 1e-2, "the virial is the slope in the edges");
    Tersoff tersoff;
    check(tersoff.make(numbers), "numbers of carbon");
    BondOrderField field(tersoff);
    Dynamics<BondOrderField> dynamics(field, 1e-3, 0.6);
    System system = carbon.system();
    copy_in(carbon.settings, system, field, dynamics);
    NeighborList list;
    list.build(dynamics.particles, field.reaches(), 0.6);
    int64_t whole = 0;
    Aligned<int32_t>& rows = dynamics.particles.force;
    std::fill(rows.begin(), rows.end(), 0);
    check(field.add_forces_and_virial(dynamics.particles, list, whole), "a virial that can be counted");
    const Aligned<int32_t> with_virial = rows;
    check(std::fabs(whole * tersoff.virial_quantum - virial) < 1e-4 * std::fabs(virial), "the virial in quanta");
    std::fill(rows.begin(), rows.end(), 0);
    check(field.add_forces(dynamics.particles, list) && rows == with_virial, "forces are the same without the virial");
}

void threads_change_no_bit(const double* numbers, bool barostat) {
    std::vector<std::vector<int32_t>> ends;
    for (int threads : {1, 3}) {
        std::vector<Carbon> carbons;
        for (unsigned seed = 1; seed <= 4; seed++) carbons.emplace_back(5, seed);
        std::vector<System> systems;
        for (Carbon& carbon : carbons) systems.push_back(carbon.system(60));
        std::vector<Progress> progress(carbons.size());
        Settings settings = carbons[0].settings;
        settings.barostat = barostat;
        advance_bond_orders(settings, numbers, systems.data(), progress.data(), (int64_t)systems.size(), threads);
        std::vector<int32_t> end;
        for (size_t k = 0; k < carbons.size(); k++) {
            check(progress[k].status == OK && progress[k].made == 60, "steps are made");
            end.insert(end.end(), carbons[k].fraction.begin(), carbons[k].fraction.end());
        }
        ends.push_back(end);
    }
    check(ends[0] == ends[1], "threads change no bit");
}

void bad_input_stops() {
    auto status = [](auto change) {
        Carbon carbon;
        std::vector<double> numbers(TERSOFF, TERSOFF + Tersoff::NUMBERS);
        change(carbon, numbers);
        System system = carbon.system(5);
        Progress progress{};
        advance_bond_orders(carbon.settings, numbers.data(), &system, &progress, 1, 1);
        return progress.status;
    };
    for (int k = 0; k < Tersoff::NUMBERS; k++)
        check(status([&](Carbon&, auto& numbers) { numbers[k] = std::numeric_limits<double>::quiet_NaN(); }) == BAD_SETTINGS,
              "a number that is none");
    check(status([](Carbon&, auto& numbers) { numbers[9] = 0; }) == BAD_SETTINGS, "an end without a width");
    check(status([](Carbon& c, auto&) { c.settings.n_species = 2; }) == BAD_SETTINGS, "two elements");
    check(status([](Carbon& c, auto&) { c.settings.dimension = 2; }) == BAD_SETTINGS, "two dimensions");
    check(status([](Carbon& c, auto&) { c.box[1] = 4.0f; }) == BAD_BOX, "a box that is too small");
    check(status([](Carbon& c, auto&) { c.species[3] = 1; }) == BAD_SPECIES, "another species");
    check(status([](Carbon& c, auto&) { c.velocity[3] = 1e6f; }) == EXPLODED, "a fast atom");
    check(status([](Carbon& c, auto&) {
              for (int i = 0; i < 60; i++) c.fraction[i] = (i * 7919) << 8;
          }) == OVERLAP, "twenty atoms in one place");
}

}  // namespace

int main() {
    for (const double* numbers : {TERSOFF, ERHART_ALBE}) {
        forces_are_slopes(numbers);
        for (bool barostat : {false, true}) threads_change_no_bit(numbers, barostat);
    }
    bad_input_stops();
    if (!failures) std::printf("bond orders: all checks passed\n");
    return failures != 0;
}
