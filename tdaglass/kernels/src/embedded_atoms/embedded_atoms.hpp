// What the library offers for embedded atoms, with nothing of JAX or Python in it.
#pragma once
#include "molecular_dynamics/molecular_dynamics.hpp"

namespace tdaglass {

// Functions as cubics between equidistant points (tdaglass.glass.potentials.splines), in metal units: four numbers an
// interval, highest power first; the last interval goes on beyond the table.
struct EmbeddedAtomSplines {
    int64_t n_density, n_distance;                  // intervals
    double density_spacing, distance_spacing, cutoff;
    const double* embedding;                        // (n_species, n_density, 4): energy
    const double* density;                          // (n_species, n_species, n_distance, 4): at the first, of the second
    const double* pair;                             // (n_species, n_species, n_distance, 4): distance times energy
};

// As `advance_all` and `measure` of liquids of pairs; of the settings, what is said of pairs is not looked at.
void advance_all(const Settings& settings, const EmbeddedAtomSplines& splines, System* systems, Progress* progress,
                 int64_t n, int64_t threads) noexcept;
Status measure(const Settings& settings, const EmbeddedAtomSplines& splines, System& system, double& energy,
               double& virial) noexcept;

}  // namespace tdaglass
