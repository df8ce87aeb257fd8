"""What clusters are found with: compiled loops, or those of Python that they must agree with."""

from types import ModuleType

from tdaglass import kernels
from tdaglass.structure.topological_clusters import cpu_kernels, reference

FUNCTIONS = ("find_bonds", "find_clusters")


def backend() -> ModuleType:
    """The module to call `FUNCTIONS` of: `cpu_kernels` where they can be used, `reference` elsewhere.

    Examples
    --------
    >>> all(hasattr(backend(), name) for name in FUNCTIONS)
    True
    """
    return cpu_kernels if kernels.WHY_NOT is None else reference
