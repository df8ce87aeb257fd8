// What the library offers for hard spheres and discs, with nothing of JAX or Python in it: many collisions of
// independent systems, one after the other in time.
//
// A particle is known by where it was at its last collision, its velocity since, and when that was; a collision of two
// is predicted from these alone, with the later of their two times as the origin. So a trajectory depends neither on
// neighbour lists, nor on when they were renewed, nor on where a run was stopped: bit for bit.
#pragma once
#include <cstdint>

#include "molecular_dynamics/molecular_dynamics.hpp"

namespace tdaglass::hard_spheres {

enum Status : int32_t {
    OK = 0,
    OVERLAP = 1,        // two particles are in each other at the start
    BAD_BOX = 2,        // an edge is not a number, or shorter than 2.2 of the largest diameters
    BAD_PARTICLES = 3,  // a position, velocity, time, diameter or species out of range
    BAD_SETTINGS = 4,   // sizes, masses, tick or growth out of range
    TOO_MANY = 5,       // more events in a tick than there may be
    OUT_OF_MEMORY = 6,
};

// Everything that the systems of a call have in common.
struct Settings {
    int64_t dimension, n_particles, n_species;
    const double* masses;     // (n_species,)
    int64_t ticks_per_epoch;  // after so many clocks are set to zero, and particles brought into the box
    int64_t most_events;      // for each particle in a tick, on the average
};

// Which two met, and when; time units since tick zero.
struct Meeting {
    double time;
    int32_t first, second;
};

// One system, in the caller's order.
struct System {
    double *position, *velocity;  // (n_particles, dimension): at the last collision, and since
    double* time;                 // (n_particles,): of the last collision, since the beginning of the epoch
    int32_t* image;               // (n_particles, dimension): boxes travelled
    const int32_t* species;       // (n_particles,)
    const double* diameters;      // (n_particles,): at the beginning of the epoch
    const double* box;            // (dimension,)
    double tick, growth;          // time units; d(ln diameter)/dt at the beginning of the epoch
    double *collisions, *virial;  // counted on, and of every collision 2 m |d.u| of its reduced mass
    int32_t first, last;          // ticks before, and after
    Meeting* meetings = nullptr;  // the first of them, if they are asked for
    int64_t n_meetings = 0;
};

// Advance a system in place. If the status is not OK, the arrays are of no use. Never throws.
Progress advance(const Settings& settings, System& system) noexcept;

// Advance systems in place over so many threads.
void advance_all(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads) noexcept;

// The same, looking at all systems on the way; they are added up in an order that no thread changes.
void advance_and_observe(const Settings& settings, System* systems, Progress* progress, int64_t n, int64_t threads,
                         const Observation& observation, const Sums& sums) noexcept;

}  // namespace tdaglass::hard_spheres
