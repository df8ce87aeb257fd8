// The loops behind complexes without Python, for `make sanitize`: tori and tetrahedra of known homology, trees of bytes
// good and bad, boxes that lean, in one thread and in several.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "checking.hpp"

extern "C" {
int64_t tdaglass_read_tree(int64_t, const char*, int64_t, int32_t*, int64_t) noexcept;
int64_t tdaglass_cells_of_box(int64_t, int64_t, const double*, const double*, const double*, const int32_t*,
                              const int32_t*, int64_t, const int32_t*, int32_t*, int8_t*, double*) noexcept;
int64_t tdaglass_images_around(int64_t, int64_t, const double*, const double*, const double*, double, int64_t, double*,
                               int32_t*, int32_t*) noexcept;
int64_t tdaglass_fill_complex(int64_t, int64_t, const double*, const double*, const double*, double, int64_t*,
                              int32_t* const*, int8_t* const*, int32_t* const*, double* const*) noexcept;
int64_t tdaglass_critical_spheres(int64_t, int64_t, int64_t, const double*, const double*, const double*, const double*,
                                  const int32_t*, const int32_t*, const int8_t*, const int32_t*, const int8_t*, int64_t,
                                  const int32_t*, const int32_t*, const double*, const double*, int64_t, int64_t,
                                  int32_t*, int32_t*, void*, void*, void*, int32_t*, int32_t*, void*, void*,
                                  void*) noexcept;
int64_t tdaglass_pairs(int64_t, const int64_t*, const double* const*, const int32_t* const*, int32_t* const*,
                       int32_t* const*, double* const*, double* const*, int32_t* const*, int64_t*, int64_t*,
                       int32_t*) noexcept;
}

namespace {

using checking::check;

// Simplices of one dimension and the pairs that they begin.
struct Level {
    std::vector<int32_t> point, faces, begins, ends, lasts;
    std::vector<int8_t> shift;
    std::vector<double> value, birth, death;
    int64_t count = 0, n_pairs = 0, n_lasting = 0;
};

// Cells as `cells_of_box` gives them, and all that follows from them.
struct Complex {
    int dim;
    std::vector<double> position, weight, box;
    std::vector<Level> levels;
    std::vector<int32_t> part_of;

    int64_t n() const { return (int64_t)position.size() / dim; }
    const double* weights() const { return weight.empty() ? nullptr : weight.data(); }
    const double* edges() const { return box.empty() ? nullptr : box.data(); }

    template <class Pick>
    auto each(Pick pick) {
        std::vector<decltype(pick(levels[0]).data())> pointers;
        for (Level& level : levels) pointers.push_back(pick(level).data());
        return pointers;
    }

    bool fill() {
        const int64_t cells = levels[dim].count;
        levels[0].count = n(), levels[1].count = (dim == 2 ? 3 : 6) * cells;
        if (dim == 3) levels[2].count = 4 * cells;
        std::vector<int64_t> count;
        for (int k = 0; k <= dim; k++) {
            Level& level = levels[k];
            level.point.resize(level.count * (k + 1)), level.shift.resize(level.count * (k + 1) * dim);
            level.faces.resize(k ? level.count * (k + 1) : 0), level.value.resize(level.count);
            count.push_back(level.count);
        }
        if (tdaglass_fill_complex(dim, n(), position.data(), weights(), edges(), 1e-11, count.data(),
                                  each([](Level& l) -> auto& { return l.point; }).data(),
                                  each([](Level& l) -> auto& { return l.shift; }).data(),
                                  each([](Level& l) -> auto& { return l.faces; }).data(),
                                  each([](Level& l) -> auto& { return l.value; }).data()) < 0)
            return false;
        for (int k = 0; k <= dim; k++) {
            Level& level = levels[k];
            level.count = count[k];
            if (k) level.faces.resize(count[k] * (k + 1));
            level.begins.resize(count[k]), level.ends.resize(count[k]), level.lasts.resize(count[k]);
            level.birth.resize(count[k]), level.death.resize(count[k]);
        }
        for (int k = 1; k <= dim; k++)
            for (size_t f = 0; f < levels[k].faces.size(); f++)
                check(levels[k - 1].value[levels[k].faces[f]] <= levels[k].value[f / (k + 1)], "faces come first");
        std::vector<int64_t> n_pairs(dim + 1), n_lasting(dim + 1);
        part_of.resize(count[dim]);
        check(tdaglass_pairs(dim, count.data(), each([](Level& l) -> auto& { return l.value; }).data(),
                             each([](Level& l) -> auto& { return l.faces; }).data(),
                             each([](Level& l) -> auto& { return l.begins; }).data(),
                             each([](Level& l) -> auto& { return l.ends; }).data(),
                             each([](Level& l) -> auto& { return l.birth; }).data(),
                             each([](Level& l) -> auto& { return l.death; }).data(),
                             each([](Level& l) -> auto& { return l.lasts; }).data(), n_pairs.data(), n_lasting.data(),
                             part_of.data()) == 0,
              "pairs");
        for (int k = 0; k <= dim; k++) {
            levels[k].n_pairs = n_pairs[k], levels[k].n_lasting = n_lasting[k];
            levels[k].begins.resize(n_pairs[k]), levels[k].ends.resize(n_pairs[k]);
        }
        for (int k = 0; k < dim; k++) {
            check_spheres<double>(k, levels[k].n_pairs);
            check_spheres<float>(k, 2);
        }
        return true;
    }

