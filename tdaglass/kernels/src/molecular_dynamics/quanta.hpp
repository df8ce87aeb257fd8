// What the dynamics knows of any force field: the units that its sums are counted in, and how far particles reach.
#pragma once

namespace tdaglass {

constexpr int MAX_KINDS = 4;  // of particles in neighbour lists: a kind is told by two bits

// Forces and the virial are whole numbers of these: sums of them do not depend on the order, so that trajectories depend
// neither on the sorting of the particles nor on the neighbour list, nor on how steps are divided into calls.
struct Quanta {
    double force_quantum = 0, virial_quantum = 0;
    double energy_unit = 0;  // a power of two near the energy of a pair
};

// Kinds that lists tell apart, so that the large do not fill the lists of the small: species, or classes of them.
struct Reaches {
    double longest_cutoff = 0;
    int n_kinds = 1;
    double reach[MAX_KINDS][MAX_KINDS] = {};
};

}  // namespace tdaglass
