// Embedded atoms without Python, for `make sanitize`: forces are slopes, virials too, threads change no bit, bad input stops.
#include <cmath>
#include <limits>
#include <vector>

#include "embedded_atoms/embedded_atom_forces.hpp"
#include "embedded_atoms/embedded_atoms.hpp"
#include "force_field_checks.hpp"

using namespace tdaglass;
using namespace tdaglass::checks;

namespace {

// Through the values and slopes of a function at equidistant points; beyond the last, constant or along the tangent.
template <class Function>
void append_cubics(std::vector<double>& rows, int64_t n, double spacing, bool tangent, Function f) {
    auto slope = [&](double x) { return (f(x + 1e-5) - f(x - 1e-5)) / 2e-5 * spacing; };
    for (int64_t m = 0; m + 1 < n; m++) {
        const double here = f(m * spacing), there = f((m + 1) * spacing);
        const double s = slope(m * spacing), t = slope((m + 1) * spacing);
        rows.insert(rows.end(), {s + t - 2 * (there - here), 3 * (there - here) - 2 * s - t, s, here});
    }
    const double end = (n - 1) * spacing;
    rows.insert(rows.end(), {0, 0, tangent ? slope(end) : 0, f(end)});
}

// Two metals by formulas, each density with numbers of its own, as Finnis and Sinclair have it.
struct Alloy {
    static constexpr int64_t N = 300;
    std::vector<double> embedding, density, pair;
    double density_spacing = 0.05, distance_spacing = CUTOFF / (N - 1), cutoff = CUTOFF;

    Alloy() {
        for (int a = 0; a < 2; a++)
            append_cubics(embedding, N, density_spacing, true, [=](double rho) { return -(2 + a) * std::log(1 + rho); });
        for (int a = 0; a < 2; a++)
            for (int b = 0; b < 2; b++) {
                append_cubics(density, N, distance_spacing, false, [=](double r) {
                    return (1 + 0.5 * a + 0.2 * b) * std::exp(1.5 * (2.4 - r)) * ended(r);
                });
                append_cubics(pair, N, distance_spacing, false, [=](double r) {
                    return (0.6 + 0.1 * (a + b)) * std::exp(2.5 * (2.4 - r)) * r * ended(r);
                });
            }
    }

    EmbeddedAtomSplines splines() const {
        return {N, N, density_spacing, distance_spacing, cutoff, embedding.data(), density.data(), pair.data()};
    }

   private:
    static constexpr double CUTOFF = 5;
    static double ended(double r) { return r < CUTOFF ? std::pow(1 - r / CUTOFF, 2) : 0; }
};

Atoms metal(unsigned seed) { return Atoms(5, 2.4, {0.0058, 0.0032}, 2500 * KELVIN, 0.6, seed); }

Loops loops_of(const Alloy& alloy) {
    const EmbeddedAtomSplines splines = alloy.splines();
    return {[=](const Settings& settings, System& system, double& energy, double& virial) {
                return measure(settings, splines, system, energy, virial);
            },
            [=](const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) {
                advance_all(settings, splines, systems, progress, n, threads);
            }};
}

void bad_tables_stop() {
    auto status = [](auto change, int64_t n_species = 2) {
        Alloy alloy;
        change(alloy);
        Atoms atoms = metal(1);
        atoms.masses.resize(n_species, 1), atoms.settings.n_species = n_species;
        return status_of(atoms, loops_of(alloy));
    };
    auto unchanged = [](Alloy&) {};
    check(status(unchanged) == OK, "an alloy");
    check(status(unchanged, MAX_KINDS + 1) == BAD_SETTINGS, "more elements than there is room for");
    const double inf = std::numeric_limits<double>::infinity();
    for (double bad : {inf - inf, inf, 1e300}) {
        for (auto table : {&Alloy::embedding, &Alloy::density, &Alloy::pair})
            check(status([=](Alloy& alloy) { (alloy.*table).back() = (alloy.*table)[(alloy.*table).size() - 2] = bad; }) ==
                      BAD_SETTINGS,
                  "an entry of the tables out of range");
    }
    for (double bad : {inf - inf, inf, 0.0, -1.0})
        for (auto number : {&Alloy::density_spacing, &Alloy::distance_spacing, &Alloy::cutoff})
            check(status([=](Alloy& alloy) { alloy.*number = bad; }) == BAD_SETTINGS, "a spacing or a cut-off out of range");
}

}  // namespace

int main() {
    const Alloy alloy;
    const Loops loops = loops_of(alloy);
    SplineTable table;
    Atoms atoms = metal(1);
    check(table.make(atoms.settings, alloy.splines()), "tables of an alloy");
    EmbeddedAtomForceField field(table);
    forces_are_slopes(atoms, loops, {1e-4, 1e-3});
    virial_in_quanta(atoms, loops, field);
    for (bool barostat : {false, true}) threads_change_no_bit(metal, loops, barostat);
    bad_atoms_stop(metal, loops);
    bad_tables_stop();
    return checking::verdict("embedded atoms");
}
