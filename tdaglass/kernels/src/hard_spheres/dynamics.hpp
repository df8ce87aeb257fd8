// One system from collision to collision, epoch by epoch: at the beginning of each, clocks are set to zero.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "calendar.hpp"
#include "encounters.hpp"
#include "hard_spheres.hpp"
#include "neighbor_lists.hpp"
#include "particles.hpp"

namespace tdaglass::hard_spheres {

class EventDynamics {
   public:
    // Of a system that was checked.
    EventDynamics(const Settings& settings, System& of)
        : s(settings), system(of), n((int32_t)s.n_particles), made(of.first), particles(n), mass(n), stamps(n) {
        for (int32_t k = 0; k < s.dimension; k++) {
            box.edge[k] = system.box[k];
            box.inverse[k] = 1 / system.box[k];
        }
        for (int32_t i = 0; i < n; i++) {
            Particle& p = particles[i] = {{}, system.time[i], {}, -system.diameters[i] / 2};
            std::copy_n(system.position + s.dimension * i, s.dimension, p.x);
            std::copy_n(system.velocity + s.dimension * i, s.dimension, p.v);
            mass[i] = s.masses[system.species[i]];
        }
        encounters.growth = system.growth;
        now = (double)(made % s.ticks_per_epoch) * system.tick;
        prepare();
    }

    // How deep a pair overlaps at present, in units of its contact; zero if none does.
    double deepest_overlap() const {
        double deepest = 0;
        for (int32_t i = 0; i < n; i++) {
            const auto row = lists.of(i);
            for (int32_t k = 0; k < row.size; k++) {
                const Four apart = box.nearest_image(present(i) - present(row.begin[k]));
                const double contact = radius(i) + radius(row.begin[k]);
                deepest = std::max(deepest, 1 - std::sqrt(dot(apart, apart)) / contact);
            }
        }
        return deepest;
    }

    // Go on to a number of ticks; false if there are too many events.
    bool go_on_to(int32_t tick) {
        while (made < tick) {
            if (!prepared) prepare();
            const int64_t epoch = s.ticks_per_epoch, begun = made / epoch * epoch;
            const int64_t stop = std::min<int64_t>(tick, begun + epoch);
            if (!run_to((double)(stop - begun) * system.tick)) return false;
            made = (int32_t)stop;
            if (stop == begun + epoch) end_epoch();
        }
        return true;
    }

    // Of a particle at present, in the box where its images are counted from.
    Four present(int32_t i) const { return position_at(particles[i], now); }
    int32_t ticks() const { return made; }

    // Hand the system back.
    void copy_out() const {
        for (int32_t i = 0; i < n; i++) {
            const Particle& p = particles[i];
            std::copy_n(p.x, s.dimension, system.position + s.dimension * i);
            std::copy_n(p.v, s.dimension, system.velocity + s.dimension * i);
            system.time[i] = p.t;
        }
    }

   private:
    const Settings& s;
    System& system;
    int32_t n, made;
    Aligned<Particle> particles;
    std::vector<double> mass;
    std::vector<uint32_t> stamps;  // collisions of each
    Box box;
    double now, skin;
    NeighborLists lists;
    Calendar calendar;
    Encounters encounters;
    bool prepared;
    int64_t patience;  // events until a look at the clock
    double looked_at;
    int64_t meetings = 0;

    double radius(int32_t i) const { return -particles[i].minus_radius * (1 + system.growth * now); }

    // Lists and calendar from the particles alone.
    void prepare() {
        double volume = 1, filled = 0, largest = 0, speed_sq = 0, shortest = system.box[0];
        for (int32_t k = 0; k < s.dimension; k++) {
            volume *= system.box[k];
            shortest = std::min(shortest, system.box[k]);
        }
        for (int32_t i = 0; i < n; i++) {
            const double diameter = 2 * radius(i);
            largest = std::max(largest, diameter);
            filled += s.dimension == 3 ? M_PI / 6 * diameter * diameter * diameter : M_PI / 4 * diameter * diameter;
            const Four v = velocity(particles[i]);
            speed_sq += dot(v, v) / n;
        }
        largest *= 1 + system.growth * system.tick * (double)s.ticks_per_epoch;
        skin = choose_skin(s.dimension, filled / volume, shortest, largest);
        lists.begin(n, s.dimension, box, skin * largest / 2);
        for (int32_t i = 0; i < n; i++) lists.settle(i, present(i), skin * radius(i));
        for (int32_t i = 0; i < n; i++) lists.find(i, true);
        // A few events in each of the buckets of time.
        const double flight = largest / std::sqrt(speed_sq), whole = system.tick * (double)s.ticks_per_epoch;
        calendar.begin(n, std::min(0.3 * flight / n, whole), now);
        for (int32_t i = 0; i < n; i++) plan<false>(i);
        patience = s.most_events * n, looked_at = now;
        prepared = true;
    }

