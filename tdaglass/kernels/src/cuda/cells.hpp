// Particles sorted by species and cell: who is near in space is near among the slots.
#pragma once
#include "places.hpp"

namespace tdaglass {
namespace block {

// Of a cell along an axis: exact, like the fractions.
FN int cell_along(int fraction, int cells) { return (int)high_product((u32)fraction + 0x80000000u, (u32)cells); }

FN int cell_of(const Block& b, const int* x) {
    int cell = 0;
    UNROLL for (int d = 0; d < DIM; d++) cell = cell * b.cells[d] + cell_along(x[d], b.cells[d]);
    return cell;
}

// Cells as long as a list reaches; along the last axis shorter ones, of which a particle looks at no more than it has
// to. By one thread.
FN void cut_cells(const Settings& s, Block& b, const float* edge) {
    const double reach = (s.longest_cutoff + s.list_skin) * (1 + 1e-5);
    const int last = DIM - 1, most = s.n_keys / KINDS;
    int room = most;
    b.wraps = 0;
    for (int d = 0; d < DIM; d++) {
        const double fit = edge[d] / reach, finer = fit * (DIM == 2 ? 2 : 4);
        if (fit < 3) b.wraps = 1;
        if (d < last) {
            b.cells[d] = fit < 3 ? 1 : (int)(fit < most ? fit : most);
        } else {
            b.cells[d] = (int)(finer < most ? finer : most);
            if (b.cells[d] < 1) b.cells[d] = 1;
        }
    }
    // Three along an axis are the fewest that know their neighbours apart, and there is room for that many.
    while (b.cells[0] * (DIM == 3 ? b.cells[1] : 1) > room) {
        int& more = DIM == 3 && b.cells[1] > b.cells[0] ? b.cells[1] : b.cells[0];
        more = more > 6 ? more / 2 : 3;
    }
    room /= b.cells[0] * (DIM == 3 ? b.cells[1] : 1);
    if (b.cells[last] > room) b.cells[last] = room;
    b.n_cells = 1;
    for (int d = 0; d < DIM; d++) b.n_cells *= b.cells[d], b.cell_length[d] = b.ratio[d] / (float)b.cells[d];
    b.cells_in_edge = (float)b.cells[last] / b.ratio[last];
}

// Which slot of its cell a particle takes is chance; all blocks of a system count in the cells of the first, so that they
// agree. Places afterwards are fractions of the box in single precision, in edges of the first axis, which spares lists
// two conversions; or, where the nearest image has to be found, what they were.
FN void sort_by_cells(Particles& p, Places& place) {
    Block& b = p.block;
    const int n_keys = KINDS * b.n_cells;
    auto key_of = [&](int i, int* x) {
        UNROLL for (int d = 0; d < DIM; d++) x[d] = place.get(i, d);
        return (BY_DIAMETER ? 0 : p.species_of_id(p.id()[i])) * b.n_cells + cell_of(b, x);
    };
    EACH_THREAD(t) for (int k = t; k <= n_keys; k += THREADS) p.start()[k] = 0;
    BARRIER_ALL();
    EACH_THREAD(t) for (int i = among_all(t); i < p.n(); i += all_threads()) {
        int x[AXES];
        p.rank()[i] = add_to(of_rank(&p.start()[key_of(i, x)], 0), 1);
    }
    BARRIER_ALL();
    EACH_THREAD(t) if (this_rank() == 0) counts_to_starts(t, p.start(), n_keys);
    BARRIER_ALL();
    if (CLUSTER > 1) {
        EACH_THREAD(t) for (int k = t; this_rank() > 0 && k <= n_keys; k += THREADS)
            p.start()[k] = *of_rank(&p.start()[k], 0);
        BARRIER();
    }
    EACH_THREAD(t) for (int i = among_all(t); i < p.n(); i += all_threads()) {
        int x[AXES];
        const int to = p.start()[key_of(i, x)] + p.rank()[i];
        UNROLL for (int d = 0; d < DIM; d++) {
            p.built_at()[d * N_PADDED + to] = x[d];
            p.velocity_next()[d * N_PADDED + to] = p.velocity()[d * N_PADDED + i];
        }
        p.id_next()[to] = p.id()[i];
        if (BY_DIAMETER) {
            const float diameter = p.a.diameters[p.first_id() + p.id()[i]];
            place.set_diameter_everywhere(to, diameter * (float)p.s.inverse_length);
        }
    }
    BARRIER_ALL();
    p.sorted++;
    EACH_THREAD(t) for (int i = t; i < p.n(); i += THREADS)
        UNROLL for (int d = 0; d < DIM; d++) {
            const int x = p.built_at()[d * N_PADDED + i];
            if (b.wraps) place.set(i, d, x);
            else place.set_float(i, d, (float)x * (b.ratio[d] * 0x1p-32f));
        }
    BARRIER();
}

}  // namespace block
}  // namespace tdaglass
