// Embedded atoms as a force field: the densities at all atoms, what they say of the embedding, and then the forces.
#pragma once
#include "molecular_dynamics/force_field.hpp"
#include "molecular_dynamics/units.hpp"
#include "molecular_dynamics/verlet.hpp"
#include "molecular_dynamics/virial_sum.hpp"
#include "spline_table.hpp"

namespace tdaglass {

class EmbeddedAtomForceField {
   public:
    explicit EmbeddedAtomForceField(const SplineTable& table) : table(table) {}

    const Quanta& quanta() const { return table; }
    const Reaches& reaches() const { return table; }
    bool admits(float) const { return true; }
    int kind_of(int, float) const { return 0; }  // all pairs reach alike far
    int32_t code_of(int32_t species, float) const { return species; }

    void start(const Particles& p) {
        density.assign(p.spare + LANES, 0);
        near_from.resize(p.n + 1);
    }

    bool add_forces(Particles& p, const NeighborList& list) {
        int64_t unasked;
        return find_densities(p, list) && pull<false>(p, unasked);
    }

    bool add_forces_and_virial(Particles& p, const NeighborList& list, int64_t& virial) {
        return find_densities(p, list) && pull<true>(p, virial);
    }

    EnergyAndVirial energy_and_virial(const Particles& p, const NeighborList& list) const {
        EnergyAndVirial total;
        const EmbeddedAtomSplines& s = table.splines;
        std::vector<double> at(p.n), slope(p.n);
        auto visit_pairs = [&](auto visit) {
            for (int i = 0; i < p.n; i++)
                for (int64_t k = list.start[i]; k < list.start[i + 1]; k++) {
                    const int j = (int)(list.slots[k] / ROW_BYTES);
                    if (j == p.spare) continue;
                    double r_sq = 0;
                    for (int d = 0; d < 3; d++) {
                        uint32_t apart = (uint32_t)p.position[4 * (size_t)i + d] - (uint32_t)p.position[4 * (size_t)j + d];
                        r_sq += std::pow((int32_t)apart * (p.edge[d] * 0x1p-32), 2);
                    }
                    if (r_sq < s.cutoff * s.cutoff) visit(i, j, std::sqrt(r_sq) / s.distance_spacing);
                }
        };
        auto cubic = [&](const double* rows, double x) { return Cubic(rows, s.n_distance, x); };
        visit_pairs([&](int i, int j, double x) {
            const int a = p.species(i), b = p.species(j);
            at[i] += cubic(table.density_of(a, b), x).value;
            at[j] += cubic(table.density_of(b, a), x).value;
        });
        for (int i = 0; i < p.n; i++) {
            const Cubic embedded(table.embedding_of(p.species(i)), s.n_density, at[i] / s.density_spacing);
            total.energy += embedded.value;
            slope[i] = embedded.slope / s.density_spacing;
        }
        visit_pairs([&](int i, int j, double x) {
            const int a = p.species(i), b = p.species(j);
            const Cubic pair = cubic(table.pair_of(a, b), x);
            const double energy = pair.value / (x * s.distance_spacing);
            total.energy += energy;
            total.virial -= slope[i] * cubic(table.density_of(a, b), x).slope * x +
                            slope[j] * cubic(table.density_of(b, a), x).slope * x +
                            pair.slope / s.distance_spacing - energy;
        });
        return total;
    }

   private:
    // What a particle brings to its pairs: where their lines begin, in bytes, for four species in every four lanes.
    struct Lines {
        Floats begin[MAX_KINDS];

        explicit Lines(const SplineTable& table) {
            const int bytes = (int)(table.splines.n_distance * SplineTable::LINE * sizeof(float));
            for (int a = 0; a < MAX_KINDS; a++) {
                Ints at{};
                for (int k = 0; k < LANES; k++)
                    if (a < table.n_species && k % 4 < table.n_species) at[k] = (table.n_species * a + k % 4) * bytes;
                begin[a] = as_floats(at);
            }
        }
    };

    // A row of each lane's line: its cubic.
    struct Coefficients {
        Floats c0, c1, c2, c3;

        Coefficients(const float* rows, const uint32_t* bytes) {
            const Columns columns = load_rows((const int32_t*)rows, bytes);
            c0 = as_floats(columns.x), c1 = as_floats(columns.y);
            c2 = as_floats(columns.z), c3 = as_floats(columns.species);
        }

        Floats value(Floats p) const { return multiply_add(multiply_add(multiply_add(c0, p, c1), p, c2), p, c3); }

        Floats slope(Floats p) const {
            return multiply_add(multiply_add(splat(3.0f) * c0, p, splat(2.0f) * c1), p, c2);
        }
    };

    // Where in a table lanes are.
    struct Interval {
        Ints number;
        Floats within;

