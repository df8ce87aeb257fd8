"""The settings of `energies_from_holes.py`, and what its steps hand on to each other and to the report."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from command_line import Place
from energies_from_holes_files import Files
from energies_from_holes_frames import Frames, Source
from energies_from_holes_labels import Labels
from energies_from_holes_melts import Melting
from energies_from_holes_sheets import Sheets

from tdaglass.structure import SoapBasis
from tdaglass.topology import Grid

Ridge = Literal[
    "histogram", "histogram_per_image", "histogram_min_max", "blurred", "blurred_counts", "soap", "both"
]
Network = Literal["soap_network", "cnn", "schnet"]
Kind = Literal["frames", "runs", "groups"]
KINDS: tuple[Kind, ...] = get_args(Kind)
System = Literal["carbon", "graphene", "files"]


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; energies are eV for each atom unless meV are said."""

    source: Source = field(default=Melting())
    system: System = "carbon"
    """Where frames are from: melts of carbon, sheets of graphene, or the files of --data."""
    labels: Labels = field(default=Labels())
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    larger: int = 512
    """Atoms of the runs, one of each group, that models of the smaller ones are tested on; 0: none."""
    plane: float = 8.0
    """Births and deaths are seen up to it, square angstrom."""
    cells: int = 128
    """Of a histogram, along births and along deaths."""
    blur: float = 1.5
    """Standard deviation of the blurred histogram, in cells."""
    cutoff: float = 4.1
    """Of SOAP, angstrom."""
    n_max: int = 8
    """Radial functions of SOAP."""
    l_max: int = 9
    """Highest degree of SOAP."""
    sigma: float = 0.16
    """Width of an atom in SOAP, angstrom."""
    alpha: float = 200.0
    """Strength of the ridge regression of histograms; as published."""
    alpha_min_max: float = 1.0
    """The same of histograms whose cells are from 0 to 1; chosen on sheets of graphene."""
    alpha_blurred: float = 20.0
    """The same of blurred histograms."""
    alpha_counts: float = 2e-5
    """The same of blurred numbers of loops for each atom, which nothing scales."""
    alpha_soap: float = 0.3
    """The same of averaged SOAP."""
    ridges: tuple[Ridge, ...] = (
        "histogram",
        "histogram_per_image",
        "blurred",
        "blurred_counts",
        "soap",
        "both",
    )
    """Ridge regressions: of histograms, averaged SOAP, and both."""
    folds: int = 5
    """Parts of the frames, of the runs and of their groups, each of which is left out in turn."""
    sizes: tuple[int, ...] = (100, 300, 1000)
    """Of the training sets of learning curves, frames."""
    networks: tuple[Network, ...] = ("soap_network", "cnn", "schnet")
    """Those that are trained; none: --networks without a name."""
    networks_without: tuple[Kind, ...] = ("frames", "runs")
    """What is left out for networks."""
    trainings: int = 1
    """Of the folds of each of these kinds, so many are left out for networks."""
    epochs_soap_network: int = 60
    """Of SOAP and two layers for each atom."""
    epochs_cnn: int = 30
    """Of the convolutional network."""
    epochs_schnet: int = 8
    """Of SchNet."""
    channels: tuple[int, ...] = (16, 32, 32)
    """Of the convolutions; published 64, 64, 32."""
    scale_cnn: Literal["image", "cell"] = "image"
    """Over what the z-score of its images is taken: cells of an image, or a cell of all images learned from."""
    pixels: int = 64
    """Of the images that convolutions see; cells of the histogram are joined."""
    features: int = 32
    """Of SchNet; published 100."""
    interactions: int = 2
    """Of SchNet."""
    gaussians: int = 25
    """Of SchNet; published 60."""
    reach: float = 3.5
    """Cut-off of SchNet, angstrom; published 5."""
    published_optimizers: bool = False
    """Steepest descent with momentum for the convolutional network, and rates that are halved at printed epochs;
    otherwise Adam with a rate that falls as a cosine."""
    perplexities: tuple[float, ...] = (10.0, 30.0, 50.0)
    """Of t-SNE: how many frames each counts as its neighbours, more or less."""
    neighbors: int = 10
    """Of a frame among all descriptors, of which it is asked whose they are."""
    thresholds: tuple[float, float] = (-0.0045, 0.003)
    """Cells with a coefficient below the one and above the other are taken back to atoms: as published."""
    holes: int = 60
    """At most so many rings of each frame, of each sign."""
    noise: float = 0.25
    """Of stable volumes: this share of the persistence of a ring may be lost to noise."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""

    def __post_init__(self) -> None:
        if self.cells % self.pixels:
            raise ValueError(
                f"expected pixels that divide {self.cells} cells, got {self.pixels}; try --pixels "
                f"{self.cells // 2}"
            )
        # How many runs there are in files is known when they are read.
        most = self.folds if self.source.runs is None else self.source.runs
        if not 2 <= self.folds <= most or not 1 <= self.trainings <= self.folds:
            raise ValueError(
                f"expected 2 to {max(most, 2)} folds and no more trainings, got {self.folds} and "
                f"{self.trainings}; try --folds 2 --trainings 1"
            )
        if self.thresholds[0] >= 0 or self.thresholds[1] <= 0:
            raise ValueError(
                f"expected a negative and a positive threshold, got {self.thresholds}; try -0.0045 0.003"
            )

    @property
    def teacher(self) -> str:
        """Who says the energies."""
        return self.labels.title if self.labels.teacher else self.source.teacher

    @property
    def teacher_in_words(self) -> str:
        """The same with what kind it is."""
        return self.labels.title if self.labels.teacher else self.source.teacher_in_words

    @property
    def grid(self) -> Grid:
        """Of squared radii, square angstrom."""
        return Grid((0.0, self.plane), (0.0, self.plane), (self.cells, self.cells))

    @property
    def basis(self) -> SoapBasis:
        """Of SOAP."""
        return SoapBasis(self.cutoff, self.n_max, self.l_max, self.sigma)


@dataclass(frozen=True)
class OfMelts(Settings):
    """Of carbon: eleven densities."""

    source: Melting = field(default=Melting())


@dataclass(frozen=True)
class OfSheets(Settings):
    """Of graphene: several cooling rates. The plane is the published one."""

    source: Sheets = field(default=Sheets())
    system: System = "graphene"
    larger: int = 2720
    plane: float = 4.0
    ridges: tuple[Ridge, ...] = get_args(Ridge)
    networks: tuple[Network, ...] = ()


@dataclass(frozen=True)
class OfFiles(Settings):
    """Of users' files. Nothing larger is made of them."""

    source: Files = field(default=Files())
    system: System = "files"
    larger: int = 0
    networks: tuple[Network, ...] = ()


