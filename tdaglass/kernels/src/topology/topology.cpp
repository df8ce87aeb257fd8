// What Python calls: plain functions of arrays, which hold no interpreter lock. Each returns a count, or a negative
// number; none throws.
#include <exception>

#include "pairing.hpp"
#include "quotient.hpp"
#include "simplex_tree.hpp"
#include "spheres.hpp"

namespace tdaglass {
namespace {

constexpr int64_t NO_MEMORY = -2;

template <class Task>
int64_t guarded(Task task) noexcept {
    try {
        return task();
    } catch (const std::exception&) {
        return NO_MEMORY;
    }
}

template <int DIM>
Points<DIM> points_of(int64_t n, const double* position, const double* weight, const double* box) {
    Points<DIM> points{n, position, weight, {}};
    if (box) std::copy_n(box, DIM, points.box);
    return points;
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

int64_t tdaglass_cells_of_box(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                              const int32_t* image_point, const int32_t* image_shift, int64_t n_cells,
                              const int32_t* cells, int32_t* point, int8_t* shift, double* depth) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        return cells_of_box<DIM>(points_of<DIM>(n, position, weight, box), {image_point, image_shift}, n_cells, cells,
                                 point, shift, depth);
    });
}

int64_t tdaglass_flattest(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                          int64_t count, const int32_t* point, const int8_t* shift, double* least) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        *least = flattest<DIM>(points_of<DIM>(n, position, weight, box), {DIM, count, point, shift});
        return count;
    });
}

int64_t tdaglass_find_faces(int64_t dim, int64_t k, int64_t n, int64_t count, const int32_t* point, const int8_t* shift,
                            int32_t* face_point, int8_t* face_shift, int32_t* face_of) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        return find_faces<DIM>({(int)k, count, point, shift}, n, face_point, face_shift, face_of);
    });
}

int64_t tdaglass_cell_values(int64_t dim, int64_t n, const double* position, const double* weight, const double* box,
                             int64_t count, const int32_t* point, const int8_t* shift, double* value) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        cell_values<DIM>(points_of<DIM>(n, position, weight, box), {DIM, count, point, shift}, value);
        return count;
    });
}

int64_t tdaglass_face_values(int64_t dim, int64_t k, int64_t n, const double* position, const double* weight,
                             const double* box, int64_t count, const int32_t* point, const int8_t* shift,
                             int64_t cofaces, const int32_t* coface_point, const int8_t* coface_shift,
                             const int32_t* face_of, const double* coface_value, double* value) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        face_values<DIM>(points_of<DIM>(n, position, weight, box), {(int)k, count, point, shift},
                         {(int)k + 1, cofaces, coface_point, coface_shift}, face_of, coface_value, value);
        return count;
    });
}

int64_t tdaglass_spheres(int64_t dim, int64_t k, int64_t n, const double* position, const double* weight,
                         const double* box, const double* given, const int32_t* wrapped, int64_t simplices,
                         const int32_t* point, const int8_t* shift, int64_t count, const int32_t* chosen,
                         int32_t* point_of, int32_t* shift_of, double* value, double* gradient,
                         double* barycentric) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        critical_spheres<DIM>(points_of<DIM>(n, position, weight, box), points_of<DIM>(n, given, weight, box), wrapped,
                              {(int)k, simplices, point, shift}, count, chosen,
                              {point_of, shift_of, value, gradient, barycentric});
        return count;
    });
}

// By dimension: how many simplices, their values, and the faces of each (of vertices, none). Out, by dimension, in the
// order in which they appear: those that begin something, what ends it, and those that begin what never ends; how many
// of each; and of cells, the one whose void its void is part of, or ALONE.
int64_t tdaglass_pairs(int64_t dim, const int64_t* count, const double* const* value, const int32_t* const* face_of,
                       int32_t* const* begins, int32_t* const* ends, int32_t* const* lasts, int64_t* n_pairs,
                       int64_t* n_lasting, int32_t* part_of) noexcept {
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
                if (death[k][s] != ALONE)
                    begins[k][n_pairs[k]] = s, ends[k][n_pairs[k]++] = death[k][s];
                else if (birth[k][s] == ALONE && std::isfinite(value[k][s]))
                    lasts[k][n_lasting[k]++] = s;
        }
        return (int64_t)0;
    });
}

}  // extern "C"