    // Those of pairs that persist have the values of their simplices, in a Delaunay triangulation; and those for which
    // there is no room are counted.
    template <class Real>
    void check_spheres(int k, int64_t room) {
        struct Room {
            std::vector<int32_t> point, shift;
            std::vector<Real> value, gradient, barycentric;

            Room(int64_t n, int vertices, int dim)
                : point(n * vertices), shift(n * vertices * dim), value(n), gradient(n * vertices * dim),
                  barycentric(n * vertices) {}
        };
        const int64_t pairs = levels[k].n_pairs;
        const std::vector<int32_t> wrapped(n() * dim);
        Room opens(room, k + 1, dim), ends(room, k + 2, dim);
        const int64_t count = tdaglass_critical_spheres(
            dim, k, n(), position.data(), weights(), edges(), position.data(), wrapped.data(), levels[k].point.data(),
            levels[k].shift.data(), levels[k + 1].point.data(), levels[k + 1].shift.data(), pairs,
            levels[k].begins.data(), levels[k].ends.data(), levels[k].birth.data(), levels[k].death.data(), room,
            sizeof(Real), opens.point.data(), opens.shift.data(), opens.value.data(), opens.gradient.data(),
            weight.empty() ? nullptr : opens.barycentric.data(), ends.point.data(), ends.shift.data(),
            ends.value.data(), ends.gradient.data(), weight.empty() ? nullptr : ends.barycentric.data());
        check(count >= 0 && count <= pairs, "as many spheres as pairs");
        if (!box.empty()) return;  // cubes, cut up
        int64_t persist = 0;
        for (int64_t i = 0; i < pairs; i++) {
            const double birth = levels[k].birth[i], death = levels[k].death[i];
            if (death - birth < 1e-9) continue;
            if (persist < room)
                check(std::abs(opens.value[persist] - birth) < 1e-6 && std::abs(ends.value[persist] - death) < 1e-6,
                      "spheres of pairs");
            persist++;
        }
        check(persist == count, "pairs that persist");
    }

