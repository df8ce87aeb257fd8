// Distances as forces and lists compute them.
#pragma once
#include "vectors/simd.hpp"

namespace tdaglass {

// Distances are counted in steps of the fraction along the first axis: in a cubic box no axis has to be rescaled.
template <int DIM>
struct Units {
    float step, unit_sq;  // length of a step; unit lengths, squared, in steps
    Floats ratio[DIM];

    template <class Box>  // with a resolution for every axis
    explicit Units(const Box& box) : step(box.resolution(0)), unit_sq(1 / (step * step)) {
        for (int d = 0; d < DIM; d++) ratio[d] = splat(box.resolution(d) / step);
    }

    // Squared distances in steps between places, axis by axis.
    Floats distance_sq(const Ints* a, const int32_t* b) const {
        Floats total{};
        for (int d = 0; d < DIM; d++) {
            Floats x = to_floats(a[d] - load<Ints>(b + d * LANES)) * ratio[d];
            total = d ? multiply_add(x, x, total) : x * x;
        }
        return total;
    }

    bool is_cubic() const {
        bool same = true;
        for (int d = 0; d < DIM; d++) same = same && ratio[d][0] == 1;
        return same;
    }
};

}  // namespace tdaglass
