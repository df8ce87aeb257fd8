"""The loops that XLA does badly on a CPU, in C++, each with the pure-JAX function that it must agree with.

The library is compiled when the package is installed, for the processor it is installed on. Where it is missing,
switched off (``TDAGLASS_KERNELS=off``) or made for another processor, `WHY_NOT` says so in one sentence and the
package works in pure JAX.
"""

from tdaglass.kernels.library import built_for, load, thread_count
from tdaglass.kernels.molecular_dynamics import (
    MOST_SPECIES,
    STATUS,
    Interaction,
    Motion,
    Observation,
    Sums,
    advance,
    measure,
)

WHY_NOT: str | None = load()

__all__ = [
    "MOST_SPECIES",
    "STATUS",
    "WHY_NOT",
    "Interaction",
    "Motion",
    "Observation",
    "Sums",
    "advance",
    "built_for",
    "load",
    "measure",
    "thread_count",
]
