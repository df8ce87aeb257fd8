// Chains of three 7A, each with one spindle of the next (11E), and rings of four (12D).
#pragma once
#include "clusters/pentagonal.hpp"

namespace tdaglass::clusters {

// All particles of some 7A, if there are K of them.
template <size_t K, size_t M>
bool union_of(const Rings& rings, const std::array<int32_t, M>& ids, Cluster<K>& all) {
    size_t k = 0;
    for (int32_t id : ids)
        for (Particle p : rings.c5[id].particles()) {
            if (std::find(all.begin(), all.begin() + k, p) != all.begin() + k) continue;
            if (k == K) return false;
            all[k++] = p;
        }
    return k == K;
}

class Chains {
  public:
    Chains(const Index& index, Tally& tally) : index_(index), tally_(tally) {}

    void find(const std::vector<Nine>& nines) {
        for (const Nine& nine : nines) {
            find_from(nine.common, nine.one, nine.two);
            find_from(nine.common, nine.two, nine.one);
        }
        count<11>(T11E, threes_);
        count<12>(T12D, fours_);
    }

  private:
    // The middle and one end have s_c in common and make a 9B. The other end has the middle's other spindle s_m and,
    // as its own other spindle, a particle s_k of the 9B; its ring holds s_c, the first end's s_e, one of the four shell
    // particles that only one of the rings of the 9B has, and two new ones.
    void find_from(Particle s_c, int32_t middle, int32_t end) {
        const auto &m = index_.rings.c5[middle], &e = index_.rings.c5[end];
        const Particle s_m = m.other_spindle(s_c), s_e = e.other_spindle(s_c);
        for (int32_t last : index_.c5_of_spindle[s_m]) {
            const auto& k = index_.rings.c5[last];
            const Particle s_k = k.other_spindle(s_m);
            if (s_k == s_e || s_k == s_c || !(m.holds(s_k) || e.holds(s_k)) || !k.holds(s_c) || !k.holds(s_e)) continue;
            int old = 0, common = 0;
            for (Particle p : k.ring) {
                if (p == s_c || p == s_e) continue;
                old += m.holds(p) != e.holds(p), common += m.holds(p) && e.holds(p);
            }
            if (old != 1 || common) continue;
            threes_.push_back({std::min(end, last), middle, std::max(end, last)});
            close(s_c, s_m, s_e, s_k, {middle, end, last});
        }
    }

    // A fourth 7A with the spindles of both ends, whose ring holds the other two, two more of the 11E and a new one.
    void close(Particle s_c, Particle s_m, Particle s_e, Particle s_k, const std::array<int32_t, 3>& chain) {
        Cluster<11> eleven;
        if (!union_of(index_.rings, chain, eleven)) return;
        for (int32_t last : index_.c5_of_spindle[s_e]) {
            const auto& q = index_.rings.c5[last];
            if (!q.has_spindle(s_k) || !q.holds(s_c) || !q.holds(s_m)) continue;
            int old = 0;
            for (Particle p : q.ring) old += std::find(eleven.begin(), eleven.end(), p) != eleven.end();
            if (old != 4) continue;
            std::array<int32_t, 4> four = {chain[0], chain[1], chain[2], last};
            std::sort(four.begin(), four.end());
            fours_.push_back(four);
        }
    }

    // Each once, from whichever end it was found.
    template <size_t K, size_t M>
    void count(Type type, std::vector<std::array<int32_t, M>>& found) {
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
        Cluster<K> all;
        for (const auto& ids : found)
            if (union_of(index_.rings, ids, all)) tally_.add(type, all);
    }

    const Index& index_;
    Tally& tally_;
    std::vector<std::array<int32_t, 3>> threes_;  // ends ascending, the middle between them
    std::vector<std::array<int32_t, 4>> fours_;
};

}  // namespace tdaglass::clusters
