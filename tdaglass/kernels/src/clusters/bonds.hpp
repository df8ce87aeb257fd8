// Bonds: nearer than a cut-off, and, by the modified Voronoi construction, with nobody in the way.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "clusters/types.hpp"

namespace tdaglass::clusters {

// So that squares of a perfect crystal, whose diagonals are ties, are told apart neither by rounding nor by luck.
constexpr double TIE = 1e-6;
// Within the cut-off of one particle.
constexpr size_t MOST_WITHIN = 1000;

struct Box {
    const double* vectors;  // (3, 3), lattice vectors as rows
    const double* inverse;  // (3, 3)

    // Of the difference of two positions, that of the nearest images, where they are near.
    void nearest(double* d) const {
        double shift[3];
        for (int a = 0; a < 3; a++)
            shift[a] = std::rint(d[0] * inverse[a] + d[1] * inverse[3 + a] + d[2] * inverse[6 + a]);
        for (int a = 0; a < 3; a++)
            d[a] -= shift[0] * vectors[a] + shift[1] * vectors[3 + a] + shift[2] * vectors[6 + a];
    }
};

// Cells no narrower than a reach, of which only those that hold particles take room: sorted by their number.
class Cells {
  public:
    Cells(int64_t n, const double* position, const Box& box, const int64_t* along) : along_(along), order_(n) {
        for (int64_t i = 0; i < n; i++) {
            const double* x = position + 3 * i;
            int64_t c[3];
            for (int a = 0; a < 3; a++) {
                double f = x[0] * box.inverse[a] + x[1] * box.inverse[3 + a] + x[2] * box.inverse[6 + a];
                f -= std::floor(f);
                c[a] = std::clamp<int64_t>((int64_t)(f * (double)along[a]), 0, along[a] - 1);
            }
            order_[i] = {number(c[0], c[1], c[2]), (Particle)i};
        }
        std::sort(order_.begin(), order_.end());
    }

    // visit(particles of a cell, particles of that and the surrounding cells).
    template <class Visit>
    void each_cell(Visit visit) const {
        std::vector<Particle> here, around;
        for (size_t begin = 0, end; begin < order_.size(); begin = end) {
            const int64_t cell = order_[begin].cell;
            for (end = begin; end < order_.size() && order_[end].cell == cell;) end++;
            here.clear(), around.clear();
            for (size_t k = begin; k < end; k++) here.push_back(order_[k].particle);
            const int64_t c[3] = {cell / (along_[1] * along_[2]), cell / along_[2] % along_[1], cell % along_[2]};
            int64_t steps[3][3];
            int count[3];
            for (int a = 0; a < 3; a++) count[a] = beside(c[a], along_[a], steps[a]);
            for (int x = 0; x < count[0]; x++)
                for (int y = 0; y < count[1]; y++)
                    for (int z = 0; z < count[2]; z++) gather(number(steps[0][x], steps[1][y], steps[2][z]), around);
            visit(here, around);
        }
    }

  private:
    struct Placed {
        int64_t cell;
        Particle particle;
        auto operator<=>(const Placed&) const = default;
    };

    int64_t number(int64_t x, int64_t y, int64_t z) const { return (x * along_[1] + y) * along_[2] + z; }

    // Cells before, at and after c along one axis, each once where there are fewer than three.
    static int beside(int64_t c, int64_t along, int64_t* steps) {
        int count = 0;
        for (int64_t d = -1; d <= 1 && count < along; d++) steps[count++] = (c + d + along) % along;
        return count;
    }

    void gather(int64_t cell, std::vector<Particle>& around) const {
        auto at = std::lower_bound(order_.begin(), order_.end(), Placed{cell, 0});
        for (; at != order_.end() && at->cell == cell; ++at) around.push_back(at->particle);
    }

