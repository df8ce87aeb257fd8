// Sixteen numbers, whatever the width of the processor's vectors, and functions of them in single precision.
#pragma once
#include <cstdint>

#include "simd.hpp"

namespace tdaglass {

constexpr int BUNDLE = 16;

typedef float Bundle __attribute__((vector_size(4 * BUNDLE)));
typedef int32_t BundleInts __attribute__((vector_size(4 * BUNDLE)));

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define TDAGLASS_BUNDLE_IS_A_VECTOR
#endif

INLINED inline Bundle all(float x) { return x - Bundle{}; }
INLINED inline BundleInts all(int32_t x) { return x - BundleInts{}; }

// a b + c
INLINED inline Bundle product_plus(const Bundle& a, const Bundle& b, const Bundle& c) {
#if defined(TDAGLASS_BUNDLE_IS_A_VECTOR)
    return (Bundle)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#else
    return a * b + c;
#endif
}

INLINED inline Bundle root_of(const Bundle& x) {
#if defined(TDAGLASS_BUNDLE_IS_A_VECTOR)
    return (Bundle)_mm512_sqrt_ps((__m512)x);
#else
    Bundle root;
    for (int k = 0; k < BUNDLE; k++) root[k] = __builtin_sqrtf(x[k]);
    return root;
#endif
}

// In every lane the number of the lane that is named there; names are taken modulo 16.
INLINED inline Bundle taken_from(const Bundle& x, const BundleInts& lane) {
#if defined(TDAGLASS_BUNDLE_IS_A_VECTOR)
    return (Bundle)_mm512_permutexvar_ps((__m512i)lane, (__m512)x);
#else
    Bundle taken;
    for (int k = 0; k < BUNDLE; k++) taken[k] = x[lane[k] & (BUNDLE - 1)];
    return taken;
#endif
}

// Where the mask is set x, elsewhere zero.
INLINED inline Bundle only(const BundleInts& mask, const Bundle& x) {
    return reinterpret_cast<Bundle>(mask & reinterpret_cast<BundleInts>(x));
}

INLINED inline bool every(const BundleInts& mask) {
    bool all_set = true;
    for (int k = 0; k < BUNDLE; k++) all_set = all_set && mask[k];
    return all_set;
}

INLINED inline Bundle between(const Bundle& x, float least, float most) {
    const Bundle above = x > least ? x : all(least);
    return above < most ? above : all(most);
}

// To the nearest whole number, of magnitudes below 2^22: adding this leaves no room for what is behind the point.
INLINED inline Bundle rounded_to_whole(const Bundle& x) { return (x + 12582912.0f) - 12582912.0f; }
INLINED inline BundleInts to_ints(const Bundle& x) { return __builtin_convertvector(x, BundleInts); }

// e^x for |x| < 87, to two units in the last place (Cephes).
INLINED inline Bundle exponential(const Bundle& x) {
    const Bundle power = rounded_to_whole(x * 1.44269504f);
    Bundle rest = product_plus(power, all(-0.693359375f), x);
    rest = product_plus(power, all(2.12194440e-4f), rest);
    Bundle sum = all(1.9875691500e-4f);
    for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f})
        sum = product_plus(sum, rest, all(c));
    sum = product_plus(sum, rest * rest, rest) + 1.0f;
    return reinterpret_cast<Bundle>(reinterpret_cast<BundleInts>(sum) + (to_ints(power) << 23));
}

// Natural logarithm of positive normal numbers (Cephes).
INLINED inline Bundle logarithm(const Bundle& x) {
    const BundleInts bits = reinterpret_cast<BundleInts>(x);
    // Mantissas from the root of one half to that of two.
    const BundleInts exponent = (bits - 0x3f3504f3) >> 23;
    const Bundle power = __builtin_convertvector(exponent, Bundle);
    const Bundle beyond = reinterpret_cast<Bundle>(bits - (exponent << 23)) - 1.0f;
    const Bundle square = beyond * beyond;
    Bundle sum = all(7.0376836292e-2f);
    for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                    2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f})
        sum = product_plus(sum, beyond, all(c));
    sum = sum * beyond * square;
    sum = product_plus(power, all(-2.12194440e-4f), sum);
    sum = product_plus(square, all(-0.5f), sum);
    return product_plus(power, all(0.693359375f), beyond + sum);
}

// Sine of 0 to pi/2, to 5e-9 of itself before rounding; zero at zero.
INLINED inline Bundle sine(const Bundle& x) {
    const Bundle square = x * x;
    Bundle sum = all(2.608933027e-6f);
    for (float c : {-1.981111293e-4f, 8.333088170e-3f, -1.666666046e-1f}) sum = product_plus(sum, square, all(c));
    return product_plus(sum * square, x, x);
}

}  // namespace tdaglass
