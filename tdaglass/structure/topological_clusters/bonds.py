"""The cell that bonds are found in: periodic along all axes, and wide enough for clusters not to wrap round it."""

import numpy as np

from tdaglass import arguments
from tdaglass.space.cell import widths
from tdaglass.space.images import in_shortest_vectors
from tdaglass.structure.topological_clusters.backend import backend
from tdaglass.structure.topological_clusters.records import Bonds

Array = np.ndarray
# A cluster of so many cut-offs across could meet its own image.
CUTOFFS_ACROSS = 3


def find_bonds(
    position: Array, box: Array | None, cutoff: Array, species: Array | None, voronoi: float | None
) -> Bonds:
    """Bonds of one system, whose arguments are arrays; see `topological_clusters`."""
    arguments.one_system(position)
    vectors = _closed(arguments.cell_on_host(box, 3), position, cutoff.max())
    return backend().find_bonds(position, vectors, species, cutoff, voronoi)


def _closed(box: Array | None, position: Array, reach: float) -> Array:
    """Lattice vectors as rows, open axes closed so far out that no image is within reach."""
    box = np.full(3, np.inf) if box is None else box
    vectors = np.array(in_shortest_vectors(box) if box.ndim == 2 else np.diag(box))
    vectors[~np.eye(3, dtype=bool) & ~np.isfinite(vectors)] = 0
    beyond = np.isinf(np.diagonal(vectors))
    vectors[beyond] = np.diag(np.ptp(position, axis=0) + (CUTOFFS_ACROSS + 1) * reach)[beyond]
    narrowest = widths(vectors).min()
    if not narrowest > CUTOFFS_ACROSS * reach:
        raise ValueError(
            f"expected a box wider than {CUTOFFS_ACROSS} cut-offs ({CUTOFFS_ACROSS * reach:g}), so that no "
            f"cluster meets its own image, got {narrowest:g}; try more particles, or a replicated configuration"
        )
    return np.ascontiguousarray(vectors)
