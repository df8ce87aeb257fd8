// What the threads of a block share, and where the arrays of its system are.
#pragma once
#include "platform.hpp"

namespace tdaglass {
namespace block {

// Coefficients of two species as the force loop takes them: distances in steps of the fraction along the first axis,
// forces in quanta, so that strengths are in quanta per step.
struct alignas(16) Pair {
    float first, second, inverse_cutoff_sq, force_shift, constant, linear, unused[2];
};

// In shared memory.
struct Block {
    Pair pair[MOST_SPECIES][MOST_SPECIES];
    float reach_sq[MOST_SPECIES][MOST_SPECIES];  // of lists, in edges of the first axis, as what follows
    float skin, reach_of_length;                 // of particles with diameters: skin + length * this
    float ratio[3], cell_length[3];              // of the edges to the first; of cells
    float cells_in_edge;                         // of the last axis, in an edge of the first
    int cells[3], n_cells;
    int wraps;                                   // an edge is so short that lists look for the nearest image

    float unit, unit_sq;                         // Settings::length in steps, and squared
    float to_steps[3];                           // of velocities
    float steepest, watched;                     // see Settings
    float outdated_sq;                           // distance moved, in steps, that makes a new list
    float fastest;                               // velocity that is too fast

    Whole kinetic, kinetic_scaled;               // sums of m v^2 before and after the thermostat scales, in quanta
    float factor, pending;                       // of the velocities: before a step; after the last, not yet applied
    float chain_position[CHAIN_LINKS], chain_momentum[CHAIN_LINKS];

    int refused;                                 // Refusal
    int failed[2];                               // Failure, of even and odd steps: who is late still reads the last
    int outdated;
    int longest;                                 // places that a particle's list would have to have
};
static_assert(sizeof(Block) <= BLOCK_BYTES, "BLOCK_BYTES of records.hpp");

enum Refusal { BOX_REFUSED = 1, PARTICLE_REFUSED = 2, MOTION_REFUSED = 4, ADDRESS_REFUSED = 8, MOMENT_REFUSED = 16 };

// In the order in which they come about in a step.
enum Failure { EXPLODED_MOVING = 1, OVERLAPPED = 2, EXPLODED_KICKED = 4 };

// Thirty-two slots of which some are neighbours: the first in the highest bit, and its address.
typedef uint2 Mask;

// Pointers are the same in all threads. Numbers of particles stand axis by axis, N_PADDED each, in the order of slots.
struct Particles {
    const Settings* settings;
    const Arrays* arrays;
    int which;               // system
    char* shared;
    u32 address;             // of it
    Block* block;
    int* start;              // of each species and cell among the slots, then the end
    uint4* stage;            // (STAGES, THREADS) chunks of lists
    float *velocity, *velocity_next;
    int* force;              // in quanta
    int* built_at;           // fractions when the list was made
    int *id, *id_next;       // in the caller's order
    int* rank;
    u32* ends;               // of each species in a list, in fours of neighbours: bytes
    uint4* list;             // (N_PADDED / 32, chunks, 32) times eight addresses
    Mask* masks;             // (8 chunks, THREADS)
    float* moved;            // (particles, axes) in the caller's order
    Whole* density;

    FN int n() const { return settings->n_particles; }
    FN u64 first_coordinate() const { return (u64)which * settings->n_particles * DIM; }  // in the caller's arrays
    FN int species_of_id(int i) const {
        return settings->n_species == 1 ? 0 : arrays->species[(u64)which * settings->n_particles + i];
    }
};

FN Particles particles_of(const Settings& s, const Arrays& a, int which, char* shared) {
    Particles p;
    p.settings = &s, p.arrays = &a, p.which = which, p.shared = shared;
    p.address = shared_address(shared);
    p.block = (Block*)(shared + s.block_at);
    p.stage = (uint4*)(shared + s.stage_at);
    p.start = (int*)(shared + s.start_at);
    char* from = a.scratch + (u64)s.scratch.bytes * (u64)which;
    p.list = (uint4*)(from + s.scratch.list);
    p.masks = (Mask*)(from + s.scratch.masks);
    p.velocity = (float*)(from + s.scratch.velocity), p.velocity_next = (float*)(from + s.scratch.velocity_next);
    p.force = (int*)(from + s.scratch.force), p.built_at = (int*)(from + s.scratch.built_at);
    p.id = (int*)(from + s.scratch.id), p.id_next = (int*)(from + s.scratch.id_next);
    p.rank = (int*)(from + s.scratch.rank), p.ends = (u32*)(from + s.scratch.count);
    p.moved = (float*)(from + s.scratch.moved), p.density = (Whole*)(from + s.scratch.density);
    return p;
}

// Kinds are what lists tell apart: species, or where particles have diameters one for all.
struct Kinds {
    int first[MOST_SPECIES];  // slot

    FN Kinds(const Particles& p) {
        UNROLL for (int k = 0; k < KINDS; k++) first[k] = p.start[k * p.block->n_cells];
    }
    FN int of_slot(int i) const {
        int kind = 0;
        UNROLL for (int k = 1; k < KINDS; k++) kind += i >= first[k];
        return kind;
    }
};

FN int species_of_slot(const Particles& p, const Kinds& kinds, int i) {
    return BY_DIAMETER ? p.species_of_id(p.id[i]) : kinds.of_slot(i);
}

}  // namespace block
}  // namespace tdaglass
