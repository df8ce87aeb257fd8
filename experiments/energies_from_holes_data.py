"""What is seen of the frames of `energies_from_holes.py`: loops, and averaged SOAP, kept beside the frames."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from energies_from_holes_frames import Frames
from energies_from_holes_records import Described, Settings

from tdaglass import parallel, structure, topology
from tdaglass.runs import Run

# Neighbours that an atom has room for, the first that suffices: frames share a few compiled programs.
ROOMS = (48, 64, 96, 192, 384)
# Frames of many sizes are filled up to multiples of so many atoms, as each size is compiled.
ATOMS = 32


def describe(settings: Settings, frames: Frames, run: Run, executor: Any) -> Described:
    """Diagrams and averaged SOAP of all frames, kept run by run."""
    runs = range(int(frames.run[-1]) + 1)
    # Without forces, and as loops are sought.
    seen = frames._replace(forces=frames.forces[:0])
    alone = seen if settings.source.closed else seen._replace(box=np.full_like(frames.box, np.inf))
    pairs = parallel.map_independent(
        partial(loops_of_run, alone),
        runs,
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"loops-{k}",
        progress="diagrams",
    )
    basis = settings.basis
    name = f"soap-{basis.cutoff:g}-{basis.n_max}-{basis.l_max}-{basis.sigma:g}"
    soap = parallel.map_independent(
        partial(mean_soap_of_run, basis, seen),
        runs,
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"{name}-{k}",
        progress="SOAP",
    )
    most = max(one.shape[1] for one in pairs)
    padded = [np.pad(one, ((0, 0), (0, most - one.shape[1]), (0, 0))) for one in pairs]
    return Described(np.concatenate(padded), np.concatenate(soap), frames.atoms)


def loops_of_run(frames: Frames, k: int) -> np.ndarray:
    """Births and deaths of the loops of every frame of a run, (frames, pairs, 2), filled up with zeros."""
    found = []
    for i in np.flatnonzero(frames.run == k):
        loops = topology.persistence(complex_of(frames, int(i)))[1]
        found.append(np.stack([loops.birth, loops.death], axis=1)[loops.death > loops.birth])
    out = np.zeros((len(found), max(map(len, found)), 2), np.float32)
    for row, pairs in zip(out, found, strict=True):
        row[: len(pairs)] = pairs
    return out


def complex_of(frames: Frames, i: int) -> topology.AlphaComplex:
    """Alpha complex of one frame."""
    return topology.alpha_complex(*frames.in_its_space(i))


def mean_soap_of_run(basis: structure.SoapBasis, frames: Frames, k: int) -> np.ndarray:
    """(frames, features), the mean over atoms."""
    return np.stack([soap_of(basis, frames, i, "outer") for i in np.flatnonzero(frames.run == k).tolist()])


def soap_of(basis: structure.SoapBasis, frames: Frames, i: int, average: Any = None) -> np.ndarray:
    """Of one frame; in double precision, as eight radial functions are small differences of Gaussians."""
    with jax.enable_x64(True):
        for room in ROOMS:
            near = structure.cutoff_neighbors(*frames.system(i), basis.reach, capacity=room)
            if not near.overflow:
                break
        structure.check_neighbors(near)
        if frames.of_one_size:
            return np.asarray(structure.soap(near, basis, average=average), np.float32)
        n = int(frames.atoms[i])
        each = structure.soap(with_room(near, -(-n // ATOMS) * ATOMS), basis)[:n]
        return np.asarray(each if average is None else each.mean(axis=0), np.float32)


def with_room(near: structure.Neighbors, n: int) -> structure.Neighbors:
    """The same table for more atoms, which have no neighbours."""
    more = [(0, n - len(near.idx)), (0, 0)]
    return near._replace(
        idx=jnp.pad(near.idx, more),
        displacement=jnp.pad(near.displacement, [*more, (0, 0)]),
        mask=jnp.pad(near.mask, more),
    )


def outside(settings: Settings, pairs: np.ndarray) -> float:
    """Share of the loops that lie beyond the plane, where no histogram sees them."""
    valid = pairs[..., 1] > pairs[..., 0]
    return float(np.mean(pairs[..., 1][valid] > settings.plane))
