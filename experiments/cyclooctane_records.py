"""The settings of `cyclooctane.py`, what was published, and what its steps hand on to the report."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from command_line import Place
from cyclooctane_score import MapScore


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths in angstrom, births and deaths in square angstrom."""

    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    data: Path | None = None
    """Analyse these conformations, an array (conformations, 8, 3), instead of making some."""
    n: int = 1500
    """Conformations to make."""
    within: float = 6.0
    """A ring is of the class of a symmetric form if it is within so many degrees of it."""
    wider: tuple[float, ...] = (10.0, 15.0)
    """Other such distances, for which the verdicts are given, too."""
    gap: float = 0.3
    """Between two groups of a class on a map, in units of the root mean square distance from its middle."""
    sigma: float = 0.05
    """Width of the Gaussians of the persistence image, square angstrom."""
    least_persistence: float = 1e-6
    """Pairs that live shorter are rounding and are left out, square angstrom."""
    one_atom_out: bool = False
    """Describe rings also by the images of seven atoms, summed over which is left out: these see farther."""
    soap_cutoff: float = 6.0
    """Reach of SOAP: the whole ring."""
    soap_n_max: int = 8
    """Radial functions of SOAP."""
    soap_l_max: int = 6
    """Largest degree of spherical harmonics of SOAP."""
    soap_sigma: float = 1.0
    """Width of the Gaussians on the atoms in SOAP; dscribe's default."""
    acsf_cutoff: float = 6.0
    """Reach of the symmetry functions, with the exponents of dscribe's manual."""
    seed: int = 0
    """Of all random numbers."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


PRESETS: dict[tuple[str, ...], Settings] = {
    ("default",): Settings(),
    ("paper",): Settings(preset="paper", n=6040),
}


class Statement(NamedTuple):
    """What was published of the map of a description.

    Attributes
    ----------
    groups : dict of int
        Into which the classes named fall.
    overlapping : tuple of str
        Pairs of classes that are not separated.
    kept : bool
        Whether each class was said to be in one piece, apart from the others.
    """

    groups: dict[str, int]
    overlapping: tuple[str, ...] = ()
    kept: bool = False

    def returns(self, found: MapScore) -> bool:
        """Whether a map says the same, of what was said."""
        same = all(found.groups.get(name) == n for name, n in self.groups.items())
        named = set(self.overlapping) <= set(found.overlapping)
        return same and named and not (self.kept and found.overlapping)

    def __str__(self) -> str:
        if self.kept:
            return "each in one piece"
        said = [f"{name} in {n}" for name, n in self.groups.items()]
        return ", ".join(said + [f"{pair} together" for pair in self.overlapping])


KEPT = Statement({"boat": 1, "chair": 1, "crown": 1}, kept=True)
PUBLISHED = {
    "cartesian": Statement({"boat": 4}, ("chair and crown",)),
    "soap": Statement({"chair": 2}),
    "acsf": Statement({"chair": 2}),
    "coulomb": Statement({"chair": 4}, ("boat and crown",)),
    "averaged_soap": KEPT,
    "spectrum": KEPT,
    "persistence_image": KEPT,
}


class Map(NamedTuple):
    """Principal components of one description, and what becomes of the classes there.

    Attributes
    ----------
    coordinates : (conformations, components)
        The first two are the map.
    explained : (components,)
        Shares of the variance.
    plane : dict of MapScore
        On the map, by the distance within which rings are of a class.
    half, twice : MapScore
        On the map, with half and twice the gap.
    whole : MapScore
        In all the components kept.
    """

    coordinates: np.ndarray
    explained: np.ndarray
    plane: dict[float, MapScore]
    half: MapScore
    twice: MapScore
    whole: MapScore
