// Each particle's neighbours: all within their cut-off and a skin.
//
// The list of a particle has its neighbours species by species, each filled up to fours, all to eights (a chunk), so
// that four neighbours that follow each other have the same coefficients. Chunks of thirty-two particles stand side by
// side, which a warp reads together.
#pragma once
#include "cells.hpp"
#include "laws.hpp"

namespace tdaglass {
namespace block {

// Where a particle looks from, and how far: a fraction of the box where the nearest image has to be found, else in edges
// of the first axis.
struct Search {
    int at[AXES];
    float reach_sq, diameter;
};

// Signs of (distance squared - reach squared) of four slots that follow each other, shifted in one after the other.
template <bool WRAPS>
FN u32 test_four(const Particles& p, const Places& place, int j, const Search& search, u32 near) {
    const Block& b = p.block;
    float sq[4];
    if (BY_DIAMETER) {
        const float4 v = *(const float4*)(place.at + DIM * N_PADDED + j);
        const float diameter[4] = {v.x, v.y, v.z, v.w};
        UNROLL for (int e = 0; e < 4; e++) {
            const float length = pair_length(search.diameter, diameter[e], scaled_non_additivity(p.s));
            const float reach = multiply_add(length, b.reach_of_length, b.skin);
            sq[e] = -reach * reach;
        }
    } else {
        UNROLL for (int e = 0; e < 4; e++) sq[e] = -search.reach_sq;
    }
    UNROLL for (int d = 0; d < DIM; d++) {
        int there[4];
        if (DIM == 2) {
            const int4 *at = (const int4*)(place.at + 2 * j), first = at[0], second = at[1];
            there[0] = d ? first.y : first.x, there[1] = d ? first.w : first.z;
            there[2] = d ? second.y : second.x, there[3] = d ? second.w : second.z;
        } else {
            const int4 v = *(const int4*)(place.at + d * N_PADDED + j);
            there[0] = v.x, there[1] = v.y, there[2] = v.z, there[3] = v.w;
        }
        UNROLL for (int e = 0; e < 4; e++) {
            const float along = WRAPS ? (float)(int)((u32)search.at[d] - (u32)there[e]) * (b.ratio[d] * 0x1p-32f)
                                      : float_of(search.at[d]) - float_of(there[e]);
            sq[e] = multiply_add(along, along, sq[e]);
        }
    }
    UNROLL for (int e = 0; e < 4; e++) near = shift_sign_in(near, sq[e]);
    return near;
}

// Tests come first and their outcome is kept, then all threads of a warp write neighbours, one each at a time: they
// would wait for each other if they did both in turns.
template <bool WRAPS>
struct Finder {
    const Particles& p;
    const Places& place;
    const int t, i;
    int n_masks = 0, found = 0;

    FN Finder(const Particles& p, const Places& place, int t, int i) : p(p), place(place), t(t), i(i) {}

    // All of a kind. Cells follow each other along the last axis, so that a row of them is one range of slots, and what
    // reaches around the box another.
    FN void look_for(int kind, Search search) {
        const Block& b = p.block;
        constexpr float SLACK = 1e-6f;  // of lengths in single precision, in edges of the first axis
        const int last = DIM - 1, n_last = b.cells[last];
        int cell[AXES];
        UNROLL for (int d = 0; d < last; d++) cell[d] = cell_along(p.built_at()[d * N_PADDED + i], b.cells[d]);
        const int far_a = b.cells[0] > 1, far_b = DIM == 3 && b.cells[1] > 1;
        KEEP_ROLLED for (int ka = -far_a; ka <= far_a; ka++)
            KEEP_ROLLED for (int kb = -far_b; kb <= far_b; kb++) {
                const int k[2] = {ka, kb};
                int row = kind;
                float within_sq = search.reach_sq;
                UNROLL for (int d = 0; d < last; d++) {
                    int of_axis = cell[d] + k[d], around = 0;
                    if (of_axis < 0) of_axis += b.cells[d], around = 1;
                    else if (of_axis >= b.cells[d]) of_axis -= b.cells[d], around = -1;
                    row = row * b.cells[d] + of_axis;
                    if (WRAPS) continue;
                    const float home = place.get_float(i, d);
                    const float behind = home + b.ratio[d] * 0.5f - (float)cell[d] * b.cell_length[d];
                    const float gap = k[d] < 0 ? behind : b.cell_length[d] - behind;
                    if (k[d] && gap > 0) within_sq -= gap * gap;
                    search.at[d] = bits_of(home + (float)around * b.ratio[d]);
                }
                if (within_sq < 0) continue;
                const float home = WRAPS ? (float)search.at[last] * (b.ratio[last] * 0x1p-32f) : place.get_float(i, last);
                const float middle = home * b.cells_in_edge + 0.5f * (float)n_last;
                const float within = (square_root(within_sq) + SLACK * (1 + b.ratio[last])) * b.cells_in_edge;
                int low = round_down(middle - within), high = round_down(middle + within);
                // Whoever looks for nearest images looks at no cell twice.
                if (WRAPS && high - low + 1 >= n_last) low = 0, high = n_last - 1;
                KEEP_ROLLED for (int part = -1; part <= 1; part++) {
                    const int from = at_least(low - part * n_last, 0), to = at_most(high - part * n_last, n_last - 1);
                    if (from > to) continue;
                    if (!WRAPS) search.at[last] = bits_of(home - (float)part * b.ratio[last]);
                    const int* start = p.start() + row * n_last;
                    look_at(start[from], start[to + 1], search);
                }
            }
    }

   private:
    FN static int at_least(int x, int least) { return x > least ? x : least; }
    FN static int at_most(int x, int most) { return x < most ? x : most; }

