"""The frames of `energies_from_holes.py`, melted and quenched, and what is seen of them: loops, and averaged SOAP.

Every run is kept, and so are its diagrams and its SOAP, beside the frames: all analyses share them.
"""

from functools import partial
from typing import Any

import jax
import numpy as np
from carbon_melt_quench import melt_quench
from energies_from_holes_records import Described, Frames, Melting, Settings

from tdaglass import glass, parallel, structure, topology
from tdaglass.checkpoints import parts_of
from tdaglass.glass import units
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

# Neighbours that an atom has room for, the first that suffices: frames share a few compiled programs.
ROOMS = (48, 64, 96, 192, 384)


def melt(melting: Melting, run: Run, executor: Any) -> Frames:
    """All runs, those of one density after another."""
    found = parallel.map_independent(
        partial(melt_once, melting, run.chunk),
        range(melting.melts),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"melt-{k}",
        progress=f"melts of {melting.n} atoms",
    )
    densities = len(melting.densities)
    positions, box, energy, temperature = (np.stack(x) for x in zip(*(one[:4] for one in found), strict=True))
    stage = found[0][4]
    melts, frames = len(found), len(stage)

    def in_rows(x: np.ndarray) -> np.ndarray:
        """(melts, frames, densities, ...) to (frames of all runs, ...)."""
        return np.moveaxis(x, 2, 0).reshape(densities * melts * frames, *x.shape[3:])

    run_of = np.repeat(np.arange(densities * melts), frames)
    return Frames(
        in_rows(positions),
        in_rows(box),
        in_rows(energy),
        in_rows(temperature),
        np.asarray(melting.densities)[run_of // melts],
        run_of,
        run_of % melts,
        np.tile(stage, densities * melts),
    )


def melt_once(melting: Melting, keep: Chunks, k: int) -> tuple[np.ndarray, ...]:
    """One run at each density: positions, edges, energies, temperatures (frames, densities, ...), stages."""
    _, seen, stage = melt_quench(
        jax.random.fold_in(jax.random.key(melting.seed), k),
        melting.model,
        melting.densities,
        melting.schedule,
        keep=parts_of(keep, f"melt-{k}"),
        progress=False,
    )
    energy = np.asarray(seen.thermo.potential_energy, float) / melting.n
    if not np.isfinite(energy).all():
        raise ValueError(
            f"expected energies of melted carbon, got none that is finite in run {k}; try another --seed"
        )
    temperature = np.asarray(seen.thermo.temperature, float) / units.KELVIN
    return np.asarray(seen.positions, np.float32), np.asarray(seen.box), energy, temperature, stage


def engine_of(melting: Melting) -> str:
    """Who moves the atoms."""
    return glass.describe_engine("auto", melting.model)


def describe(settings: Settings, frames: Frames, run: Run, executor: Any) -> Described:
    """Diagrams and averaged SOAP of all frames, kept run by run."""
    runs = range(int(frames.run[-1]) + 1)
    pairs = parallel.map_independent(
        partial(loops_of_run, frames),
        runs,
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"loops-{k}",
        progress="diagrams",
    )
    basis = settings.basis
    name = f"soap-{basis.cutoff:g}-{basis.n_max}-{basis.l_max}-{basis.sigma:g}"
    soap = parallel.map_independent(
        partial(mean_soap_of_run, basis, frames),
        runs,
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"{name}-{k}",
        progress="SOAP",
    )
    most = max(one.shape[1] for one in pairs)
    padded = [np.pad(one, ((0, 0), (0, most - one.shape[1]), (0, 0))) for one in pairs]
    return Described(np.concatenate(padded), np.concatenate(soap))


def loops_of_run(frames: Frames, k: int) -> np.ndarray:
    """Births and deaths of the loops of every frame of a run, (frames, pairs, 2), filled up with zeros."""
    found = []
    for i in np.flatnonzero(frames.run == k):
        complex_ = topology.alpha_complex(frames.positions[i].astype(float), frames.box[i].astype(float))
        loops = topology.persistence(complex_)[1]
        found.append(np.stack([loops.birth, loops.death], axis=1)[loops.death > loops.birth])
    out = np.zeros((len(found), max(map(len, found)), 2), np.float32)
    for row, pairs in zip(out, found, strict=True):
        row[: len(pairs)] = pairs
    return out


def mean_soap_of_run(basis: structure.SoapBasis, frames: Frames, k: int) -> np.ndarray:
    """(frames, features), the mean over atoms."""
    return np.stack([soap_of(basis, frames, i, "outer") for i in np.flatnonzero(frames.run == k).tolist()])


def soap_of(basis: structure.SoapBasis, frames: Frames, i: int, average: Any = None) -> np.ndarray:
    """Of one frame; in double precision, as eight radial functions are small differences of Gaussians."""
    with jax.enable_x64(True):
        x, box = frames.positions[i].astype(float), frames.box[i].astype(float)
        for room in ROOMS:
            near = structure.cutoff_neighbors(x, box, basis.reach, capacity=room)
            if not near.overflow:
                break
        return np.asarray(structure.soap(structure.check_neighbors(near), basis, average=average), np.float32)


def outside(settings: Settings, pairs: np.ndarray) -> float:
    """Share of the loops that lie beyond the plane, where no histogram sees them."""
    valid = pairs[..., 1] > pairs[..., 0]
    return float(np.mean(pairs[..., 1][valid] > settings.plane))
