"""A short trajectory of random walks in a periodic cell, for every test and oracle that needs one."""

from typing import NamedTuple

import numpy as np


class Walks(NamedTuple):
    """Positions (frames, particles, dim), unwrapped and wrapped; species (particles,); cell (dim, dim), rows."""

    unwrapped: np.ndarray
    wrapped: np.ndarray
    species: np.ndarray
    cell: np.ndarray


def walks(dim: int, seed: int, *, tilt: float = 0.0, frames: int = 12, n: int = 64) -> Walks:
    """Walks of unequal persistence at unit density, in a cell whose last vectors lean towards the first."""
    random = np.random.default_rng(seed)
    edge = n ** (1 / dim)
    cell = np.eye(dim) * edge + np.tril(np.full((dim, dim), tilt), -1)
    start = random.random((n, dim)) @ cell
    pace = random.uniform(0.02, 0.3, (n, 1))
    steps = pace * random.normal(size=(frames, n, dim)) + 0.01
    steps[0] = 0
    unwrapped = start + steps.cumsum(axis=0)
    inverse = np.linalg.inv(cell)
    wrapped = unwrapped - np.floor(unwrapped @ inverse) @ cell
    return Walks(unwrapped, wrapped, (np.arange(n) % 4 == 3).astype(np.int32), cell)
