// A thread reads the chunks of one list, some of them ahead: from device memory they take hundreds of cycles.
#pragma once
#include "block_record.hpp"

namespace tdaglass {
namespace block {

struct Reader {
    const uint4* ahead;  // the chunk that is sent for next
    uint4* stage;        // own places in shared memory, where a card copies by itself
    int left;            // to be sent for
    u32 slot = 0;
    uint4 next = {}, second = {};  // where it does not

    FN Reader(const uint4* list, uint4* stage, int n_chunks) : ahead(list), stage(stage), left(n_chunks) {
        if (STAGES) {
            UNROLL for (int c = 0; c < STAGES - 1; c++) send_for((u32)c);
        } else {
            next = read(), second = read();
        }
    }

    // Chunks come in order.
    FN uint4 take() {
        if (STAGES) {
            const u32 n_stages = STAGES ? STAGES : 1;
            send_for((slot + n_stages - 1) % n_stages);
            wait_for_all_but_newest();
            const uint4 now = stage[slot * THREADS];
            slot = (slot + 1) % n_stages;
            return now;
        }
        const uint4 now = next;
        next = second, second = read();
        return now;
    }

   private:
    FN void send_for(u32 to) {
        if (left > 0) start_copy(stage + to * THREADS, ahead);
        end_group();
        ahead += 32, left--;
    }

    FN uint4 read() {
        uint4 chunk = {};
        if (left > 0) chunk = read_ahead(ahead);
        ahead += 32, left--;
        return chunk;
    }
};

}  // namespace block
}  // namespace tdaglass
