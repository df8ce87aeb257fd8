// What the checks of the loops without Python have in common: say what fails, go on, and count.
#pragma once
#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace checking {

inline std::atomic<int> failures = 0;  // checks may stand in threads

inline void check(bool holds, const char* what) {
    if (holds) return;
    std::printf("FAILED: %s\n", what);
    failures++;
}

// What `main` returns.
inline int verdict(const char* of) {
    if (failures)
        std::printf("%s: %d checks failed\n", of, failures.load());
    else
        std::printf("%s: all checks passed\n", of);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace checking
