"""Cyclo-octane: descriptions that keep chair, boat and crown each in one piece, and others that do not.

The first study of Minamitani, Obayashi, Shimizu and Watanabe (preprint arXiv:2206.13727; J. Chem. Phys. 159,
084101, 2023). A ring of eight carbons at fixed bond and angle has a space of two dimensions to move in. Each
conformation is described in seven ways, and plain principal components of each description are a map. The question
is whether rings of like shape are found in one place of it, however their atoms are numbered.

The classes are the surroundings of three symmetric forms: boat (D2d), chair (C2h) and crown (D4d). A ring belongs
to a form if its torsions are within six degrees of it (`--within`), root mean square over the eight, by the
numbering, direction and hand that bring it closest. All other rings, nearly all, are drawn in grey and belong to
none. Numbers of groups are given beside those that symmetry demands: a form of few symmetries has many numberings,
and a description that knows them has a place for each.

Our own conformations (see `cyclooctane_rings`) are superposed on the ring on which the public ones are, and like
these come with every numbering of the atoms and both hands; few of those that lie far apart are near a form, so
all near ones that were found on the way are added, and have no say in the principal components. Those of `--data`
are taken as they stand. Of all descriptions, the Cartesian coordinates alone depend on how they are turned.

What the agreement rests on: how groups were counted is not published. Here they are three tenths of a map's root
mean square radius apart (`--gap`), and the report says what half and twice as much change, and what wider classes
do. The settings of SOAP and of the symmetry functions are not known to us either. The remark that images see
farther with one atom taken out can be followed with `--one-atom-out`.

    python experiments/cyclooctane.py                                 about a minute on two cores
    python experiments/cyclooctane.py --preset paper                  as many conformations as published
    python experiments/cyclooctane.py --data conformations.npy        conformations of other groups
    python experiments/cyclooctane.py --one-atom-out                  one more description, of seven atoms each
"""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from command_line import compute, parse, prepare

# Rings close to better than single precision, and symmetric ones are degenerate.
prepare(double_precision=True)

import jax
import numpy as np
from cyclooctane_descriptors import (
    coulomb_matrix,
    coulomb_spectrum,
    dscribe_descriptions,
    has_dscribe,
    persistence_diagrams,
    persistence_images,
)
from cyclooctane_records import PRESETS, Map, Settings
from cyclooctane_report import report
from cyclooctane_rings import ATOMS, classes, distances, find
from cyclooctane_score import score
from reporting import assemble
from scipy.spatial import KDTree
from sklearn.decomposition import PCA

from tdaglass.runs import Run

# Dimensions in which a whole description is scored: as many principal components, or all that it has.
WHOLE = 50
REMEDY = "Without dscribe there are no SOAP and no ACSF: pip install dscribe adds them."


def principal_components(
    settings: Settings, evenly: int, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along the first components of the rings that are spread evenly, and shares of the variance.

    Plain, nothing is rescaled.
    """
    components = min(WHOLE, evenly, values.shape[1])
    solver = "randomized" if values.shape[1] > 1000 else "full"
    fit = PCA(components, svd_solver=solver, random_state=settings.seed).fit(values[:evenly])
    return fit.transform(values).astype(np.float64), fit.explained_variance_ratio_


def describe(
    settings: Settings, run: Run, of_these: str, rings: np.ndarray, evenly: int, executor: Any
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Principal components of every description."""

    def images(seven: bool) -> np.ndarray:
        names = "diagrams-of-seven" if seven else "diagrams"
        pairs = persistence_diagrams(rings, seven, run.chunk, lambda k: f"{names}-{k}-{of_these}", executor)
        return persistence_images(settings, pairs)

    ours: dict[str, Callable[[], np.ndarray]] = {
        "cartesian": lambda: rings.reshape(len(rings), -1),
        "coulomb": lambda: coulomb_matrix(rings).reshape(len(rings), -1),
        "spectrum": lambda: coulomb_spectrum(rings),
        "persistence_image": lambda: images(seven=False),
    }
    if settings.one_atom_out:
        ours["one_atom_out"] = lambda: images(seven=True)

    def components_of(description: Callable[[], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return principal_components(settings, evenly, description())

    found = {
        name: run.chunk(f"components-{name}-{of_these}", partial(components_of, f))
        for name, f in ours.items()
    }
    if has_dscribe():
        found |= run.chunk(
            f"components-dscribe-{of_these}",
            lambda: {
                name: principal_components(settings, evenly, values)
                for name, values in dscribe_descriptions(settings, rings)
            },
        )
    else:
        print(REMEDY)
    return found


def judge(settings: Settings, away: np.ndarray, coordinates: np.ndarray, explained: np.ndarray) -> Map:
    """What becomes of the classes on the map of one description."""
    plane, labels = coordinates[:, :2], classes(away, settings.within)
    return Map(
        coordinates,
        explained,
        {
            within: score(plane, classes(away, within), settings.gap)
            for within in (settings.within, *settings.wider)
        },
        *(score(plane, labels, factor * settings.gap) for factor in (0.5, 2)),
        score(coordinates, labels, settings.gap),
    )


def conformations(settings: Settings, run: Run, executor: Any) -> tuple[np.ndarray, int]:
    """Rings, and how many of them, the first, are spread evenly.

    Of our own, the others are near a symmetric form.
    """
    if settings.data is not None:
        rings = load(settings.data)
        return rings, len(rings)
    evenly, pool = find(jax.random.key(settings.seed), settings.n, run.chunk, executor=executor)
    # Few of those that lie far apart are near a form, of all that were found there are enough.
    near = pool.rings[distances(pool.rings).min(1) <= settings.within]
    apart, _ = KDTree(evenly.reshape(len(evenly), -1)).query(near.reshape(len(near), -1))
    return np.concatenate([evenly, near[apart > 0]]), len(evenly)


def load(path: Path) -> np.ndarray:
    """Conformations of other groups."""
    rings = np.load(path, allow_pickle=False)
    if rings.ndim != 3 or rings.shape[1:] != (ATOMS, 3):
        raise ValueError(
            f"expected conformations (..., {ATOMS}, 3) in {path}, got {rings.shape}; try another file"
        )
    return np.asarray(rings, np.float64)


def main(settings: Settings, executor: Any) -> None:
    with settings.place.run("cyclooctane", settings) as run:
        rings, evenly = conformations(settings, run, executor)
        # Names of chunks depend on the conformations: their file may be replaced by another.
        of_these = hashlib.sha256(rings.tobytes()).hexdigest()[:8]
        away = distances(rings)
        components = describe(settings, run, of_these, rings, evenly, executor)
        maps = {name: judge(settings, away, *found) for name, found in components.items()}
        assemble(run, partial(report, settings, run, rings, evenly, away, maps))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, by=("preset",)))
