"""Numbers of what stands behind the diagrams of `cooling_rate.py`: one of each glass, then means over glasses."""

from collections.abc import Callable

import numpy as np
from cooling_rate_records import Cages, Inverse, Results, Rings

from tdaglass.statistics import mean_and_error

# Atoms of a cage that holds a metalloid; smaller volumes are tetrahedra, larger ones several cages.
CAGE = (7, 14)
SHARING = {"nothing": (0, 0), "vertex": (1, 1), "edge": (2, 2), "face": (3, 99)}


def is_cage(cages: Cages) -> np.ndarray:
    """Which volumes have the size of one."""
    return np.array([CAGE[0] <= len(atoms) <= CAGE[1] for atoms in cages.atoms], bool)


def relative_areas(cages: Cages) -> np.ndarray:
    """Of all triangles of cages, in units of the mean of their cage."""
    areas = [a / a.mean() for a, kept in zip(cages.areas, is_cage(cages), strict=True) if kept]
    return np.concatenate(areas) if areas else np.zeros(0)


def scatter(cages: Cages) -> float:
    """Standard deviation of the areas of a cage over their mean, on average over cages."""
    found = [a.std(ddof=1) / a.mean() for a, kept in zip(cages.areas, is_cage(cages), strict=True) if kept]
    return float(np.mean(found)) if found else np.nan


def sharing(rings: Rings, kind: str) -> float:
    """Share of neighbours on rings whose polyhedra have a vertex, an edge, or a face or more in common."""
    shared = np.concatenate([np.zeros(0, int), *rings.shared])
    low, high = SHARING[kind]
    return float(np.mean((shared >= low) & (shared <= high))) if len(shared) else np.nan


def mean_of(values: np.ndarray) -> float:
    """NaN of none."""
    return float(np.mean(values)) if len(values) else np.nan


OF_CAGES: dict[str, Callable[[Cages], float]] = {
    "looked at": lambda cages: float(len(cages.atoms)),
    "birth": lambda cages: mean_of(cages.pairs[:, 0]),
    "death": lambda cages: mean_of(cages.pairs[:, 1]),
    "atoms": lambda cages: mean_of(np.array([len(atoms) for atoms in cages.atoms])),
    "of 7 to 14 atoms": lambda cages: mean_of(is_cage(cages)),
    "scatter of areas": scatter,
}
OF_RINGS: dict[str, Callable[[Rings], float]] = {
    "looked at": lambda rings: float(len(rings.atoms)),
    "birth": lambda rings: mean_of(rings.pairs[:, 0]),
    "death": lambda rings: mean_of(rings.pairs[:, 1]),
    "atoms": lambda rings: mean_of(np.array([len(atoms) for atoms in rings.atoms])),
    "prisms": lambda rings: mean_of(rings.prisms),
    **{f"sharing {kind}": lambda rings, kind=kind: sharing(rings, kind) for kind in SHARING},  # type: ignore[misc]
    "not one ring": lambda rings: float(rings.without_order),
}


def of_classes(results: Results, value: Callable[[Inverse], float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the repeats at each rate, from the fastest to the slowest, and its standard error."""
    glasses = results.glasses
    found = [
        mean_and_error([value(results.inverse[k]) for k in np.flatnonzero(glasses.at(rate)).tolist()])
        for rate in glasses.classes
    ]
    mean, error = np.array(found).T if found else np.zeros((2, 0))
    return mean, error


def hole_table(results: Results) -> dict[str, dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]]:
    """Of each picture and region, each quantity against the rate."""
    table: dict[str, dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]] = {}
    first = next(iter(results.inverse.values()), None)
    if first is None:
        return table
    for name, region in ((name, region) for name, of in first.cages.items() for region in of):
        table.setdefault(name, {})[region] = {
            quantity: of_classes(results, lambda one, at=(name, region), f=f: f(one.cages[at[0]][at[1]]))  # type: ignore[misc]
            for quantity, f in OF_CAGES.items()
        }
    for name, region in ((name, region) for name, of in first.rings.items() for region in of):
        table.setdefault(name, {})[region] = {
            quantity: of_classes(results, lambda one, at=(name, region), f=f: f(one.rings[at[0]][at[1]]))  # type: ignore[misc]
            for quantity, f in OF_RINGS.items()
        }
    return table
