// What Python calls: the bonds of one system, and the clusters in a network of bonds. They hold no interpreter lock, and
// none throws.
#include "clusters/bonds.hpp"
#include "clusters/chains.hpp"
#include "clusters/crystals.hpp"
#include "clusters/octahedral.hpp"
#include "clusters/pentagonal.hpp"
#include "clusters/pyramids.hpp"
#include "clusters/tetrahedral.hpp"

using namespace tdaglass::clusters;

namespace {

constexpr int64_t NO_MEMORY = -2, CROWDED = -4, INCONSISTENT = -5;

template <class Task>
int64_t guarded(Task task) noexcept {
    try {
        return task();
    } catch (const TooMany&) {
        return CROWDED;
    } catch (const std::exception&) {
        return NO_MEMORY;
    }
}

void find_all(const Network& network, Tally& tally, int64_t most) {
    const Rings rings = RingSearch(network, tally, most).find();
    const Index index(network, rings);
    find_tetrahedral(index, tally);
    Find8A(index, tally).find();
    find_9A(index, tally);
    find_10A(index, tally);
    Pentagonal pentagonal(index, tally);
    Octahedral octahedral(index, tally);
    Crystals crystals(index, tally);
    Shell shell(network);
    for (Particle i = 0; i < network.n(); i++) {
        shell.look_from(i);
        find_10W(index, tally, shell);
        pentagonal.find_around(shell);
        octahedral.find_around(shell);
        crystals.find_around(shell);
    }
    octahedral.finish();
    Chains(index, tally).find(pentagonal.nines());
}

}  // namespace

extern "C" {

// Bonds as rows of neighbours: start (n + 1,), and neighbor with room for MOST_BONDS of each particle. Returns the length
// of all rows, or CROWDED with a particle, a number and a kind of Crowd.
int64_t tdaglass_find_bonds(int64_t n, const double* position, const double* vectors, const double* inverse,
                            const int64_t* along, const int32_t* species, int64_t n_species, const double* cutoff_sq,
                            double voronoi, int64_t* start, int32_t* neighbor, int64_t* crowd) noexcept {
    return guarded([&] {
        Crowd found;
        const Bonding bonding{n, position, {vectors, inverse}, along, species, n_species, cutoff_sq, voronoi};
        if (bonding.find(start, neighbor, found)) return start[n];
        crowd[0] = found.particle, crowd[1] = found.number, crowd[2] = found.kind;
        return CROWDED;
    });
}

// Clusters of every type: count (types,) and of_particle (types, n), both zero before; and, unless `rows` is null, their
// particles, as far as there is room for them. Returns CROWDED for more than `most` rings of a kind, INCONSISTENT for
// rows that do not ascend, or have a bond from one side only.
int64_t tdaglass_find_clusters(int64_t n, const int64_t* start, const int32_t* neighbor, int64_t most, int64_t* count,
                               int32_t* of_particle, const int64_t* room, int32_t* const* rows) noexcept {
    return guarded([&] {
        const Network network(n, start, neighbor);
        if (!network.consistent()) return INCONSISTENT;
        Tally tally(n, count, of_particle, room, rows);
        find_all(network, tally, most);
        return (int64_t)0;
    });
}

}  // extern "C"