    // Events before a time; false if the clock stands still.
    bool run_to(double time) {
        for (int32_t i; (i = calendar.next_before(time)) != Calendar::NOBODY;) {
            const Event event = calendar.events[i];
            calendar.remove(i);
            now = event.time;
            if (event.partner == i)
                renew(i);
            else if (event.stamp != stamps[event.partner])
                plan<false>(i);
            else
                collide(i, event.partner);
            if (--patience == 0) {
                if (now - looked_at < system.tick) return false;
                patience = s.most_events * n, looked_at = now;
            }
        }
        now = time;
        return true;
    }

    // What a particle does next, as long as it is alone in changing course.
    template <bool JUST_COLLIDED>
    void plan(int32_t i) {
        const auto row = lists.of(i);
        const Encounter found = encounters.first<JUST_COLLIDED>(particles[i], particles.data(), row.begin, row.size,
                                                                now, box, now + time_in_list(i));
        const int32_t partner = found.with < 0 ? i : row.begin[found.with];
        calendar.events[i] = {found.time, partner, stamps[partner]};
        calendar.insert(i);
    }

    // Until it leaves the sphere about the centre of its list, whose radius shrinks when particles grow.
    double time_in_list(int32_t i) const {
        const Four centre = lists.centre_of(i), d = present(i) - centre, v = velocity(particles[i]);
        const double growing = -particles[i].minus_radius * system.growth;
        // A rounding earlier than necessary.
        const double room = (centre[3] - radius(i)) * (1 - 1e-9);
        const double a = dot(v, v) - growing * growing, b = dot(d, v) + room * growing, c = dot(d, d) - room * room;
        const double root = std::sqrt(b * b - a * std::min(c, 0.0));
        // It may stand, or grow faster than it moves.
        return a > 0 ? (root - b) / a : b > 0 ? -std::min(c, 0.0) / (b + root) : NEVER;
    }

    void renew(int32_t i) {
        lists.renew(i, present(i), skin * radius(i));
        plan<false>(i);
    }

    void collide(int32_t i, int32_t j) {
        Particle &one = particles[i], &other = particles[j];
        const Four x_one = present(i), x_other = present(j), d = box.nearest_image(x_one - x_other);
        const Four u = velocity(one) - velocity(other);
        double approach = dot(d, u);
        if (system.growth) {
            const double contact = -one.minus_radius - other.minus_radius;
            approach -= contact * (1 + system.growth * now) * contact * system.growth;
        }
        // With the distance as it is, rounded as it may be, no energy is lost.
        const double both = mass[i] + mass[j], kick = 2 * approach / (dot(d, d) * both);
        move(one, x_one, d, -kick * mass[j]);
        move(other, x_other, d, kick * mass[i]);
        *system.virial -= 2 * approach * mass[i] * mass[j] / both;
        *system.collisions += 1;
        stamps[i]++, stamps[j]++;
        if (meetings < system.n_meetings) note(i, j);
        calendar.remove(j);
        plan<true>(i);
        plan<true>(j);
    }

    void move(Particle& p, Four x, Four d, double kick) {
        const Four v = velocity(p);
        for (int k = 0; k < 3; k++) p.x[k] = x[k], p.v[k] = v[k] + kick * d[k];
        p.t = now;
    }

    void note(int32_t i, int32_t j) {
        const double begun = (double)(made / s.ticks_per_epoch * s.ticks_per_epoch) * system.tick;
        system.meetings[meetings++] = {begun + now, std::min(i, j), std::max(i, j)};
    }

    // Everybody to the present, into the box, and clocks to zero: times stay short, and their digits many.
    void end_epoch() {
        for (int32_t i = 0; i < n; i++) {
            const Four x = present(i);
            for (int32_t k = 0; k < s.dimension; k++) {
                const double boxes = std::floor(x[k] * box.inverse[k]);
                particles[i].x[k] = x[k] - boxes * box.edge[k];
                system.image[s.dimension * i + k] += (int32_t)boxes;
            }
            particles[i].t = 0;
        }
        now = 0;
        prepared = false;
    }
};

}  // namespace tdaglass::hard_spheres
