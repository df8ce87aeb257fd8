// Places to 16 bits, for lists: all that are near must be found, a few that are not quite may be. They take a third of
// the room of exact ones, and a third of the arithmetic.
#pragma once
#include <algorithm>
#include <cmath>

#include "vectors/simd.hpp"

namespace tdaglass {

// Distances are counted in units of 1/32767 of the longest edge. A row holds LANES places, of replicas of a particle or
// of particles: in each lane x and y, and in three dimensions a second vector of z and nothing.
template <int DIM>
struct Coarse {
    static constexpr int VECTORS = (DIM + 1) / 2, ROW = VECTORS * LANES;
    // A distance is wrong by less: along an axis 1/2 for the two places, 1/2 for the ratio, 1 for the product.
    static constexpr float ERROR = DIM == 3 ? 3.5f : 2.9f;

    float per_length;  // units in a unit of length

    explicit Coarse(const double* edge) {
        const double longest = *std::max_element(edge, edge + DIM);
        per_length = (float)(INT16_MAX / longest);
        for (int d = 0; d < DIM; d++)
            for (int k = 0; k < LANES; k++) ratio[d / 2][2 * k + d % 2] = (int16_t)(INT16_MAX * (edge[d] / longest));
    }

    struct Place {
        Shorts vector[VECTORS];
    };

    static Place load_row(const int32_t* row) {
        Place place;
        for (int v = 0; v < VECTORS; v++) place.vector[v] = load<Shorts>(row + v * LANES);
        return place;
    }

    // One of the places of a row, in all lanes.
    static Place splat_lane(const int32_t* row, int lane) {
        Place place;
        for (int v = 0; v < VECTORS; v++) place.vector[v] = as_shorts(splat(row[v * LANES + lane]));
        return place;
    }

    // From fractions of the box, axis by axis.
    static void store_row(int32_t* row, const Ints* fraction) {
        const Ints lower = splat(0xffff);
        store(row, (fraction[0] >> 16 & lower) | (fraction[1] & ~lower));
        if (DIM == 3) store(row + LANES, fraction[DIM - 1] >> 16 & lower);
    }

    // Squared. Half of each product is kept, which leaves room for the sum.
    Ints distance_sq(const Place& here, const int32_t* row) const {
        Ints total{};
        for (int v = 0; v < VECTORS; v++)
            total += sums_of_squares(high_products(here.vector[v] - load<Shorts>(row + v * LANES), ratio[v]));
        return total;
    }

    // Squared, and so much that no pair within this length is seen beyond.
    int32_t reach_sq(double length) const {
        const double reach = length * per_length + ERROR;
        return (int32_t)std::min(reach * reach, (double)INT32_MAX);
    }

   private:
    Shorts ratio[VECTORS] = {};  // of the edges to the longest
};

}  // namespace tdaglass
