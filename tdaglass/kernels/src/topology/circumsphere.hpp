// The smallest sphere through the vertices of a simplex, or orthogonal to the spheres around them.
#pragma once
#include <cmath>

namespace tdaglass {

template <int DIM>
double dot(const double* a, const double* b) {
    double total = 0;
    for (int d = 0; d < DIM; d++) total += a[d] * b[d];
    return total;
}

inline void cross(const double* a, const double* b, double* out) {
    for (int d = 0; d < 3; d++) out[d] = a[(d + 1) % 3] * b[(d + 2) % 3] - a[(d + 2) % 3] * b[(d + 1) % 3];
}

// From the first vertex of a simplex to each of the k others, and rows in the span of these edges whose product with
// their own edge is the determinant, and with the others zero. By cross products: equations of the products of edges are
// twice as ill-conditioned as those of edges.
template <int DIM>
struct Edges {
    double edge[DIM][DIM], row[DIM][DIM], determinant = 1;

    Edges(int k, const double (*x)[DIM]) {
        for (int i = 0; i < k; i++)
            for (int d = 0; d < DIM; d++) edge[i][d] = x[i + 1][d] - x[0][d];
        if (k == 1) {
            for (int d = 0; d < DIM; d++) row[0][d] = edge[0][d];
            determinant = dot<DIM>(edge[0], edge[0]);
        }
        if (k >= 2) find_rows(k);
    }

   private:
    void find_rows(int k) {
        if constexpr (DIM == 2) {
            row[0][0] = edge[1][1], row[0][1] = -edge[1][0];
            row[1][0] = -edge[0][1], row[1][1] = edge[0][0];
            determinant = edge[0][0] * edge[1][1] - edge[0][1] * edge[1][0];
        } else {
            double normal[3];
            cross(edge[0], edge[1], normal);
            const double* third = k == 3 ? edge[2] : normal;
            cross(edge[1], third, row[0]), cross(third, edge[0], row[1]);
            if (k == 3)
                for (int d = 0; d < 3; d++) row[2][d] = normal[d];
            determinant = dot<3>(normal, third);
        }
    }
};

// Squared radius (a power, where the vertices have weights), and the centre as seen from the first vertex.
template <int DIM>
struct Circumsphere {
    double center[DIM] = {}, radius_sq = 0;

    // Vertices 0 ... k, and their weights: squared radii of spheres around them, or zeros. Not finite if they lie in a
    // common plane, line or point.
    Circumsphere(int k, const double (*x)[DIM], const double* weight) : Circumsphere(k, Edges<DIM>(k, x), weight) {}

    Circumsphere(int k, const Edges<DIM>& of, const double* weight) {
        for (int i = 0; i < k; i++) {
            const double along = (dot<DIM>(of.edge[i], of.edge[i]) + weight[0] - weight[i + 1]) / 2;  // edge . center
            for (int d = 0; d < DIM; d++) center[d] += along * of.row[i][d];
        }
        for (int d = 0; d < DIM; d++) center[d] /= of.determinant;
        radius_sq = dot<DIM>(center, center) - weight[0];
    }

    // Whether a further point, seen from the first vertex, conflicts: it lies within.
    bool contains(const double* point, double weight) const {
        double power = -weight;
        for (int d = 0; d < DIM; d++) power += (point[d] - center[d]) * (point[d] - center[d]);
        return power < radius_sq;
    }
};

}  // namespace tdaglass
