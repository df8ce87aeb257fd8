// Simplices of points in a periodic cell, and how they hang together.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tdaglass {

// `count` simplices of k + 1 vertices: points, ascending, and by how many boxes each is away from the first along every
// axis. A simplex and its images are one. In small boxes a point may occur more than once in a simplex.
template <int DIM>
struct Simplices {
    int k = 0;
    int64_t count = 0;
    const int32_t* point = nullptr;  // (count, k + 1)
    const int8_t* shift = nullptr;   // (count, k + 1, DIM)

    const int32_t* points_of(int64_t s) const { return point + s * (k + 1); }
    const int8_t* shifts_of(int64_t s) const { return shift + s * (k + 1) * DIM; }
};

// A face as its vertices; compared vertex by vertex.
template <int DIM>
struct Face {
    int32_t point[DIM];
    int8_t shift[DIM][DIM];

    auto operator<=>(const Face&) const = default;
};

// Faces of simplices, each once. `face_of`: for each simplex, face f (which lacks its vertex f) as a number.
// Returns how many there are; `point` and `shift` have room for (k + 1) times as many as simplices.
template <int DIM>
int64_t find_faces(const Simplices<DIM>& of, int64_t n_points, int32_t* point, int8_t* shift, int32_t* face_of) {
    const int k = of.k;
    std::vector<std::pair<Face<DIM>, int64_t>> all(of.count * (k + 1));
    std::vector<int64_t> start(n_points + 1);
    auto face = [&](int64_t s, int f) {
        Face<DIM> out{};
        const int32_t* points = of.points_of(s);
        const int8_t* shifts = of.shifts_of(s);
        const int first = f == 0;
        for (int v = 0, w = 0; v <= k; v++) {
            if (v == f) continue;
            out.point[w] = points[v];
            for (int d = 0; d < DIM; d++) out.shift[w][d] = (int8_t)(shifts[v * DIM + d] - shifts[first * DIM + d]);
            w++;
        }
        return out;
    };
    // Sorted by the first point all at once, within each by the rest.
    for (int64_t s = 0; s < of.count; s++)
        for (int f = 0; f <= k; f++) start[of.points_of(s)[f == 0] + 1]++;
    for (int64_t i = 0; i < n_points; i++) start[i + 1] += start[i];
    std::vector<int64_t> next(start.begin(), start.end() - 1);
    for (int64_t s = 0; s < of.count; s++)
        for (int f = 0; f <= k; f++) {
            Face<DIM> one = face(s, f);
            all[next[one.point[0]]++] = {one, s * (k + 1) + f};
        }
    int64_t count = -1;
    for (int64_t i = 0; i < n_points; i++) {
        std::sort(all.begin() + start[i], all.begin() + start[i + 1]);
        for (int64_t m = start[i]; m < start[i + 1]; m++) {
            const Face<DIM>& one = all[m].first;
            if (m == start[i] || one != all[m - 1].first) {
                count++;
                std::copy_n(one.point, k, point + count * k);
                std::memcpy(shift + count * k * DIM, one.shift, k * DIM);
            }
            face_of[all[m].second] = (int32_t)count;
        }
    }
    return count + 1;
}

}  // namespace tdaglass
