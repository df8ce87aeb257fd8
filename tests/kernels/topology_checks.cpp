// The loops behind complexes without Python, for `make sanitize`: tori and tetrahedra of known homology, trees of bytes
// good and bad, in one thread and in several.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

extern "C" {
int64_t tdaglass_read_tree(int64_t, const char*, int64_t, int32_t*, int64_t) noexcept;
int64_t tdaglass_cells_of_box(int64_t, int64_t, const double*, const double*, const double*, const int32_t*,
                              const int32_t*, int64_t, const int32_t*, int32_t*, int8_t*, double*) noexcept;
int64_t tdaglass_find_faces(int64_t, int64_t, int64_t, int64_t, const int32_t*, const int8_t*, int32_t*, int8_t*,
                            int32_t*) noexcept;
int64_t tdaglass_cell_values(int64_t, int64_t, const double*, const double*, const double*, int64_t, const int32_t*,
                             const int8_t*, double*) noexcept;
int64_t tdaglass_face_values(int64_t, int64_t, int64_t, const double*, const double*, const double*, int64_t,
                             const int32_t*, const int8_t*, int64_t, const int32_t*, const int8_t*, const int32_t*,
                             const double*, double*, int32_t*) noexcept;
int64_t tdaglass_pairs(int64_t, const int64_t*, const double* const*, const int32_t* const*, int32_t* const*,
                       int32_t* const*, int32_t*) noexcept;
}

namespace {

std::atomic<int> failures = 0;

void check(bool holds, const char* what) {
    if (holds) return;
    std::printf("FAILED: %s\n", what);
    failures++;
}

struct Level {
    std::vector<int32_t> point, faces, because_of, death, birth;
    std::vector<int8_t> shift;
    std::vector<double> value;
    int64_t count = 0;
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

    void fill() {
        for (int k = dim; k > 0; k--) {
            Level &of = levels[k], &to = levels[k - 1];
            to.point.resize(of.count * (k + 1) * k);
            to.shift.resize(to.point.size() * dim);
            of.faces.resize(of.count * (k + 1));
            to.count = tdaglass_find_faces(dim, k, n(), of.count, of.point.data(), of.shift.data(), to.point.data(),
                                           to.shift.data(), of.faces.data());
        }
        Level& cells = levels[dim];
        cells.value.resize(cells.count);
        tdaglass_cell_values(dim, n(), position.data(), weights(), edges(), cells.count, cells.point.data(),
                             cells.shift.data(), cells.value.data());
        for (int k = dim - 1; k >= 0; k--) {
            Level &level = levels[k], &above = levels[k + 1];
            level.value.resize(level.count), level.because_of.resize(level.count);
            tdaglass_face_values(dim, k, n(), position.data(), weights(), edges(), level.count, level.point.data(),
                                 level.shift.data(), above.count, above.point.data(), above.shift.data(),
                                 above.faces.data(), above.value.data(), level.value.data(), level.because_of.data());
            for (size_t f = 0; f < above.faces.size(); f++)
                check(level.value[above.faces[f]] <= above.value[f / (k + 2)], "faces come first");
        }
        std::vector<int64_t> counts;
        std::vector<const double*> values;
        std::vector<const int32_t*> faces;
        std::vector<int32_t*> deaths, births;
        for (Level& level : levels) {
            level.death.resize(level.count), level.birth.resize(level.count);
            counts.push_back(level.count), values.push_back(level.value.data()), faces.push_back(level.faces.data());
            deaths.push_back(level.death.data()), births.push_back(level.birth.data());
        }
        part_of.resize(cells.count);
        check(tdaglass_pairs(dim, counts.data(), values.data(), faces.data(), deaths.data(), births.data(),
                             part_of.data()) == 0,
              "pairs");
    }

    // Simplices that begin what never ends, and that partners name each other.
    std::vector<int64_t> essential() const {
        std::vector<int64_t> alone(dim + 1);
        for (int k = 0; k <= dim; k++)
            for (int64_t s = 0; s < levels[k].count; s++) {
                const int32_t ends = levels[k].death[s], begins = levels[k].birth[s];
                check(ends < 0 || begins < 0, "a simplex begins or ends");
                check(ends < 0 || (levels[k + 1].birth[ends] == s && levels[k].value[s] <= levels[k + 1].value[ends]),
                      "partners");
                alone[k] += ends < 0 && begins < 0;
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

    Images(int dim, int edge, int reach, bool weighted, unsigned seed) : torus{dim, {}, {}, {}, {}, {}} {
        std::mt19937 random(seed);
        std::uniform_real_distribution<double> jitter(0.0, 0.2);
        const int sites = (int)std::pow(edge, dim), wide = edge + 2 * reach;
        torus.box.assign(dim, edge);
        torus.levels.resize(dim + 1);
        for (int i = 0; i < sites; i++) {
            for (int d = 0, rest = i; d < dim; d++, rest /= edge) torus.position.push_back(rest % edge + jitter(random));
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
            for (bool weighted : {false, true}) {
                Images images(dim, edge, 2, weighted, 7);
                check(images.cut() < 2 * dim, "spheres of a lattice are small");
                Complex& torus = images.torus;
                torus.fill();
                const int64_t sites = torus.n();
                const std::vector<int64_t> counts =
                    dim == 2 ? std::vector<int64_t>{1, 3, 2} : std::vector<int64_t>{1, 7, 12, 6};
                for (int k = 0; k <= dim; k++) check(torus.levels[k].count == counts[k] * sites, "simplices of a torus");
                check(torus.essential() == (dim == 2 ? std::vector<int64_t>{1, 2, 1} : std::vector<int64_t>{1, 3, 3, 1}),
                      "a torus");
                for (const Level& level : torus.levels) {
                    all.insert(all.end(), level.death.begin(), level.death.end());
                    all.insert(all.end(), level.because_of.begin(), level.because_of.end());
                }
                all.insert(all.end(), torus.part_of.begin(), torus.part_of.end());
            }
    return all;
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
        open.fill();
        std::vector<int64_t> alone(dim + 1);
        alone[0] = 1;
        check(open.essential() == alone, "a tetrahedron");
        check(std::count(open.levels[0].death.begin(), open.levels[0].death.end(), -1) == 1, "components");
        check(open.levels[dim].birth[0] >= 0 && open.part_of[0] == -1, "the void of a tetrahedron");
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
        check(tdaglass_find_faces(dim, dim, (int64_t)1 << 61, 0, nullptr, nullptr, nullptr, nullptr, nullptr) == -2,
              "more points than there is memory for");
}

}  // namespace

int main() {
    tetrahedra();
    images_too_few();
    trees();
    no_memory();
    const std::vector<int32_t> alone = tori();
    std::vector<std::thread> threads;
    for (int k = 0; k < 4; k++) threads.emplace_back([&] { check(tori() == alone, "threads change nothing"); });
    for (std::thread& thread : threads) thread.join();
    std::printf(failures ? "%d checks of complexes failed\n" : "all checks of complexes passed\n", failures.load());
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
