"""Periodic space: positions in fixed point, who is near whom, and sums in a written-down order.

The two ideas under everything else. `FixedPoint` positions make the nearest image a plain subtraction and keep
trajectories unwrapped; `neighbors_within` finds the particles within reach, ordered by index, so that what is
summed over them does not depend on how or when they were found.
"""

from tdaglass.space.cell import enclosed, fractions, lattice_vectors, nearest_image, volume, widths
from tdaglass.space.cell_grid import Grid, choose_grid
from tdaglass.space.fixed_point import FixedPoint, displacement, from_positions, shift, to_positions
from tdaglass.space.images import (
    Tiling,
    choose_tiling,
    in_shortest_vectors,
    is_reduced,
    reduced,
    shortest_vectors,
    tiled,
    towards_images,
)
from tdaglass.space.reproducible import in_full_vectors, pairwise_sum, rounded
from tdaglass.space.search import Search, bytes_of_words, neighbors_within, neighbors_within_any
from tdaglass.space.words_at_once import BYTES_OF_WORDS

__all__ = [
    "BYTES_OF_WORDS",
    "FixedPoint",
    "Grid",
    "Search",
    "Tiling",
    "bytes_of_words",
    "choose_grid",
    "choose_tiling",
    "displacement",
    "enclosed",
    "fractions",
    "from_positions",
    "in_full_vectors",
    "in_shortest_vectors",
    "is_reduced",
    "lattice_vectors",
    "nearest_image",
    "neighbors_within",
    "neighbors_within_any",
    "pairwise_sum",
    "reduced",
    "rounded",
    "shift",
    "shortest_vectors",
    "tiled",
    "to_positions",
    "towards_images",
    "volume",
    "widths",
]
