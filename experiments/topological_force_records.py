"""The settings of `topological_force.py`, and what its steps hand on to the report."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from command_line import Place

from tdaglass import topology

# Of persistence images, squared radii.
GRID = topology.Grid((0.15, 0.75), (0.25, 0.85), (60, 60))


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; in Lennard-Jones units."""

    n: int = 200
    """Particles."""
    temperature: float = 1.0
    """Of the liquid that becomes the glass, epsilon / k_B."""
    equilibration: float = 100.0
    """Time that liquids are given."""
    radii: tuple[float, ...] = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6)
    """Radii to which the hole is pulled, one after the other: roots of its death, in sigma_AA."""
    wall: float = 0.7
    """Greatest radius at which its ring may close, the root of its birth, in sigma_AA."""
    spring: float = 400.0
    """k of the energy k ((death - target)^2 + max(0, birth - wall^2)^2) / 2, in epsilon / sigma_AA^4."""
    hot: float = 3.0
    """Temperature of the liquid whose diagram is imitated, epsilon / k_B."""
    likeness: float = 30.0
    """k of the energy k |image - target|^2 / 2, in epsilon."""
    sigma: float = 0.03
    """Width of persistence images, sigma_AA^2."""
    steps: int = 1000
    """Of FIRE, for each radius, each release and the imitation."""
    seed: int = 0
    """Of all random numbers."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


PRESETS: dict[tuple[str, ...], Settings] = {(): Settings()}


class Hole(NamedTuple):
    """The loop that was pulled, with what the glass then looks like."""

    positions: np.ndarray
    energy: float  # above that of the glass
    birth: float  # squared radii
    death: float
