"""Embedded-atom potentials by formulas, as tables and as setfl files: three elements that are nobody's.

All functions end smoothly at the cut-off. The table of densities is short: crowded atoms are beyond it.
"""

from itertools import combinations_with_replacement
from pathlib import Path
from typing import NamedTuple

import numpy as np

ELEMENTS, MASSES = ("X", "Y", "Z"), (50.0, 90.0, 20.0)
CUTOFF, SPACING, DENSITY_SPACING = 4.0, 0.02, 0.125
RADII, WEIGHTS, DEPTHS = np.array([2.5, 2.9, 2.2]), np.array([1.0, 1.3, 0.6]), np.array([1.4, 2.0, 1.1])


class Tables(NamedTuple):
    """As a file has them; `density[a][b]` is what a gives at b (with ``eam/alloy`` the same for all b)."""

    embedding: np.ndarray
    density: np.ndarray
    pair: np.ndarray


def tables(finnis_sinclair: bool) -> Tables:
    """The functions of all elements at their points."""
    r, rho = SPACING * np.arange(201), DENSITY_SPACING * np.arange(101)
    end = (1 - (r / CUTOFF) ** 2) ** 3
    density = np.tile((WEIGHTS[:, None] * np.exp(3 - 3 * r / RADII[:, None]) * end)[:, None], (1, 3, 1))
    if finnis_sinclair:
        density *= np.array([[1.0, 1.2, 0.7], [0.8, 1.0, 1.1], [0.9, 0.6, 1.0]])[:, :, None]
    contact = (RADII[:, None] + RADII)[..., None] / 2
    depth = 0.1 * (1 + np.abs(np.subtract.outer(WEIGHTS, WEIGHTS)))[..., None]
    pair = r * depth * (np.exp(8 - 8 * r / contact) - 2 * np.exp(4 - 4 * r / contact)) * end
    embedding = DEPTHS[:, None] * (0.02 * rho**1.5 - np.sqrt(rho))
    return Tables(embedding, density, pair)


def write(path: Path, finnis_sinclair: bool) -> None:
    """Write a setfl file, five numbers a line."""
    made = tables(finnis_sinclair)
    lines = ["by formula", "# of no element", "", f"3 {' '.join(ELEMENTS)}"]
    lines.append(
        f"{made.embedding.shape[1]} {DENSITY_SPACING} {made.pair.shape[-1]} {SPACING} {CUTOFF} # sizes"
    )

    def put(values):
        lines.extend(" ".join(map(repr, values[k : k + 5].tolist())) for k in range(0, len(values), 5))

    for a in range(3):
        lines.append(f"{a + 1} {MASSES[a]} {RADII[a]} fcc")
        put(made.embedding[a])
        for b in range(3 if finnis_sinclair else 1):
            put(made.density[a, b])
    for b, a in sorted(combinations_with_replacement(range(3), 2), key=lambda ends: ends[::-1]):
        put(made.pair[a, b])
    path.write_text("\n".join(lines) + "\n")