        Interval(Floats x, Ints last) {
            Ints m = __builtin_convertvector(x, Ints);
            m = m > last ? last : m;
            number = m & ~(m >> 31);  // none below zero
            within = x - to_floats(number);
        }
    };

    static constexpr int32_t SPECIES_BITS = ROW_BYTES - 1;  // of a slot, which is a multiple of a row's bytes
    static constexpr int LINE_BITS = 6;
    static_assert(SplineTable::LINE * sizeof(float) == 1 << LINE_BITS);

    const SplineTable& table;
    Aligned<int32_t> density;        // in quanta
    Aligned<int32_t> places;         // rows as in Particles, but in the fourth column the slope of the embedding
    Aligned<uint32_t> near;          // slots within the cut-off, with the species in the lowest bits
    std::vector<int64_t> near_from;  // of each particle, whole vectors of them
    Aligned<float> distance_sq;      // of the near neighbours of one particle

    float cutoff_sq_in_steps(const Units<3>& units) const {
        return (float)(table.splines.cutoff * table.splines.cutoff) * units.unit_sq;
    }

    // Of every particle, and which pairs are near. False if a density cannot be counted.
    bool find_densities(Particles& p, const NeighborList& list) {
        const Units<3> units(p);
        const Lines lines(table);
        const Floats cutoff_sq = splat(cutoff_sq_in_steps(units));
        const Floats to_intervals = splat((float)(units.step / table.splines.distance_spacing));
        const Ints last = splat((int32_t)table.splines.n_distance - 1);
        std::fill(density.begin(), density.end(), 0);
        if (near.size() < list.slots.size() + 2 * LANES) near.resize(list.slots.size() + 2 * LANES);
        Ints lane{};
        for (int k = 0; k < LANES; k++) lane[k] = k;
        Largest densest;
        const int32_t* rows = p.position.data();
        const uint32_t* slots = list.slots.data();
        int32_t* sums = density.data();
        int32_t* out = (int32_t*)near.data();
        for (int i = 0; i < p.n; i++) {
            const Row row = load<Row>(rows + 4 * (size_t)i);
            store(p.spare_row(), row ^ Row{INT32_MIN, INT32_MIN, INT32_MIN, 0});
            const size_t most = (size_t)(list.start[i + 1] - list.start[i]) + LANES;
            if (distance_sq.size() < most) distance_sq.resize(2 * most);
            int32_t *const first = out, *distances = (int32_t*)distance_sq.data();
            near_from[i] = first - (int32_t*)near.data();
            for (const uint32_t *k = slots + list.start[i], *end = slots + list.start[i + 1]; k < end; k += LANES) {
                const Columns other = load_rows(rows, k);
                const Floats x = to_floats(splat(row[0]) - other.x) * units.ratio[0];
                const Floats y = to_floats(splat(row[1]) - other.y) * units.ratio[1];
                const Floats z = to_floats(splat(row[2]) - other.z) * units.ratio[2];
                const Floats separation_sq = multiply_add(z, z, multiply_add(y, y, x * x));
                const unsigned within = bits(separation_sq < cutoff_sq);
                out = append(out, load<Ints>(k) | other.species, within);
                distances = append(distances, as_ints(separation_sq), within);
            }
            const int found = (int)(out - first);
            for (int k = found; k % LANES; k++) *out++ = (int32_t)((uint32_t)p.spare * ROW_BYTES);
            const Floats begin = lines.begin[row[3]];
            Ints own{};
            for (int k = 0; k < found; k += LANES) {
                const Ints slot = load<Ints>(first + k);
                const Floats r = square_root(load<Floats>(&distance_sq[k])) * to_intervals;
                const Interval at(r, last);
                uint32_t bytes[LANES];
                store(bytes, as_ints(choose(begin, slot & SPECIES_BITS)) + (at.number << LINE_BITS));
                const Ints there = lane < splat(found - k);
                const Floats here = where(there, Coefficients(table.lines.data() + 4, bytes).value(at.within));
                const Floats beyond = where(there, Coefficients(table.lines.data() + 8, bytes).value(at.within));
                densest.see(here), densest.see(beyond);
                own += round_to_int(here);
                uint32_t to[LANES];
                int32_t added[LANES];
                store(to, slot), store(added, round_to_int(beyond));
                for (int m = 0; m < LANES; m++) sums[to[m] / ROW_BYTES] += added[m];
            }
            sums[i] += sum(own);
        }
        near_from[p.n] = out - (int32_t*)near.data();
        return densest.number() < 0x1p26f;  // of a sum that may be 2^31
    }

