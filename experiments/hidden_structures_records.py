"""The settings of `hidden_structures.py`, and what its steps hand on to each other and to the report."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import tyro
from command_line import Place
from hidden_structures_substances import SUBSTANCES, TEMPERATURE, Control, Substance

from tdaglass import dynamics, glass
from tdaglass.configuration import Configuration
from tdaglass.statistics import Correlation

System = Literal["wahnstrom", "kob_andersen_3d", "hard_spheres", "other"]


@dataclass(frozen=True)
class Simulation:
    """All that decides the simulated liquids, which are kept and shared by all analyses of them."""

    system: System = "wahnstrom"
    """Liquid to simulate, or which --data are of; of another, no energies are known."""
    n: int = 1000
    """Particles."""
    temperatures: Annotated[tuple[float, ...], tyro.conf.arg(aliases=["--packing-fractions"])] = (
        1.0,
        0.85,
        0.75,
    )
    """From hot to cold, epsilon / k_B; of hard spheres packing fractions, from dilute to dense."""
    relaxation_times: tuple[float, ...] = (5.5, 14.0, 50.0)
    """Rough alpha-relaxation time at each of these; sets the length of runs, the result is measured."""
    equilibration: float = 12.0
    """Equilibration at each, in relaxation times."""
    observation: float = 3.0
    """Longest time of the ensembles, in relaxation times."""
    configurations: int = 4
    """Independent liquids at each."""
    replicas: int = 32
    """Isoconfigurational runs of each configuration."""
    observations: int = 24
    """Times at which the ensembles are observed, evenly spaced in their logarithm."""
    dt: float = 0.005
    """Time step, where there are steps."""
    seed: int = 0
    """Of all random numbers, of the analysis too."""

    def __post_init__(self) -> None:
        control = self.control
        slowing = sorted(set(self.temperatures), key=lambda value: control.slows * value)
        if not self.temperatures or list(self.temperatures) != slowing:
            raise ValueError(
                f"expected {control.word}s from fast to slow liquids, got {self.temperatures}; try "
                f"{control.flag} {' '.join(f'{value:g}' for value in slowing)}"
            )
        if len(self.relaxation_times) != len(self.temperatures):
            raise ValueError(
                f"expected a relaxation time for each of {len(self.temperatures)} {control.word}s, got "
                f"{len(self.relaxation_times)}; try as many numbers after --relaxation-times"
            )

    @property
    def substance(self) -> Substance:
        """Of what is simulated."""
        return SUBSTANCES[self.system]

    @property
    def control(self) -> Control:
        """What is changed from liquid to liquid; of data the temperature, if anything."""
        return self.substance.control if self.system in SUBSTANCES else TEMPERATURE

    def names(self) -> list[str]:
        """Of the liquids, in files."""
        return [f"{self.control.symbol}{value:g}" for value in self.temperatures]

    def equilibrations(self) -> Iterator[tuple[float, str, float]]:
        """Of each liquid the control, the name of its equilibration, and how long that is."""
        for value, name, tau in zip(self.temperatures, self.names(), self.relaxation_times, strict=True):
            yield value, f"{name}-equilibration", self.equilibration * tau


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths, energies and times in Lennard-Jones units."""

    simulation: Simulation = Simulation()
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    data: Path | None = None
    """Analyse these configurations (public data set, or any file of positions) instead of simulating."""
    box: tuple[float, ...] | None = None
    """Edges of the cell of --data, in place of what the file says."""
    format: str | None = None
    """Of --data, where the file does not show it."""
    dimension: Literal[2, 3] | None = None
    """Of --data, where the file does not show it."""
    cutoff: float | None = None
    """Neighbours within this distance; None: solid-angle nearest neighbours (SANN)."""
    variance_explained: float = 0.75
    """Fraction of the variance that the bottleneck of the auto-encoder must explain."""
    learned_from: Literal["slowest", "ends"] = "slowest"
    """Auto-encoder and mixture are of the slowest liquid, or of the slowest and the fastest together."""
    radius: float = 2.0
    """P_red is averaged over the particles within this distance, in units of the largest sigma; of other liquids,
    of the distance of the first peak of g(r)."""
    cluster_cutoff: float | None = 2.0
    """Bonds of topological clusters are shorter than this; None: 1.8 times the largest sigma, or of other
    liquids the distance of the first peak of g(r)."""
    voronoi_parameters: tuple[float, ...] = (1.0, 0.82)
    """f_c of these bonds: clusters are shown for each, and of the first also written with the particles."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


KOB_ANDERSEN = Simulation(
    system="kob_andersen_3d",
    temperatures=(1.0, 0.8, 0.6),
    relaxation_times=(1.5, 4.0, 20.0),
    n=500,
    observation=4.0,
    configurations=2,
)
HARD_SPHERES = Simulation(
    system="hard_spheres",
    temperatures=(0.50, 0.52, 0.54, 0.55, 0.56, 0.57),
    relaxation_times=(1.0, 1.5, 4.0, 8.0, 18.0, 100.0),
    # The total scattering takes longer than the self part, of which these times are; and growth is violent.
    equilibration=20.0,
)
PRESETS: dict[tuple[str, ...], Settings] = {
    ("wahnstrom", "default"): Settings(),
    ("wahnstrom", "paper"): Settings(
        Simulation(
            n=2000,
            temperatures=(1.0, 0.9, 0.8, 0.75, 0.7),
            relaxation_times=(4.0, 11.0, 25.0, 70.0, 200.0),
            configurations=10,
            replicas=64,
        ),
        preset="paper",
    ),
    # Of unknown liquids no cut-off is known: solid angles find the neighbours.
    **{
        ("other", preset): Settings(Simulation(system="other"), preset, cluster_cutoff=None)
        for preset in ("default", "paper")
    },
    # From the densest alone P_red foretells half as much: between the ends the means of most bond order parameters
    # differ by twice the width of their distributions.
    ("hard_spheres", "default"): Settings(
        HARD_SPHERES, learned_from="ends", cluster_cutoff=1.8, voronoi_parameters=(0.82, 1.0)
    ),
    ("hard_spheres", "paper"): Settings(
        replace(
            HARD_SPHERES,
            n=2000,
            temperatures=(0.50, 0.54, 0.56, 0.57, 0.575, 0.58),
            relaxation_times=(1.0, 4.0, 18.0, 120.0, 700.0, 8000.0),
            configurations=5,
        ),
        preset="paper",
        learned_from="ends",
        cluster_cutoff=1.8,
        voronoi_parameters=(0.82, 1.0),
    ),
    ("kob_andersen_3d", "default"): Settings(KOB_ANDERSEN, cutoff=1.2),
    ("kob_andersen_3d", "paper"): Settings(
        replace(
            KOB_ANDERSEN,
            n=4096,
            temperatures=(0.8, 0.6, 0.55, 0.5),
            relaxation_times=(4.0, 20.0, 50.0, 150.0),
            configurations=10,
            replicas=64,
        ),
        preset="paper",
        cutoff=1.2,
    ),
}


class Liquid(NamedTuple):
    """Configurations of one liquid in one state, and how their particles move (where that is known)."""

    configuration: Configuration  # (configurations, ...)
    model: glass.PairModel | None  # that knows energies; None where there is none
    diameters: np.ndarray  # (species,), length
    control: Control
    value: float | None  # of the control
    times: np.ndarray | None  # (times,)
    propensity: np.ndarray | None  # (configurations, times, particles)
    ceiling: np.ndarray | None = None  # (configurations, species, times): most that a score can reach
    scattering: np.ndarray | None = None  # (configurations, times): intermediate, of all particles
    relaxation: dynamics.StretchedExponential | None = None
    wave_number: float | None = None
    diffusion_time: float | None = None
    # P V / N k T of each configuration, (configurations,), and what it is in equilibrium.
    compressibility: tuple[np.ndarray, float] | None = None


class Scores(NamedTuple):
    """What the structure says of each particle, (configurations, particles)."""

    p_red: np.ndarray
    averaged: np.ndarray
    energy: np.ndarray | None  # potential, smoothed; None where there is none, or none is known


# Of each score, by its name, with the propensity; (configurations, species, times). Empty where nothing moved.
Correlations = dict[str, Correlation]


class ClustersOf(NamedTuple):
    """Topological clusters of one liquid for one f_c, and which scores go with them."""

    parameter: float  # f_c
    of_particle: np.ndarray  # (configurations, types, particles)
    correlations: dict[str, Correlation]  # of P_red and of the propensity; (configurations, species, types)


class Analysed(NamedTuple):
    """A liquid, the scores of its particles, how well each foretells the motion, and what they are part of."""

    liquid: Liquid
    scores: Scores
    correlations: Correlations
    clusters: list[ClustersOf]  # empty where there are none


def peak_time(liquid: Liquid, correlations: Correlations) -> int:
    """Index of the time at which the averaged score tells most about the most numerous species."""
    species = int(np.argmax(np.bincount(np.asarray(liquid.configuration.species[0]))))
    return int(np.argmax(np.abs(correlations["averaged"].spearman[:, species].mean(0))))
