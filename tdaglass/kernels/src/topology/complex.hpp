// All simplices of a triangulation, and when each of them appears.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "filtration.hpp"
#include "volumes.hpp"

namespace tdaglass {

// By dimension: how many simplices, as Simplices has them, their faces (of vertices, none), and when they appear. Cells
// are given; for the rest there is room: that many points, and 6 edges and 4 triangles of each tetrahedron, or 3 edges
// of each triangle.
struct Levels {
    int64_t* count;
    int32_t* const* point;
    int8_t* const* shift;
    int32_t* const* face_of;
    double* const* value;
};

// Whether the triangulation is the same in every box, and no cell is flatter than `flat`.
template <int DIM>
bool fill_complex(const Points<DIM>& points, double flat, const Levels& levels) {
    auto simplices = [&](int k) { return Simplices<DIM>{k, levels.count[k], levels.point[k], levels.shift[k]}; };
    if (flattest<DIM>(points, simplices(DIM)) < flat) return false;
    for (int k = DIM; k > 1; k--)
        levels.count[k - 1] =
            find_faces<DIM>(simplices(k), points.n, levels.point[k - 1], levels.shift[k - 1], levels.face_of[k]);
    levels.count[0] = points.n;
    for (int32_t i = 0; i < points.n; i++) levels.point[0][i] = i;
    std::memset(levels.shift[0], 0, points.n * DIM);
    for (int64_t e = 0; e < levels.count[1]; e++)
        for (int f = 0; f < 2; f++) levels.face_of[1][2 * e + f] = levels.point[1][2 * e + 1 - f];
    if (points.cell.periodic) {
        std::vector<int32_t> sides(levels.count[DIM - 1]);
        for (int64_t i = 0; i < levels.count[DIM] * (DIM + 1); i++) sides[levels.face_of[DIM][i]]++;
        for (int32_t n : sides)
            if (n != 2) return false;
    }
    cell_values<DIM>(points, simplices(DIM), levels.value[DIM]);
    for (int k = DIM - 1; k >= 0; k--)
        face_values<DIM>(points, simplices(k), simplices(k + 1), levels.face_of[k + 1], levels.value[k + 1],
                         levels.value[k]);
    // Vertices that others hide never appear.
    for (int k = 1; k <= DIM; k++)
        for (int64_t s = 0; s < levels.count[k]; s++)
            if (!std::isfinite(levels.value[k][s])) return false;
    return true;
}

}  // namespace tdaglass