    FN void look_at(int begin, int end, const Search& search) {
        KEEP_ROLLED for (int base = begin & ~3; base < end; base += 32) {
            const u32 near = test_32(base, begin, end, search);
            if (!near) continue;
            found += count_bits(near);
            if (n_masks < 8 * p.s.chunks) {  // else there are more neighbours than room
                Mask mask;
                mask.x = near, mask.y = p.address + (u32)base * address_step();
                p.masks()[n_masks * all_threads() + t] = mask;
            }
            n_masks++;
        }
    }

    // Which of 32 slots from `base` on, those within the range and not i itself, are near; the first in the highest bit.
    FN u32 test_32(int base, int begin, int end, const Search& search) const {
        u32 near = 0;
        int seen = 0;
        UNROLL_TESTS for (; seen < 32 && base + seen < end; seen += 4)
            near = test_four<WRAPS>(p, place, base + seen, search, near);
        near <<= (32 - seen) & 31;
        if (base < begin) near &= 0xffffffffu >> (begin - base);
        if (end - base < 32) near &= ~(0xffffffffu >> (end - base));
        if ((u32)(i - base) < 32u) near &= ~(0x80000000u >> (i - base));
        return near;
    }
};

// Neighbours, eight at a time.
struct Writer {
    uint4* to;
    u32 a = 0, b = 0, c = 0, d = 0;
    int count = 0;

    FN Writer(uint4* to) : to(to) {}

    FN void append(u32 address) {
        a = byte_pair(a, b), b = byte_pair(b, c), c = byte_pair(c, d), d = byte_pair(d, address);
        count++;
        if (count % 8 == 0) {
            uint4 chunk;
            chunk.x = a, chunk.y = b, chunk.z = c, chunk.w = d;
            *to = chunk;
            to += 32;
        }
    }
    FN void fill(int multiple, u32 address) {
        while (count % multiple) append(address);
    }
};

FN uint4* list_of(const Particles& p, int i) {
    return p.list() + (u64)(i / 32) * p.s.chunks * 32 + i % 32;
}

// Returns how many places the list has to have; with less room than that it stays empty.
template <bool WRAPS>
FN int list_neighbors(const Particles& p, const Places& place, int t, int i) {
    const Block& b = p.block;
    Search search;
    UNROLL for (int d = 0; d < DIM; d++) search.at[d] = place.get(i, d);
    search.diameter = 0;
    if (BY_DIAMETER) {  // no pair is longer than that with the largest
        search.diameter = place.diameter(i);
        const float largest = (float)(p.s.largest * p.s.inverse_length);
        const float length = pair_length(search.diameter, largest, scaled_non_additivity(p.s));
        search.reach_sq = multiply_add(length * 1.00001f, b.reach_of_length, b.skin);
        search.reach_sq *= search.reach_sq;
    }
    Finder<WRAPS> finder(p, place, t, i);
    const int kind = kind_of_slot(p, i);
    u64 found = 0;  // of each kind, sixteen bits
    int fours = 0;
    u32 ends = 0;
    KEEP_ROLLED for (int other = 0; other < KINDS; other++) {
        if (!BY_DIAMETER) search.reach_sq = b.reach_sq[kind][other];
        finder.found = 0;
        finder.look_for(other, search);
        found |= (u64)finder.found << 16 * other;
        fours += (finder.found + 3) / 4;
        if (other < KINDS - 1) ends |= (u32)fours << 8 * other;
    }
    const int places = (fours + 1) / 2 * 8;
    if (places > 8 * p.s.chunks) {
        p.ends()[i] = 0;
        return places;
    }
    p.ends()[i] = ends | (u32)fours << 24;
    Writer writer(list_of(p, i));
    int x[AXES];
    UNROLL for (int d = 0; d < DIM; d++) x[d] = p.built_at()[d * N_PADDED + i];
    const u32 nobody = p.address + (u32)far_place(x) * address_step();
    const Mask* next = p.masks() + t;
    KEEP_ROLLED for (int other = 0; other < KINDS; other++) {
        u32 near = 0, at = 0;
        KEEP_ROLLED for (int left = (int)(found & 0xffff); left > 0; left--) {
            if (!near) near = next->x, at = next->y, next += all_threads();
            const int e = leading_zeros(near);
            near &= ~(0x80000000u >> e);
            writer.append(at + (u32)e * address_step());
        }
        found >>= 16;
        writer.fill(4, nobody);
    }
    writer.fill(8, nobody);
    return places;
}

template <bool WRAPS>
FN void list_all(const Particles& p, const Places& place) {
    EACH_THREAD(t) {
        const int thread = among_all(t);
        int longest = 0;
        for (int i = thread; i < p.n(); i += all_threads()) {
            const int places = list_neighbors<WRAPS>(p, place, thread, i);
            if (places > longest) longest = places;
        }
        raise_everywhere(&p.block.longest, longest);
    }
    BARRIER_ALL();
}

// Sort the particles, and list their neighbours. False if a list is full.
FN bool make_list(Particles& p, Places& place) {
    Block& b = p.block;
    sort_by_cells(p, place);
    if (b.wraps) {
        list_all<true>(p, place);
    } else {
        list_all<false>(p, place);
    }
    EACH_THREAD(t) {
        if (!b.wraps)
            for (int i = t; i < p.n(); i += THREADS)
                UNROLL for (int d = 0; d < DIM; d++) place.set(i, d, p.built_at()[d * N_PADDED + i]);
        if (t == 0) b.outdated = 0;
    }
    BARRIER_ALL();  // others are about to move particles here
    return b.longest <= 8 * p.s.chunks;
}

}  // namespace block
}  // namespace tdaglass
