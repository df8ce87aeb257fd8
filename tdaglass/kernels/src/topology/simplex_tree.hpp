// Simplex trees as gudhi writes them out, which costs far less than to walk along them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>

namespace tdaglass {

// Of each node how many children it has, then of each child its vertex and its filtration value, then the same of the
// children, one after the other. `read` returns how many cells of dimension `dim` it wrote, or -1 if this is not such a
// tree; `cells` has room for `most` times dim + 1 vertices.
class TreeReader {
   public:
    TreeReader(const char* bytes, int64_t size, int dim, int32_t* cells, int64_t most)
        : at(bytes), end(bytes + size), dim(dim), cells(cells), most(most) {}

    int64_t read() {
        constexpr int HEADER = 6;
        if (end - at < HEADER) return -1;
        at += HEADER;
        return children(0) && at == end ? found : -1;
    }

   private:
    const char *at, *end;
    int dim;
    int32_t* cells;
    int64_t most, found = 0;
    int32_t path[8] = {};

    bool children(int depth) {
        constexpr int64_t CHILD = sizeof(int32_t) + sizeof(double);
        int32_t n;
        if (end - at < (int64_t)sizeof n) return false;
        std::memcpy(&n, at, sizeof n);
        at += sizeof n;
        if (n == 0) return true;
        if (n < 0 || depth > dim || end - at < n * CHILD) return false;
        const char* child = at;
        at += n * CHILD;
        for (int32_t k = 0; k < n; k++, child += CHILD) {
            std::memcpy(&path[depth], child, sizeof(int32_t));
            if (depth == dim) {
                if (found == most) return false;
                std::copy_n(path, dim + 1, cells + (dim + 1) * found++);
            }
            if (!children(depth + 1)) return false;
        }
        return true;
    }
};

}  // namespace tdaglass
