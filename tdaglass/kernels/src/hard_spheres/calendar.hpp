// Who does what next: one event for each particle, in a ring of buckets of time, the present one of which is a heap.
#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace tdaglass::hard_spheres {

struct Event {
    double time;
    int32_t partner;  // itself: the end of its neighbour list
    uint32_t stamp;   // collisions of the partner when this was predicted: after more of them it is void
};

class Calendar {
   public:
    std::vector<Event> events;

    // Empty, with room for n particles; `width` is the time that a bucket spans.
    void begin(int32_t n, double width, double now) {
        per_time = 1 / width;
        const uint64_t n_buckets = std::bit_ceil((uint64_t)std::clamp(4.0 * n, 64.0, 0x1p24));
        mask = (int64_t)n_buckets - 1;
        heads.assign(n_buckets + 1, NOBODY);
        events.resize(n), links.resize(n), heap.resize(n);
        heap_size = 0;
        current = (int64_t)(now * per_time);
    }

    void insert(int32_t i) {
        const double bucket = events[i].time * per_time;
        if (bucket < (double)(current + 1)) {
            rise(heap_size++, i);
        } else {
            // What is infinite, or no number, waits in the last one for ever.
            const bool later = !(bucket < (double)(current + mask + 1));
            hang(i, (int32_t)(later ? mask + 1 : (int64_t)bucket & mask));
        }
    }

    void remove(int32_t i) {
        const Link& link = links[i];
        if (link.bucket == IN_HEAP) {
            const int32_t last = heap[--heap_size], place = link.previous;
            if (last == i) return;
            if (place && events[heap[(place - 1) / 2]].time > events[last].time)
                rise(place, last);
            else
                sink(place, last);
            return;
        }
        (link.previous == NOBODY ? heads[link.bucket] : links[link.previous].next) = link.next;
        if (link.next != NOBODY) links[link.next].previous = link.previous;
    }

    // Whose event is the next before a time; NOBODY's if there is none.
    int32_t next_before(double time) {
        const int64_t last = (int64_t)(time * per_time);
        while (!heap_size) {
            if (current >= last) return NOBODY;
            turn_page();
        }
        return events[heap[0]].time < time ? heap[0] : NOBODY;
    }

    static constexpr int32_t NOBODY = -1;

   private:
    static constexpr int32_t IN_HEAP = -1;
    struct Link {
        int32_t next, previous, bucket;  // in the heap, `previous` is the place there
    };
    double per_time;
    int64_t current, mask;  // the bucket in the heap, by number since time zero
    std::vector<int32_t> heads;  // and of those that come after all buckets
    std::vector<Link> links;
    std::vector<int32_t> heap;
    int32_t heap_size = 0;

    void hang(int32_t i, int32_t bucket) {
        const int32_t next = heads[bucket];
        links[i] = {next, NOBODY, bucket};
        if (next != NOBODY) links[next].previous = i;
        heads[bucket] = i;
    }

    void turn_page() {
        current++;
        if (!(current & mask)) {
            int32_t i = heads[mask + 1];
            heads[mask + 1] = NOBODY;
            while (i != NOBODY) {
                const int32_t next = links[i].next;
                insert(i);
                i = next;
            }
        }
        int32_t& head = heads[current & mask];
        for (int32_t i = head; i != NOBODY;) {
            const int32_t next = links[i].next;
            rise(heap_size++, i);
            i = next;
        }
        head = NOBODY;
    }

    void put(int32_t place, int32_t i) {
        heap[place] = i;
        links[i].previous = place, links[i].bucket = IN_HEAP;
    }

    void rise(int32_t place, int32_t i) {
        for (; place; place = (place - 1) / 2) {
            const int32_t above = heap[(place - 1) / 2];
            if (events[above].time <= events[i].time) break;
            put(place, above);
        }
        put(place, i);
    }

    void sink(int32_t place, int32_t i) {
        for (int32_t below; (below = 2 * place + 1) < heap_size; place = below) {
            if (below + 1 < heap_size && events[heap[below + 1]].time < events[heap[below]].time) below++;
            if (events[heap[below]].time >= events[i].time) break;
            put(place, heap[below]);
        }
        put(place, i);
    }
};

}  // namespace tdaglass::hard_spheres
