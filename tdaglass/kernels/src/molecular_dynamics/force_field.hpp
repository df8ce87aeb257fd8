// What a force field must have and do, so that lists, steps, thermostats and barostats carry it.
#pragma once
#include <concepts>

#include "molecular_dynamics.hpp"
#include "neighbor_list.hpp"
#include "particles.hpp"
#include "quanta.hpp"

namespace tdaglass {

// Potential energy, and the virial, minus the derivative of the energy in the logarithm of the edges.
struct EnergyAndVirial {
    double energy = 0, virial = 0;
};

// A force field serves one system at a time, and may keep arrays of its own from step to step. It asks for
//   quanta() and reaches(),
//   admits(diameter)            whether a particle may have it,
//   kind_of(species, diameter)  below reaches().n_kinds: for lists,
//   code_of(species, diameter)  what stands in the fourth column of a particle's row,
//   start(particles)            once, when they are in place: for what follows from their number and their box,
//   add_forces(particles, list) to particles.force, which are zero, in whole quanta; false if any cannot be counted,
//   add_forces_and_virial(particles, list, virial)   the same forces bit for bit, and the virial in whole quanta,
//   energy_and_virial(particles, list)               in double precision.
// Lists hold every pair within its reach once, at the particle that comes first, and some that are farther apart. The
// box may have changed since the last call. What is added up has the same bits in any order of particles and slots.
template <class Field>
concept ForceField = requires(Field field, Particles& particles, const NeighborList& list, int64_t& virial) {
    { field.quanta() } -> std::convertible_to<const Quanta&>;
    { field.reaches() } -> std::convertible_to<const Reaches&>;
    { field.admits(1.0f) } -> std::same_as<bool>;
    { field.kind_of(0, 1.0f) } -> std::same_as<int>;
    { field.code_of(0, 1.0f) } -> std::same_as<int32_t>;
    { field.start(particles) } -> std::same_as<void>;
    { field.add_forces(particles, list) } -> std::same_as<bool>;
    { field.add_forces_and_virial(particles, list, virial) } -> std::same_as<bool>;
    { field.energy_and_virial(particles, list) } -> std::same_as<EnergyAndVirial>;
};

}  // namespace tdaglass
