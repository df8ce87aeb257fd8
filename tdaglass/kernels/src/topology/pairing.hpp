// Persistence pairs of a filtered complex of cells and their faces in space: of a box with periodic faces, of the convex
// hull of points, or of part of them. What matters is that no facet has more than two cells; the rest is outside.
#pragma once
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace tdaglass {

class Components {
   public:
    explicit Components(int64_t n) : parent(n) { std::iota(parent.begin(), parent.end(), 0); }

    int32_t find(int32_t x) {
        while (parent[x] != x) x = parent[x] = parent[parent[x]];
        return x;
    }
    void merge(int32_t root, int32_t into) { parent[root] = into; }

   private:
    std::vector<int32_t> parent;
};

// Ranks of simplices of one dimension, in the order in which they appear.
struct Order {
    std::vector<int32_t> simplex, rank;

    Order(int64_t n, const double* value) : simplex(n), rank(n) {
        std::iota(simplex.begin(), simplex.end(), 0);
        std::stable_sort(simplex.begin(), simplex.end(), [&](int32_t a, int32_t b) { return value[a] < value[b]; });
        for (int64_t r = 0; r < n; r++) rank[simplex[r]] = (int32_t)r;
    }
};

constexpr int32_t ALONE = -1;  // partner of a simplex that has none
using Partners = std::vector<int32_t>;

// The cells on both sides of each facet; ALONE for the outside.
inline Partners sides_of_facets(int dim, int64_t n_cells, const int32_t* facets_of, int64_t n_facets) {
    Partners sides(2 * n_facets, ALONE);
    for (int64_t i = 0; i < (dim + 1) * n_cells; i++) {
        int32_t* side = &sides[2 * (int64_t)facets_of[i]];
        side[side[0] == ALONE ? 0 : 1] = (int32_t)(i / (dim + 1));
    }
    return sides;
}

// Vertices and the edges that join two components: the younger one ends. The elder rule needs the vertices' order.
inline void pair_components(const Order& vertices, const Order& edges, const int32_t* ends, Partners& death_of_vertex,
                            Partners& birth_of_edge) {
    Components components(vertices.rank.size());
    for (int32_t e : edges.simplex) {
        int32_t a = components.find(ends[2 * (int64_t)e]), b = components.find(ends[2 * (int64_t)e + 1]);
        if (a == b) continue;
        if (vertices.rank[a] < vertices.rank[b]) std::swap(a, b);
        components.merge(a, b);
        death_of_vertex[a] = e, birth_of_edge[e] = a;
    }
}

// Cells and the facets that, seen backwards, join two of them, or one and the outside: a void ends with its last cell,
// and when its facet opens it is part of the void of another cell (or of the outside: ALONE).
inline void pair_voids(const Order& cells, const Order& facets, const Partners& sides, Partners& death_of_facet,
                       Partners& birth_of_cell, int32_t* part_of) {
    const int32_t outside = (int32_t)cells.rank.size();
    Components voids(outside + 1);
    auto rank = [&](int32_t cell) { return cell == outside ? outside : cells.rank[cell]; };
    for (auto f = facets.simplex.rbegin(); f != facets.simplex.rend(); ++f) {
        auto side = [&](int s) {
            const int32_t cell = sides[2 * (int64_t)*f + s];
            return voids.find(cell < 0 ? outside : cell);
        };
        int32_t a = side(0), b = side(1);
        if (a == b) continue;
        if (rank(a) > rank(b)) std::swap(a, b);
        voids.merge(a, b);
        death_of_facet[*f] = a, birth_of_cell[a] = *f;
        part_of[a] = b == outside ? ALONE : b;
    }
}

// Edges that open loops and the triangles that close them, by reducing the columns of those triangles that open no void.
// Coefficients are 0 and 1, as everywhere here.
inline void pair_loops(const Order& edges, const Order& triangles, const int32_t* edges_of, const Partners& birth_of_edge,
                       const Partners& death_of_triangle, Partners& death_of_edge, Partners& birth_of_triangle) {
    const int64_t n_edges = (int64_t)edges.rank.size();
    std::vector<int64_t> begin(n_edges, -1), end(n_edges);  // of the column that ends at an edge, by its rank
    std::vector<int32_t> columns, column, sum;              // ranks, falling
    for (int32_t t : triangles.simplex) {
        if (death_of_triangle[t] != ALONE) continue;
        column.clear();
        for (int f = 0; f < 3; f++) {
            const int32_t e = edges_of[3 * (int64_t)t + f];
            if (birth_of_edge[e] == ALONE) column.push_back(edges.rank[e]);
        }
        std::sort(column.begin(), column.end(), std::greater<>());
        // In small boxes an edge may be there twice.
        for (size_t k = 1; k < column.size(); k++)
            if (column[k] == column[k - 1]) column.erase(column.begin() + (k - 1), column.begin() + (k + 1)), k = 0;
        while (!column.empty() && begin[column[0]] >= 0) {
            const int32_t low = column[0];
            sum.clear();
            std::set_symmetric_difference(column.begin(), column.end(), columns.begin() + begin[low],
                                          columns.begin() + end[low], std::back_inserter(sum), std::greater<>());
            column.swap(sum);
        }
        if (column.empty()) continue;
        const int32_t low = column[0], e = edges.simplex[low];
        begin[low] = (int64_t)columns.size();
        columns.insert(columns.end(), column.begin(), column.end());
        end[low] = (int64_t)columns.size();
        death_of_edge[e] = t, birth_of_triangle[t] = e;
    }
}

}  // namespace tdaglass