# What is published of networks, and what is asked of them.
PAPER: dict[str, Any] = {
    "preset": "paper",
    "sizes": (100, 300, 1000, 3000, 10_000),
    "networks": get_args(Network),
    "networks_without": KINDS,
    "trainings": 5,
    "epochs_soap_network": 2500,
    "epochs_cnn": 2000,
    "epochs_schnet": 300,
    "channels": (64, 64, 32),
    "pixels": 128,
    "features": 100,
    "interactions": 3,
    "gaussians": 60,
    "reach": 5.0,
    "published_optimizers": True,
}
PRESETS: dict[tuple[str, ...], Settings] = {
    ("carbon", "default"): OfMelts(),
    ("carbon", "paper"): OfMelts(Melting(melts=6, frames=(30, 100, 25, 100), diamonds=80), **PAPER),
    ("graphene", "default"): OfSheets(),
    ("graphene", "paper"): OfSheets(Sheets(rates=(1600.0, 400.0, 100.0, 25.0), sheets=20), **PAPER),
    ("files", "default"): OfFiles(),
    ("files", "paper"): OfFiles(**PAPER),
}


def left_out(settings: Settings) -> dict[Kind, str]:
    """In words."""
    return {
        "frames": "random frames",
        "runs": "whole runs",
        "groups": f"whole {settings.source.groups.plural}",
    }