    const int64_t* along_;
    std::vector<Placed> order_;
};

// What stops the search: a particle with more than MOST_WITHIN others within the cut-off, one with more than MOST_BONDS,
// or one at the same place as another. The number is how many, or the other one.
struct Crowd {
    enum Kind : int64_t { WITHIN, BONDS, SAME_PLACE };
    int64_t particle = -1, number = 0;
    Kind kind = WITHIN;
};

struct Bonding {
    int64_t n;
    const double* position;
    Box box;
    const int64_t* along;    // cells along each lattice vector
    const int32_t* species;  // or null
    int64_t n_species;
    const double* cutoff_sq;  // (species, species)
    double voronoi;           // parameter f_c; none if negative

    struct Near {
        double distance_sq, d[3];
        Particle particle;
        auto operator<=>(const Near& other) const { return distance_sq <=> other.distance_sq; }
    };

    double reach_sq(Particle i, Particle j) const {
        return species ? cutoff_sq[species[i] * n_species + species[j]] : cutoff_sq[0];
    }

    bool look(Particle i, const std::vector<Particle>& around, std::vector<Near>& near, Crowd& crowd) const {
        near.clear();
        for (Particle j : around) {
            Near one{0, {}, j};
            for (int a = 0; a < 3; a++) one.d[a] = position[3 * j + a] - position[3 * i + a];
            box.nearest(one.d);
            one.distance_sq = one.d[0] * one.d[0] + one.d[1] * one.d[1] + one.d[2] * one.d[2];
            if (!(one.distance_sq < reach_sq(i, j)) || i == j) continue;
            if (one.distance_sq == 0) return crowd = {i, j, Crowd::SAME_PLACE}, false;
            near.push_back(one);
            if (near.size() > MOST_WITHIN) return crowd = {i, (int64_t)near.size(), Crowd::WITHIN}, false;
        }
        std::sort(near.begin(), near.end());
        return true;
    }

    // Whether none of those nearer to i than j stands in the way, be they kept themselves or not.
    bool keeps(const std::vector<Near>& near, size_t j) const {
        if (voronoi < 0) return true;
        const Near& far = near[j];
        for (size_t k = 0; k < j && near[k].distance_sq < far.distance_sq; k++) {
            double apart_sq = 0;
            for (int a = 0; a < 3; a++) {
                const double d = far.d[a] - near[k].d[a];
                apart_sq += d * d;
            }
            if (far.distance_sq > (voronoi + TIE) * (near[k].distance_sq + apart_sq)) return false;
        }
        return true;
    }

    // Fills start (n + 1,) and neighbor, which has room for MOST_BONDS for each: i and j are bonded if one keeps the
    // other. Returns false for a crowd.
    bool find(int64_t* start, Particle* neighbor, Crowd& crowd) const {
        std::vector<int64_t> kept;  // i * n + j, i < j
        std::vector<Near> near;
        Cells(n, position, box, along).each_cell([&](const auto& here, const auto& around) {
            for (Particle i : here) {
                if (crowd.particle >= 0 || !look(i, around, near, crowd)) return;
                int64_t bonds = 0;
                for (size_t j = 0; j < near.size(); j++) {
                    if (!keeps(near, j)) continue;
                    const int64_t a = std::min(i, near[j].particle), b = std::max(i, near[j].particle);
                    kept.push_back(a * n + b), bonds++;
                }
                if (bonds > MOST_BONDS) crowd = {i, bonds, Crowd::BONDS};
            }
        });
        if (crowd.particle >= 0) return false;
        std::sort(kept.begin(), kept.end());
        kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
        std::fill_n(start, n + 1, 0);
        for (int64_t pair : kept) start[pair / n + 1]++, start[pair % n + 1]++;
        for (int64_t i = 0; i < n; i++) {
            if (start[i + 1] > MOST_BONDS) return crowd = {i, start[i + 1], Crowd::BONDS}, false;
            start[i + 1] += start[i];
        }
        // Pairs are sorted, so that every row fills up in ascending order: lower particles first.
        std::vector<int64_t> next(start, start + n);
        for (int64_t pair : kept) neighbor[next[pair % n]++] = (Particle)(pair / n);
        for (int64_t pair : kept) neighbor[next[pair / n]++] = (Particle)(pair % n);
        return true;
    }
};

}  // namespace tdaglass::clusters
