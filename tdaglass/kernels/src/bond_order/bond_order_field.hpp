// Atoms with Tersoff's bond order as a force field.
#pragma once
#include "bundle_forces.hpp"
#include "molecular_dynamics/force_field.hpp"

namespace tdaglass {

class BondOrderField {
   public:
    explicit BondOrderField(const Tersoff& tersoff) : tersoff(tersoff), terms(tersoff) {}

    const Quanta& quanta() const { return tersoff; }
    const Reaches& reaches() const { return tersoff; }
    bool admits(float) const { return true; }
    int kind_of(int, float) const { return 0; }
    int32_t code_of(int32_t species, float) const { return species; }

    void start(const Particles&) { built = -1; }

    bool add_forces(Particles& particles, const NeighborList& list) {
        int64_t unasked;
        return add<false>(particles, list, unasked);
    }

    bool add_forces_and_virial(Particles& particles, const NeighborList& list, int64_t& virial) {
        return add<true>(particles, list, virial);
    }

    // Bond by bond, in double precision.
    EnergyAndVirial energy_and_virial(const Particles& particles, const NeighborList& list) const {
        FullList all_neighbors;
        all_neighbors.build(particles, list);
        EnergyAndVirial total;
        for (int i = 0; i < particles.n; i++) add_atom(particles, all_neighbors, i, total);
        return total;
    }

   private:
    const Tersoff& tersoff;
    TersoffTerms terms;
    FullList neighbors;
    Bonds bonds;
    int64_t built = -1;

    template <bool VIRIAL>
    bool add(Particles& particles, const NeighborList& list, int64_t& virial) {
        if (built != list.builds) neighbors.build(particles, list);
        built = list.builds;
        if (!bonds.find(particles, neighbors, (float)tersoff.longest_cutoff)) return false;
        return tersoff.n == 1 ? bundle_forces<true, VIRIAL>(particles, bonds, terms, virial)
                              : bundle_forces<false, VIRIAL>(particles, bonds, terms, virial);
    }

    struct Bond {
        double unit[3], r, cut, cut_slope;
    };

    void add_atom(const Particles& p, const FullList& list, int i, EnergyAndVirial& total) const {
        const Tersoff& t = tersoff;
        std::vector<Bond> bonds;
        for (int k = list.start[i]; k < list.start[i + 1]; k++) {
            const size_t j = list.slots[k] / ROW_BYTES;
            if ((int)j == p.spare) continue;
            Bond bond;
            double r_sq = 0;
            for (int d = 0; d < 3; d++) {
                const uint32_t wrapped = (uint32_t)p.position[4 * j + d] - (uint32_t)p.position[4 * (size_t)i + d];
                bond.unit[d] = (int32_t)wrapped * (p.edge[d] * 0x1p-32);
                r_sq += bond.unit[d] * bond.unit[d];
            }
            bond.r = std::sqrt(r_sq);
            if (!(bond.r < t.longest_cutoff)) continue;
            for (double& x : bond.unit) x /= bond.r;
            const double angle = std::min((t.longest_cutoff - bond.r) / t.half_width, 2.0) * M_PI / 4;
            bond.cut = std::sin(angle) * std::sin(angle);
            bond.cut_slope = angle < M_PI / 2 ? -M_PI / 2 / t.half_width * std::sin(angle) * std::cos(angle) : 0;
            bonds.push_back(bond);
        }
        for (const Bond& bond : bonds) add_bond(bonds, bond, total);
    }

    // Only lengths count in the virial.
    void add_bond(const std::vector<Bond>& bonds, const Bond& bond, EnergyAndVirial& total) const {
        const Tersoff& t = tersoff;
        double zeta = 0, zeta_virial = 0;
        for (const Bond& other : bonds) {
            if (&other == &bond) continue;
            double cosine = 0;
            for (int d = 0; d < 3; d++) cosine += bond.unit[d] * other.unit[d];
            const double off = cosine - t.cos_theta_0, d_sq = t.d * t.d, c_sq = t.c * t.c;
            const double g = t.gamma * (1 + c_sq / d_sq - c_sq / (d_sq + off * off));
            zeta += other.cut * g;
            zeta_virial += other.cut_slope * other.r * g;
        }
        const double power = std::pow(t.beta * zeta, t.n), order = std::pow(1 + power, -1 / (2 * t.n));
        const double order_slope = zeta > 0 ? -order / 2 * power / (1 + power) / zeta : 0;
        const double up = t.repulsion * std::exp(-t.lambda_1 * bond.r);
        const double down = -t.attraction * std::exp(-t.lambda_2 * bond.r);
        const double slope = bond.cut_slope * (up + order * down) -
                             bond.cut * (t.lambda_1 * up + t.lambda_2 * order * down);
        total.energy += bond.cut * (up + order * down) / 2;
        total.virial -= (slope * bond.r + bond.cut * down * order_slope * zeta_virial) / 2;
    }
};

static_assert(ForceField<BondOrderField>);

}  // namespace tdaglass
