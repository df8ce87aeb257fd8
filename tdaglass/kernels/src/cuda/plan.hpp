// Host only: whether a liquid fits a block of the card at hand, and how it is laid out there.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>

#include "molecular_dynamics/pair_table.hpp"
#include "records.hpp"

namespace tdaglass::block {

// What a card allows.
struct Card {
    int major = 9, minor = 0;                            // of its compute capability
    int64_t shared_per_block = 232448;                   // bytes, opted in to
    int64_t shared_per_multiprocessor = 233472;
};

struct Watched {  // sizes of an observation; none: nothing is observed
    int64_t n_moments = 0, n_cage = 0, n_waves = 0;
};

// Of kernel text (advance.cu), one launch after the other:
//   begin_observing<<<begin_blocks, threads>>>(settings, arrays)       if begin_blocks > 0,
//   advance<<<systems * cluster, threads, shared_bytes>>>(settings, arrays).
struct Plan {
    Settings settings{};
    int dimension = 0, padded = 0, kinds = 1, threads = 0, stages = 0;
    int blocks = 1, cluster = 1;                          // on a multiprocessor; of a system
    bool by_diameter = false;
    int form = 0, power = 0, truncation = 0;
    int64_t shared_bytes = 0;
    int64_t scratch_bytes = 0;                            // of each system
    int64_t common_bytes = 0;                             // of all systems together
    int64_t begin_blocks = 0;
    std::string options;                                  // of the compiler, without the architecture
};

constexpr int64_t MOST_ROOM = 8 * 127;  // of neighbours: the ends of species in a list are bytes, in fours
constexpr int LIST_STAGES = 4;               // chunks of a list on their way to a thread
constexpr int FIRST_WITH_CLUSTERS = 9;       // of compute capabilities
constexpr int64_t ADDRESSES = 65536, SHARED_OF_SYSTEM = 1024;

namespace planning {

inline int64_t up_to(int64_t x, int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

inline int64_t place_bytes(const Plan& p) {
    return (int64_t)p.padded * 4 * (p.dimension + (p.by_diameter ? 1 : 0));
}

// The distance, largest of all pairs, at which a force reaches so many quanta; negative if it does nowhere.
inline double distance_of_force(const PairTable& table, double quanta) {
    double farthest = -1;
    const int kinds = table.by_diameter() ? 1 : table.n_species;
    for (int a = 0; a < kinds; a++)
        for (int b = 0; b < kinds; b++) {
            const PairCoefficients& c = table.at(a, b);
            // A pair of longer length feels at its distance what the pair of unit length feels nearer.
            const double length = table.by_diameter() ? table.potential.largest : 1;
            for (double r = c.cutoff; r > 1e-4 * c.cutoff; r *= 0.9995)
                if (!(std::fabs(c.virial(table.potential, r * r) / r) / length < quanta * table.force_quantum)) {
                    farthest = std::max(farthest, r * length);
                    break;
                }
        }
    return farthest;
}

// In units that neither underflow nor overflow in single precision, whatever the user's are.
inline PairStrength strength_of(const PairTable& table, int a, int b, double length) {
    const PairCoefficients& c = table.at(a, b);
    const Potential& u = table.potential;
    const double q = table.force_quantum, cutoff_sq = c.cutoff * c.cutoff, l_sq = length * length;
    const double constant = 2 * (c.slope - c.curvature * cutoff_sq), linear = 2 * c.curvature;
    if (table.by_diameter()) {
        const double first = u.form == LENNARD_JONES ? 12 * c.first : u.exponent * c.first;
        return {first / l_sq / q,    6 * c.second / l_sq / q,      c.force_shift / l_sq / q,
                constant / l_sq / q, linear / (l_sq * l_sq) / q,   1 / cutoff_sq};
    }
    const double first = u.form == LENNARD_JONES ? 12 * c.first * std::pow(length, -14)
                                                 : u.exponent * c.first * std::pow(length, -u.exponent - 2.0);
    return {first / q,    6 * c.second * std::pow(length, -8) / q, c.force_shift / length / q,
            constant / q, linear / q,                              l_sq / cutoff_sq};
}

// The strength below which no pair's force reaches so many quanta: nearer than where one does, it is a strength below
// quanta / distance over less than that distance; farther away, none does.
inline double strength_of_force(const PairTable& table, double quanta) {
    const double near = distance_of_force(table, quanta);
    return near > 0 ? quanta / near : -1;
}

// Forces of pairs up to 2^22 quanta are rounded by the addition of a number (forces.hpp); three per cent are for
// rounding. Of pairs up to `watched`, a whole list adds up to less than 2^30.
inline bool set_limits(Settings& s, const PairTable& table) {
    double beside = 0;  // what a truncation adds to a force, in quanta
    for (int a = 0; a < s.n_species; a++)
        for (int b = 0; b < s.n_species; b++) {
            const PairCoefficients& c = table.at(a, b);
            const double length = table.by_diameter() ? table.potential.smallest : 1, cutoff_sq = c.cutoff * c.cutoff;
            const double smooth = 2 * c.cutoff * (std::fabs(c.slope) + std::fabs(c.curvature) * cutoff_sq);
            beside = std::max(beside, (std::fabs(c.force_shift) + smooth) / length / table.force_quantum);
        }
    const double most = 0.97 * 0x1p22 - beside, most_unchecked = std::min(most, 0.97 * 0x1p30 / (8 * s.chunks) - beside);
    if (!(most_unchecked > 0x1p18)) return false;
    s.steepest = strength_of_force(table, most);
    s.watched = strength_of_force(table, most_unchecked);
    return s.steepest > 0 && s.watched > 0;
}

inline void choose_threads(Plan& p, const Card& card, int64_t threads) {
    Settings& s = p.settings;
    const int64_t n = s.n_particles, of_block = up_to(n, p.cluster) / p.cluster;
    // Sixty-four registers a thread leave room for 1024 threads on a multiprocessor.
    p.threads = (int)(threads ? threads : std::clamp<int64_t>(up_to(of_block, 32), 64, 512));
    // Neighbours of a species in a cell are about ten; more cells than that are not worth their room.
    s.n_keys = (int)(p.kinds * std::clamp<int64_t>(n / 4, 64, 4096));
    auto lay_out = [&] {
        s.block_at = (int)place_bytes(p);
        s.stage_at = s.block_at + BLOCK_BYTES;
        s.start_at = s.stage_at + 16 * p.threads * p.stages;
        p.shared_bytes = up_to(s.start_at + 4 * (s.n_keys + 1), 16);
    };
    lay_out();
    while (p.shared_bytes > card.shared_per_block && s.n_keys > 64 * p.kinds) s.n_keys /= 2, lay_out();
    while (!threads && p.shared_bytes > card.shared_per_block && p.threads > 128) p.threads /= 2, lay_out();
    const int64_t shared = p.shared_bytes + SHARED_OF_SYSTEM;
    p.blocks = (int)std::clamp<int64_t>(card.shared_per_multiprocessor / shared, 1, std::max(1, 1024 / p.threads));
    // A block that is alone on its multiprocessor takes all of it.
    if (!threads && p.blocks == 1 && p.threads == 512 && of_block > 512) {
        p.threads = 1024;
        lay_out();
        if (p.shared_bytes > card.shared_per_block) p.threads = 512, lay_out();
    }
}

inline void lay_out_scratch(Plan& p) {
    Settings& s = p.settings;
    const int64_t row = (int64_t)p.padded * 4, axes = p.dimension, n = s.n_particles;
    int64_t at = 0;
    auto take = [&](int64_t bytes) {
        const int64_t here = at;
        at += up_to(bytes, 256);
        return here;
    };
    ScratchPlaces& x = s.scratch;
    x.list = take((int64_t)p.padded * s.chunks * 16);
    x.masks = take((int64_t)p.cluster * p.threads * s.chunks * 8 * 8);
    x.velocity = take(axes * row), x.velocity_next = take(axes * row);
    x.force = take(axes * row), x.built_at = take(axes * row);
    x.id = take(row), x.id_next = take(row), x.rank = take(row), x.ends = take(row);
    x.moved = s.n_moments ? take(axes * n * 4) : at;
    x.density = s.n_moments ? take(((int64_t)s.n_waves * 2 + 2 * (MOST_SPECIES + 1)) * 8) : at;
    x.bytes = p.scratch_bytes = at;
    p.common_bytes = 16 * (int64_t)s.n_waves;
}

inline std::string options_of(const Plan& p) {
    auto number = [](const char* name, int64_t value) {
        return std::string("-D") + name + "=" + std::to_string(value) + " ";
    };
    return number("DIM", p.dimension) + number("N_PADDED", p.padded) + number("THREADS", p.threads) +
           number("BLOCKS", p.blocks) + number("CLUSTER", p.cluster) + number("STAGES", p.stages) +
           number("KINDS", p.kinds) + number("BY_DIAMETER", p.by_diameter) +
           number("IS_LENNARD_JONES", p.form == LENNARD_JONES) +
           number("POWER", p.power) + number("TRUNCATION", p.truncation) + number("OBSERVES", p.settings.n_moments > 0) +
           "-std=c++17 -fmad=false";  // what is fused is written
}

}  // namespace planning

// The status is OK, BAD_SETTINGS, or DOES_NOT_FIT. A system has 1, 2, 4 or 8 blocks; no bit depends on how many. Threads
// of a block, in thirty-twos, are chosen if they are not given.
inline Status make_plan(const tdaglass::Settings& liquid, int64_t room, const Card& card, const Watched& watched,
                        Plan& p, int64_t cluster = 1, int64_t threads = 0) {
    using namespace planning;
    p = {};
    Settings& s = p.settings;
    PairTable table;
    const bool sizes = (liquid.dimension == 2 || liquid.dimension == 3) && liquid.n_particles >= 2;
    if (!sizes || !table.make(liquid)) return BAD_SETTINGS;
    for (double x : {liquid.dt, liquid.skin})
        if (!(x > 0 && std::isfinite(x))) return BAD_SETTINGS;
    for (int k = 0; k < liquid.n_species; k++)
        if (!(liquid.masses[k] > 0 && std::isfinite(liquid.masses[k]))) return BAD_SETTINGS;
    if (cluster != 1 && cluster != 2 && cluster != 4 && cluster != 8) return BAD_SETTINGS;
    if (cluster > 1 && card.major < FIRST_WITH_CLUSTERS) return DOES_NOT_FIT;
    p.cluster = (int)cluster;
    if (liquid.n_particles > ADDRESSES || liquid.n_species > MOST_SPECIES || room > MOST_ROOM) return DOES_NOT_FIT;

    p.dimension = (int)liquid.dimension;
    p.padded = (int)up_to(liquid.n_particles, 32) + FAR_PLACES;
    // A neighbour is the address of its first coordinate, in 16 bits.
    if ((int64_t)p.padded * (p.dimension == 2 ? 8 : 4) + SHARED_OF_SYSTEM > ADDRESSES) return DOES_NOT_FIT;
    p.by_diameter = table.by_diameter();
    p.kinds = p.by_diameter ? 1 : (int)liquid.n_species;
    p.form = (int)liquid.potential.form;
    p.power = p.form == LENNARD_JONES ? 0 : (int)liquid.potential.exponent / 2;
    p.truncation = (int)liquid.potential.truncation;
    p.stages = card.major >= 8 ? LIST_STAGES : 0;

    s.n_particles = (int)liquid.n_particles, s.n_species = (int)liquid.n_species, s.thermostat = liquid.thermostat;
    s.chunks = (int)std::max<int64_t>(1, up_to(room, 8) / 8);
    s.n_moments = (int)watched.n_moments, s.n_cage = (int)watched.n_cage, s.n_waves = (int)watched.n_waves;
    s.dt = liquid.dt, s.freedom = p.dimension * (s.n_particles - 1.0);
    s.longest_cutoff = table.longest_cutoff;
    // Far places (places.hpp) are beyond every cut-off as long as particles move less than half of this. No bit of a
    // trajectory depends on it.
    s.skin = liquid.skin, s.list_skin = std::min(liquid.skin, 0.4 * table.longest_cutoff);
    s.length = std::exp2(std::round(std::log2(table.largest_sigma))), s.inverse_length = 1 / s.length;
    s.force_quantum = table.force_quantum, s.force_quanta = 1 / table.force_quantum;
    s.kinetic_quantum = std::exp2(std::ceil(std::log2(64.0 * s.n_particles)) - 52) * table.energy_unit;
    s.kinetic_quanta = 1 / s.kinetic_quantum;
    s.most_kinetic = 0x1p16 * table.energy_unit;
    s.smallest = table.potential.smallest, s.largest = table.potential.largest;
    s.non_additivity = table.potential.non_additivity;
    for (int a = 0; a < s.n_species; a++) {
        s.mass[a] = (float)liquid.masses[a];
        s.half_kick[a] = (float)(s.dt / 2 / liquid.masses[a] * s.force_quantum);
        for (int b = 0; b < s.n_species; b++) {
            s.reach[a][b] = table.at(a, b).cutoff;
            s.strength[a][b] = strength_of(table, a, b, s.length);
            // What underflows in single precision would not repel.
            if (!(s.strength[a][b].first > 1e-20 && s.strength[a][b].first < 1e30)) return DOES_NOT_FIT;
        }
    }
    if (!set_limits(s, table)) return DOES_NOT_FIT;
    choose_threads(p, card, threads);
    if (p.shared_bytes > card.shared_per_block) return DOES_NOT_FIT;
    lay_out_scratch(p);
    if (watched.n_moments) p.begin_blocks = std::max<int64_t>(watched.n_waves, 64);
    p.options = options_of(p);
    return OK;
}

}  // namespace tdaglass::block
