"""The settings of `forces_from_holes.py`, and what its steps hand on to each other and to the report."""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from carbon_melt_quench import PUBLISHED as SCHEDULE
from carbon_melt_quench import at_density
from command_line import Place

from tdaglass import glass
from tdaglass.topology import Grid

System = Literal["liquid", "carbon"]
UNITS: dict[System, tuple[str, str, str]] = {
    "liquid": (r"\epsilon", r"\sigma", r"\tau"),
    "carbon": (r"\mathrm{eV}", r"\mathrm{\AA}", r"\mathrm{ps}"),
}
PLAIN = {r"\epsilon": "epsilon", r"\sigma": "sigma", r"\tau": "tau", r"\mathrm{eV}": "eV"} | {
    r"\mathrm{\AA}": "A",
    r"\mathrm{ps}": "ps",
}
NAMES = {
    "teacher": "teacher",
    "holes": "holes",
    "holes-energies": "holes, energies alone",
    "holes-bare": "holes, unweighted",
    "holes-bare-energies": "holes, unweighted, energies alone",
    "pairs": "pair potential",
    "pairs-energies": "pair potential, energies alone",
    "both": "pair potential and holes",
    "both-energies": "pair potential and holes, energies alone",
}
TEACHERS: dict[System, str] = {"liquid": "Lennard-Jones, a sum over pairs", "carbon": "erhart_albe"}


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; Lennard-Jones units of the liquid, eV, angstrom and ps of carbon."""

    system: System = "liquid"
    """A Lennard-Jones liquid in two dimensions, or melted and quenched carbon in three."""
    n: int = 100
    """Particles."""
    densities: tuple[float, ...] = (0.75,)
    """Particles per area, or g/cm3."""
    temperature: float = 1.0
    """Of the liquid, epsilon / k_B, and of the velocities with which NVE runs begin; of carbon in eV."""
    runs: int = 12
    """Independent ones at each density."""
    tested: int = 4
    """Of them, those that nothing is learned from."""
    frames: tuple[int, ...] = (20,)
    """Of each run; of carbon in its four last stages."""
    dimensions: tuple[int, ...] = (0, 1)
    """Of the holes."""
    births: tuple[tuple[float, float], ...] = ((0.45, 1.05),)
    """Of holes of dimension 1, 2, the range of their images along births, radii."""
    deaths: tuple[tuple[float, float], ...] = ((0.42, 0.68), (0.52, 1.17))
    """Of holes of dimension 0, 1, 2, the range along deaths, radii."""
    sigmas: tuple[float, ...] = (0.025, 0.025)
    """Widths of the Gaussians, and of the cells, of holes of each dimension, radii."""
    least: float = 0.8
    """Where the Gaussians of the pair potential begin."""
    cutoff: float = 2.5
    """Where it ends; that of the teacher in the liquid."""
    gaussians: int = 40
    """Of the pair potential."""
    force_weight: float = 1.0
    """Of the mean squared error of forces, over their variance, in what is made least; energies have 1."""
    folds: int = 4
    """Parts of the runs learned from, each left out in turn, from which the strength of the ridge is chosen."""
    time_steps: tuple[float, ...] = (0.001, 0.002, 0.004, 0.008)
    """Of NVE runs."""
    time: float = 1.0
    """Of an NVE run."""
    starts: int = 3
    """NVE runs of each kind, each from another run that nothing was learned from."""
    events: int = 80
    """Changes of the diagram that are looked at closely."""
    seed: int = 0
    """Of all random numbers."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""

    def __post_init__(self) -> None:
        if not 0 < self.tested < self.runs or self.runs - self.tested < self.folds:
            raise ValueError(
                f"expected runs for {self.folds} folds and some to be tested on, got {self.runs}, of which "
                f"{self.tested} are tested on; try --runs 12 --tested 4"
            )
        if not 1 <= self.starts <= self.tested * len(self.densities):
            raise ValueError(
                f"expected a run to be tested on for every start, got {self.starts} starts and {self.tested} "
                f"runs at each density; try --starts {self.tested}"
            )
        if self.system == "carbon" and len(self.frames) != 4:
            raise ValueError(
                f"expected frames of four stages of carbon, got {self.frames}; try --frames 4 8 4 8"
            )
        if self.time < max(self.time_steps):
            raise ValueError(
                f"expected runs of a step or more, got {self.time:g} and a step of {max(self.time_steps):g}; "
                f"try --time {100 * max(self.time_steps):g}"
            )

    @property
    def model(self) -> glass.Model:
        """The teacher, at the first density."""
        if self.system == "carbon":
            return at_density(glass.tersoff("erhart_albe", counts=(self.n,)), self.densities[0])
        tables = ((1.0,),)
        return glass.PairModel(
            "lennard_jones_2d", 2, (self.n,), self.densities[0], (1.0,), tables, tables, ((2.5,),), "smooth"
        )

    @property
    def schedule(self) -> tuple[tuple[float, float, float, int], ...]:
        """Of carbon: the published one, with these frames."""
        seen = (0, *self.frames)
        return tuple((*stage[:3], frames) for stage, frames in zip(SCHEDULE, seen, strict=True))

    @property
    def start(self) -> int:
        """Which frame of a run NVE runs begin from: of carbon the last at 5000 K."""
        return sum(self.frames[:3]) - 1 if self.system == "carbon" else self.frames[0] - 1

    def steps(self, dt: float) -> int:
        """Of an NVE run."""
        return round(self.time / dt)

    @property
    def steps_at_a_time(self) -> int:
        """Of all NVE runs, which are compiled once."""
        return math.gcd(*map(self.steps, self.time_steps))

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Of the images of each dimension, with cells as wide as a Gaussian; components are born at zero."""
        found = []
        for dimension, death, sigma in zip(self.dimensions, self.deaths, self.sigmas, strict=True):
            birth = (-5 * sigma, 5 * sigma) if dimension == 0 else self.births[dimension - 1]
            cells = [max(1, math.ceil((high - low) / sigma)) for low, high in (birth, death)]
            found.append(Grid(birth, death, (1 if dimension == 0 else cells[0], cells[1])))
        return tuple(found)


CARBON = Settings(
    system="carbon",
    n=64,
    densities=(1.5, 2.0, 2.5, 3.0, 3.5),
    temperature=5000 * glass.units.KELVIN,
    runs=6,
    tested=2,
    frames=(2, 4, 2, 4),
    dimensions=(0, 1, 2),
    births=((0.55, 1.6), (0.7, 2.6)),
    deaths=((0.5, 1.1), (0.65, 3.0), (0.8, 3.2)),
    sigmas=(0.05, 0.05, 0.1),
    least=0.9,
    cutoff=4.0,
    time_steps=(0.00025, 0.0005, 0.001, 0.002),
    time=0.16,
)
PRESETS: dict[tuple[str, ...], Settings] = {("liquid",): Settings(), ("carbon",): CARBON}


# What happens to pairs of a diagram between two configurations.
KINDS = ("partners exchanged", "simplex replaced", "pair opened or closed")


class Frames(NamedTuple):
    """Configurations and what the teacher says of them, of one run after another."""

    positions: np.ndarray  # (frames, n, dim)
    box: np.ndarray  # (frames, dim)
    energy: np.ndarray  # (frames,) of all particles
    forces: np.ndarray  # (frames, n, dim)
    run: np.ndarray  # (frames,) counted over all densities
    tested: np.ndarray  # (frames,) whether nothing is learned from it


class Learned(NamedTuple):
    """A linear model of one description."""

    coefficients: np.ndarray  # (features,) energy each
    constant: np.ndarray  # () energy of a particle
    alpha: np.ndarray  # () strength of the ridge, over the mean square of a feature


class Scored(NamedTuple):
    """Of the frames that nothing was learned from."""

    energy: np.ndarray  # (frames,) of all particles
    forces: np.ndarray  # (frames, n, dim)


class Motion(NamedTuple):
    """NVE runs from several starts."""

    energy: np.ndarray  # (starts, steps) total
    temperature: np.ndarray  # (starts, steps) kinetic, as an energy
    positions: np.ndarray  # (starts, kept, n, dim) at even times
    track: np.ndarray  # (steps, n, dim) of the first start, after every one of the first steps
    nearest: np.ndarray  # (starts,) least distance that two particles ever had
    seconds: np.ndarray  # () of the processors, for a step of one system


class Changes(NamedTuple):
    """How often simplices of the diagram change along one NVE run."""

    counts: np.ndarray  # (dimensions, kinds) of KINDS
    pairs: np.ndarray  # (dimensions,) on average
    time: np.ndarray  # () that was looked at


class Jumps(NamedTuple):
    """Changes looked at closely: what is different just after from just before."""

    kind: np.ndarray  # (events,) among KINDS
    energy: np.ndarray  # (events,) of all particles, absolute
    force: np.ndarray  # (events,) greatest of a particle
    place: np.ndarray  # (points,) along the step with the greatest jump of a force, in steps from it
    close_energy: np.ndarray  # (points,) there, without its mean slope
    close_force: np.ndarray  # (points,) component of the particle whose force jumps most
    close_teacher: np.ndarray  # (points,) the teacher's


class Results(NamedTuple):
    """All that the report tells; descriptions by name, with "-energies" where no force was learned from."""

    frames: Frames
    models: dict[str, Learned]
    scores: dict[str, Scored]
    motions: dict[tuple[str, float], Motion]
    changes: Changes
    jumps: dict[str, Jumps]


def unit_of(settings: Settings) -> tuple[str, str, str]:
    """Energy, length and time, in plain letters."""
    energy, length, time = (PLAIN[unit] for unit in UNITS[settings.system])
    return energy, length, time
