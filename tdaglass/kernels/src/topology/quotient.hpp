// From points to their images around the box, and from a triangulation of both to the cells of one box.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "volumes.hpp"

namespace tdaglass {

// Points of a box and their images up to `depth` around it: positions, which point each is of, and how many boxes away.
// Returns how many there are; writes as many as there is room for.
template <int DIM>
int64_t images_around(const Points<DIM>& points, double depth, int64_t room, double* position, int32_t* point,
                      int32_t* shift) {
    int64_t count = 0;
    std::vector<int32_t> away[DIM];
    const Cell<DIM>& cell = points.cell;
    // In the coordinate along each lattice vector: lengths along edges, fractions of vectors that are oblique.
    double end[DIM], margin[DIM];
    for (int d = 0; d < DIM; d++) {
        end[d] = cell.oblique ? 1 : cell.width(d);
        margin[d] = cell.oblique ? depth / cell.width(d) : depth;
    }
    for (int64_t i = 0; i < points.n; i++) {
        const double* at = points.position + DIM * i;
        for (int d = 0; d < DIM; d++) {
            const int32_t most = (int32_t)std::ceil(depth / cell.width(d));
            const double inside = cell.oblique ? cell.fraction(at, d) : at[d];
            away[d].clear();
            for (int32_t k = -most; k <= most; k++)
                if (const double x = inside + k * end[d]; x >= -margin[d] && x <= end[d] + margin[d]) away[d].push_back(k);
        }
        size_t all = 1;
        for (int d = 0; d < DIM; d++) all *= away[d].size();
        for (size_t m = 0; m < all; m++, count++) {
            if (count >= room) continue;
            point[count] = (int32_t)i;
            size_t rest = m;
            int32_t* to = shift + DIM * count;
            for (int d = 0; d < DIM; d++, rest /= away[d - 1].size()) to[d] = away[d][rest % away[d].size()];
            for (int d = 0; d < DIM; d++) position[DIM * count + d] = at[d] + cell.along(to, d);
        }
    }
    return count;
}

// Images of points: which point, and how many boxes away.
struct Images {
    const int32_t* point;  // (images)
    const int32_t* shift;  // (images, DIM)
};

// Of volumes that are summed, relative to the sum.
constexpr double ROUNDING = 1e-9;

// Of the cells of a triangulation of images, of each kind the one whose sphere has its centre in the box, as Simplices
// wants it. `depth`: how far around the box images must reach for these to be right: as far as anything could conflict
// with their spheres; infinite if they do not fill the box. Returns how many.
//
// Cells that differ by a shift of the box are computed from the same numbers, so that exactly one of them is taken.
template <int DIM>
int64_t cells_of_box(const Points<DIM>& points, const Images& images, int64_t n_cells, const int32_t* cells,
                     int32_t* point, int8_t* shift, double* depth) {
    int64_t count = 0;
    double most_weight = points.weight_of(0), filled = 0;
    for (int64_t i = 1; i < points.n; i++) most_weight = std::max(most_weight, points.weight_of(i));
    const double volume = (DIM == 2 ? 2 : 6) * points.cell.volume;  // of the bodies of cells
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
        const int32_t* first = shift_of(vertex[0]);
        double x[DIM + 1][DIM], weight[DIM + 1];
        for (int v = 0; v <= DIM; v++) {
            weight[v] = points.weight_of(images.point[vertex[v]]);
            int32_t boxes[DIM];
            for (int d = 0; d < DIM; d++) boxes[d] = shift_of(vertex[v])[d] - first[d];
            for (int d = 0; d < DIM; d++)
                x[v][d] = points.position[DIM * (int64_t)images.point[vertex[v]] + d] + points.cell.along(boxes, d);
        }
        const Circumsphere<DIM> sphere(DIM, x, weight);
        bool in_box = true;
        double center[DIM];
        for (int d = 0; d < DIM; d++) center[d] = x[0][d] + sphere.center[d];
        for (int d = 0; d < DIM; d++) in_box = in_box && std::floor(points.cell.fraction(center, d)) == -first[d];
        if (!in_box) continue;
        *depth = std::max(*depth, std::sqrt(std::max(sphere.radius_sq + most_weight, 0.0)));
        filled += spanned_volume<DIM>(x);
        for (int v = 0; v <= DIM; v++) {
            point[(DIM + 1) * count + v] = images.point[vertex[v]];
            for (int d = 0; d < DIM; d++)
                shift[((DIM + 1) * count + v) * DIM + d] = (int8_t)(shift_of(vertex[v])[d] - first[d]);
        }
        count++;
    }
    if (!(std::abs(filled - volume) < ROUNDING * volume)) *depth = INFINITY;
    return count;
}

}  // namespace tdaglass
