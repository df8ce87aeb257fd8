// What this library was compiled for: one bit for each instruction set, in the order of processor.cpp.
#include <cstdint>

#ifdef __SSE4_2__
#define SSE42 1u
#else
#define SSE42 0u
#endif
#ifdef __POPCNT__
#define POPCNT 1u
#else
#define POPCNT 0u
#endif
#ifdef __AVX__
#define AVX 1u
#else
#define AVX 0u
#endif
#ifdef __AVX2__
#define AVX2 1u
#else
#define AVX2 0u
#endif
#ifdef __FMA__
#define FMA 1u
#else
#define FMA 0u
#endif
#ifdef __BMI__
#define BMI 1u
#else
#define BMI 0u
#endif
#ifdef __BMI2__
#define BMI2 1u
#else
#define BMI2 0u
#endif
#ifdef __AVX512F__
#define AVX512F 1u
#else
#define AVX512F 0u
#endif
#ifdef __AVX512DQ__
#define AVX512DQ 1u
#else
#define AVX512DQ 0u
#endif
#ifdef __AVX512BW__
#define AVX512BW 1u
#else
#define AVX512BW 0u
#endif
#ifdef __AVX512VL__
#define AVX512VL 1u
#else
#define AVX512VL 0u
#endif
#ifdef __AVX512CD__
#define AVX512CD 1u
#else
#define AVX512CD 0u
#endif

extern "C" {
extern const uint32_t tdaglass_needs;
extern const char* const tdaglass_instructions;
const uint32_t tdaglass_needs = SSE42 | POPCNT << 1 | AVX << 2 | AVX2 << 3 | FMA << 4 | BMI << 5 | BMI2 << 6 |
                                AVX512F << 7 | AVX512DQ << 8 | AVX512BW << 9 | AVX512VL << 10 | AVX512CD << 11;
const char* const tdaglass_instructions = AVX512F && AVX512DQ ? "AVX-512" : AVX2 ? "AVX2" : SSE42 ? "SSE4.2" : "SSE2";
}
