// Bond orders without Python, for `make sanitize`: forces are slopes, virials too, threads change no bit, bad input stops.
#include <limits>
#include <vector>

#include "bond_order/bond_order.hpp"
#include "bond_order/bond_order_field.hpp"
#include "force_field_checks.hpp"

using namespace tdaglass;
using namespace tdaglass::checks;

namespace {

using Numbers = std::vector<double>;

// Carbon of Tersoff, and of Erhart and Albe, whose n is one.
const Numbers TERSOFF = {1, 38049, 4.3484, -0.57058, 0.72751, 1.5724e-7, 2.2119, 346.7, 1.95, 0.15, 3.4879, 1393.6};
const Numbers ERHART_ALBE = {0.11233, 181.91, 6.28433, -0.5556, 1, 1, 1.93090093, 175.426651, 2, 0.15, 4.18426232, 2019.8449};

// Hot enough to break bonds.
Atoms carbon(unsigned seed) { return Atoms(5, 1.9, {0.0012448}, 9000 * KELVIN, 0.6, seed); }

Loops loops_of(const Numbers& numbers) {
    const double* of = numbers.data();
    return {[of](const Settings& settings, System& system, double& energy, double& virial) {
                return measure_bond_orders(settings, of, system, energy, virial);
            },
            [of](const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) {
                advance_bond_orders(settings, of, systems, progress, n, threads);
            }};
}

void bad_numbers_stop() {
    auto status = [](int k, double bad, int n_species = 1) {
        Numbers numbers = TERSOFF;
        numbers[k] = bad;
        Atoms atoms = carbon(1);
        atoms.masses.resize(n_species, 1), atoms.settings.n_species = n_species;
        return status_of(atoms, loops_of(numbers));
    };
    for (int k = 0; k < Tersoff::NUMBERS; k++)
        check(status(k, std::numeric_limits<double>::quiet_NaN()) == BAD_SETTINGS, "a number that is none");
    check(status(9, 0) == BAD_SETTINGS, "an end without a width");
    check(status(9, 0.15, 2) == BAD_SETTINGS, "two elements");
}

}  // namespace

int main() {
    for (const Numbers& numbers : {TERSOFF, ERHART_ALBE}) {
        const Loops loops = loops_of(numbers);
        Tersoff tersoff;
        check(tersoff.make(numbers.data()), "numbers of carbon");
        BondOrderField field(tersoff);
        forces_are_slopes(carbon(1), loops, {2e-3, 1e-2});
        virial_in_quanta(carbon(1), loops, field);
        for (bool barostat : {false, true}) threads_change_no_bit(carbon, loops, barostat);
    }
    bad_atoms_stop(carbon, loops_of(TERSOFF));
    bad_numbers_stop();
    return checking::verdict("bond orders");
}
