"""The compiled loops behind complexes, which know arrays only, in topology's records."""

from collections.abc import Sequence

import numpy as np

from tdaglass.kernels import topology as kernels
from tdaglass.topology.records import Complex, Images, Pairs, Simplices, Sites, Spheres

Array = np.ndarray


def images_around(sites: Sites, depth: float) -> Images:
    """Points of a periodic box and their images up to some distance around it."""
    return Images(*kernels.images_around(sites, depth))


def read_tree(state: Array, dim: int) -> Array:
    """Cells of a gudhi simplex tree."""
    return kernels.read_tree(state, dim)


def cells_of_box(sites: Sites, images: Images, cells: Array) -> tuple[Simplices, float]:
    """Of a triangulation of points and their images the cells of one box, and how far images must reach."""
    found, depth = kernels.cells_of_box(sites, images.point, images.shift, cells)
    return Simplices(*found), depth


def fill_complex(sites: Sites, cells: Simplices, flat: float) -> Complex | None:
    """All simplices of a triangulation, and when they appear; None if it is not unique, or a cell flat."""
    found = kernels.fill_complex(sites, cells, flat)
    if found is None:
        return None
    points, shifts, faces, values = found
    return Complex(tuple(map(Simplices, points, shifts)), faces, values)


def pair(values: Sequence[Array], faces: Sequence[Array]) -> tuple[tuple[Pairs, ...], Array]:
    """Persistence pairs of a complex that fills a periodic box or the hull of its points, or part of one."""
    found, part_of = kernels.pair(values, faces)
    return tuple(Pairs(k, *arrays) for k, arrays in enumerate(found)), part_of


def critical_spheres(
    sites: Sites, given: Array, wrapped: Array, below: Simplices, above: Simplices, pairs: Pairs, opens: Spheres,
    ends: Spheres,
) -> int:  # fmt: skip
    """Spheres of births and of deaths, of pairs that persist by more than rounding."""
    ours = pairs.birth_simplex, pairs.death_simplex, pairs.birth, pairs.death
    return kernels.critical_spheres(sites, given, wrapped, below, above, ours, opens, ends)
