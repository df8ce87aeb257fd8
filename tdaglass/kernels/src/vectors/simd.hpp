// Vectors as wide as the processor that this is compiled for: 16, 8 or 4 numbers.
// GCC's and Clang's vector extensions throughout; the few instructions they cannot express have a portable twin.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tdaglass {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
constexpr int LANES = 16;
#elif defined(__AVX2__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef int16_t Shorts __attribute__((vector_size(4 * LANES)));  // two in each lane
typedef int32_t Row __attribute__((vector_size(16)));  // x, y, z and species of one particle
typedef double HalfDoubles __attribute__((vector_size(4 * LANES)));
typedef float HalfFloats __attribute__((vector_size(2 * LANES)));

// Where a call would cost more than what it does, and compilers, which weigh the size of a whole file, cannot tell.
#define INLINED __attribute__((always_inline))

template <class Vector, class T>
inline Vector load(const T* from) {
    Vector v;
    std::memcpy(&v, from, sizeof v);
    return v;
}

template <class Vector, class T>
inline void store(T* to, Vector v) {
    std::memcpy(to, &v, sizeof v);
}

inline Floats splat(float x) { return x - Floats{}; }
inline Ints splat(int32_t x) { return x - Ints{}; }
inline Floats as_floats(Ints x) { return reinterpret_cast<Floats>(x); }
inline Ints as_ints(Floats x) { return reinterpret_cast<Ints>(x); }
inline Ints as_ints(Shorts x) { return reinterpret_cast<Ints>(x); }
inline Shorts as_shorts(Ints x) { return reinterpret_cast<Shorts>(x); }
inline Floats to_floats(Ints x) { return __builtin_convertvector(x, Floats); }

// In every lane one of four numbers, which stand once in each four lanes.
inline Floats choose(Floats four, Ints which) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Floats)_mm512_permutevar_ps((__m512)four, (__m512i)which);
#elif defined(__AVX2__)
    return (Floats)_mm256_permutevar_ps((__m256)four, (__m256i)which);
#else
    Floats out;
    for (int k = 0; k < LANES; k++) out[k] = four[which[k]];
    return out;
#endif
}

// In every lane the number at its place in a table.
inline Floats gather(const float* table, Ints at) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Floats)_mm512_i32gather_ps((__m512i)at, table, 4);
#elif defined(__AVX2__)
    return (Floats)_mm256_i32gather_ps(table, (__m256i)at, 4);
#else
    Floats out;
    for (int k = 0; k < LANES; k++) out[k] = table[at[k]];
    return out;
#endif
}

// Where the mask is set a, elsewhere b; of zero, a single instruction.
inline Floats select(Ints mask, Floats a, Floats b) { return mask ? a : b; }
inline Floats where(Ints mask, Floats a) { return as_floats(mask & as_ints(a)); }
inline Floats magnitude(Floats x) { return as_floats(as_ints(x) & splat(INT32_MAX)); }

// To the nearest integer; beyond the range, the smallest one.
inline Ints round_to_int(Floats x) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Ints)_mm512_cvtps_epi32((__m512)x);
#elif defined(__AVX2__)
    return (Ints)_mm256_cvtps_epi32((__m256)x);
#elif defined(__SSE2__)
    return (Ints)_mm_cvtps_epi32((__m128)x);
#else
    Ints out;
    for (int k = 0; k < LANES; k++)
        out[k] = std::fabs(x[k]) < 2147483648.0f ? (int32_t)std::nearbyint(x[k]) : INT32_MIN;
    return out;
#endif
}

// a b + c and a b - c, rounded once where the processor can. Compiled with -ffp-contract=off, so that no other product
// is: the same formula gives the same bits wherever it stands.
inline Floats multiply_add(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (Floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b + c;
#endif
}

inline Floats multiply_subtract(Floats a, Floats b, Floats c) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Floats)_mm512_fmsub_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && defined(__FMA__)
    return (Floats)_mm256_fmsub_ps((__m256)a, (__m256)b, (__m256)c);
