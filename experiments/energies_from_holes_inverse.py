"""Back to the atoms: which rings stand behind cells that lower and that raise the energy."""

from functools import partial
from typing import Any

import numpy as np
from energies_from_holes_data import complex_of
from energies_from_holes_frames import Frames
from energies_from_holes_records import Rings, Settings

from tdaglass import parallel, topology
from tdaglass.runs import Run

Region = np.ndarray  # (deaths, births) bool


def regions_of(settings: Settings, coefficients: np.ndarray) -> dict[str, Region]:
    """Cells in which loops lower the energy, and in which they raise it."""
    low, high = settings.thresholds
    return {"low": coefficients < low, "high": coefficients > high}


def rings_of(
    settings: Settings, frames: Frames, coefficients: np.ndarray, run: Run, executor: Any
) -> dict[str, Rings]:
    """Rings of both kinds in the last, coldest frame of each run."""
    regions = regions_of(settings, coefficients)
    last = frames.last
    box = frames.box if settings.source.closed else np.full_like(frames.box, np.inf)
    coldest = frames._replace(box=box).at(last)
    found = parallel.map_independent(
        partial(rings_of_run, settings, coldest, regions),
        range(len(last)),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"rings-{k}",
        progress="rings",
    )
    return {kind: joined([one[kind] for one in found]) for kind in regions}


def rings_of_run(settings: Settings, coldest: Frames, regions: dict[str, Region], k: int) -> dict[str, Rings]:
    """Of one frame; of many loops in a region, some drawn at random."""
    complex_ = complex_of(coldest, k)
    pairs = topology.persistence(complex_)[1]
    random = np.random.default_rng([settings.source.seed, k])
    found = {}
    for kind, region in regions.items():
        which = random.permutation(topology.pairs_in(pairs, settings.grid, region))[: settings.holes]
        rings, unordered = [], 0
        for pair in np.sort(which):
            epsilon = settings.noise * float(pairs.death[pair] - pairs.birth[pair])
            try:
                volume = topology.stable_volume(complex_, pairs, int(pair), epsilon)
                rings.append(volume.position[topology.ring(volume)])
            except ValueError:
                unordered += 1  # one-sided, or several rings: neither has neighbours in order
        found[kind] = measured(rings, k, unordered)
    return found


def measured(rings: list[np.ndarray], run: int, unordered: int) -> Rings:
    """Sizes, lengths and angles of rings, each (atoms, 3) in order."""
    bonds = [np.linalg.norm(np.roll(ring, -1, axis=0) - ring, axis=1) for ring in rings]
    nothing = np.zeros(0)
    return Rings(
        np.array([len(ring) for ring in rings], int),
        np.concatenate([nothing, *bonds]),
        np.concatenate([nothing, *(corners(ring) for ring in rings)]),
        np.full(len(rings), run),
        np.repeat(np.arange(len(rings)), [len(ring) for ring in rings]).astype(int),
        unordered,
    )


def corners(ring: np.ndarray) -> np.ndarray:
    """Angles of a ring, degrees."""
    on, back = np.roll(ring, -1, axis=0) - ring, np.roll(ring, 1, axis=0) - ring
    cosine = np.sum(on * back, axis=1) / np.linalg.norm(on, axis=1) / np.linalg.norm(back, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def joined(parts: list[Rings]) -> Rings:
    """Of all runs."""
    before = np.cumsum([0, *(len(one.size) for one in parts[:-1])])
    size, bonds, angles, run = (np.concatenate([one[k] for one in parts]) for k in range(4))
    of_bond = np.concatenate([one.of_bond + shift for one, shift in zip(parts, before, strict=True)])
    return Rings(size, bonds, angles, run, of_bond, sum(one.without_order for one in parts))
