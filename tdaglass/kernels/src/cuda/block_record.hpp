// What the threads of a block share, and where the arrays of its system are. Blocks of one system agree on what they
// share at every BARRIER_ALL, and decide alike; of the arrays there is one.
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
    int cubic;                                   // all edges are one
    int wraps;                                   // an edge is so short that lists look for the nearest image

    float unit, unit_sq;                         // Settings::length in steps, and squared
    float to_steps[3];                           // of velocities
    float steepest, watched;                     // see Settings
    float outdated_sq;                           // distance moved, in steps, that makes a new list
    float fastest;                               // velocity that is too fast

    // Sums of m v^2 over each block's particles, in quanta, before and after the thermostat scales.
    Whole kinetic[MOST_BLOCKS], kinetic_scaled[MOST_BLOCKS];
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

// Where the arrays of a system are; the same in all threads. Numbers of particles stand axis by axis, N_PADDED each, in
// the order of slots. Addresses are computed where they are used: registers are scarce.
struct Particles {
    const Settings& s;
    const Arrays& a;
    const int which;         // system
    char* const shared;
    const u32 address;       // of it
    Block& block;
    char* scratch;
    int sorted = 0;          // how many times: two of the arrays take turns

    FN Particles(const Settings& s, const Arrays& a, int which, char* shared)
        : s(s), a(a), which(which), shared(shared), address(shared_address(shared)),
          block(*(Block*)(shared + s.block_at)),
          scratch(a.scratch + (u64)s.scratch.bytes * (u64)which) {}

    // The same for a phase of its own: what the compiler derives from it takes no registers before.
    FN Particles anew() const {
        Particles p = *this;
        forget(p.scratch);
        return p;
    }

    FN int n() const { return s.n_particles; }
    FN u64 first_coordinate() const { return (u64)which * s.n_particles * DIM; }  // in the caller's arrays
    FN u64 first_id() const { return (u64)which * s.n_particles; }
    FN int species_of_id(int i) const { return s.n_species == 1 ? 0 : a.species[first_id() + i]; }

    FN int* start() const { return (int*)(shared + s.start_at); }     // of each kind and cell; then the end
    FN uint4* stage() const { return (uint4*)(shared + s.stage_at); }  // (STAGES, THREADS) chunks of lists
    FN float* velocity() const { return at<float>(sorted & 1 ? s.scratch.velocity_next : s.scratch.velocity); }
    FN float* velocity_next() const { return at<float>(sorted & 1 ? s.scratch.velocity : s.scratch.velocity_next); }
    FN int* id() const { return at<int>(sorted & 1 ? s.scratch.id_next : s.scratch.id); }  // in the caller's order
    FN int* id_next() const { return at<int>(sorted & 1 ? s.scratch.id : s.scratch.id_next); }
    FN int* force() const { return at<int>(s.scratch.force); }         // in quanta
    FN int* built_at() const { return at<int>(s.scratch.built_at); }   // fractions when the list was made
    FN int* rank() const { return at<int>(s.scratch.rank); }           // in a cell
    FN u32* ends() const { return at<u32>(s.scratch.ends); }           // of each kind in a list, in fours; bytes
    FN uint4* list() const { return at<uint4>(s.scratch.list); }       // (N_PADDED / 32, chunks, 32), eight each
    FN Mask* masks() const { return at<Mask>(s.scratch.masks); }       // (8 chunks, threads of all blocks)
    FN float* moved() const { return at<float>(s.scratch.moved); }     // (particles, axes) in the caller's order
    FN Whole* density() const { return at<Whole>(s.scratch.density); }

   private:
    template <class T>
    FN T* at(Whole place) const {
        return (T*)(scratch + place);
    }
};

// Kinds are what lists tell apart: species, or where particles have diameters one for all.
FN int kind_of_slot(const Particles& p, int i) {
    int kind = 0;
    UNROLL for (int k = 1; k < KINDS; k++) kind += i >= p.start()[k * p.block.n_cells];
    return kind;
}

FN int species_of_slot(const Particles& p, int i) {
    return BY_DIAMETER ? p.species_of_id(p.id()[i]) : kind_of_slot(p, i);
}

}  // namespace block
}  // namespace tdaglass
