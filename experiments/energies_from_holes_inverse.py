"""Back to the atoms: which rings stand behind cells that lower and that raise the energy."""

from functools import partial
from typing import Any

import numpy as np
from energies_from_holes_data import complex_of
from energies_from_holes_frames import Frames
from energies_from_holes_records import Distances, Rings, Settings
from rings import Ring, rings_of_pairs

from tdaglass import parallel, structure, topology
from tdaglass.runs import Run
from tdaglass.space import widths

BONDED = 1.85  # angstrom; between the first two peaks of g(r) there is nothing
REACH = 5.0  # of g(r), angstrom
BINS = 100

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
        rings = rings_of_pairs(complex_, pairs, np.sort(which), settings.noise)
        found[kind] = measured(rings, k, len(which) - len(rings))
    return found


def measured(rings: list[Ring], run: int, unordered: int) -> Rings:
    """Sizes, lengths and angles of rings."""
    size = np.array([len(ring.atoms) for ring in rings], int)
    bonds = [np.linalg.norm(np.roll(x, -1, axis=0) - x, axis=1) for _, _, x in rings]
    # Of no rings, too, there are arrays of the right shapes.
    nothing = np.zeros(0)
    return Rings(
        size,
        np.full(len(rings), run),
        np.repeat(np.arange(len(rings)), size),
        np.concatenate([np.zeros(0, int), *(ring.atoms for ring in rings)]),
        np.concatenate([np.zeros((0, 3)), *(in_three_dimensions(ring.positions) for ring in rings)]),
        np.concatenate([nothing, *bonds]),
        np.concatenate([nothing, *(corners(ring.positions) for ring in rings)]),
        unordered,
    )


def in_three_dimensions(ring: np.ndarray) -> np.ndarray:
    """Atoms of a flat sheet, which is seen in its plane, at no height."""
    return np.pad(ring, ((0, 0), (0, 3 - ring.shape[1])))


def corners(ring: np.ndarray) -> np.ndarray:
    """Angles of a ring, degrees."""
    on, back = np.roll(ring, -1, axis=0) - ring, np.roll(ring, 1, axis=0) - ring
    cosine = np.sum(on * back, axis=1) / np.linalg.norm(on, axis=1) / np.linalg.norm(back, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def joined(parts: list[Rings]) -> Rings:
    """Of all runs."""
    before = np.cumsum([0, *(len(one.size) for one in parts[:-1])])
    parts = [one._replace(ring=one.ring + shift) for one, shift in zip(parts, before, strict=True)]
    *arrays, unordered = zip(*parts, strict=True)
    return Rings._make([*map(np.concatenate, arrays), sum(unordered)])


def distances_around(frames: Frames, rings: dict[str, Rings]) -> dict[int, Distances]:
    """g(r) around the atoms of rings of five and of six in the last frames, whatever cells they are in.

    Nothing where a frame has no cell, in which nobody knows how many atoms there should be.
    """
    boxes = [frames.in_its_space(int(i))[1] for i in frames.last]
    if not all(np.isfinite(box).all() for box in boxes):
        return {}
    reach = min(REACH, *(0.499 * float(widths(box).min()) for box in boxes))
    return {size: distances_of(frames, rings, size, reach) for size in (5, 6)}


def distances_of(frames: Frames, rings: dict[str, Rings], size: int, reach: float) -> Distances:
    """Of one size of ring, run by run."""
    every = []
    for k, frame in enumerate(frames.last.tolist()):
        of_run = [of.atom[(of.run == k)[of.ring] & (of.size == size)[of.ring]] for of in rings.values()]
        n = int(frames.atoms[frame])
        on = np.isin(np.arange(n), np.concatenate(of_run))
        around = structure.radial_distribution(
            *frames.in_its_space(frame), reach, BINS, species=on.astype(int), species_count=2
        )
        # Of one such atom there are no pairs, and of none there is nothing.
        like, unlike = np.nan_to_num(around.g[1, 1]), np.asarray(around.g[1, 0])
        every.append(((on.sum() - 1) * like + (n - on.sum()) * unlike) / (n - 1))
    return Distances(np.asarray(around.r), np.array(every))
