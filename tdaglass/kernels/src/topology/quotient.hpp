// From a triangulation of points and their images to the cells of one box.
#pragma once
#include <algorithm>
#include <cmath>

#include "filtration.hpp"

namespace tdaglass {

// Images of points: which point, and how many boxes away.
struct Images {
    const int32_t* point;  // (images)
    const int32_t* shift;  // (images, DIM)
};

// A number for a facet, as good as chance.
template <int DIM>
uint64_t facet_hash(const int32_t* vertex, int without) {
    uint64_t hash = 0;
    for (int v = 0; v <= DIM; v++) {
        if (v == without) continue;
        hash = (hash ^ (uint64_t)vertex[v]) * 0x9e3779b97f4a7c15u;
        hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9u;
        hash ^= hash >> 32;
    }
    return hash;
}

// Of the cells of a triangulation of images those whose first vertex is in the box, as Simplices wants them. `depth`:
// how far around the box images must reach for these to be right: as far as anything could conflict with the sphere of
// a cell that has a vertex in the box. Infinite if a cell is flat, or if a vertex in the box is not surrounded by cells:
// images across a wide gap are then still missing. Returns how many.
template <int DIM>
int64_t cells_of_box(const Points<DIM>& points, const Images& images, int64_t n_cells, const int32_t* cells,
                     int32_t* point, int8_t* shift, double* depth) {
    int64_t count = 0;
    uint64_t open_facets = 0;  // all that occur twice cancel
    double most_weight = points.weight_of(0);
    for (int64_t i = 1; i < points.n; i++) most_weight = std::max(most_weight, points.weight_of(i));
    *depth = 0;
    for (int64_t c = 0; c < n_cells; c++) {
        int32_t vertex[DIM + 1];
        std::copy_n(cells + (DIM + 1) * c, DIM + 1, vertex);
        auto shift_of = [&](int32_t image) { return images.shift + (int64_t)DIM * image; };
        auto before = [&](int32_t a, int32_t b) {
            if (images.point[a] != images.point[b]) return images.point[a] < images.point[b];
            return std::lexicographical_compare(shift_of(a), shift_of(a) + DIM, shift_of(b), shift_of(b) + DIM);
        };
        std::sort(vertex, vertex + DIM + 1, before);
        auto in_box = [&](int32_t image) {
            return std::all_of(shift_of(image), shift_of(image) + DIM, [](int32_t s) { return s == 0; });
        };
        const int n_in_box = (int)std::count_if(vertex, vertex + DIM + 1, in_box);
        if (n_in_box == 0) continue;
        double x[DIM + 1][DIM], weight[DIM + 1];
        for (int v = 0; v <= DIM; v++) {
            if (n_in_box > in_box(vertex[v])) open_facets ^= facet_hash<DIM>(vertex, v);
            weight[v] = points.weight_of(images.point[vertex[v]]);
            for (int d = 0; d < DIM; d++)
                x[v][d] = points.position[DIM * (int64_t)images.point[vertex[v]] + d] + shift_of(vertex[v])[d] * points.box[d];
        }
        const Circumsphere<DIM> sphere(DIM, x, weight);
        const double radius = std::sqrt(std::max(sphere.radius_sq + most_weight, 0.0));
        for (int d = 0; d < DIM; d++) {
            const double center = x[0][d] + sphere.center[d];
            const double beyond = std::max(radius - center, center + radius - points.box[d]);
            if (!(beyond <= *depth)) *depth = std::isfinite(beyond) ? beyond : INFINITY;
        }
        if (!in_box(vertex[0])) continue;
        for (int v = 0; v <= DIM; v++) {
            point[(DIM + 1) * count + v] = images.point[vertex[v]];
            for (int d = 0; d < DIM; d++)
                shift[((DIM + 1) * count + v) * DIM + d] = (int8_t)(shift_of(vertex[v])[d] - shift_of(vertex[0])[d]);
        }
        count++;
    }
    if (count == 0 || open_facets != 0) *depth = INFINITY;
    return count;
}

}  // namespace tdaglass
