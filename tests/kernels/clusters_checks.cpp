// The loops behind bonds and clusters without Python, for `make sanitize`: crystals and an icosahedron of known clusters,
// crowds, networks of anything, in one thread and in several.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "checking.hpp"
#include "clusters/types.hpp"

extern "C" {
int64_t tdaglass_find_bonds(int64_t, const double*, const double*, const double*, const int64_t*, const int32_t*,
                            int64_t, const double*, double, int64_t*, int32_t*, int64_t*) noexcept;
int64_t tdaglass_find_clusters(int64_t, const int64_t*, const int32_t*, int64_t, int64_t*, int32_t*, const int64_t*,
                               int32_t* const*) noexcept;
}

namespace {

using namespace tdaglass::clusters;
using checking::check;

struct System {
    std::vector<double> position;
    double edge;

    int64_t n() const { return (int64_t)position.size() / 3; }
};

struct Rows {
    std::vector<int64_t> start;
    std::vector<int32_t> neighbor;
    std::array<int64_t, 3> crowd{};
    int64_t status = 0;
};

Rows bonds(const System& of, double cutoff, double voronoi, bool two_species = false) {
    const double e = of.edge, vectors[9] = {e, 0, 0, 0, e, 0, 0, 0, e}, inverse[9] = {1 / e, 0, 0, 0, 1 / e, 0, 0, 0, 1 / e};
    const int64_t m = std::max<int64_t>(1, (int64_t)(e / (cutoff * 1.000001))), along[3] = {m, m, m};
    const double square = cutoff * cutoff, cutoff_sq[4] = {square, square, square, square};
    std::vector<int32_t> species(of.n());
    for (size_t i = 0; i < species.size(); i++) species[i] = (int32_t)i % 2;
    Rows rows;
    rows.start.resize(of.n() + 1), rows.neighbor.resize(MOST_BONDS * of.n());
    rows.status = tdaglass_find_bonds(of.n(), of.position.data(), vectors, inverse, along,
                                      two_species ? species.data() : nullptr, two_species ? 2 : 1, cutoff_sq, voronoi,
                                      rows.start.data(), rows.neighbor.data(), rows.crowd.data());
    if (rows.status >= 0) rows.neighbor.resize(rows.status);
    return rows;
}

struct Found {
    std::vector<int64_t> count;
    std::vector<int32_t> of_particle;
    int64_t status = 0;
};

// Twice: to count, and for the particles, some of which there is no room for.
Found clusters(const Rows& rows, int64_t most = 1 << 24) {
    const int64_t n = (int64_t)rows.start.size() - 1;
    Found found{std::vector<int64_t>(TYPES), std::vector<int32_t>(TYPES * n)};
    std::vector<int64_t> room(TYPES);
    found.status = tdaglass_find_clusters(n, rows.start.data(), rows.neighbor.data(), most, found.count.data(),
                                          found.of_particle.data(), room.data(), nullptr);
    if (found.status < 0) return found;
    std::vector<std::vector<int32_t>> particles(TYPES);
    std::vector<int32_t*> where;
    for (int t = 0; t < TYPES; t++) {
        room[t] = found.count[t] - found.count[t] / 3;
        particles[t].resize(room[t] * SIZE[t]);
        where.push_back(particles[t].data());
    }
    std::vector<int64_t> count(TYPES);
    std::vector<int32_t> of_particle(TYPES * n);
    tdaglass_find_clusters(n, rows.start.data(), rows.neighbor.data(), most, count.data(), of_particle.data(),
                           room.data(), where.data());
    check(count == found.count && of_particle == found.of_particle, "the same twice");
    for (int t = 0; t < TYPES; t++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < n; i++) sum += of_particle[t * n + i];
        check(sum == count[t] * SIZE[t], "as many particles as clusters have");
        for (int64_t k = 0; k < room[t]; k++)
            for (int a = 0; a < SIZE[t]; a++)
                for (int b = 0; b < a; b++)
                    check(particles[t][k * SIZE[t] + a] != particles[t][k * SIZE[t] + b], "each particle once");
    }
    return found;
}

System crystal(const std::vector<std::array<double, 3>>& basis, int repeats) {
    System of{{}, (double)repeats};
    for (int x = 0; x < repeats; x++)
        for (int y = 0; y < repeats; y++)
            for (int z = 0; z < repeats; z++)
                for (const auto& b : basis) of.position.insert(of.position.end(), {x + b[0], y + b[1], z + b[2]});
    return of;
}

System gas(int n, double edge, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> place(-edge, 2 * edge);
    System of{{}, edge};
    for (int i = 0; i < 3 * n; i++) of.position.push_back(place(random));
    return of;
}

