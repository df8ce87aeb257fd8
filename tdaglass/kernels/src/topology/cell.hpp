// The periodic cell of a complex: lattice vectors, which whole numbers of boxes are multiplied with.
#pragma once
#include <algorithm>
#include <cmath>

#include "circumsphere.hpp"

namespace tdaglass {

// At right angles along the axes, what is done along each is done with its edge alone: fewer operations, and the same
// bits as ever. Open space is a cell of zeros, and so is an open axis, along which no shift is but zero.
template <int DIM>
struct Cell {
    double vector[DIM][DIM] = {};   // rows
    double inverse[DIM][DIM] = {};  // columns: what positions are multiplied with to become fractions
    double volume = 0;
    bool periodic = false, oblique = false;

    Cell() = default;

    // Rows of lattice vectors (DIM, DIM), or none.
    explicit Cell(const double* rows) {
        if (!rows) return;
        periodic = true;
        for (int a = 0; a < DIM; a++)
            for (int d = 0; d < DIM; d++) {
                vector[a][d] = rows[a * DIM + d];
                oblique = oblique || (a != d && vector[a][d] != 0);
            }
        if (oblique) {
            double x[DIM + 1][DIM] = {};
            for (int a = 0; a < DIM; a++) std::copy_n(vector[a], DIM, x[a + 1]);
            const Edges<DIM> edges(DIM, x);
            for (int a = 0; a < DIM; a++)
                for (int d = 0; d < DIM; d++) inverse[d][a] = edges.row[a][d] / edges.determinant;
            volume = std::abs(edges.determinant);
        } else {
            volume = 1;
            for (int d = 0; d < DIM; d++) volume *= vector[d][d];
        }
    }

    // By how much a shift of whole boxes moves a point along axis d.
    template <class Whole>
    double along(const Whole* shift, int d) const {
        if (!oblique) return shift[d] * vector[d][d];
        double total = 0;
        for (int a = 0; a < DIM; a++) total += shift[a] * vector[a][d];
        return total;
    }

    // In units of lattice vector a.
    double fraction(const double* x, int a) const {
        if (!oblique) return x[a] / vector[a][a];
        double total = 0;
        for (int d = 0; d < DIM; d++) total += x[d] * inverse[d][a];
        return total;
    }

    // Between the two faces that lattice vector a joins.
    double width(int a) const {
        if (!oblique) return vector[a][a];
        double total = 0;
        for (int d = 0; d < DIM; d++) total += inverse[d][a] * inverse[d][a];
        return 1 / std::sqrt(total);
    }
};

}  // namespace tdaglass
