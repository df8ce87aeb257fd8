"""Polyhedra around the metalloid atoms of a glass, and which of them are prisms."""

from typing import NamedTuple

import numpy as np
from cooling_rate_images import in_angstroms
from cooling_rate_records import Glasses, Settings

from tdaglass import structure

# Polyhedra around a metalloid that are trigonal prisms with caps, or near to them, as published.
PRISMS = ((0, 3, 6, 0), (0, 4, 4, 0), (0, 5, 4, 0), (0, 2, 8, 0), (0, 3, 6, 1))


class Polyhedra(NamedTuple):
    """Around the metalloid atoms of a glass, small faces of Voronoi cells dropped."""

    indices: np.ndarray  # (atoms, 4) <n3 n4 n5 n6>, zeros for the metal
    prism: np.ndarray  # (atoms,) bool
    neighbors: list[np.ndarray]  # of each atom
    displacement: list[np.ndarray]  # towards them, angstrom


def polyhedra_of(settings: Settings, glasses: Glasses, k: int) -> Polyhedra:
    """Of one glass."""
    positions, species, box = in_angstroms(settings, glasses, k)
    cells = structure.voronoi(positions, box)
    cells = structure.drop_small_faces(cells, settings.smallest_face, particles=species == 1)
    indices = structure.voronoi_index(cells) * (species == 1)[:, None]
    others = np.sum(cells.face_edges > 6, axis=1)
    prism = np.any(np.all(indices[:, None] == np.array(PRISMS), axis=-1), axis=-1) & (others == 0)
    idx, displacement, mask, _ = cells.neighbors
    return Polyhedra(
        indices, prism, [i[m] for i, m in zip(idx, mask, strict=True)],
        [d[m] for d, m in zip(displacement, mask, strict=True)],
    )  # fmt: skip
