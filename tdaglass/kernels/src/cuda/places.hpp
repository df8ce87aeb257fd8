// Where the particles of a block are: fractions of the box in shared memory, in slots that follow (species, cell).
#pragma once
#include "block_record.hpp"

namespace tdaglass {
namespace block {

// In two dimensions pairs, one read of 8 bytes; in three axis by axis. A neighbour is the address of its first
// coordinate in the block, 16 bits.
FN int place_of(int i, int d) { return DIM == 2 ? 2 * i + d : d * N_PADDED + i; }
FN u32 address_step() { return DIM == 2 ? 8 : 4; }

struct Places {
    int* at;

    FN int get(int i, int d) const { return at[place_of(i, d)]; }
    FN void set(int i, int d, int x) { at[place_of(i, d)] = x; }
    FN void set_everywhere(int i, int d, int x) { store_everywhere(&at[place_of(i, d)], x); }
    FN float get_float(int i, int d) const { return float_of(at[place_of(i, d)]); }
    FN void set_float(int i, int d, float x) { at[place_of(i, d)] = bits_of(x); }
    // Of particles with diameters, in units of Settings::length.
    FN float diameter(int i) const { return float_of(at[DIM * N_PADDED + i]); }
    FN void set_diameter(int i, float x) { at[DIM * N_PADDED + i] = bits_of(x); }
    FN void set_diameter_everywhere(int i, float x) { store_everywhere(&at[DIM * N_PADDED + i], bits_of(x)); }
};

// From a neighbour's address.
FN float load_diameter(const char* shared, u32 first_address, u32 at) {
    if (DIM == 3) return load_shared(shared, at + 12 * N_PADDED);
    return load_shared(shared, (at - first_address) / 2 + first_address + 8 * N_PADDED);
}

// Lists are filled up with places where nobody is, so that a pair at no distance is what it seems, two particles on top
// of each other. They form a grid of FAR_PLACES behind the last slot; from any particle one of them is half a box away
// along every axis, up to half a grid spacing. So it is 0.61 shortest edges away at least, a cut-off is at most 0.5, and
// until the next list a particle moves less than half a list's skin, at most 0.2 cut-offs.
FN int grid_bits() { return DIM == 2 ? 3 : 2; }

FN int first_far_place() { return N_PADDED - FAR_PLACES; }

FN int far_place(const int* x) {
    const int bits = grid_bits();
    u32 index = 0;
    UNROLL for (int d = 0; d < DIM; d++)
        index = index << bits | ((u32)x[d] + 0x80000000u + (0x80000000u >> bits)) >> (32 - bits);
    return first_far_place() + (int)index;
}

FN void set_far_place(Places& place, int k) {
    const int bits = grid_bits();
    UNROLL for (int d = 0; d < DIM; d++) {
        const u32 along = (u32)k >> bits * (DIM - 1 - d) & ((1u << bits) - 1);
        place.set(first_far_place() + k, d, (int)(along << (32 - bits)));
    }
}

}  // namespace block
}  // namespace tdaglass
