// What the library offers, with nothing of JAX or Python in it: many steps, or the forces, of independent systems.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tdaglass {

enum Status : int32_t {
    OK = 0,
    EXPLODED = 1,       // a particle moves more than half the skin in a step, or a velocity is not a number
    OVERLAP = 2,        // a pair is closer than forces can be counted
    BAD_BOX = 3,        // an edge is not a number, or shorter than twice the longest cut-off
    BAD_SPECIES = 4,    // a species outside the tables, or a diameter outside its bounds
    BAD_SETTINGS = 5,   // sizes, tables, time step, skin, temperature or pressure out of range
    OUT_OF_MEMORY = 6,
};

enum Form : int64_t { LENNARD_JONES = 0, INVERSE_POWER = 1 };
enum Truncation : int64_t { SHIFT = 0, FORCE_SHIFT = 1, SMOOTH = 2 };

// How pairs interact (tdaglass.glass.potentials). With bounds of diameters, lengths are those of the particles, and
// the tables are in units of them.
struct Potential {
    int64_t form, exponent, truncation;  // the exponent is that of inverse powers, and even
    double non_additivity = 0, smallest = 0, largest = 0;  // of diameters; none: lengths are those of the species
};

// Everything that the systems of a call have in common. Tables are (n_species, n_species), row by row.
struct Settings {
    int64_t dimension, n_particles, n_species;
    const double *sigma, *epsilon, *cutoff, *masses;
    Potential potential;
    bool thermostat;  // NVT, else NVE
    double dt, skin;
    bool barostat = false;  // NPT, with the thermostat
};

// One system, in the caller's order. Positions are edge (image + 1/2 + fraction / 2^32).
struct System {
    int32_t *fraction, *image;      // (n_particles, dimension)
    float *velocity, *force;        // (n_particles, dimension)
    float *chain_position, *chain_momentum;  // (3,)
    const int32_t* species;         // (n_particles,)
    const float* diameters;         // (n_particles,)
    float* box;                     // (dimension,); changed by a barostat only
    float temperature, slope;       // of the bath: temperature + slope * (steps made)
    int32_t first, last;            // steps made before, and after
    // Of a barostat, if there is one.
    float *box_momentum = nullptr, *barostat_position = nullptr, *barostat_momentum = nullptr;  // one, (3,), (3,)
    float pressure = 0;
};

struct Progress {
    int32_t made;    // steps made, counted like first and last
    int32_t status;  // Status
};

// What to look at on the way, and when: replicas are held against the start that all of them have in common.
struct Observation {
    int64_t n_moments, n_cage, n_waves;
    const int32_t* moments;            // (n_moments,): steps made, increasing, after first and up to last
    const int32_t *fraction, *image;   // (n_particles, dimension): of the start
    const int32_t* cage;               // (n_particles, n_cage): neighbours; a number of no particle fills up
    const int32_t* waves;              // (n_waves, dimension): wave vectors in units of 2 pi / edge
};

// Observables of dynamics.isoconfigurational, to which those of the replicas are added.
struct Sums {
    float *distance, *distance_sq, *cage_sq;  // (n_moments, n_particles)
    float *scattering, *scattering_sq;        // (n_moments, n_species + 2): self part of all and of each, total
};

class Observer;  // adds up the observables of the systems that it is handed, one after the other

// Advance a system in place. If the status is not OK, the arrays hold the system at the last sound step, or
// somewhat later. Never throws.
Progress advance(const Settings& settings, System& system, Observer* observer = nullptr) noexcept;

// Advance systems in place over so many threads, replicas of one system side by side as long as they stay near each
// other. Every system ends on the same bits as by itself.
void advance_all(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) noexcept;

// The same, looking at all systems on the way; they are added up in an order that no thread changes.
void advance_and_observe(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads,
                         const Observation& observation, const Sums& sums) noexcept;

// Forces (written to system.force), potential energy and virial of the present positions.
Status measure(const Settings& settings, System& system, double& energy, double& virial) noexcept;

// Call task(k) for k < n on so many threads; which thread takes which k changes nothing.
void for_each(int64_t n, int64_t threads, void (*task)(int64_t k, void* context), void* context) noexcept;

}  // namespace tdaglass
