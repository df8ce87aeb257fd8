// The kernels, as plan.hpp says how to launch them.
#include "block.hpp"

using namespace tdaglass::block;

// The blocks of a system are neighbours on the card, and see each other's shared memory.
#if CLUSTER > 1
#define OF_A_CLUSTER __cluster_dims__(CLUSTER, 1, 1)
#else
#define OF_A_CLUSTER
#endif

extern "C" __global__ void OF_A_CLUSTER __launch_bounds__(THREADS, BLOCKS)
advance(const __grid_constant__ Settings settings, const __grid_constant__ Arrays arrays) {
    extern __shared__ __align__(16) char shared[];
    System(settings, arrays, blockIdx.x / CLUSTER, shared).run();
}

#if OBSERVES
extern "C" __global__ void __launch_bounds__(THREADS)
begin_observing(const __grid_constant__ Settings settings, const __grid_constant__ Arrays arrays) {
    begin_sums(settings, arrays, blockIdx.x, gridDim.x);
}
#endif