#else
    return a * b - c;
#endif
}

inline Floats square_root(Floats x) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return (Floats)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
    return (Floats)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (Floats)_mm_sqrt_ps((__m128)x);
#else
    Floats out;
    for (int k = 0; k < LANES; k++) out[k] = std::sqrt(x[k]);
    return out;
#endif
}

// Upper halves of products.
inline Shorts high_products(Shorts a, Shorts b) {
#if defined(__AVX512BW__) && defined(__AVX512DQ__)
    return (Shorts)_mm512_mulhi_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__) && !(defined(__AVX512F__) && defined(__AVX512DQ__))
    return (Shorts)_mm256_mulhi_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__) && !defined(__AVX2__)
    return (Shorts)_mm_mulhi_epi16((__m128i)a, (__m128i)b);
#else
    Shorts out;
    for (int k = 0; k < 2 * LANES; k++) out[k] = (int16_t)((int32_t)a[k] * b[k] >> 16);
    return out;
#endif
}

// In each lane, of its two numbers.
inline Ints sums_of_squares(Shorts x) {
#if defined(__AVX512BW__) && defined(__AVX512DQ__)
    return (Ints)_mm512_madd_epi16((__m512i)x, (__m512i)x);
#elif defined(__AVX2__) && !(defined(__AVX512F__) && defined(__AVX512DQ__))
    return (Ints)_mm256_madd_epi16((__m256i)x, (__m256i)x);
#elif defined(__SSE2__) && !defined(__AVX2__)
    return (Ints)_mm_madd_epi16((__m128i)x, (__m128i)x);
#else
    Ints low = as_ints(x) << 16 >> 16, high = as_ints(x) >> 16;
    return low * low + high * high;
#endif
}

// One bit for each lane of a mask.
inline unsigned bits(Ints mask) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    return _mm512_movepi32_mask((__m512i)mask);
#elif defined(__AVX2__)
    return _mm256_movemask_ps((__m256)mask);
#elif defined(__SSE2__)
    return _mm_movemask_ps((__m128)mask);
#else
    unsigned out = 0;
    for (int k = 0; k < LANES; k++) out |= (mask[k] < 0 ? 1u : 0u) << k;
    return out;
#endif
}

#if defined(__AVX2__) && !(defined(__AVX512F__) && defined(__AVX512DQ__))
// For every mask of eight lanes the lanes that are set, in order, a byte each.
struct LanesOfMask {
    uint64_t packed[256] = {};
    constexpr LanesOfMask() {
        for (int mask = 0; mask < 256; mask++)
            for (int lane = 0, n = 0; lane < 8; lane++)
                if (mask >> lane & 1) packed[mask] |= (uint64_t)lane << 8 * n++;
    }
};
inline constexpr LanesOfMask LANES_OF_MASK;
#endif

// Write the lanes whose bit is set, one after the other, and return the end; up to LANES are overwritten.
inline int32_t* append(int32_t* out, Ints values, unsigned mask) {
#if defined(__AVX512F__) && defined(__AVX512DQ__)
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32((__mmask16)mask, (__m512i)values));
    return out + __builtin_popcount(mask);
#elif defined(__AVX2__)
    __m256i lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)LANES_OF_MASK.packed[mask]));
    _mm256_storeu_si256((__m256i*)out, _mm256_permutevar8x32_epi32((__m256i)values, lanes));
    return out + __builtin_popcount(mask);
#else
    for (; mask; mask &= mask - 1) *out++ = values[__builtin_ctz(mask)];
    return out;
#endif
}

inline int32_t sum(Ints x) {
    uint32_t total = 0;  // wraps round where a signed sum would be undefined
    for (int k = 0; k < LANES; k++) total += (uint32_t)x[k];
    return (int32_t)total;
}

inline double sum(Floats x) {
    double total = 0;
    for (int k = 0; k < LANES; k++) total += x[k];
    return total;
}