    // Simplices that begin what never ends, and that each begins or ends one thing.
    std::vector<int64_t> essential() const {
        std::vector<int64_t> alone;
        for (int k = 0; k <= dim; k++) {
            const Level& level = levels[k];
            std::vector<int> times(level.count);
            for (int32_t s : level.begins) times[s]++;
            for (int64_t i = 0; i < level.n_lasting; i++) times[level.lasts[i]]++;
            if (k)
                for (int32_t s : levels[k - 1].ends) times[s]++;
            check(std::count(times.begin(), times.end(), 1) == level.count, "a simplex begins or ends something");
            for (int64_t i = 0; i < level.n_pairs; i++) check(level.birth[i] <= level.death[i], "what begins ends later");
            alone.push_back(level.n_lasting);
        }
        return alone;
    }
};

// Paths along the edges of cubes, each of which they cut into `dim`! cells (Freudenthal); `cube(corner, cell)` is
// called with the corners of each cell as steps from the lowest.
template <class Task>
void cells_of_cube(int dim, Task task) {
    std::vector<int> axes(dim);
    std::iota(axes.begin(), axes.end(), 0);
    do {
        std::vector<std::vector<int>> corners(1, std::vector<int>(dim));
        for (int axis : axes) {
            corners.push_back(corners.back());
            corners.back()[axis]++;
        }
        task(corners);
    } while (std::next_permutation(axes.begin(), axes.end()));
}

// A jittered lattice of `edge` points a side, with the images that reach `reach` sites around the box, cut into cells.
struct Images {
    Complex torus;
    std::vector<int32_t> point, shift, cells;

    // `tilt`: by how much each lattice vector leans along the axis before, in units of its length.
    Images(int dim, int edge, int reach, bool weighted, unsigned seed, double tilt = 0) : torus{dim, {}, {}, {}, {}, {}} {
        std::mt19937 random(seed);
        std::uniform_real_distribution<double> jitter(0.0, 0.2);
        const int sites = (int)std::pow(edge, dim), wide = edge + 2 * reach;
        torus.box.assign(dim * dim, 0);
        for (int d = 0; d < dim; d++) {
            torus.box[d * dim + d] = edge;
            if (d) torus.box[d * dim + d - 1] = tilt * edge;
        }
        torus.levels.resize(dim + 1);
        for (int i = 0; i < sites; i++) {
            for (int d = 0, rest = i; d < dim; d++, rest /= edge) torus.position.push_back(rest % edge + jitter(random));
            for (int d = 0; d + 1 < dim; d++) torus.position[i * dim + d] += tilt * torus.position[i * dim + d + 1];
            if (weighted) torus.weight.push_back(jitter(random));
        }
        auto number = [&](const std::vector<int>& at) {
            int all = 0;
            for (int d = dim; d-- > 0;) all = all * wide + at[d];
            return all;
        };
        std::vector<int> at(dim);
        for (int k = 0; k < (int)std::pow(wide, dim); k++) {
            int site = 0, most = 0;
            for (int d = 0, rest = k; d < dim; d++, rest /= wide) at[d] = rest % wide, most = std::max(most, at[d]);
            for (int d = dim; d-- > 0;) site = site * edge + (at[d] + edge * reach - reach) % edge;
            point.push_back(site);
            for (int d = 0; d < dim; d++) shift.push_back((at[d] + edge * reach - reach) / edge - reach);
            if (most == wide - 1) continue;
            cells_of_cube(dim, [&](std::vector<std::vector<int>>& corners) {
                for (std::vector<int>& corner : corners) {
                    for (int d = 0; d < dim; d++) corner[d] += at[d];
                    cells.push_back(number(corner));
                }
            });
        }
    }

