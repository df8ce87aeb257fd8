"""What the surroundings of some atoms scatter: local structure factors by Debye's formula."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from cooling_rate_images import in_angstroms
from cooling_rate_records import Glasses, Settings

from tdaglass import structure

# Inverse angstroms.
WAVE_NUMBERS = np.linspace(0.5, 6.0, 56)
# Spheres around rings, angstrom: the second shell and some more. So many of each region are averaged.
RADIUS = 8.0
SPHERES = 20


def lengths_of(settings: Settings) -> np.ndarray:
    """Neutron scattering lengths of the species, fm."""
    given = settings.cooling.of.scattering if settings.scattering is None else settings.scattering
    return np.array(given)


def local_factors(
    settings: Settings, glasses: Glasses, k: int, superclusters: list[np.ndarray], places: list[np.ndarray]
) -> np.ndarray:
    """Neutron structure factors of superclusters alone, and of all atoms in spheres around them, (2, points).

    Each is its mean over some of the superclusters, given by their atoms and where these stand. What a sphere
    scatters as a whole is taken away. Superclusters have many shapes, of which it cannot be: their S(q) means
    nothing below 2 pi over their size.
    """
    if not superclusters:
        return np.full((2, len(WAVE_NUMBERS)), np.nan)
    positions, species, box = in_angstroms(settings, glasses, k)
    b = lengths_of(settings)
    # In a small box no sphere that meets itself.
    radius = min(RADIUS, 0.499 * float(np.min(box)))
    alone, around = [], []
    for atoms, at in zip(superclusters[:SPHERES], places, strict=False):
        alone.append((at, b[species[atoms]]))
        center = at.mean(axis=0)
        near = nearest_images(positions, box, center)
        inside = np.linalg.norm(near, axis=1) < radius
        around.append((near[inside], b[species[inside]]))
    return np.stack([mean_factor(alone, None), mean_factor(around, radius)])


def nearest_images(positions: np.ndarray, box: np.ndarray, center: np.ndarray) -> np.ndarray:
    """Where atoms stand as seen from a point; boxes are orthorhombic here."""
    away = positions - center
    return away - box * np.round(away / box)


def mean_factor(sets: list[tuple[np.ndarray, np.ndarray]], radius: float | None) -> np.ndarray:
    """Mean of Debye's formula over sets of atoms, each filled up with such as scatter nothing."""
    room = 32 * -(-max(len(b) for _, b in sets) // 32)
    total = np.zeros(len(WAVE_NUMBERS))
    for positions, b in sets:
        more = room - len(b)
        total += np.asarray(
            _debye(
                np.pad(positions - positions.mean(axis=0), ((0, more), (0, 0))), np.pad(b, (0, more)), radius
            )
        )
    return total / len(sets)


def _debye(positions: np.ndarray, b: np.ndarray, radius: float | None) -> Any:
    return structure.debye_structure_factor(
        jnp.asarray(positions), jnp.asarray(WAVE_NUMBERS), scattering_lengths=jnp.asarray(b), radius=radius
    )
