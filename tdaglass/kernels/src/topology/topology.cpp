// What Python calls: plain functions of arrays, which hold no interpreter lock. Each returns a count, or a negative
// number; none throws.
#include <exception>

#include "complex.hpp"
#include "pairing.hpp"
#include "quotient.hpp"
#include "simplex_tree.hpp"
#include "spheres.hpp"

namespace tdaglass {
namespace {

constexpr int64_t NO_MEMORY = -2, UNKNOWN_TYPE = -3;

template <class Task>
int64_t guarded(Task task) noexcept {
    try {
        return task();
    } catch (const std::exception&) {
        return NO_MEMORY;
    }
}

// The box: lattice vectors as rows (dim, dim), or none in open space.
template <int DIM>
Points<DIM> points_of(int64_t n, const double* position, const double* weight, const double* box) {
    return {n, position, weight, Cell<DIM>(box)};
}

// task.template operator()<DIM>()
template <class Task>
int64_t in_dimension(int64_t dim, Task task) {
    return guarded([&] { return dim == 2 ? task.template operator()<2>() : task.template operator()<3>(); });
}

}  // namespace
}  // namespace tdaglass

using namespace tdaglass;

extern "C" {

int64_t tdaglass_read_tree(int64_t dim, const char* bytes, int64_t size, int32_t* cells, int64_t most) noexcept {
    return guarded([&] { return TreeReader(bytes, size, (int)dim, cells, most).read(); });
}

int64_t tdaglass_images_around(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                               double depth, int64_t room, double* image_position, int32_t* image_point,
                               int32_t* image_shift) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        return images_around<DIM>(points_of<DIM>(n, position, weight, box), depth, room, image_position, image_point,
                                  image_shift);
    });
}

int64_t tdaglass_cells_of_box(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                              const int32_t* image_point, const int32_t* image_shift, int64_t n_cells,
                              const int32_t* cells, int32_t* point, int8_t* shift, double* depth) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        return cells_of_box<DIM>(points_of<DIM>(n, position, weight, box), {image_point, image_shift}, n_cells, cells,
                                 point, shift, depth);
    });
}

// Returns -1 for cells that are flat, or of which the triangulation is not the same in every box; see Levels.
int64_t tdaglass_fill_complex(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                              double flat, int64_t* count, int32_t* const* point, int8_t* const* shift,
                              int32_t* const* face_of, double* const* value) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        const Levels levels{count, point, shift, face_of, value};
        return (int64_t)(fill_complex<DIM>(points_of<DIM>(n, position, weight, box), flat, levels) ? 0 : -1);
    });
}

// By dimension: how many simplices, their values, and the faces of each (of vertices, none). Out, by dimension, in the
// order in which they appear: those that begin something and what ends it, the values of both, and those that begin what
// never ends; how many of each; and of cells, the one whose void its void is part of, or ALONE.
int64_t tdaglass_pairs(int64_t dim, const int64_t* count, const double* const* value, const int32_t* const* face_of,
                       int32_t* const* begins, int32_t* const* ends, double* const* birth_value,
                       double* const* death_value, int32_t* const* lasts, int64_t* n_pairs, int64_t* n_lasting,
                       int32_t* part_of) noexcept {
    return guarded([&] {
        std::vector<Order> order;
        std::vector<std::vector<int32_t>> death, birth;
        for (int k = 0; k <= dim; k++) {
            order.emplace_back(count[k], value[k]);
            death.emplace_back(count[k], ALONE), birth.emplace_back(count[k], ALONE);
        }
        std::fill_n(part_of, count[dim], ALONE);
        const auto sides = sides_of_facets((int)dim, count[dim], face_of[dim], count[dim - 1]);
        pair_components(order[0], order[1], face_of[1], death[0], birth[1]);
        pair_voids(order[dim], order[dim - 1], sides, death[dim - 1], birth[dim], part_of);
        if (dim == 3) pair_loops(order[1], order[2], face_of[2], birth[1], death[2], death[1], birth[2]);
        for (int k = 0; k <= dim; k++) {
            n_pairs[k] = n_lasting[k] = 0;
            for (int32_t s : order[k].simplex)
                if (const int32_t end = death[k][s]; end != ALONE) {
                    const int64_t pair = n_pairs[k]++;
                    begins[k][pair] = s, ends[k][pair] = end;
                    birth_value[k][pair] = value[k][s], death_value[k][pair] = value[k + 1][end];
                } else if (birth[k][s] == ALONE && std::isfinite(value[k][s])) {
                    lasts[k][n_lasting[k]++] = s;
                }
        }
        return (int64_t)0;
    });
}

// Of pairs of dimension k: simplices of dimension k and k + 1, the pairs, and room for the spheres that open and end
// holes, whose numbers are of 4 or 8 bytes.
int64_t tdaglass_critical_spheres(int64_t dim, int64_t k, int64_t n, const double* position, const double* weight,
                                  const double* box, const double* given, const int32_t* wrapped,
                                  const int32_t* below_point, const int8_t* below_shift, const int32_t* above_point,
                                  const int8_t* above_shift, int64_t count, const int32_t* begins, const int32_t* ends,
                                  const double* birth, const double* death, int64_t room, int64_t bytes,
                                  int32_t* opens_point, int32_t* opens_shift, void* opens_value, void* opens_gradient,
                                  void* opens_barycentric, int32_t* ends_point, int32_t* ends_shift, void* ends_value,
                                  void* ends_gradient, void* ends_barycentric) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        auto fill = [&]<class Real>(Real) {
            auto reals = [](void* x) { return static_cast<Real*>(x); };
            const Spheres<Real> first{opens_point, opens_shift, reals(opens_value), reals(opens_gradient),
                                      reals(opens_barycentric)};
            const Spheres<Real> second{ends_point, ends_shift, reals(ends_value), reals(ends_gradient),
                                       reals(ends_barycentric)};
            return critical_spheres<DIM, Real>(
                points_of<DIM>(n, position, weight, box), {given, wrapped}, {(int)k, 0, below_point, below_shift},
                {(int)k + 1, 0, above_point, above_shift}, {count, begins, ends, birth, death}, room, first, second);
        };
        if (bytes == sizeof(float)) return fill(float{});
        return bytes == sizeof(double) ? fill(double{}) : UNKNOWN_TYPE;
    });
}

}  // extern "C"
