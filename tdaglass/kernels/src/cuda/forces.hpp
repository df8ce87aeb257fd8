// The force on a particle, in whole quanta: sums of them do not depend on their order, so that trajectories depend
// neither on the sorting of the particles nor on the lists, nor on how steps are divided into launches.
#pragma once
#include "lists.hpp"
#include "reader.hpp"

namespace tdaglass {
namespace block {

// 1.5 * 2^23: a number up to 2^22 that is added to it is rounded to a whole, which stands in the lower bits. That is
// cheaper than a conversion. Pairs whose strength is below Block::steepest are rounded so: their distance is either
// beyond the one where forces reach 2^22 quanta, or their force is a strength below 2^22 / distance over less than that.
constexpr float ROUNDING = 12582912.0f;

struct Sum {
    int force[AXES];
    float checked;  // magnitudes of what was added with a check, in quanta
};

// Less than this is added up with a check. Without one go chunks whose pairs are all below Block::watched, of which a
// whole list adds up to less than 2^30: together less than 2^31.
constexpr float MOST_CHECKED = 0x1p29f;

template <bool CUBIC>
struct ForceLoop {
    const Particles& p;
    const Block& b;
    Law law;
    int x[AXES];
    float ratio[AXES];

    FN ForceLoop(const Particles& p, const Places& place, int i)
        : p(p), b(p.block), law(p.block, p.s, BY_DIAMETER ? place.diameter(i) : 0.0f) {
        UNROLL for (int d = 0; d < DIM; d++) x[d] = place.get(i, d), ratio[d] = b.ratio[d];
    }

    // False if it is beyond what can be counted.
    FN bool force_on(int t, int i, int kind, int* force) const {
        const u32 ends = p.ends()[i];
        const int n_chunks = (int)((ends >> 24) + 1) / 2;
        const Pair* own = b.pair[kind];
        Reader reader(list_of(p, i), p.stage() + t, n_chunks);
        Pair first = own[0], second = own[0];
        Sum sum;
        UNROLL for (int d = 0; d < DIM; d++) sum.force[d] = 0;
        sum.checked = 0;
        KEEP_ROLLED for (int c = 0; c < n_chunks; c++) {
            uint4 chunk = reader.take();
            if (KINDS > 1) first = own[kind_of_four(2 * c, ends)], second = own[kind_of_four(2 * c + 1, ends)];
            Sum fast = sum;
            if (add_chunk(chunk, first, second, fast)) {
                sum = fast;
            } else {
                forget(chunk.x), forget(chunk.y), forget(chunk.z), forget(chunk.w);
                add_checked(chunk, own + kind_of_four(2 * c, ends), own + kind_of_four(2 * c + 1, ends), sum);
            }
        }
        const u32 roundings = 8 * (u32)n_chunks * (u32)bits_of(ROUNDING);
        UNROLL for (int d = 0; d < DIM; d++) force[d] = (int)((u32)sum.force[d] - roundings);
        return sum.checked < MOST_CHECKED;
    }

   private:
    FN Strength look_at(const Pair& c, u32 neighbor, float* along) const {
        int there[AXES];
        float sq = 0;
        load_place(p.shared, neighbor, there);
        UNROLL for (int d = 0; d < DIM; d++) {
            along[d] = (float)(int)((u32)x[d] - (u32)there[d]);
            if (!CUBIC && d) along[d] = along[d] * ratio[d];
            sq = d ? multiply_add(along[d], along[d], sq) : along[d] * along[d];
        }
        return law.strength(c, sq, BY_DIAMETER ? load_diameter(p.shared, p.address, neighbor) : 0.0f);
    }

    FN bool add_pair(const Pair& c, u32 neighbor, Sum& sum) const {
        float along[AXES];
        const Strength s = look_at(c, neighbor, along);
        UNROLL for (int d = 0; d < DIM; d++)
            sum.force[d] = (int)((u32)sum.force[d] + (u32)bits_of(multiply_add(s.whole, along[d], ROUNDING)));
        return s.steep < b.watched;
    }

    // Four neighbours with the coefficients `first`, and four with `second`. False if a check is needed.
    FN bool add_chunk(const uint4& chunk, const Pair& first, const Pair& second, Sum& sum) const {
        const u32 words[4] = {chunk.x, chunk.y, chunk.z, chunk.w};
        bool fine = true;
        UNROLL for (int e = 0; e < 4; e++) {
            const Pair& c = e < 2 ? first : second;
            fine &= add_pair(c, lower_address(words[e], p.address), sum);
            fine &= add_pair(c, upper_address(words[e], p.address), sum);
        }
        return fine;
    }

    // The same with a check, and with conversions where additions would not do.
    FN void add_checked(uint4 chunk, const Pair* first, const Pair* second, Sum& sum) const {
        KEEP_ROLLED for (int e = 0; e < 8; e++) {
            float along[AXES];
            const Strength s = look_at(e < 4 ? *first : *second, lower_address(chunk.x, p.address), along);
            UNROLL for (int d = 0; d < DIM; d++) {
                const float pull = s.whole * along[d];
                sum.checked += pull < 0 ? -pull : pull;
                const int quanta = s.steep < b.steepest ? bits_of(multiply_add(s.whole, along[d], ROUNDING))
                                                        : nearest(pull) + bits_of(ROUNDING);
                sum.force[d] = (int)((u32)sum.force[d] + (u32)quanta);
            }
            chunk.x = byte_pair(chunk.x, chunk.y), chunk.y = byte_pair(chunk.y, chunk.z);
            chunk.z = byte_pair(chunk.z, chunk.w), chunk.w = chunk.w >> 16;
        }
    }

   private:
    FN static int kind_of_four(int four, u32 ends) {
        int kind = 0;
        UNROLL for (int k = 0; k < KINDS - 1; k++) kind += four >= (int)(ends >> 8 * k & 255);
        return kind;
    }
};

}  // namespace block
}  // namespace tdaglass
