// Liquids of pairs as a force field.
#pragma once
#include <bit>

#include "force_field.hpp"
#include "pair_forces.hpp"

namespace tdaglass {

class PairForceField {
   public:
    explicit PairForceField(const PairTable& table) : table(table) {}

    const Quanta& quanta() const { return table; }
    const Reaches& reaches() const { return table; }
    bool admits(float diameter) const { return table.admits(diameter); }
    int kind_of(int species, float diameter) const { return table.kind_of(species, diameter); }

    int32_t code_of(int32_t species, float diameter) const {
        return table.by_diameter() ? std::bit_cast<int32_t>(diameter) : species;
    }

    void start(const Particles& particles) {
        const bool flat = particles.dimension == 2;
        forces = flat ? choose_pair_forces<2, false>(particles, table) : choose_pair_forces<3, false>(particles, table);
        with_virial = flat ? choose_pair_forces<2, true>(particles, table) : choose_pair_forces<3, true>(particles, table);
    }

    bool add_forces(Particles& particles, const NeighborList& list) {
        int64_t unasked;
        return forces(particles, list, table, unasked);
    }

    bool add_forces_and_virial(Particles& particles, const NeighborList& list, int64_t& virial) {
        return with_virial(particles, list, table, virial);
    }

    EnergyAndVirial energy_and_virial(const Particles& particles, const NeighborList& list) const {
        return tdaglass::energy_and_virial(particles, list, table);
    }

   private:
    const PairTable& table;
    PairForces forces = nullptr, with_virial = nullptr;
};

static_assert(ForceField<PairForceField>);

}  // namespace tdaglass
