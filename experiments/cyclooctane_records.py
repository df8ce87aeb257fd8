"""The settings of `cyclooctane.py`, and what its steps hand on to the report."""

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
    sigma: float = 0.05
    """Width of the Gaussians of the persistence image, square angstrom."""
    least_persistence: float = 1e-6
    """Pairs that live shorter are rounding and are left out, square angstrom."""
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
    linkage: float = 4.0
    """Rings of a class hang together within this distance, in typical spacings of the map."""
    seed: int = 0
    """Of all random numbers."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


PRESETS: dict[tuple[str, ...], Settings] = {
    ("default",): Settings(),
    ("paper",): Settings(preset="paper", n=6040),
}


class Map(NamedTuple):
    """Principal components of one description, and how well the classes keep together there.

    Attributes
    ----------
    coordinates : (conformations, components)
        The first two are the map.
    explained : (components,)
        Shares of the variance.
    plane, whole : MapScore
        On the map, and in all the components kept.
    half, twice : MapScore
        On the map with half and twice the linkage.
    """

    coordinates: np.ndarray
    explained: np.ndarray
    plane: MapScore
    whole: MapScore
    half: MapScore
    twice: MapScore
