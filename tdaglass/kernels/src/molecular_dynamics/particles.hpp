// The particles of one system, a row of four numbers each, in an order that keeps neighbours in space near in memory.
#pragma once
#include <bit>
#include <cstdint>
#include <vector>

#include "vectors/aligned.hpp"
#include "vectors/simd.hpp"

namespace tdaglass {

constexpr uint32_t ROW_BYTES = sizeof(Row);

struct Particles {
    int n = 0;             // particles
    int spare = 0;         // row that unused slots point at: the first beyond the last particle's vector
    int dimension = 0;
    double edge[4] = {1, 1, 1, 1};  // the fourth of nothing: it fills the row
    Aligned<int32_t> position;  // fraction of the box in units of 2^-32; in the fourth column what pairs ask for
    Aligned<int32_t> image;     // boxes crossed
    Aligned<float> velocity;
    Aligned<int32_t> force;     // in quanta
    Aligned<float> mass, half_kick;  // what a force quantum adds to a velocity in half a step
    std::vector<int32_t> index;     // in the caller's order
    std::vector<int32_t> kind;      // for neighbour lists

    void resize(int n_particles, int dim) {
        n = n_particles;
        dimension = dim;
        spare = (n + 3) / 4 * 4;
        size_t numbers = 4 * ((size_t)spare + 4);
        position.assign(numbers, 0);
        image.assign(numbers, 0);
        velocity.assign(numbers, 0);
        force.assign(numbers, 0);
        mass.assign(numbers, 1);
        half_kick.assign(numbers, 0);
        kind.assign(n, 0);
        index.resize(n);
        for (int i = 0; i < n; i++) index[i] = i;
    }

    // The species, or where pairs ask for it the diameter.
    int species(int i) const { return position[4 * (size_t)i + 3]; }
    float diameter(int i) const { return std::bit_cast<float>(position[4 * (size_t)i + 3]); }
    int32_t* spare_row() { return &position[4 * (size_t)spare]; }

    double volume() const { return edge[0] * edge[1] * (dimension == 3 ? edge[2] : 1); }

    // Length of one step of the fraction along an axis.
    float resolution(int axis) const { return (float)(edge[axis] * 0x1p-32); }

    // Bring the particles into the order of a permutation: row k becomes what row order[k] was.
    void reorder(const std::vector<int32_t>& order) {
        for (auto* rows : {&position, &image, &force}) permute(*rows, order, scratch_int);
        for (auto* rows : {&velocity, &mass, &half_kick}) permute(*rows, order, scratch_float);
        for (auto* numbers : {&index, &kind}) {
            std::vector<int32_t> renamed(n);
            for (int k = 0; k < n; k++) renamed[k] = (*numbers)[order[k]];
            numbers->swap(renamed);
        }
    }

   private:
    Aligned<int32_t> scratch_int;
    Aligned<float> scratch_float;

    template <class T>
    void permute(Aligned<T>& rows, const std::vector<int32_t>& order, Aligned<T>& scratch) {
        scratch = rows;
        for (int k = 0; k < n; k++) store(&scratch[4 * (size_t)k], load<Row>(&rows[4 * (size_t)order[k]]));
        rows.swap(scratch);
    }
};

}  // namespace tdaglass
