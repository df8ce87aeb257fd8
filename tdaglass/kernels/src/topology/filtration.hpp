// Alpha filtration: the power at which each simplex appears.
#pragma once
#include <limits>

#include "cell.hpp"
#include "simplices.hpp"

namespace tdaglass {

template <int DIM>
struct Points {
    int64_t n = 0;
    const double* position = nullptr;  // (n, DIM)
    const double* weight = nullptr;    // squared radii (n), or none
    Cell<DIM> cell = {};

    double weight_of(int64_t i) const { return weight ? weight[i] : 0; }
};

constexpr double NEVER = std::numeric_limits<double>::infinity();

// Vertices of a simplex as seen from the first.
template <int DIM>
struct Vertices {
    double x[DIM + 1][DIM] = {}, weight[DIM + 1] = {};

    Vertices(const Points<DIM>& points, const Simplices<DIM>& simplices, int64_t s) {
        const int32_t* point = simplices.points_of(s);
        const int8_t* shift = simplices.shifts_of(s);
        for (int v = 0; v <= simplices.k; v++) {
            weight[v] = points.weight_of(point[v]);
            for (int d = 0; d < DIM; d++) {
                const double* at = points.position;
                x[v][d] = at[DIM * (int64_t)point[v] + d] - at[DIM * (int64_t)point[0] + d] +
                          points.cell.along(shift + v * DIM, d);
            }
        }
    }
};

// Cells appear at the squared radii of their own spheres.
template <int DIM>
void cell_values(const Points<DIM>& points, const Simplices<DIM>& cells, double* value) {
    for (int64_t s = 0; s < cells.count; s++) {
        const Vertices<DIM> at(points, cells, s);
        value[s] = Circumsphere<DIM>(DIM, at.x, at.weight).radius_sq;
    }
}

// Faces, at those of theirs if no opposite vertex of a coface lies within, else with the first of their cofaces. Points
// that others hide are faces of nothing, and never appear.
template <int DIM>
void face_values(const Points<DIM>& points, const Simplices<DIM>& faces, const Simplices<DIM>& cofaces,
                 const int32_t* face_of, const double* coface_value, double* value) {
    std::vector<Circumsphere<DIM>> spheres;
    std::vector<bool> empty(faces.count, true);
    spheres.reserve(faces.count);
    for (int64_t q = 0; q < faces.count; q++) {
        const Vertices<DIM> at(points, faces, q);
        spheres.emplace_back(faces.k, at.x, at.weight);
        value[q] = NEVER;
    }
    for (int64_t s = 0; s < cofaces.count; s++) {
        const Vertices<DIM> at(points, cofaces, s);
        for (int f = 0; f <= cofaces.k; f++) {
            const int32_t q = face_of[s * (cofaces.k + 1) + f];
            const int origin = f == 0;
            double opposite[DIM];
            for (int d = 0; d < DIM; d++) opposite[d] = at.x[f][d] - at.x[origin][d];
            if (spheres[q].contains(opposite, at.weight[f])) empty[q] = false;
            value[q] = std::min(value[q], coface_value[s]);
        }
    }
    // Rounded, an empty sphere could come after those of cofaces.
    for (int64_t q = 0; q < faces.count; q++)
        if (empty[q] && value[q] < NEVER) value[q] = std::min(value[q], spheres[q].radius_sq);
}

}  // namespace tdaglass
