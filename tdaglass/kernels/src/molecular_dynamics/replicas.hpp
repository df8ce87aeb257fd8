// Replicas of one system side by side: one in each lane of the vectors.
#pragma once
#include <algorithm>
#include <vector>

#include "vectors/aligned.hpp"
#include "vectors/simd.hpp"

namespace tdaglass {

// LANES replicas; numbers stand axis by axis, [(particle DIM + axis) LANES + replica].
template <int DIM>
struct Replicas {
    int n = 0;
    double edge[DIM] = {};
    std::vector<int32_t> species, kind;  // kind: for neighbour lists
    std::vector<float> diameter;
    Aligned<int32_t> image;
    Aligned<float> velocity;
    // A row for each particle: vectors of its position, then of its force in quanta. Who has found a neighbour's
    // position has found its force.
    Aligned<int32_t> rows;

    static constexpr int ROW = 2 * DIM * LANES;

    void resize(int n_particles) {
        n = n_particles;
        image.resize((size_t)n * DIM * LANES), velocity.resize((size_t)n * DIM * LANES);
        rows.resize((size_t)n * ROW);
    }

    static size_t at(int i, int axis) { return ((size_t)i * DIM + axis) * LANES; }
    int32_t* position(int i, int axis) { return &rows[(size_t)i * ROW + axis * LANES]; }
    int32_t* force(int i, int axis) { return position(i, DIM + axis); }
    const int32_t* position(int i, int axis) const { return &rows[(size_t)i * ROW + axis * LANES]; }
    const int32_t* force(int i, int axis) const { return position(i, DIM + axis); }

    float resolution(int axis) const { return (float)(edge[axis] * 0x1p-32); }

    Aligned<int32_t> positions() const {
        Aligned<int32_t> all((size_t)n * DIM * LANES);
        for (int i = 0; i < n; i++) std::copy_n(position(i, 0), DIM * LANES, &all[at(i, 0)]);
        return all;
    }
};

}  // namespace tdaglass