    double cut() {
        Level& level = torus.levels[torus.dim];
        const int64_t n_cells = (int64_t)cells.size() / (torus.dim + 1);
        level.point.resize(cells.size()), level.shift.resize(cells.size() * torus.dim);
        double depth;
        level.count = tdaglass_cells_of_box(torus.dim, torus.n(), torus.position.data(), torus.weights(), torus.edges(),
                                            point.data(), shift.data(), n_cells, cells.data(), level.point.data(),
                                            level.shift.data(), &depth);
        return depth;
    }
};

// In boxes of one point, too, whose cells have four images of it as vertices.
std::vector<int32_t> tori() {
    std::vector<int32_t> all;
    for (int dim : {2, 3})
        for (int edge : {1, 2, 4})
            for (auto [weighted, tilt] : {std::pair{false, 0.0}, {true, 0.0}, {false, 0.2}, {true, -0.1}}) {
                Images images(dim, edge, 2, weighted, 7, tilt);
                check(images.cut() < 2 * dim, "spheres of a lattice are small");
                Complex& torus = images.torus;
                check(torus.fill(), "the triangulation of a lattice is unique");
                const int64_t sites = torus.n();
                const std::vector<int64_t> counts =
                    dim == 2 ? std::vector<int64_t>{1, 3, 2} : std::vector<int64_t>{1, 7, 12, 6};
                for (int k = 0; k <= dim; k++) check(torus.levels[k].count == counts[k] * sites, "simplices of a torus");
                check(torus.essential() == (dim == 2 ? std::vector<int64_t>{1, 2, 1} : std::vector<int64_t>{1, 3, 3, 1}),
                      "a torus");
                for (const Level& level : torus.levels) {
                    all.insert(all.end(), level.begins.begin(), level.begins.end());
                    all.insert(all.end(), level.ends.begin(), level.ends.end());
                }
                all.insert(all.end(), torus.part_of.begin(), torus.part_of.end());
            }
    return all;
}

void images() {
    for (int dim : {2, 3}) {
        Images some(dim, 3, 0, false, 5);
        const Complex& torus = some.torus;
        for (double depth : {0.0, 0.7, 3.0, 7.5}) {
            auto around = [&](int64_t room, std::vector<double>& position, std::vector<int32_t>& point,
                              std::vector<int32_t>& shift) {
                position.resize(room * dim), point.resize(room), shift.resize(room * dim);
                return tdaglass_images_around(dim, torus.n(), torus.position.data(), torus.weights(), torus.box.data(),
                                              depth, room, position.data(), point.data(), shift.data());
            };
            std::vector<double> position;
            std::vector<int32_t> point, shift;
            const int64_t count = around(0, position, point, shift);
            check(around(count / 2, position, point, shift) == count, "half the room");
            check(around(count, position, point, shift) == count && count >= torus.n(), "images");
            for (int64_t m = 0; m < count; m++)
                for (int d = 0; d < dim; d++) {
                    const double x = position[m * dim + d];
                    check(x >= -depth && x <= 3 + depth, "images are near the box");
                    check(std::abs(x - 3 * shift[m * dim + d] - torus.position[point[m] * dim + d]) < 1e-12, "of a point");
                }
            const double density = count / std::pow(3 + 2 * depth, dim);
            check(std::abs(density - 1) < 0.5, "as many as fill the space");
        }
        // Those of a box that leans: each is of a point, and around the middle of the box none is missing.
        Images lean(dim, 3, 0, false, 5, 0.6);
        const Complex& tilted = lean.torus;
        std::vector<double> position(4000 * dim);
        std::vector<int32_t> point(4000), shift(4000 * dim);
        const int64_t count = tdaglass_images_around(dim, tilted.n(), tilted.position.data(), nullptr, tilted.box.data(), 2.0,
                                                     4000, position.data(), point.data(), shift.data());
        check(count > tilted.n() && count < 4000, "images of a box that leans");
        int near = 0;
        for (int64_t m = 0; m < count; m++) {
            double away = 0;
            for (int d = 0; d < dim; d++) {
                double x = tilted.position[point[m] * dim + d];
                for (int a = 0; a < dim; a++) x += shift[m * dim + a] * tilted.box[a * dim + d];
                check(std::abs(x - position[m * dim + d]) < 1e-12, "of a point");
                const double middle = 1.5 * (d + 1 < dim ? 1.6 : 1);
                away += (position[m * dim + d] - middle) * (position[m * dim + d] - middle);
            }
            near += away < 4;
        }
        const double ball = dim == 2 ? 4 * 3.14159 : 32 * 3.14159 / 3;
        check(std::abs(near / ball - 1) < 0.2, "as many as fill a ball");
    }
}

void images_too_few() {
    for (int dim : {2, 3}) {
        Images bare(dim, 3, 0, false, 1);
        check(std::isinf(bare.cut()), "no images");
        Images flat(dim, 3, 2, false, 1);
        for (size_t i = 0; i < flat.torus.position.size(); i += dim) flat.torus.position[i] = 1;
        flat.cut();
        check(flat.torus.levels[dim].count < (dim == 2 ? 2 * 9 : 6 * 27), "flat cells are left out");
        Images half(dim, 3, 2, false, 1);
        half.cells.resize(half.cells.size() / (2 * (dim + 1)) * (dim + 1));
        check(std::isinf(half.cut()), "cells that do not fill the box");
        Images nowhere(dim, 3, 2, false, 1);
        nowhere.cells.clear();
        check(std::isinf(nowhere.cut()) && nowhere.torus.levels[dim].count == 0, "no cells");
    }
}

void tetrahedra() {
    for (int dim : {2, 3}) {
        Complex open{dim, {}, {}, {}, std::vector<Level>(dim + 1), {}};
        for (int i = 0; i <= dim; i++)
            for (int d = 0; d < dim; d++) open.position.push_back(i == d + 1 ? 1 + 0.1 * d : 0);
        Level& cell = open.levels[dim];
        cell.count = 1;
        for (int i = 0; i <= dim; i++) cell.point.push_back(i);
        cell.shift.assign((dim + 1) * dim, 0);
        check(open.fill(), "a tetrahedron is not flat");
        std::vector<int64_t> alone(dim + 1);
        alone[0] = 1;
        check(open.essential() == alone, "a tetrahedron");
        check(open.levels[0].n_pairs == dim, "components");
        check(open.levels[dim - 1].ends.back() == 0 && open.part_of[0] == -1, "the void of a tetrahedron");
        const double radius_sq = dim == 2 ? (1 + 1.21) / 4 : (1 + 1.21 + 1.44) / 4;
        check(std::abs(open.levels[dim].value[0] - radius_sq) < 1e-12, "its sphere");
    }
}

void put_tree(std::vector<char>& out, const std::vector<int32_t>& vertices) {
    auto put = [&](auto number) {
        char bytes[sizeof number];
        std::memcpy(bytes, &number, sizeof number);
        out.insert(out.end(), bytes, bytes + sizeof number);
    };
    put((int32_t)vertices.size());
    for (int32_t vertex : vertices) put(vertex), put(std::numeric_limits<double>::quiet_NaN());
    for (size_t k = 0; k < vertices.size(); k++) put_tree(out, {vertices.begin() + (long)k + 1, vertices.end()});
}

// All faces of one cell as gudhi writes them; every shorter piece of it and many wrong ones.
void trees() {
    std::mt19937 random(3);
    for (int dim : {2, 3}) {
        std::vector<int32_t> vertices(dim + 1), cells(64 * (dim + 1));
        std::iota(vertices.begin(), vertices.end(), 5);
        std::vector<char> bytes(6);
        put_tree(bytes, vertices);
        auto read = [&](const std::vector<char>& from) {
            return tdaglass_read_tree(dim, from.data(), (int64_t)from.size(), cells.data(), 64);
        };
        check(read(bytes) == 1 && std::equal(vertices.begin(), vertices.end(), cells.begin()), "a tree");
        check(tdaglass_read_tree(dim, bytes.data(), (int64_t)bytes.size(), cells.data(), 0) == -1, "no room");
        for (size_t size = 0; size < bytes.size(); size++)
            check(read({bytes.begin(), bytes.begin() + (long)size}) == -1, "a piece of a tree");
        for (int k = 0; k < 20000; k++) {
            std::vector<char> wrong = bytes;
            for (int m = 0; m < 3; m++) wrong[random() % wrong.size()] = (char)random();
            const int64_t count = read(wrong);
            check(count >= -1 && count <= 64, "a wrong tree");
        }
    }
}

void no_memory() {
    for (int dim : {2, 3})
        check(tdaglass_pairs(dim, std::vector<int64_t>(dim + 1, (int64_t)1 << 61).data(),
                             std::vector<const double*>(dim + 1).data(), nullptr, nullptr, nullptr, nullptr, nullptr,
                             nullptr, nullptr, nullptr, nullptr) == -2,
              "more points than there is memory for");
}

}  // namespace

int main() {
    tetrahedra();
    images();
    images_too_few();
    trees();
    no_memory();
    const std::vector<int32_t> alone = tori();
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; k++) threads.emplace_back([&] { check(tori() == alone, "threads change nothing"); });
    for (std::thread& thread : threads) thread.join();
    return checking::verdict("complexes");
}
