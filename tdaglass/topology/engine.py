"""Which loops complexes are computed with: the compiled ones, or those of numpy that they must agree with."""

from types import ModuleType

from tdaglass import kernels
from tdaglass.kernels import topology
from tdaglass.topology import reference


def loops() -> ModuleType:
    """The module to call `images_around`, `read_tree`, `cells_of_box`, `fill_complex`, `pair` and
    `critical_spheres` of.
    """
    return topology if kernels.WHY_NOT is None else reference
