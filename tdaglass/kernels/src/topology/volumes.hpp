// Volumes of cells.
#pragma once
#include <algorithm>
#include <cmath>

#include "filtration.hpp"

namespace tdaglass {

// Of the body that the edges at the first vertex span: DIM! times that of the cell.
template <int DIM>
double spanned_volume(const double (*x)[DIM]) {
    return std::abs(Edges<DIM>(DIM, x).determinant);
}

// The least of them, relative to those of bricks with the same edges: near zero if a cell is flat.
template <int DIM>
double flattest(const Points<DIM>& points, const Simplices<DIM>& cells) {
    double least = NEVER;
    for (int64_t s = 0; s < cells.count; s++) {
        const Vertices<DIM> at(points, cells, s);
        double brick = 1;
        for (int v = 1; v <= DIM; v++) brick *= std::sqrt(dot<DIM>(at.x[v], at.x[v]));
        least = std::min(least, spanned_volume<DIM>(at.x) / brick);
    }
    return least;
}

}  // namespace tdaglass
