"""Writes tests/reference/dynamics.npz: what PyMatterSim says about the motion of a few random walks.

Run it from the repository root with PyMatterSim installed: ``python tests/oracles/make_dynamics_reference.py``.
"""

import logging
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PyMatterSim.dynamic.dynamics import Dynamics
from PyMatterSim.neighbors.calculate_neighbors import cutoffneighbors
from PyMatterSim.reader.reader_utils import SingleSnapshot, Snapshots
from walks import Walks, walks

TARGET = Path(__file__).parents[1] / "reference" / "dynamics.npz"
CASES = {"3d": (3, 1, 0.0), "2d": (2, 2, 0.0), "3d_tilted": (3, 3, 0.7), "2d_tilted": (2, 4, 1.1)}
CUTOFF, REACH, Q_MAX = 0.4, 1.6, 8.0


def snapshots(of: Walks, positions: np.ndarray) -> Snapshots:
    n = len(of.species)
    edges = np.diagonal(of.cell)
    bounds = np.stack([np.zeros_like(edges), edges], axis=1)
    frames = [
        SingleSnapshot(k, n, of.species + 1, frame, edges, bounds, bounds, of.cell)
        for k, frame in enumerate(positions)
    ]
    return Snapshots(len(frames), frames)


def main() -> None:
    logging.disable(logging.CRITICAL)
    found = {"versions": np.array(f"PyMatterSim {version('PyMatterSim')}")}
    for name, (dim, seed, tilt) in CASES.items():
        made = walks(dim, seed, tilt=tilt)
        unwrapped, wrapped = snapshots(made, made.unwrapped), snapshots(made, made.wrapped)
        with tempfile.NamedTemporaryFile("w") as file:
            cutoffneighbors(wrapped, REACH, np.ones(dim, int), file.name)
            for kind, cages in {"plain": {}, "cage": {"neighborfile": file.name}}.items():
                asked = Dynamics(xu_snapshots=unwrapped, dt=1.0, a=CUTOFF, ppp=np.zeros(dim, int), **cages)
                for species, members in {"all": None, "B": made.species == 1}.items():
                    condition = None if members is None else np.array([members] * len(made.unwrapped))
                    table = asked.relaxation(qconst=2 * np.pi, condition=condition)
                    found[f"{name}_{kind}_{species}"] = (
                        table[["msd", "alpha2", "Qt", "X4_Qt", "isf"]].to_numpy().T
                    )
        if not tilt:
            asked = Dynamics(xu_snapshots=unwrapped, dt=1.0, a=CUTOFF, ppp=np.zeros(dim, int))
            found[f"{name}_four_point"] = asked.sq4(t=2.0, qrange=Q_MAX).to_numpy().T
    np.savez_compressed(TARGET, **found)


if __name__ == "__main__":
    main()
