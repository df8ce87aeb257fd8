// The smallest sphere through the vertices of a simplex, or orthogonal to the spheres around them.
#pragma once
#include <cmath>

namespace tdaglass {

// Squared radius (a power, where the vertices have weights), and the centre as seen from the first vertex.
template <int DIM>
struct Circumsphere {
    double center[DIM] = {}, radius_sq = 0;

    // Vertices 0 ... k, and their weights: squared radii of spheres around them, or zeros. Not finite if they lie in a
    // common plane, line or point.
    Circumsphere(int k, const double (*x)[DIM], const double* weight) {
        double edge[DIM][DIM], half[DIM];
        for (int i = 0; i < k; i++) {
            half[i] = weight[0] - weight[i + 1];
            for (int d = 0; d < DIM; d++) {
                edge[i][d] = x[i + 1][d] - x[0][d];
                half[i] += edge[i][d] * edge[i][d];
            }
            half[i] /= 2;  // edge . center
        }
        if (k == 1) {
            const double scale = half[0] / dot(edge[0], edge[0]);
            for (int d = 0; d < DIM; d++) center[d] = scale * edge[0][d];
        }
        if (k >= 2) find_center(k, edge, half);
        radius_sq = dot(center, center) - weight[0];
    }

    // Whether a further point, seen from the first vertex, conflicts: it lies within.
    bool contains(const double* point, double weight) const {
        double power = -weight;
        for (int d = 0; d < DIM; d++) power += (point[d] - center[d]) * (point[d] - center[d]);
        return power < radius_sq;
    }

   private:
    // The point of the plane or space of the edges with the given products with each of them.
    void find_center(int k, const double (*edge)[DIM], const double* half) {
        if constexpr (DIM == 2) {
            const double area = edge[0][0] * edge[1][1] - edge[0][1] * edge[1][0];
            center[0] = (half[0] * edge[1][1] - half[1] * edge[0][1]) / area;
            center[1] = (half[1] * edge[0][0] - half[0] * edge[1][0]) / area;
        } else {
            double normal[3], across[2][3];
            cross(edge[0], edge[1], normal);
            const double* third = k == 3 ? edge[2] : normal;
            cross(edge[1], third, across[0]), cross(third, edge[0], across[1]);
            const double along = k == 3 ? half[2] : 0, volume = dot(normal, third);
            for (int d = 0; d < DIM; d++)
                center[d] = (half[0] * across[0][d] + half[1] * across[1][d] + along * normal[d]) / volume;
        }
    }

    static double dot(const double* a, const double* b) {
        double total = 0;
        for (int d = 0; d < DIM; d++) total += a[d] * b[d];
        return total;
    }
    static void cross(const double* a, const double* b, double* out) {
        for (int d = 0; d < 3; d++) out[d] = a[(d + 1) % 3] * b[(d + 2) % 3] - a[(d + 2) % 3] * b[(d + 1) % 3];
    }
};

}  // namespace tdaglass
