"""The same time steps on a CUDA card: one system a block of threads, many steps a launch, as JAX functions.

They take and give what `molecular_dynamics.advance` does, and keep the same promises: leading axes are independent
systems, forces are added up as integers, and a trajectory depends neither on its company nor on the lists nor on how
its steps are divided into calls. What is observed is added up in whole numbers, so that replicas, calls and cards may
be added in any order.
"""

from jaxtyping import Array

TARGETS = ("tdaglass_block_advance", "tdaglass_block_observe")
FUNCTIONS = ("tdaglass_block_plan", "tdaglass_block_code")
# JAX's name for the devices that blocks run on.
BACKEND = "cuda"
LIST_FULL = 7

# As `Sums`, but (moments, k, 2): whole numbers of 64 bits, the lower word first; see `sums_of`.
WholeSums = tuple[Array, Array, Array, Array, Array]
