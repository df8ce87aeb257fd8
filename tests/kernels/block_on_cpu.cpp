// The block kernel played by a CPU, as a library for ctypes: one launch of as many systems as the arrays hold.
#include <cstring>
#include <vector>

#include "cuda/emulation.hpp"

using namespace tdaglass;

namespace {

// With shared memory as large as asked for, and threads as many.
Status plan_of(const tdaglass::Settings& s, int64_t room, const int64_t* watched, int64_t threads, int64_t stages,
               int64_t shared, int64_t blocks, block::Plan& plan) {
    block::Card card;
    if (stages == 0) card.major = 7;
    if (shared) card.shared_per_block = shared;
    return (Status)block::make_plan(s, room, card, {watched[0], watched[1], watched[2]}, plan, blocks, threads);
}

}  // namespace

extern "C" {

struct Launch {
    int64_t dimension, n_particles, n_species, form, exponent, truncation, thermostat;
    double non_additivity, smallest, largest, dt, skin;
    const double *sigma, *epsilon, *cutoff, *masses;
    int64_t room, threads, stages, shared, blocks, play, seed, systems;
    int64_t watched[3];  // moments, neighbours in a cage, waves
    block::Arrays arrays;
    double length;  // unit of lengths in what is observed
};

int64_t tdaglass_block_arrays_bytes() { return sizeof(block::Arrays); }

// A status if the liquid fits no block; -1 without memory.
int64_t tdaglass_block_launch(Launch* x, char* options, int64_t options_bytes) {
    const tdaglass::Settings s{x->dimension, x->n_particles, x->n_species, x->sigma, x->epsilon, x->cutoff, x->masses,
                               {x->form, x->exponent, x->truncation, x->non_additivity, x->smallest, x->largest},
                               x->thermostat != 0, x->dt, x->skin};
    try {
        block::Plan plan;
        if (Status status = plan_of(s, x->room, x->watched, x->threads, x->stages, x->shared, x->blocks, plan)) return status;
        x->length = plan.settings.length;
        if (options) std::strncpy(options, plan.options.c_str(), options_bytes);
        if (!x->systems) return OK;
        std::vector<block::uint4> scratch((size_t)(plan.scratch_bytes * x->systems) / 16), density((size_t)plan.common_bytes / 16 + 1);
        x->arrays.scratch = (char*)scratch.data(), x->arrays.density = (block::Whole*)density.data();
        block::run_on_cpu(plan, x->arrays, x->systems, (block::Play)x->play, (unsigned)x->seed);
        return OK;
    } catch (const std::exception&) {
        return -1;
    }
}
}
