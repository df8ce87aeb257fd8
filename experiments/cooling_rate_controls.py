"""What sees little of the cooling rate: pair correlations, Voronoi indices, structure factors of whole glasses."""

from functools import partial
from typing import Any

import numpy as np
from cooling_rate_glasses import fingerprint
from cooling_rate_images import in_angstroms
from cooling_rate_local import lengths_of
from cooling_rate_prisms import polyhedra_of
from cooling_rate_records import Control, Glasses, Settings

from tdaglass import parallel, structure
from tdaglass.runs import Run

# Angstroms: how far pairs are counted, and in how many bins.
REACH, BINS = 10.0, 200
# Inverse angstroms: shells of wave numbers, and how many wave vectors are drawn from each width of 2 pi / L.
SHELLS = np.linspace(0.4, 6.0, 57)
PER_SHELL = 200


def control(settings: Settings, glasses: Glasses, run: Run, executor: Any) -> list[Control]:
    """Of all glasses."""
    of_these = fingerprint(glasses)
    return parallel.map_independent(
        partial(control_one, settings, glasses),
        range(len(glasses.rate)),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"controls-{k}-{of_these}",
        progress="controls",
    )


def control_one(settings: Settings, glasses: Glasses, k: int) -> Control:
    """Of one glass, in angstroms."""
    positions, species, box = in_angstroms(settings, glasses, k)
    reach = min(REACH, 0.499 * float(np.min(box)))
    pairs = structure.radial_distribution(positions, box, reach, BINS, species=species, species_count=2)
    vectors = structure.wave_vectors(box, SHELLS[-1], q_min=SHELLS[0], per_shell=PER_SHELL)
    waves = structure.structure_factor(
        positions, box, vectors, edges=SHELLS, species=species, species_count=2
    )
    whole = structure.voronoi_index(structure.voronoi(positions, box))
    large = polyhedra_of(settings, glasses, k)
    return Control(
        r=np.asarray(pairs.r),
        g=np.asarray(pairs.g),
        q=np.asarray(waves.q),
        s=neutron(settings, species, waves.s),
        indices=np.concatenate([whole, species[:, None]], axis=1),
        large_indices=large.indices[species == 1],
        prisms=float(large.prism[species == 1].mean()),
    )


def neutron(settings: Settings, species: np.ndarray, partial_factors: Any) -> np.ndarray:
    """The sum of partial structure factors that neutrons see, one where atoms know nothing of each other."""
    b = lengths_of(settings)
    share = np.bincount(species, minlength=2) / len(species)
    weight = np.sqrt(share) * b
    return np.einsum("a,b,abq->q", weight, weight, np.asarray(partial_factors)) / np.sum(share * b**2)


def relative_difference(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of functions (samples, ..., bins) of two kinds of glasses: the sum of |a - b| over that of (a + b) / 2.

    And that of noise, by which means of so many equal glasses would differ: the mean over pairs of glasses of one
    kind, divided by the root of how many are averaged.
    """

    def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.sum(np.abs(a - b), axis=-1) / (0.5 * np.sum(np.abs(a) + np.abs(b), axis=-1))

    noise = [
        apart(some[i], some[j]) / np.sqrt(len(some))
        for some in (one, other)
        for i in range(len(some))
        for j in range(i)
    ]
    difference = apart(one.mean(axis=0), other.mean(axis=0))
    return difference, np.mean(noise, axis=0) if noise else np.full(difference.shape, np.nan)


def index_shares(index: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """How large a share of atoms has each of some Voronoi indices."""
    return np.mean(np.all(index[:, None] == kinds, axis=-1), axis=0)


def most_common(indices: list[np.ndarray], number: int) -> np.ndarray:
    """The most frequent Voronoi indices of several glasses."""
    kinds, counts = np.unique(np.concatenate(indices), axis=0, return_counts=True)
    return kinds[np.argsort(-counts, kind="stable")[:number]]
