"""Delaunay triangulations, open and periodic, weighted or not: the one place that calls gudhi.

gudhi triangulates in open space. A periodic triangulation is cut out of that of the points and their images
around the box. Every cell of the periodic one has an image whose sphere has its centre in the box. Those of the
open one that have theirs there are right if no image that was left out could lie in their spheres, and are all
there are if they fill the box. Until both are so, more images are taken.
"""

import gudhi
import numpy as np

from tdaglass.space.cell import volume, widths
from tdaglass.topology.backend import backend
from tdaglass.topology.records import Simplices, Sites

# Images are taken so far around the box at first, in mean distances between points: enough for dense liquids.
# Where gaps are wider, as among random points, a second turn follows.
FIRST_DEPTH = 1.1
# Shifts between the vertices of a cell are small numbers, and so must be the boxes that images are taken from.
MOST_BOXES = 40


def delaunay_cells(sites: Sites) -> Simplices:
    """Cells of the Delaunay triangulation, or of the regular one if the points have weights.

    Parameters
    ----------
    sites : Sites
        The points; in the box, if there is one. It has no open axes, and its lattice vectors are short.

    Returns
    -------
    Simplices
        Triangles or tetrahedra. None where all points lie in a common plane or line.

    Raises
    ------
    ValueError
        If the box is too small along an axis to hold the images that a cell may need.
    """
    if sites.box is None:
        cells = np.sort(_triangulate(sites.position, sites.weight), axis=1)
        return Simplices(cells, np.zeros((*cells.shape, cells.shape[1] - 1), np.int8))
    n, dim = sites.position.shape
    depth = FIRST_DEPTH * float(volume(sites.box) / n) ** (1 / dim)
    # No empty sphere is wider than the diagonal of a brick with the box's edges: one that seems so, among these
    # images, is of a flat cell.
    deepest = 1.01 * float(np.linalg.norm(sites.box))
    while True:
        if depth > MOST_BOXES * widths(sites.box).min():
            raise ValueError(
                f"expected a box that is not so narrow, got widths {widths(sites.box)} for {n} points, which need "
                f"images from {depth:.3g} around it; try to repeat the configuration along its shortest edge"
            )
        images = backend().images_around(sites, depth)
        weight = None if sites.weight is None else sites.weight[images.point]
        cells, needed = backend().cells_of_box(sites, images, _triangulate(images.position, weight))
        if needed <= depth or depth >= deepest:
            return cells
        # A first guess that is much too small cuts through voids, whose spheres it makes far too large.
        depth = min(max(1.01 * needed, 1.1 * depth), 2 * depth, deepest)


def _triangulate(position: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
    # Signs of determinants, which decide everything here, are exact in the fast mode too; radii are not asked for.
    complex_ = gudhi.AlphaComplex(points=position, weights=weight, precision="fast")
    tree = complex_.create_simplex_tree(default_filtration_value=True)
    return backend().read_tree(tree.__getstate__(), position.shape[1])
