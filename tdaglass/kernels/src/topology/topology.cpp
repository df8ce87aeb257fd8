// What Python calls: plain functions of arrays, which hold no interpreter lock. Each returns a count, or a negative
// number; none throws.
#include <exception>

#include "pairing.hpp"
#include "quotient.hpp"
#include "simplex_tree.hpp"

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
                             const int32_t* face_of, const double* coface_value, double* value,
                             int32_t* because_of) noexcept {
    return in_dimension(dim, [&]<int DIM>() {
        face_values<DIM>(points_of<DIM>(n, position, weight, box), {(int)k, count, point, shift},
                         {(int)k + 1, cofaces, coface_point, coface_shift}, face_of, coface_value, value, because_of);
        return count;
    });
}

// By dimension: how many simplices, their values, and the faces of each (of vertices, none). Out, by dimension: the
// simplex that ends what each begins, and the one that begins what each ends; of cells, the one whose void its void is
// part of; ALONE for none.
int64_t tdaglass_pairs(int64_t dim, const int64_t* count, const double* const* value, const int32_t* const* face_of,
                       int32_t* const* death, int32_t* const* birth, int32_t* part_of) noexcept {
    return guarded([&] {
        for (int k = 0; k <= dim; k++) {
            std::fill_n(death[k], count[k], ALONE);
            std::fill_n(birth[k], count[k], ALONE);
        }
        std::fill_n(part_of, count[dim], ALONE);
        const auto sides = sides_of_facets((int)dim, count[dim], face_of[dim], count[dim - 1]);
        const Order vertices(count[0], value[0]), edges(count[1], value[1]), triangles(count[2], value[2]);
        pair_components(vertices, edges, face_of[1], death[0], birth[1]);
        if (dim == 2) {
            pair_voids(triangles, edges, sides.data(), death[1], birth[2], part_of);
        } else {
            pair_voids(Order(count[3], value[3]), triangles, sides.data(), death[2], birth[3], part_of);
            pair_loops(edges, triangles, face_of[2], birth[1], death[2], death[1], birth[2]);
        }
        return (int64_t)0;
    });
}

}  // extern "C"
