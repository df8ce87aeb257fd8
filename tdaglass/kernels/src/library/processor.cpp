// Whether this processor has the instructions that the library was compiled for. This file, and no other, is compiled
// for any processor, and is asked before anything else is called.
#include <cstdint>

extern "C" {

// Set by the files that are compiled for this machine; constants, so that no code runs to fill them in.
extern const char* const tdaglass_instructions;
extern const uint32_t tdaglass_needs;

const char* tdaglass_built_for() { return tdaglass_instructions; }

int tdaglass_runs_here() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int has[] = {__builtin_cpu_supports("sse4.2"),   __builtin_cpu_supports("popcnt"),
                       __builtin_cpu_supports("avx"),      __builtin_cpu_supports("avx2"),
                       __builtin_cpu_supports("fma"),      __builtin_cpu_supports("bmi"),
                       __builtin_cpu_supports("bmi2"),     __builtin_cpu_supports("avx512f"),
                       __builtin_cpu_supports("avx512dq"), __builtin_cpu_supports("avx512bw"),
                       __builtin_cpu_supports("avx512vl"), __builtin_cpu_supports("avx512cd")};
    constexpr unsigned known = sizeof has / sizeof *has;
    if (tdaglass_needs >> known) return 0;
    for (unsigned k = 0; k < known; k++)
        if ((tdaglass_needs >> k & 1) && !has[k]) return 0;
#endif
    return 1;
}
}
