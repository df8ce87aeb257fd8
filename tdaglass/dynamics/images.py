"""Positions of one frame after the other: through faces or not, and by which lattice vectors."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tdaglass.space import cell

# A step of this part of a lattice vector is too close to a half to be told from one that went the other way.
LONGEST_STEP = 0.4


class Snapshot(NamedTuple):
    """One frame: its time, positions (particles, dim), species (particles,) or None, and cell or None."""

    time: float
    positions: np.ndarray
    species: np.ndarray | None
    box: np.ndarray | None


def fractions(positions: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Positions or displacements in units of the lattice vectors, zero along open axes."""
    periodic = np.isfinite(box if box.ndim == 1 else np.diagonal(box))
    closed = np.where(np.isfinite(box), box, 1)
    return np.where(periodic, cell.fractions(positions, closed), 0)


def wrap(positions: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Positions inside the cell, from its lower corner on."""
    return positions - _lattice(np.floor(fractions(positions, box)), box)


def _lattice(shift: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Translations by whole numbers of lattice vectors; none along open axes."""
    return cell.lattice_vectors(shift, np.where(np.isfinite(box), box, 0))


def unwrapped(frames: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """The frames with positions that go on, by the nearest image of each step; refuses steps that are too long."""
    images: np.ndarray | None = None
    before: Snapshot | None = None
    for k, now in enumerate(frames):
        if now.box is None:
            raise ValueError(
                "expected the periodic cell that positions were wrapped into, got open space; try box=..."
            )
        if before is None or before.box is None or images is None:
            images = np.zeros_like(now.positions)
        else:
            # In units of the cell, which may have changed.
            step = fractions(now.positions, now.box) - fractions(before.positions, before.box)
            images = images - np.round(step)
            rest = np.abs(step - np.round(step)).max(axis=1)
            if rest.max() > LONGEST_STEP:
                raise ValueError(
                    f"expected steps well below half the cell, got one of {rest.max():.2f} of it for particle "
                    f"{int(rest.argmax())} before frame {k}; try frames closer in time, or image flags"
                )
        before = now
        yield now._replace(positions=now.positions + _lattice(images, now.box))


def not_wrapped(frames: Iterator[Snapshot]) -> Iterator[Snapshot]:
    """The frames as they are, unless particles leave through one face and come in through the other."""
    before: np.ndarray | None = None
    low, high = np.inf, -np.inf
    for k, now in enumerate(frames):
        if now.box is not None:
            here = fractions(now.positions, now.box)
            low, high = np.minimum(low, here.min(axis=0)), np.maximum(high, here.max(axis=0))
            # Along axes that are filled, and never left, wherever the cell's corner is.
            filled = (high - low > 0.8) & (high - low < 1 + 1e-6)
            if before is not None and (np.abs(here - before).max(axis=0) > 0.5)[filled].any():
                raise ValueError(
                    f"expected unwrapped positions, got particles that cross the cell before frame {k} and "
                    "stay inside; try wrapped=True, or image flags"
                )
            before = here
        yield now
