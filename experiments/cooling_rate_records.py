"""The settings of `cooling_rate.py`, and what its steps hand on to each other and to the report."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from command_line import Place
from cooling_rate_systems import SYSTEMS, System

from tdaglass import learning
from tdaglass.configuration import Configuration

Name = Literal["kob_andersen_3d", "palladium_silicon", "iron_phosphorus"]
# The published strength of the ridge regression, and of how many atoms its images are.
ALPHA, ATOMS = 200.0, 12_000


def logarithmic(fastest: float, slowest: float, number: int) -> tuple[float, ...]:
    """Rates evenly spaced in their logarithm, with as many digits as one would write."""
    return tuple(float(f"{rate:.6g}") for rate in np.geomspace(fastest, slowest, number))


@dataclass(frozen=True)
class Cooling:
    """All that decides the glasses, which are kept and shared by all analyses of them; in units of the system."""

    system: Name = "kob_andersen_3d"
    """Substance to cool."""
    n: int = 4000
    """Particles."""
    rates: tuple[float, ...] = logarithmic(0.45, 4.5e-4, 13)
    """Of cooling, temperature per time; of --data, of each file. One glass at each teaches the regression."""
    repeated: tuple[float, ...] = (0.45, 0.045, 4.5e-3, 1.42302e-3, 4.5e-4)
    """Rates at which further glasses are cooled, of which principal components are taken."""
    repeats: int = 5
    """Further glasses at each of these."""
    batch: int = 2
    """Glasses of one rate that are cooled at once, and kept when finished."""
    hot: float = 1.0
    """Temperature from which liquids are cooled."""
    cold: float = 0.1
    """Temperature of the glasses."""
    equilibration: int = 3500
    """Steps at the hot temperature."""
    hold: int = 2000
    """Steps at the cold temperature; energy and pressure are averages over the last quarter."""
    dt: float = 0.005
    """Time step."""
    pressure: float | None = None
    """Held all the while, in the units of the model; None: that of the system, whose volume may be constant."""
    potential: Path | None = None
    """File of the embedded-atom potential, for systems that need one."""
    seed: int = 0
    """Of all random numbers."""

    def __post_init__(self) -> None:
        if not self.hot > self.cold > 0:
            raise ValueError(
                f"expected glasses colder than liquids, got {self.cold:g} and {self.hot:g}; try --cold 0.1"
            )
        if self.hold < 40:
            raise ValueError(f"expected at least 40 steps of --hold, got {self.hold}; try --hold 2000")
        if not self.rates or min(*self.rates, *self.repeated, np.inf) <= 0:
            raise ValueError(
                f"expected positive cooling rates, got {self.rates}; try --rates 0.45 0.045 0.0045"
            )

    @property
    def of(self) -> System:
        """What is cooled."""
        return SYSTEMS[self.system]

    @property
    def ensemble(self) -> dict[str, Any]:
        """What is held constant beside the temperature, for `glass.run`."""
        held = self.of.pressure if self.pressure is None else self.pressure
        return {"ensemble": "nvt"} if held is None else {"ensemble": "npt", "pressure": held}

    @property
    def model(self) -> Any:
        """Of so many particles.

        Raises
        ------
        ValueError
            For embedded atoms without the file of their potential, and for others with one.
        """
        embedded = self.of.embedded
        if embedded != (self.potential is not None):
            wanted, flag = ("a file", "--potential FILE") if embedded else ("no file", "no --potential")
            raise ValueError(
                f"expected {wanted} of an embedded-atom potential for {self.system}, got {self.potential}; "
                f"try {flag}"
            )
        return self.of.model(self.potential, self.n) if embedded else self.of.model(self.n)

    @property
    def identity(self) -> Any:
        """What decides the glasses: files of potentials may be replaced by others."""
        if self.potential is None:
            return self
        return {"cooling": self, "potential": self.model.potential.digest}

    def pieces(self) -> Iterator[tuple[float, tuple[int, ...]]]:
        """Rates, each with the numbers of some glasses, 0 for the single one; those that take longest first."""
        for rate in sorted({*self.rates, *self.repeated}):
            numbers = [0] * (rate in self.rates) + [*range(1, 1 + self.repeats)] * (rate in self.repeated)
            for first in range(0, len(numbers), self.batch):
                yield rate, tuple(numbers[first : first + self.batch])


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths of diagrams are angstroms."""

    cooling: Cooling = Cooling()
    preset: Literal["default", "paper"] = "default"
    """Size of the study: ten minutes on two cores, or as published."""
    data: tuple[Path, ...] = ()
    """Files with glasses of others, at --rates; all frames of a file are glasses of one rate."""
    angstrom: float | None = None
    """Of --data, in one of their length units; None: that of the system."""
    alpha: float | None = None
    """Strength of the ridge regression; None: 200 (N / 12000)^2, since images grow with N."""
    strongest: float = 0.5
    """Cells whose learned coefficient is at least this share of the largest are looked at."""
    holes: int = 150
    """At most so many holes of each glass are taken back to their atoms."""
    noise: float = 0.25
    """Of stable volumes: this share of the persistence of a hole may be lost to noise."""
    smallest_face: float = 0.02
    """Faces below this share of the surface of a Voronoi cell are dropped."""
    scattering: tuple[float, float] | None = None
    """Neutron scattering lengths of the species, fm; None: those of the system."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""

    def __post_init__(self) -> None:
        if self.data and len(self.data) != len(self.cooling.rates):
            raise ValueError(
                f"expected a rate for each of {len(self.data)} files, got {len(self.cooling.rates)}; try as many "
                "numbers after --rates"
            )
        if not 0 < self.strongest < 1:
            raise ValueError(f"expected a share between 0 and 1, got {self.strongest:g}; try --strongest 0.5")

    def strength(self, n: int) -> float:
        """Of the ridge regression, for images of so many particles."""
        return ALPHA * (n / ATOMS) ** 2 if self.alpha is None else self.alpha


# Of metals, in kelvins and picoseconds: the published fastest decade and a half, and all of it.
METAL = Cooling(
    n=2000,
    rates=logarithmic(1e14, 5e12, 7),
    repeated=logarithmic(1e14, 5e12, 3),
    repeats=3,
    hot=2500.0,
    cold=300.0,
    equilibration=2500,
    hold=2500,
    dt=0.002,
)
METAL_PAPER = replace(
    METAL,
    n=12_000,
    rates=logarithmic(1.7e14, 1.7e10, 37),
    repeated=logarithmic(1.7e14, 1.7e10, 5),
    repeats=30,
    equilibration=25_000,
    hold=62_500,
)
PRESETS: dict[tuple[str, ...], Settings] = {
    ("kob_andersen_3d", "default"): Settings(),
    # In Ni80P20's units, epsilon 933 K and tau 0.6 ps, about the published 1.7e14 to 1.7e10 K/s.
    ("kob_andersen_3d", "paper"): Settings(
        Cooling(
            n=12_000,
            rates=logarithmic(0.1, 1e-5, 37),
            repeated=logarithmic(0.1, 1e-5, 5),
            repeats=30,
        ),
        preset="paper",
    ),
    **{
        (system, preset): Settings(replace(cooling, system=system), preset)  # type: ignore[arg-type]
        for system in ("palladium_silicon", "iron_phosphorus")
        for preset, cooling in (("default", METAL), ("paper", METAL_PAPER))
    },
}


class Glasses(NamedTuple):
    """All glasses, from the fastest to the slowest, singles before repeats."""

    rate: np.ndarray  # (glasses,)
    number: np.ndarray  # (glasses,) 0 for the single one at each rate, then the repeats
    configuration: Configuration  # (glasses, ...), in the model's units
    energy: np.ndarray  # (glasses,) potential, for each particle; NaN where it is not known
    pressure: np.ndarray  # (glasses,)

    @property
    def log_rate(self) -> np.ndarray:
        """Decimal logarithm."""
        return np.log10(self.rate)

    @property
    def single(self) -> np.ndarray:
        """Which glasses teach the regression."""
        return self.number == 0

    def at(self, rate: float) -> np.ndarray:
        """Which are repeats at a rate."""
        return (self.rate == rate) & ~self.single

    @property
    def classes(self) -> list[float]:
        """Rates that are repeated, from fast to slow."""
        return sorted(set(self.rate[~self.single].tolist()), reverse=True)


class Learned(NamedTuple):
    """What one kind of image tells of the cooling rate."""

    coefficients: np.ndarray  # (deaths, births) learned from the single glasses
    predicted: dict[
        str, np.ndarray
    ]  # logarithms of rates, (glasses,); NaN of those that were not asked about
    scores: dict[str, learning.Estimate]  # R2 of these
    shares: np.ndarray  # (components,) of the variance of the repeats
    share_error: float  # of the first
    components: np.ndarray  # (components, deaths, births)
    coordinates: np.ndarray  # (glasses, components) of all, in the space of the repeats
    correlation: float  # of the first with the logarithm of the rate
    correlation_error: float
    between: float  # share of the variance of repeats that is between rates


class Growth(NamedTuple):
    """How the image of repeats changes with the logarithm of the rate."""

    slope: np.ndarray  # (deaths, births) for each decade
    certainty: np.ndarray  # the same, over its standard error and the median one of all cells
    ends: dict[str, tuple[float, float, float]]  # birth, death and certainty where it is least and greatest


class Counted(NamedTuple):
    """Pairs in a region of the plane."""

    number: np.ndarray  # (glasses,)
    mean: np.ndarray  # (classes,) of the repeats, from the fastest to the slowest
    error: np.ndarray  # of these
    slope: float  # for each decade of the rate
    slope_error: float
    cells: int  # of the region


class Cages(NamedTuple):
    """Voids of the metal in one region of the plane of one glass."""

    pairs: np.ndarray  # (cages, 2) births and deaths, radii in angstrom
    atoms: list[np.ndarray]  # around each, by number
    areas: list[np.ndarray]  # of the triangles around each, square angstrom


class Rings(NamedTuple):
    """Loops of the metalloid in one region of the plane of one glass, and the superclusters around them."""

    pairs: np.ndarray  # (rings, 2) births and deaths, radii in angstrom
    atoms: list[np.ndarray]  # of each, in order
    prisms: np.ndarray  # (rings,) how many of them are in a prism
    shared: list[np.ndarray]  # atoms that the polyhedra around neighbours on the ring have in common
    supercluster: list[np.ndarray]  # ring and all atoms around it, by number
    positions: list[np.ndarray]  # of these beside one another, angstrom
    without_order: int  # loops that are not one ring, and left out


class Inverse(NamedTuple):
    """What stands behind the cells of the diagrams of one glass, by picture and by region."""

    cages: dict[str, dict[str, Cages]]
    rings: dict[str, dict[str, Rings]]
    prism: np.ndarray  # (atoms,) whether it is in a prism
    scattering: dict[
        str, np.ndarray
    ]  # by region of the loops, (2, points): S(q) of superclusters, and of spheres


class Control(NamedTuple):
    """What is commonly asked of a glass; lengths in angstroms."""

    r: np.ndarray  # (bins,)
    g: np.ndarray  # (2, 2, bins) partial radial distribution functions
    q: np.ndarray  # (shells,)
    s: np.ndarray  # (shells,) structure factor that neutrons see
    indices: np.ndarray  # (atoms, 5) Voronoi index <n3 n4 n5 n6> and species
    large_indices: np.ndarray  # (metalloid atoms, 4) without small faces
    prisms: float  # share of metalloid atoms that are in one


class Seen(NamedTuple):
    """One kind of image of all glasses."""

    pairs: list[np.ndarray]  # of each glass, (pairs, 2): births and deaths, radii in angstrom
    images: np.ndarray  # (glasses, deaths, births)


class Results(NamedTuple):
    """All that the study found; dictionaries are by the names of the pictures."""

    glasses: Glasses
    seen: dict[str, Seen]
    learned: dict[str, Learned]
    growth: dict[str, Growth]
    counted: dict[str, dict[str, Counted]]
    regions: dict[str, dict[str, np.ndarray]]
    inverse: dict[int, Inverse]  # by the numbers of the repeats
    controls: list[Control]