void crystals() {
    const System fcc = crystal({{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}}, 4);
    const Rows rows = bonds(fcc, 1.1, 0.82);
    check(rows.status == 12 * fcc.n(), "twelve neighbours");
    const Found found = clusters(rows);
    check(found.count[FCC] == fcc.n() && found.count[HCP] == 0, "fcc");
    check(found.count[T6A] == fcc.n() && found.count[SP4C] == 3 * fcc.n(), "an octahedron for each");
    check(bonds(fcc, 1.1, 1.0).status == 18 * fcc.n(), "with the diagonals of squares");
    const System bcc = crystal({{0, 0, 0}, {.5, .5, .5}}, 5);
    check(clusters(bonds(bcc, 1.2, 0.82, true)).count[BCC_9] == bcc.n(), "a cube around each");
}

void icosahedron() {
    const double golden = (1 + std::sqrt(5.0)) / 2;
    System of{{0, 0, 0}, 30};
    for (int k = 0; k < 3; k++)
        for (double a : {-1., 1.})
            for (double b : {-golden, golden}) {
                double x[3] = {};
                x[(k + 1) % 3] = a, x[(k + 2) % 3] = b;
                of.position.insert(of.position.end(), x, x + 3);
            }
    const Found found = clusters(bonds(of, 3.2, 0.82));
    check(found.count[SP5C] == 12 && found.count[T12B] == 12 && found.count[T13A] == 1, "an icosahedron");
    check(found.count[T7T_A] == 120 && found.count[T11C] == 30 && found.count[T10B] == 20, "and what it is made of");
}

void crowds() {
    // Half a box wide, so that everybody is within everybody's cut-off.
    System of = gas(70, 0.1, 0);
    for (double& x : of.position) x += 1;
    of.edge = 10;
    Rows rows = bonds(of, 1, -1);
    check(rows.status == -4 && rows.crowd[2] == 1 && rows.crowd[1] == 69, "69 bonds are too many");
    of.position.resize(3 * 60);
    check(clusters(bonds(of, 1, -1)).count[SP3A] == 60 * 59 * 58 / 6, "of a complete graph all triangles");
    of.position.insert(of.position.end(), of.position.begin() + 3, of.position.begin() + 6);
    rows = bonds(of, 1, 1.0);
    check(rows.status == -4 && rows.crowd[2] == 2 && rows.crowd[0] + rows.crowd[1] == 61, "1 and 60 at the same place");
    check(bonds(gas(2000, 3.2, 1), 1, 0.82).status >= 0, "a dense gas");
    rows = bonds(gas(9000, 3.2, 1), 1, 0.82);
    check(rows.status == -4 && rows.crowd[2] == 0, "more than a thousand within the cut-off");
    check(clusters(bonds(gas(300, 6, 1), 1.2, -1), 10).status == -4, "more rings than allowed");
}

void inconsistent() {
    Rows one_sided{{0, 1, 1}, {1}}, itself{{0, 1, 1}, {0}}, falling{{0, 2, 3, 4}, {2, 1, 0, 0}}, none{{0}, {}};
    for (const Rows* rows : {&one_sided, &itself, &falling}) check(clusters(*rows).status == -5, "rows that are none");
    check(clusters(none).status == 0, "of no particles nothing");
}

// Networks that no points have, too.
void anything(unsigned seed) {
    std::mt19937 random(seed);
    for (double voronoi : {0.5, 0.82, 1.0, -1.0}) check(clusters(bonds(gas(500, 7, seed), 1.4, voronoi)).status == 0, "a gas");
    for (double share : {0.1, 0.3, 0.6}) {
        const int n = 40;
        std::vector<std::vector<int32_t>> near(n);
        for (int i = 0; i < n; i++)
            for (int j = i + 1; j < n; j++)
                if (std::uniform_real_distribution<double>()(random) < share) near[i].push_back(j), near[j].push_back(i);
        Rows rows{{0}, {}};
        for (auto& row : near) {
            std::sort(row.begin(), row.end());
            rows.neighbor.insert(rows.neighbor.end(), row.begin(), row.end());
            rows.start.push_back((int64_t)rows.neighbor.size());
        }
        check(clusters(rows).status == 0, "a random network");
    }
}

}  // namespace

int main() {
    crystals();
    icosahedron();
    crowds();
    inconsistent();
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 4; t++) threads.emplace_back([t] { anything(t), crystals(); });
    for (auto& thread : threads) thread.join();
    return checking::verdict("clusters");
}
