"""How well energies by one teacher go with those of labelled files: correlation, slope, errors, seconds a frame.

Run from the root of the repository, with frames of one element whose total energies are in the headers:

    .venv/bin/python benchmarks/teachers.py FILE.extxyz --atoms 64 --settings method=GFN1-xTB verbosity=0

Without a file: nine frames of 32 atoms by CP2K in the local density approximation, which are in the repository
(`tests/oracles/make_carbon_lda_reference.py`). What tblite said is not kept. Seconds are of processor time.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from ase import Atoms, io

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "experiments"))

from energies_from_holes_files import Files  # noqa: E402
from energies_from_holes_labels import Labels, relabelled  # noqa: E402

from tdaglass.checkpoints import nothing_kept  # noqa: E402

MEV = 1000


def known(path):
    """The frames of the repository, as a file."""
    with np.load(ROOT / "tests" / "reference" / "carbon_lda.npz") as found:
        frames = [
            Atoms(f"C{len(x)}", positions=x, cell=box, pbc=True, info={"energy": len(x) * energy})
            for x, box, energy in zip(*(found[name] for name in ("positions", "box", "energy")), strict=True)
        ]
    io.write(path, frames)
    return path


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="*", type=Path)
    parser.add_argument("--atoms", type=int, help="only frames of so many")
    parser.add_argument("--frames", type=int, default=10_000, help="at most so many, evenly chosen")
    parser.add_argument("--teacher", default="tblite.ase:TBLite")
    parser.add_argument("--settings", nargs="*", default=["method=GFN1-xTB", "verbosity=0"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = given.data or [known(Path(folder) / "lda.extxyz")]
        frames, _ = Files(data=tuple(paths)).read()
    which = np.flatnonzero(frames.atoms == given.atoms) if given.atoms else np.arange(len(frames.run))
    which = which[
        np.unique(np.linspace(0, len(which) - 1, min(given.frames, len(which))).round().astype(int))
    ]
    frames = frames.at(which)
    labels = Labels(given.teacher, tuple(given.settings))
    began = time.process_time()
    said = relabelled(labels, frames, nothing_kept, None).energy
    took = (time.process_time() - began) / len(which)
    there = np.isfinite(said)
    x, y = frames.energy[there], said[there]
    slope, offset = np.polyfit(x, y, 1)
    print(
        f"{labels.title}: {len(x)} of {len(there)} frames of {frames.atoms.min()} to {frames.atoms.max()} atoms"
    )
    print(
        f"r = {np.corrcoef(x, y)[0, 1]:.4f}, slope {slope:.3f}, of a spread of {MEV * x.std():.0f} meV/atom"
    )
    print(
        f"{MEV * np.std(y - x):.0f} meV/atom after a shift, {MEV * np.std(y - slope * x - offset):.0f} after a "
        f"line; {took:.2f} s a frame"
    )


if __name__ == "__main__":
    main()