def kinds_of(frames: Frames) -> tuple[Kind, ...]:
    """What can be left out: of one run, or one group, there is nothing else to learn from."""
    several = {
        "frames": True,
        "runs": len(np.unique(frames.run)) > 1,
        "groups": len(np.unique(frames.group)) > 1,
    }
    return tuple(kind for kind in KINDS if several[kind])


class Described(NamedTuple):
    """What is seen of all frames."""

    pairs: np.ndarray  # (frames, pairs, 2) births and deaths of loops, squared radii; zeros fill up
    soap: np.ndarray  # (frames, features) mean over atoms
    atoms: np.ndarray  # (frames,) atoms


class Scored(NamedTuple):
    """How well one model tells energies, of the folds of one kind; meV for each atom."""

    train: np.ndarray  # (folds,) root mean square error over what was learned from
    test: np.ndarray  # (folds,) over what was left out
    predicted: np.ndarray  # (frames,) eV, each by the model that did not see it; NaN where there is none
    larger: np.ndarray  # (folds,) over the larger systems; empty without


class Curve(NamedTuple):
    """Errors on frames left out against how many were learned from; meV for each atom."""

    size: np.ndarray  # (sizes,)
    test: np.ndarray  # (sizes, folds)


class Space(NamedTuple):
    """One space of descriptors on two maps."""

    components: np.ndarray  # (frames, 2) principal coordinates
    shares: np.ndarray  # (2,) of the variance
    tsne: np.ndarray  # (perplexities, frames, 2)
    mixing: tuple[float, float]  # of groups among neighbours, and its error
    same_run: tuple[float, float]  # share of neighbours from the same run, and its error


class Rings(NamedTuple):
    """Loops in cells of one sign of the coefficient, in the last frames of all runs.

    Corners of all rings stand one after another, those of a ring in order.
    """

    size: np.ndarray  # (rings,) atoms
    run: np.ndarray  # (rings,)
    ring: np.ndarray  # (corners,) which ring each is of
    atom: np.ndarray  # (corners,) which atom it is in its frame
    position: np.ndarray  # (corners, 3) angstrom; a ring across the edge of the box is whole
    bonds: np.ndarray  # (corners,) length of the edge to the next, angstrom
    angles: np.ndarray  # (corners,) degrees
    without_order: int  # loops that are not one ring


class Distances(NamedTuple):
    """g(r) of all atoms around those on found rings of one size."""

    r: np.ndarray  # (bins,) angstrom
    g: np.ndarray  # (runs, bins); NaN where a run has no such ring


class Attention(NamedTuple):
    """Where the convolutional network looks in histograms of frames of one kind, of which it has learned none.

    Grad-CAM of its last convolution, in eV for each atom: cells that speak for a higher and for a lower energy.
    """

    histogram: np.ndarray  # (deaths, births) mean over the frames
    higher: np.ndarray  # (frames, deaths, births)
    lower: np.ndarray
    temperature: np.ndarray  # (frames,) K
    run: np.ndarray  # (frames,)


class Results(NamedTuple):
    """All that the study found."""

    frames: Frames
    outside: float  # share of pairs that the plane does not show
    scores: dict[str, dict[str, Scored]]  # by model, and by what is left out
    curves: dict[str, Curve]
    coefficients: np.ndarray  # (deaths, births) of the histogram, eV for a standard deviation
    spaces: dict[str, Space]
    rings: dict[str, Rings]  # "low" and "high" energy
    distances: dict[int, Distances]  # by size of the ring
    attention: dict[str, Attention]  # where the convolutional network looks; empty if it was not trained
