// What the host hands to the block kernel. Includes nothing, and is the same on both sides.
#pragma once

namespace tdaglass {
namespace block {

typedef long long Whole;  // 64 bits on both sides

enum { MOST_SPECIES = 4, CHAIN_LINKS = 3 };
enum { BLOCK_BYTES = 1024 };  // of shared memory, for what the threads of a block tell each other (block_record.hpp)
enum { FAR_PLACES = 64 };     // see places.hpp

// Beside those of molecular_dynamics.hpp, which have the same numbers here.
enum Status {
    OK = 0,
    EXPLODED = 1,
    OVERLAP = 2,
    BAD_BOX = 3,
    BAD_SPECIES = 4,
    BAD_SETTINGS = 5,
    OUT_OF_MEMORY = 6,
    LIST_FULL = 7,     // a particle has more neighbours than its list has room for
    DOES_NOT_FIT = 8,  // more particles, species or neighbours than a block has room for
};

// -u'(r) / r of two species, with r in units of `Settings::length` in the powers; in force quanta per length, positive
// where particles repel. See pair_table.hpp for the forms and truncations.
struct PairStrength {
    double first, second, force_shift, constant, linear, inverse_cutoff_sq;
};

// Where the arrays of a system begin in its scratch, in bytes.
struct ScratchPlaces {
    Whole list, masks, velocity, velocity_next, force, built_at, id, id_next, rank, ends, moved, density, bytes;
};

// Everything that the systems of a launch have in common.
struct Settings {
    int n_particles, n_species, thermostat;
    int chunks;                  // of eight neighbours, room in the list of a particle
    int n_keys;                  // pairs of a species and a cell that there is room for
    int n_moments, n_cage, n_waves;
    int block_at, stage_at, start_at;  // in shared memory, in bytes
    double dt, freedom;
    double skin, list_skin;      // as asked for; of the lists
    double longest_cutoff;
    double length, inverse_length;  // a power of two near the largest sigma
    double force_quantum, force_quanta;        // and how many are a unit
    double kinetic_quantum, kinetic_quanta, most_kinetic;  // of m v^2; the last: what a particle of a liquid never has
    double steepest;             // strength up to which forces are rounded by an addition, in quanta per length
    double watched;              // strength from which forces on a particle are added up with a check, the same
    double smallest, largest, non_additivity;  // of diameters
    double reach[MOST_SPECIES][MOST_SPECIES];  // cut-offs
    PairStrength strength[MOST_SPECIES][MOST_SPECIES];
    float mass[MOST_SPECIES], half_kick[MOST_SPECIES];
    ScratchPlaces scratch;
};

// Device pointers; a leading axis of systems where nothing else is said. What comes in is never written to, so that a
// launch whose lists were full can be made again.
struct Arrays {
    const int *fraction, *image;                       // (particles, axes)
    const float *velocity, *force;                     // (particles, axes)
    const float *chain_position, *chain_momentum;      // (3,)
    const int* species;                                // (particles,)
    const float* diameters;                            // (particles,)
    const float* box;                                  // (axes,)
    const float *temperature, *slope;                  // ()
    const int *first, *last;                           // ()
    int *fraction_out, *image_out;
    float *velocity_out, *force_out, *chain_position_out, *chain_momentum_out;
    int *made, *status, *longest;                      // longest: neighbours that a list would have had to take
    char* scratch;                                     // Settings::scratch.bytes for each system
    // With an observation, of all systems together; see Observation and Sums of molecular_dynamics.hpp.
    const int *moments, *start_fraction, *start_image, *cage, *waves;
    // Sums are whole numbers, two of each (observe.hpp), so that those of launches and cards add up exactly.
    Whole *distance, *distance_sq, *cage_sq, *scattering, *scattering_sq;
    Whole* density;                                    // (waves, 2): waves of the common start
};

}  // namespace block
}  // namespace tdaglass