// The largest of numbers that are not negative.
inline float largest(Floats x) {
    float most = 0;
    for (int k = 0; k < LANES; k++) most = x[k] > most ? x[k] : most;
    return most;
}

// Within every 128 bits: 32-bit (low or high) and 64-bit interleaving of two vectors.
constexpr int from_block(int lane, const int (&order)[4]) {
    int k = order[lane % 4];
    return lane / 4 * 4 + k % 4 + (k < 4 ? 0 : LANES);
}
constexpr int LOW[4] = {0, 4, 1, 5}, HIGH[4] = {2, 6, 3, 7}, LOW_PAIRS[4] = {0, 1, 4, 5}, HIGH_PAIRS[4] = {2, 3, 6, 7};

#define TDAGLASS_INTERLEAVE(name, order)                                        \
    template <size_t... k>                                                      \
    inline Ints name(Ints a, Ints b, std::index_sequence<k...>) {               \
        return __builtin_shufflevector(a, b, from_block((int)k, order)...);     \
    }                                                                           \
    inline Ints name(Ints a, Ints b) { return name(a, b, std::make_index_sequence<LANES>{}); }
TDAGLASS_INTERLEAVE(low, LOW)
TDAGLASS_INTERLEAVE(high, HIGH)
TDAGLASS_INTERLEAVE(low_pairs, LOW_PAIRS)
TDAGLASS_INTERLEAVE(high_pairs, HIGH_PAIRS)
#undef TDAGLASS_INTERLEAVE

// Four, eight or sixteen rows, each so many bytes from the first, as their columns.
struct Columns {
    Ints x, y, z, species;
};

inline Columns load_rows(const int32_t* rows, const uint32_t* offsets) {
    Ints q[4];
    for (int k = 0; k < 4; k++) {
        auto row = [&](int block) { return load<Row>((const char*)rows + offsets[k + 4 * block]); };
#if defined(__AVX512F__) && defined(__AVX512DQ__)
        auto left = __builtin_shufflevector(row(0), row(1), 0, 1, 2, 3, 4, 5, 6, 7);
        auto right = __builtin_shufflevector(row(2), row(3), 0, 1, 2, 3, 4, 5, 6, 7);
        q[k] = __builtin_shufflevector(left, right, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif defined(__AVX2__)
        q[k] = __builtin_shufflevector(row(0), row(1), 0, 1, 2, 3, 4, 5, 6, 7);
#else
        q[k] = row(0);
#endif
    }
    Ints a = low(q[0], q[1]), b = low(q[2], q[3]), c = high(q[0], q[1]), d = high(q[2], q[3]);
    return {low_pairs(a, b), high_pairs(a, b), low_pairs(c, d), high_pairs(c, d)};
}

// The inverse: rows k, k + 4, ... stand in vector k.
struct Rows {
    Ints vector[4];

    Rows(Ints x, Ints y, Ints z) {
        Ints zero{};
        Ints a = low(x, y), b = low(z, zero), c = high(x, y), d = high(z, zero);
        vector[0] = low_pairs(a, b), vector[1] = high_pairs(a, b);
        vector[2] = low_pairs(c, d), vector[3] = high_pairs(c, d);
    }

    // Add them to rows so many bytes from the first; any that occurs twice would be wrong.
    void add_to(int32_t* rows, const uint32_t* offsets) const {
        for (int k = 0; k < 4; k++) {
            Row blocks[LANES / 4];
            std::memcpy(blocks, &vector[k], sizeof blocks);
            for (int block = 0; block < LANES / 4; block++) {
                char* row = (char*)rows + offsets[k + 4 * block];
                store(row, load<Row>(row) + blocks[block]);
            }
        }
    }

    Row sum() const {
        Ints total = (vector[0] + vector[1]) + (vector[2] + vector[3]);
        Row blocks[LANES / 4], all{};
        std::memcpy(blocks, &total, sizeof blocks);
        for (Row block : blocks) all += block;
        return all;
    }
};

}  // namespace tdaglass
