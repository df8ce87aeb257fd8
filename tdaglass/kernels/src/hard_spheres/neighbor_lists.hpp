// Who may meet whom: for each particle those whose centres were near when its list was made, valid until it leaves a
// sphere about its own centre. Lists decide what is looked at, never what happens.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "particles.hpp"

namespace tdaglass::hard_spheres {

// A list reaches so many times the sum of two radii; the wider, the fewer renewals and the more pairs. About fourteen
// neighbours in space and eight in the plane are best; in small boxes no second image of a particle may be forgotten.
inline double choose_skin(int64_t dimension, double packing_fraction, double shortest_edge, double largest_diameter) {
    const double best = dimension == 3 ? std::cbrt(1.75 / packing_fraction) : std::sqrt(1.9 / packing_fraction);
    return std::min(best, shortest_edge / (4 * largest_diameter) + 0.5);
}

class NeighborLists {
   public:
    struct Row {
        const int32_t* begin;
        int32_t size;
    };

    // Empty, for n particles of at most such a radius in a box.
    void begin(int32_t n, int64_t dimension, const Box& in_box, double widened_radius) {
        box = in_box;
        centres.resize(n), cell.resize(n), next.resize(n), previous.resize(n);
        sizes.assign(n, 0);
        if (who.size() < (size_t)n * capacity) who.resize((size_t)n * capacity);
        // More cells than particles would be empty; fewer than three along an axis would be met twice.
        const int64_t most = (int64_t)std::ceil(std::pow((double)n, 1.0 / (double)dimension));
        int64_t n_cells = 1;
        for (int k = 0; k < 3; k++) {
            const double fitting = k < dimension ? std::floor(box.edge[k] / (2 * widened_radius)) : 1;
            along[k] = fitting < 3 || most < 3 ? 1 : (int32_t)std::min(fitting, (double)most);
            n_cells *= along[k];
        }
        heads.assign(n_cells, NOBODY);
    }

    // Give a particle its place, without a list.
    void settle(int32_t i, Four centre, double widened_radius) {
        centre[3] = widened_radius;
        store(&centres[i], centre);
        enter_cell(i);
    }

    // A new list about a new place; the particle is entered into the lists of those that are near now.
    void renew(int32_t i, Four centre, double widened_radius) {
        for (int32_t k = 0; k < sizes[i]; k++) {
            const int32_t j = who[(size_t)capacity * i + k];
            int32_t* of_other = &who[(size_t)capacity * j];
            for (int32_t m = 0; m < sizes[j]; m++)
                if (of_other[m] == i) {
                    of_other[m] = of_other[--sizes[j]];
                    break;
                }
        }
        sizes[i] = 0;
        leave_cell(i);
        settle(i, centre, widened_radius);
        find(i, false);
    }

    // All of those that are near; of a pair that both ends will find, only the `earlier` one is entered.
    void find(int32_t i, bool earlier) {
        const int32_t at[3] = {cell[i] % along[0], cell[i] / along[0] % along[1], cell[i] / (along[0] * along[1])};
        int32_t around[3][3], count[3];
        for (int k = 0; k < 3; k++) {
            const int32_t m = along[k];
            count[k] = m == 1 ? 1 : 3;
            around[k][0] = at[k];
            around[k][1] = at[k] + 1 < m ? at[k] + 1 : 0;
            around[k][2] = at[k] ? at[k] - 1 : m - 1;
        }
        const Four centre = load<Four>(&centres[i]);
        for (int z = 0; z < count[2]; z++)
            for (int y = 0; y < count[1]; y++)
                for (int x = 0; x < count[0]; x++) {
                    const int32_t of = (around[2][z] * along[1] + around[1][y]) * along[0] + around[0][x];
                    for (int32_t j = heads[of]; j != NOBODY; j = next[j]) {
                        const Four other = load<Four>(&centres[j]);
                        const Four apart = box.nearest_image(centre - other);
                        const double reach = centre[3] + other[3];
                        if (dot(apart, apart) < reach * reach && (earlier ? j < i : j != i)) enter(i, j);
                    }
                }
    }

    Row of(int32_t i) const { return {&who[(size_t)capacity * i], sizes[i]}; }
    Four centre_of(int32_t i) const { return load<Four>(&centres[i]); }

   private:
    static constexpr int32_t NOBODY = -1;
    Box box;
    int32_t capacity = 32;
    std::vector<int32_t> who, sizes;
    Aligned<Four> centres;  // and the radius, as wide as lists reach
    int32_t along[3];
    std::vector<int32_t> heads, next, previous, cell;

    void enter(int32_t i, int32_t j) {
        if (std::max(sizes[i], sizes[j]) == capacity) grow();
        who[(size_t)capacity * i + sizes[i]++] = j;
        who[(size_t)capacity * j + sizes[j]++] = i;
    }

    void grow() {
        std::vector<int32_t> wider(2 * who.size());
        for (size_t i = 0; i < sizes.size(); i++)
            std::copy_n(&who[capacity * i], sizes[i], &wider[2 * (size_t)capacity * i]);
        who.swap(wider);
        capacity *= 2;
    }

    void enter_cell(int32_t i) {
        int32_t at[3];
        for (int k = 0; k < 3; k++) {
            double turn = centres[i][k] * box.inverse[k];
            turn -= std::floor(turn);
            at[k] = std::min((int32_t)(turn * along[k]), along[k] - 1);
        }
        cell[i] = (at[2] * along[1] + at[1]) * along[0] + at[0];
        int32_t& head = heads[cell[i]];
        next[i] = head, previous[i] = NOBODY;
        if (head != NOBODY) previous[head] = i;
        head = i;
    }

    void leave_cell(int32_t i) {
        (previous[i] == NOBODY ? heads[cell[i]] : next[previous[i]]) = next[i];
        if (next[i] != NOBODY) previous[next[i]] = previous[i];
    }
};

}  // namespace tdaglass::hard_spheres
