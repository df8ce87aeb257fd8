// A sum of whole numbers, lane by lane, that may be longer than a lane.
#pragma once
#include "vectors/simd.hpp"

namespace tdaglass {

class VirialSum {
   public:
    void add(Ints terms) {
        low += terms & 0xffff;
        high += terms >> 16;
    }

    // Call at least once after so many additions.
    static constexpr int64_t MOST = 1 << 14;

    void carry() {
        for (int k = 0; k < LANES; k++) total += (int64_t)high[k] * (1 << 16) + low[k];  // together longer than a lane
        low = high = Ints{};
    }

    int64_t whole() {
        carry();
        return total;
    }

   private:
    Ints low{}, high{};
    int64_t total = 0;
};

}  // namespace tdaglass
