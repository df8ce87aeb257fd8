// What bonds do to atoms: the loop that the time goes into.
#pragma once
#include "bonds.hpp"
#include "molecular_dynamics/virial_sum.hpp"
#include "tersoff.hpp"

namespace tdaglass {

// The same numbers in single precision.
struct TersoffTerms {
    float lambda_1, lambda_2, repulsion, attraction, cos_theta_0;
    float gamma, d_sq, growth, twice_growth;  // of g: gamma c^2 / d^2, and 2 gamma c^2
    float end, to_angle, to_slope;            // of f_C: R + D, pi / 4 D, -pi / 2 D
    float beta, n, half_inverse_n;
    float to_quanta, half_to_virial;

    explicit TersoffTerms(const Tersoff& t)
        : lambda_1((float)t.lambda_1), lambda_2((float)t.lambda_2), repulsion((float)t.repulsion),
          attraction((float)t.attraction), cos_theta_0((float)t.cos_theta_0), gamma((float)t.gamma),
          d_sq((float)(t.d * t.d)), growth((float)(t.gamma * t.c * t.c / (t.d * t.d))),
          twice_growth((float)(2 * t.gamma * t.c * t.c)), end((float)t.longest_cutoff),
          to_angle((float)(M_PI / 4 / t.half_width)), to_slope((float)(-M_PI / 2 / t.half_width)),
          beta((float)t.beta), n((float)t.n), half_inverse_n((float)(0.5 / t.n)),
          to_quanta((float)(1 / t.force_quantum)), half_to_virial((float)(-0.5 / t.virial_quantum)) {}
};

// b and its slope in zeta; where zeta is none one, and zero.
template <bool ROOT>
INLINED inline void bond_order(const TersoffTerms& t, const Bundle& zeta, Bundle& order, Bundle& slope) {
    const Bundle strength = zeta * t.beta;
    if (ROOT) {  // n = 1
        const Bundle one_more = strength + 1.0f;
        order = 1.0f / root_of(one_more);
        slope = order * (-0.5f * t.beta) / one_more;
        return;
    }
    const BundleInts some = strength > 1e-30f;
    const Bundle power = exponential(between(logarithm(some ? strength : all(1.0f)) * t.n, -80, 80));
    const Bundle one_more = power + 1.0f;
    order = some ? exponential(logarithm(one_more) * -t.half_inverse_n) : all(1.0f);
    slope = only(some, order * -0.5f * power / (one_more * (some ? zeta : all(1.0f))));
}

// Forces of all bonds, and their virial if it is asked for; false if one cannot be counted.
template <bool ROOT, bool VIRIAL>
bool bundle_forces(Particles& p, const Bonds& bonds, const TersoffTerms& t, int64_t& virial) {
    constexpr float half_pi = (float)M_PI_2;
    int32_t* forces = p.force.data();
    BundleInts countable = all(-1), lane;
    for (int k = 0; k < BUNDLE; k++) lane[k] = k;
    VirialSum outward;
    for (size_t k = 0; k < bonds.most.size(); k++) {
        const size_t at = k * BUNDLE;
        const Bundle x = load<Bundle>(&bonds.along[0][at]), y = load<Bundle>(&bonds.along[1][at]),
                     z = load<Bundle>(&bonds.along[2][at]);
        const BundleInts first = load<BundleInts>(&bonds.first[at]), count = load<BundleInts>(&bonds.count[at]);
        const int most = bonds.most[k];

        const Bundle r = root_of(product_plus(z, z, product_plus(y, y, x * x)));
        const Bundle inverse = 1.0f / r;
        const Bundle u = x * inverse, v = y * inverse, w = z * inverse;
        const Bundle angle = between((t.end - r) * t.to_angle, 0, half_pi);
        const Bundle root = sine(angle), cut = root * root, cut_slope = root * sine(half_pi - angle) * t.to_slope;

        // zeta, bonds added in the order of the list.
        Bundle zeta{}, cosine[BUNDLE], inverse_sum[BUNDLE];
        for (int q = 0; q < most; q++) {
            const BundleInts from = first + q;
            const BundleInts both = (count > q) & (from != lane);
            Bundle c = u * taken_from(u, from);
            c = product_plus(v, taken_from(v, from), c);
            c = product_plus(w, taken_from(w, from), c);
            const Bundle off = c - t.cos_theta_0, off_sq = off * off;
            const Bundle shrunk = 1.0f / (off_sq + t.d_sq);
            const Bundle g = product_plus(off_sq * shrunk, all(t.growth), all(t.gamma));
            zeta += only(both, taken_from(cut, from) * g);
            cosine[q] = c, inverse_sum[q] = shrunk;
        }
        Bundle order, order_slope;
        bond_order<ROOT>(t, zeta, order, order_slope);

        // Derivatives of the atom's energy in the length and in the zeta of its bonds, doubled.
        const Bundle up = exponential(r * -t.lambda_1) * t.repulsion;
        const Bundle down = exponential(r * -t.lambda_2) * -t.attraction;
        const Bundle bound = order * down;
        const Bundle fall = product_plus(up, all(t.lambda_1), bound * t.lambda_2);
        Bundle radial = cut_slope * (up + bound) - cut * fall;
        const Bundle weight = cut * down * order_slope;

        Bundle across{}, along_x{}, along_y{}, along_z{};
        for (int q = 0; q < most; q++) {
            const BundleInts from = first + q;
            const BundleInts both = (count > q) & (from != lane);
            const Bundle c = cosine[q], shrunk = inverse_sum[q], off = c - t.cos_theta_0;
            const Bundle g = product_plus(off * off * shrunk, all(t.growth), all(t.gamma));
            const Bundle g_slope = off * shrunk * shrunk * t.twice_growth;
            const Bundle other_weight = taken_from(weight, from);
            radial += only(both, other_weight * cut_slope * g);
            const Bundle turn = product_plus(weight, taken_from(cut, from), other_weight * cut);
            const Bundle turning = only(both, turn * g_slope);
            across = product_plus(turning, c, across);
            along_x = product_plus(turning, taken_from(u, from), along_x);
            along_y = product_plus(turning, taken_from(v, from), along_y);
            along_z = product_plus(turning, taken_from(w, from), along_z);
        }
        const Bundle outer = radial - across * inverse;
        const Bundle halved = all(0.5f * t.to_quanta);
        const Bundle pull[3] = {product_plus(outer, u, along_x * inverse) * halved,
                                product_plus(outer, v, along_y * inverse) * halved,
                                product_plus(outer, w, along_z * inverse) * halved};
        for (const Bundle& along : pull) countable &= (along < 0x1p29f) & (along > -0x1p29f);
        // What turns a bond does not stretch it.
        const Bundle stretch = radial * r * t.half_to_virial;
        for (int part = 0; part < BUNDLE; part += LANES) {
            auto whole = [&](const Bundle& numbers) { return round_to_int(load<Floats>((const float*)&numbers + part)); };
            const Ints a = whole(pull[0]), b = whole(pull[1]), c = whole(pull[2]);
            Rows(a, b, c).add_to(forces, &bonds.atom[at + part]);
            Rows(-a, -b, -c).add_to(forces, &bonds.other[at + part]);
            if (VIRIAL) outward.add(whole(stretch));
        }
        if (VIRIAL && k % (VirialSum::MOST / 4) == 0) outward.carry();
    }
    virial = outward.whole();
    return every(countable);
}

}  // namespace tdaglass
