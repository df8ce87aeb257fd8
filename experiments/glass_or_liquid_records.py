"""The settings of `glass_or_liquid.py`, and what its steps hand on to each other and to the report."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from command_line import Place

from tdaglass import glass, learning
from tdaglass.configuration import Configuration

System = Literal["additive_mixture_2d", "kob_andersen_2d"]
MODELS: dict[str, Callable[[int], glass.PairModel]] = {
    "additive_mixture_2d": glass.additive_mixture_2d,
    "kob_andersen_2d": glass.kob_andersen_2d,
}
# Of what is cooled, the liquid and the glass are kept: their places in lists, and their names.
LIQUID, GLASS = 0, 1
KINDS = ("liquid", "glass")


@dataclass(frozen=True)
class Cooling:
    """All that decides the liquids and glasses, which are kept and shared by all analyses of them."""

    system: System = "additive_mixture_2d"
    """Mixture to cool."""
    n: int = 500
    """Particles."""
    quenches: int | Path = 96
    """Independent liquids that are cooled; or the folder of quenches that `keep_quenches.py` has kept."""
    batch: int = 16
    """Of them at once; a finished batch is kept."""
    hot: float = 4.0
    """Temperature from which they are cooled, epsilon / k_B."""
    equilibration: float = 100.0
    """Time at it."""
    liquid: float = 3.0
    """Temperature at which the liquid is taken, epsilon / k_B; so high that it flows in the time it is given."""
    glass: float = 0.05
    """Temperature at which the glass is taken, epsilon / k_B."""
    rate: float = 1e-2
    """Of cooling, temperature per time."""
    dt: float = 0.005
    """Time step."""
    part_steps: int = 50_000
    """Between two states of a batch that are kept until it is finished."""
    seed: int = 0
    """Of all random numbers, of trainings and heating too."""

    @property
    def number(self) -> int:
        """Of the quenches."""
        if isinstance(self.quenches, Path):
            raise ValueError(f"expected how many liquids to cool, got {self.quenches}; try --quenches 96")
        return self.quenches


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths, energies and times in Lennard-Jones units."""

    cooling: Cooling = Cooling()
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    validation: float = 0.1
    """Share of the quenches that decide when training ends."""
    test: float = 0.2
    """Share of the quenches that the network never sees."""
    cells: int = 96
    """Of the grid, along each axis."""
    assignment: Literal["nearest", "linear"] = "linear"
    """Of a particle to its cell, or to the four nearest with weights that keep its place."""
    channels: tuple[int, ...] = (8, 16, 16)
    """Feature maps of each convolution."""
    hidden: int = 0
    """Units of a dense layer that reads all cells of the last maps; 0: outputs read the means of the maps."""
    dropout: float = 0.5
    """Share of these units that is silent in training."""
    epochs: int = 20
    """At most."""
    patience: int = 8
    """Epochs without improvement that end a training."""
    batch_size: int = 16
    """Images in a mini-batch."""
    learning_rate: float = 3e-3
    """Of Adam, falling to nothing along a cosine."""
    keep_every: int = 5
    """Epochs between two states of a training that are kept."""
    trainings: int = 6
    """From different seeds."""
    length: float = 3.0
    """Over which fields are coarse-grained."""
    temperatures: tuple[float, ...] = (3.0, 3.5, 4.0)
    """To which glasses are heated to see them move, epsilon / k_B."""
    glasses: int = 12
    """Of the test set, that are heated."""
    replicas: int = 16
    """Isoconfigurational runs of each."""
    observation: float = 120.0
    """Their longest time."""
    observations: int = 16
    """Times at which they are observed, evenly spaced in their logarithm."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


# On cards of some 132 multiprocessors, each of which cools a system.
PUBLISHED_COOLING = Cooling(
    n=2000, quenches=5000, batch=132, hot=4.0, liquid=2.0, rate=8.33e-5, part_steps=500_000
)
PUBLISHED = Settings(
    PUBLISHED_COOLING,
    preset="paper",
    validation=0.08,
    test=0.12,
    cells=192,
    channels=(32, 32, 32),
    hidden=128,
    epochs=250,
    patience=250,
    batch_size=64,
    temperatures=(1.0, 1.25, 1.5, 2.0),
    glasses=50,
    replicas=30,
    observation=1.5e6,
    observations=40,
)
PRESETS: dict[tuple[str, ...], Settings] = {
    ("additive_mixture_2d", "default"): Settings(),
    ("additive_mixture_2d", "paper"): PUBLISHED,
    ("kob_andersen_2d", "default"): Settings(
        Cooling(system="kob_andersen_2d", hot=2.0, liquid=0.8, rate=5e-3), temperatures=(0.4, 0.5, 0.6)
    ),
    ("kob_andersen_2d", "paper"): replace(
        PUBLISHED,
        cooling=replace(PUBLISHED_COOLING, system="kob_andersen_2d", liquid=0.8),
        temperatures=(0.37, 0.4, 0.5, 0.6),
    ),
}


class Fields(NamedTuple):
    """Of particles, (configurations, particles), coarse-grained and scaled to [0, 1]."""

    grad_cam: np.ndarray  # (trainings, configurations, particles)
    area: np.ndarray
    packing: np.ndarray  # 1 - Theta


class Motion(NamedTuple):
    """How the particles of a glass leave their cages at one temperature."""

    temperature: float
    displacement: np.ndarray  # (glasses, times) root of Delta, mean over particles
    stillness: np.ndarray  # (glasses, times, particles) 1 - Delta, coarse-grained and scaled


class Results(NamedTuple):
    """All that the study found."""

    parts: dict[str, np.ndarray]  # numbers of the quenches to train, to validate and to test with
    trained: list[learning.Trained]
    right: np.ndarray  # (trainings, images of the test set), the liquids first
    tested: list[Configuration]  # the liquids and the glasses of the test set
    fields: list[Fields]  # of these
    motions: list[Motion]  # from the lowest temperature to the highest
