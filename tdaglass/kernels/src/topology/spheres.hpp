// Spheres with which holes open and end, and how their squared radii follow the points.
#pragma once
#include <algorithm>
#include <cmath>

#include "filtration.hpp"

namespace tdaglass {

// Points of a complex as they were before they were moved into the box, by `wrapped` boxes, and perturbed.
template <int DIM>
struct Given {
    const double* position;  // (n, DIM)
    const int32_t* wrapped;  // (n, DIM)
};

// The sphere of a simplex: its vertices, by how many boxes each stands away from where it was given, the squared radius
// (or power), its derivatives in their positions, and barycentric coordinates of the centre: minus its derivatives in
// their weights. The value is that of the points as given; the centre may be that of perturbed ones, as values are
// stationary in it.
template <int DIM>
struct CriticalSphere {
    int32_t point[DIM + 1], shift[DIM + 1][DIM];
    double value = 0, gradient[DIM + 1][DIM], barycentric[DIM + 1];

    CriticalSphere(const Points<DIM>& points, const Given<DIM>& given, const Simplices<DIM>& simplices, int32_t simplex) {
        const int k = simplices.k;
        const Vertices<DIM> at(points, simplices, simplex);
        const Edges<DIM> edges(k, at.x);
        const Circumsphere<DIM> sphere(k, edges, at.weight);
        double first[DIM];
        barycentric[0] = 1;
        for (int v = 1; v <= k; v++) {
            barycentric[v] = dot<DIM>(edges.row[v - 1], sphere.center) / edges.determinant;
            barycentric[0] -= barycentric[v];
        }
        for (int v = 0; v <= k; v++) {
            const int64_t i = point[v] = simplices.points_of(simplex)[v];
            double away[DIM];
            for (int d = 0; d < DIM; d++)
                shift[v][d] = simplices.shifts_of(simplex)[v * DIM + d] - given.wrapped[i * DIM + d];
            for (int d = 0; d < DIM; d++) {
                const double x = given.position[i * DIM + d] + points.cell.along(shift[v], d);
                if (v == 0) first[d] = x;
                away[d] = x - first[d] - sphere.center[d];
                gradient[v][d] = 2 * barycentric[v] * away[d];
            }
            value += barycentric[v] * (dot<DIM>(away, away) - at.weight[v]);
        }
    }
};

// Room for spheres of simplices of dimension k, one after the other; for coordinates of centres there may be none.
template <class Real>
struct Spheres {
    int32_t *point, *shift;
    Real *value, *gradient, *barycentric;

    template <int DIM>
    void put(int64_t q, int k, const CriticalSphere<DIM>& sphere) const {
        std::copy_n(sphere.point, k + 1, point + q * (k + 1));
        std::copy_n(sphere.shift[0], (k + 1) * DIM, shift + q * (k + 1) * DIM);
        std::copy_n(sphere.gradient[0], (k + 1) * DIM, gradient + q * (k + 1) * DIM);
        value[q] = (Real)sphere.value;
        if (barycentric) std::copy_n(sphere.barycentric, k + 1, barycentric + q * (k + 1));
    }
};

// Pairs of one dimension.
struct Pairs {
    int64_t count;
    const int32_t *begins, *ends;
    const double *birth, *death;
};

// Of squared radii, relative to them.
constexpr double ROUNDING_OF_VALUES = 1e-13;

// Spheres of births and of deaths for the pairs that persist; returns how many do, and writes as many as there is room
// for. Where many points lie on one sphere, rounding (or perturbation) lets pairs persist for as little as it moves
// values. Their simplices may have appeared because of others, and their own spheres be much smaller.
template <int DIM, class Real>
int64_t critical_spheres(const Points<DIM>& points, const Given<DIM>& given, const Simplices<DIM>& below,
                         const Simplices<DIM>& above, const Pairs& pairs, int64_t room, const Spheres<Real>& opens,
                         const Spheres<Real>& ends) {
    int64_t count = 0;
    for (int64_t i = 0; i < pairs.count; i++) {
        const double birth = pairs.birth[i], death = pairs.death[i];
        if (!(death > birth)) continue;
        const CriticalSphere<DIM> open(points, given, below, pairs.begins[i]);
        const CriticalSphere<DIM> end(points, given, above, pairs.ends[i]);
        const double off = std::abs(open.value - birth) + std::abs(end.value - death) +
                           ROUNDING_OF_VALUES * std::max(std::abs(birth), std::abs(death));
        if (!(off < death - birth)) continue;
        if (count < room) opens.put(count, below.k, open), ends.put(count, above.k, end);
        count++;
    }
    return count;
}

}  // namespace tdaglass