    // Slopes of the embedding, beside the places.
    void embed(const Particles& p) {
        places = p.position;
        const Floats to_intervals = splat((float)(table.density_quantum / table.splines.density_spacing));
        const Ints last = splat((int32_t)table.splines.n_density - 1);
        const int32_t rows_of_species = (int32_t)table.splines.n_density * (int32_t)ROW_BYTES;
        for (int i = 0; i < p.n; i += LANES) {
            const Interval at(to_floats(load<Ints>(&density[i])) * to_intervals, last);
            uint32_t bytes[LANES];
            Ints begin{};
            const int count = std::min(LANES, p.n - i);
            for (int k = 0; k < count; k++) begin[k] = p.species(i + k) * rows_of_species;
            store(bytes, begin + at.number * (int32_t)ROW_BYTES);
            float slope[LANES];
            store(slope, Coefficients(table.embedding.data(), bytes).slope(at.within));
            for (int k = 0; k < count; k++) std::memcpy(&places[4 * (size_t)(i + k) + 3], &slope[k], sizeof slope[k]);
        }
    }

    // Forces of all near pairs, added to those of the particles. False if one of them cannot be counted.
    template <bool VIRIAL>
    bool pull(Particles& p, [[maybe_unused]] int64_t& virial) {
        embed(p);
        const Units<3> units(p);
        const Lines lines(table);
        const Floats cutoff_sq = splat(cutoff_sq_in_steps(units)), one = splat(1.0f);
        const Floats to_intervals = splat((float)(units.step / table.splines.distance_spacing));
        const Floats to_virial = splat((float)(-units.step * table.force_quantum / table.virial_quantum));
        const Ints last = splat((int32_t)table.splines.n_distance - 1);
        Largest strongest;
        VirialSum virial_sum;
        int64_t carried = 0;  // slots
        int32_t *rows = places.data(), *forces = p.force.data();
        int32_t* spare = rows + 4 * (size_t)p.spare;
        const int32_t* species = p.position.data() + 3;
        for (int i = 0; i < p.n; i++) {
            const Row row = load<Row>(rows + 4 * (size_t)i);
            store(spare, row ^ Row{INT32_MIN, INT32_MIN, INT32_MIN, 0});
            const Floats begin = lines.begin[species[4 * (size_t)i]], own_slope = as_floats(splat(row[3]));
            Ints sum_of[3] = {};
            for (int64_t k = near_from[i]; k < near_from[i + 1]; k += LANES) {
                const Ints coded = load<Ints>(&near[k]);
                uint32_t slots[LANES], bytes[LANES];
                store(slots, coded & ~SPECIES_BITS);
                const Columns other = load_rows(rows, slots);
                const Floats along[3] = {to_floats(splat(row[0]) - other.x) * units.ratio[0],
                                         to_floats(splat(row[1]) - other.y) * units.ratio[1],
                                         to_floats(splat(row[2]) - other.z) * units.ratio[2]};
                const Floats separation_sq =
                    multiply_add(along[2], along[2], multiply_add(along[1], along[1], along[0] * along[0]));
                const Floats r = square_root(separation_sq) * to_intervals, inverse = one / r;
                const Interval at(r, last);
                store(bytes, as_ints(choose(begin, coded & SPECIES_BITS)) + (at.number << LINE_BITS));
                const Coefficients pair(table.lines.data(), bytes);
                const Floats here = Coefficients(table.lines.data() + 4, bytes).slope(at.within);
                const Floats beyond = Coefficients(table.lines.data() + 8, bytes).slope(at.within);
                // dE/dr: that of z(r) / r, and those of the energies of both in their densities.
                const Floats repulsion = (pair.slope(at.within) - pair.value(at.within) * inverse) * inverse;
                // Rounded alike, whichever of the two comes first in the list.
                const Floats embedding = own_slope * here + as_floats(other.species) * beyond;
                const Floats force = where(separation_sq < cutoff_sq, repulsion + embedding);
                strongest.see(force);
                const Floats strength = force * inverse * to_intervals;
                if constexpr (VIRIAL) virial_sum.add(round_to_int(strength * separation_sq * to_virial));
                Ints pulled[3];  // on the other
                for (int d = 0; d < 3; d++) {
                    pulled[d] = round_to_int(strength * along[d]);
                    sum_of[d] += pulled[d];
                }
                Rows(pulled[0], pulled[1], pulled[2]).add_to(forces, slots);
            }
            int32_t* own_force = forces + 4 * (size_t)i;
            store(own_force, load<Row>(own_force) - Rows(sum_of[0], sum_of[1], sum_of[2]).sum());
            if (VIRIAL && near_from[i + 1] - carried > VirialSum::MOST / 2 * LANES) {
                virial_sum.carry();
                carried = near_from[i + 1];
            }
        }
        if (VIRIAL) virial = virial_sum.whole();
        return strongest.number() < 0x1p29f;
    }
};

static_assert(ForceField<EmbeddedAtomForceField>);

}  // namespace tdaglass
