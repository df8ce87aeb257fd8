"""The loops that XLA does badly, in C++, each with the pure-JAX function that it must agree with.

The library is compiled when the package is installed, for the processor it is installed on. Where it is missing,
switched off (``TDAGLASS_KERNELS=off``) or made for another processor, `WHY_NOT` says so in one sentence and the
package works in pure JAX. Every room of loops is a module here and a folder of sources. They take arrays and give
arrays; what those mean is for the rooms that call them.
"""

from tdaglass.kernels import (
    blocks,
    bond_order,
    cards,
    clusters,
    embedded_atoms,
    hard_spheres,
    molecular_dynamics,
    topology,
)
from tdaglass.kernels.library import built_for, thread_count
from tdaglass.kernels.library import load as _load


def load() -> str | None:
    """Load the library with the functions of every room; see `library.load`."""
    of_cpu = (
        *molecular_dynamics.TARGETS,
        *bond_order.TARGETS,
        *embedded_atoms.TARGETS,
        *hard_spheres.TARGETS,
    )
    targets = dict.fromkeys(of_cpu, "cpu") | dict.fromkeys(blocks.TARGETS, "CUDA")
    functions = (*cards.FUNCTIONS, *blocks.FUNCTIONS, *topology.FUNCTIONS, *clusters.FUNCTIONS)
    return _load(targets=targets, functions=functions)


WHY_NOT: str | None = load()

__all__ = [
    "WHY_NOT",
    "blocks",
    "bond_order",
    "built_for",
    "cards",
    "clusters",
    "embedded_atoms",
    "hard_spheres",
    "load",
    "molecular_dynamics",
    "thread_count",
    "topology",
]
