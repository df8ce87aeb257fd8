"""What complexes are computed with: compiled loops, or those of numpy that they must agree with."""

from types import ModuleType

from tdaglass import kernels
from tdaglass.topology import cpu_kernels, reference

FUNCTIONS = ("images_around", "read_tree", "cells_of_box", "fill_complex", "pair", "critical_spheres")


def backend() -> ModuleType:
    """The module to call `FUNCTIONS` of: `cpu_kernels` where they can be used, `reference` elsewhere.

    Examples
    --------
    >>> all(hasattr(backend(), name) for name in FUNCTIONS)
    True
    """
    return cpu_kernels if kernels.WHY_NOT is None else reference
