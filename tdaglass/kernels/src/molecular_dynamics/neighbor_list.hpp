// Verlet list of half pairs: every pair within its cut-off plus a skin stands once, at the particle that comes first.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "particles.hpp"
#include "quanta.hpp"

namespace tdaglass {

class NeighborList {
   public:
    std::vector<int64_t> start;   // of the slots of each particle, whole vectors of them; n + 1 entries
    Aligned<uint32_t> slots;    // bytes to the row of a neighbour; unused slots point at the spare row
    Aligned<int32_t> built_at;  // positions, as in Particles
    double built_in[3];         // edges of the box then
    int64_t builds = 0;         // how often: who makes something of it need not do so again

    // Sort the particles by cells and list their pairs.
    void build(Particles& particles, const Reaches& reaches, double skin) {
        cut_cells(particles, reaches.longest_cutoff + skin);
        sort(particles);
        copy_columns(particles);
        start.resize(particles.n + 1);
        int64_t used = 0;
        for (int cell = 0; cell < n_cells; cell++) {
            if (first_of[cell] == first_of[cell + 1]) continue;
            find_ranges(cell);
            for (int i = first_of[cell]; i < first_of[cell + 1]; i++) {
                start[i] = used;
                used = list_particle(particles, reaches, skin, i, used);
            }
        }
        start[particles.n] = used;
        built_at = particles.position;
        builds++;
        std::copy(particles.edge, particles.edge + 3, built_in);
    }

    // What is left of a skin in a box that has shrunk since: distances were longer when the list was built.
    double usable(double skin, const Particles& particles, const Reaches& reaches) const {
        double shrunk = 1;
        for (int d = 0; d < particles.dimension; d++) shrunk = std::min(shrunk, particles.edge[d] / built_in[d]);
        return skin - (1 - shrunk) * (reaches.longest_cutoff + skin);
    }

   private:
    int cells[3] = {1, 1, 1};
    int n_cells = 1;
    std::vector<int32_t> cell_of, first_of, order;
    std::vector<int32_t> column[4];                  // positions and kinds once more, axis by axis
    std::vector<std::pair<int32_t, int32_t>> ranges;  // of particles in the neighbouring cells, all in one row each

    // Cells at least as long as the reach, three or more along an axis: else one, which is its own neighbour.
    void cut_cells(const Particles& p, double reach) {
        n_cells = 1;
        // Many more cells than particles would only be walked over.
        int most = std::max(3, (int)std::ceil(std::pow((double)p.n, 1.0 / p.dimension)));
        for (int d = 0; d < 3; d++) {
            double fit = d < p.dimension ? p.edge[d] / (reach * (1 + 1e-5)) : 0;
            cells[d] = fit >= 3 ? (int)std::min<double>(fit, most) : 1;
            n_cells *= cells[d];
        }
    }

    void sort(Particles& p) {
        cell_of.resize(p.n);
        first_of.assign(n_cells + 1, 0);
        for (int i = 0; i < p.n; i++) {
            int cell = 0;
            for (int d = 0; d < 3; d++) {
                uint32_t from_face = (uint32_t)p.position[4 * (size_t)i + d] + 0x80000000u;
                cell = cell * cells[d] + (int)(((uint64_t)from_face * (uint64_t)cells[d]) >> 32);
            }
            cell_of[i] = cell;
            first_of[cell + 1]++;
        }
        for (int c = 0; c < n_cells; c++) first_of[c + 1] += first_of[c];
        std::vector<int32_t> next(first_of.begin(), first_of.end() - 1);
        order.resize(p.n);
        for (int i = 0; i < p.n; i++) order[next[cell_of[i]]++] = i;
        p.reorder(order);
    }

    void copy_columns(const Particles& p) {
        for (int d = 0; d < 4; d++) {
            column[d].assign(p.n + LANES, 0);
            for (int i = 0; i < p.n; i++) column[d][i] = d < 3 ? p.position[4 * (size_t)i + d] : p.kind[i];
        }
    }

    // Cells follow each other in memory along the last axis, so that a row of neighbours is one range, or two.
    void find_ranges(int cell) {
        int at[3] = {cell / (cells[1] * cells[2]), cell / cells[2] % cells[1], cell % cells[2]};
        int reach[3];
        for (int d = 0; d < 3; d++) reach[d] = cells[d] > 1 ? 1 : 0;
        ranges.clear();
        auto add = [&](int row, int from, int to) {
            int first = first_of[row * cells[2] + from], last = first_of[row * cells[2] + to + 1];
            if (first < last) ranges.push_back({first, last});
        };
        for (int a = -reach[0]; a <= reach[0]; a++)
            for (int b = -reach[1]; b <= reach[1]; b++) {
                int row = (at[0] + a + cells[0]) % cells[0] * cells[1] + (at[1] + b + cells[1]) % cells[1];
                int from = at[2] - reach[2], to = at[2] + reach[2];
                add(row, std::max(from, 0), std::min(to, cells[2] - 1));
                if (from < 0) add(row, cells[2] - 1, cells[2] - 1);
                if (to > cells[2] - 1) add(row, 0, 0);
            }
    }

    int64_t list_particle(const Particles& p, const Reaches& reaches, double skin, int i, int64_t used) {
        size_t most = 2 * LANES;  // to fill the last vector up, and for what append overwrites
        for (auto [first, last] : ranges) most += std::max(0, last - std::max(first, i + 1));
        if (slots.size() < used + most) slots.resize(std::max(used + most, slots.size() + slots.size() / 2));
        Floats reach_sq[MAX_KINDS];
        for (int s = 0; s < reaches.n_kinds; s++) {
            double reach = reaches.reach[p.kind[i]][s] + skin;
            reach_sq[s] = splat((float)(reach * reach));
        }
        Ints own[3];
        Floats resolution[3];
        for (int d = 0; d < 3; d++) {
            own[d] = splat(column[d][i]);
            resolution[d] = splat(d < p.dimension ? p.resolution(d) : 0.0f);
        }
        Ints lane{};
        for (int k = 0; k < LANES; k++) lane[k] = k * ROW_BYTES;
        int32_t* out = (int32_t*)slots.data() + used;
        for (auto [first, last] : ranges)
            for (int j = std::max(first, i + 1); j < last; j += LANES) {
                Floats separation_sq{};
                for (int d = 0; d < 3; d++) {
                    Floats x = to_floats(own[d] - load<Ints>(&column[d][j])) * resolution[d];
                    separation_sq += x * x;
                }
                Floats limit = reach_sq[0];
                Ints kind = load<Ints>(&column[3][j]);
                for (int s = 1; s < reaches.n_kinds; s++) limit = select(kind == splat(s), reach_sq[s], limit);
                unsigned near = bits(separation_sq < limit);
                if (last - j < LANES) near &= (1u << (last - j)) - 1;
                out = append(out, lane + (int32_t)((uint32_t)j * ROW_BYTES), near);
            }
        while ((out - (int32_t*)slots.data() - used) % LANES) *out++ = (int32_t)((uint32_t)p.spare * ROW_BYTES);
        return out - (int32_t*)slots.data();
    }
};

}  // namespace tdaglass
