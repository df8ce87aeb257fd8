"""Reading of trajectories, ours beside ASE's: 20 frames of 100,000 particles, processor seconds."""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import ase.io
import numpy as np

from tdaglass import io

PARTICLES, FRAMES = 100_000, 20


def write_files(folder: Path) -> list[Path]:
    """A LAMMPS dump with image flags, and an extended xyz file with velocities and two chemical symbols."""
    rng = np.random.default_rng(0)
    dump, xyz = folder / "a.lammpstrj", folder / "a.xyz"
    with open(dump, "w") as lammps, open(xyz, "w") as extended:
        for k in range(FRAMES):
            places = (rng.random((PARTICLES, 3)) * 50).tolist()
            velocities, images = (
                rng.normal(size=(PARTICLES, 3)).tolist(),
                rng.integers(-2, 3, (PARTICLES, 3)).tolist(),
            )
            types = rng.integers(1, 3, PARTICLES).tolist()
            lammps.write(
                f"ITEM: TIMESTEP\n{k}\nITEM: NUMBER OF ATOMS\n{PARTICLES}\nITEM: BOX BOUNDS pp pp pp\n"
            )
            lammps.write("0 50\n" * 3 + "ITEM: ATOMS id type x y z ix iy iz\n")
            extended.write(
                f'{PARTICLES}\nLattice="50 0 0 0 50 0 0 0 50" Properties=species:S:1:pos:R:3:velo:R:3\n'
            )
            for i, (t, (x, y, z), (u, v, w), image) in enumerate(
                zip(types, places, velocities, images, strict=True), start=1
            ):
                lammps.write(f"{i} {t} {x:.6f} {y:.6f} {z:.6f} {' '.join(map(str, image))}\n")
                extended.write(f"{('Ni', 'P')[t - 1]} {x:.8f} {y:.8f} {z:.8f} {u:.8f} {v:.8f} {w:.8f}\n")
    return [dump, xyz]


def seconds(frames: Iterable) -> float:
    began = time.process_time()
    for _ in frames:
        pass
    return time.process_time() - began


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for path in write_files(Path(name)):
            size = path.stat().st_size / 1e6
            ours = min(seconds(io.iterate_trajectory(path)) for _ in range(3))
            theirs = min(seconds(ase.io.iread(path, index=":")) for _ in range(3))
            print(f"{path.suffix}: {size:.0f} MB, {size / ours:.0f} MB/s; ASE / ours {theirs / ours:.2f}")
