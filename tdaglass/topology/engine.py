"""Which loops complexes are computed with: the compiled ones, or those of numpy that they must agree with."""

from types import ModuleType

from tdaglass import kernels
from tdaglass.kernels import topology
from tdaglass.topology import reference


def loops() -> ModuleType:
    """The module to call `read_tree`, `cells_of_box`, `flattest`, `find_faces`, `cell_values`, `face_values`, `pair`
    and `spheres` of."""
    return topology if kernels.WHY_NOT is None else reference
