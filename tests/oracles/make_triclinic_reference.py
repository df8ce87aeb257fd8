"""Make tests/reference/io_triclinic.*: what LAMMPS writes of triclinic cells, and where its particles are.

Run this file as a script; it takes seconds.  A dozen particles so hot that most of them leave the cell, in a restricted
triclinic cell whose corner is not the origin, dumped wrapped with images, scaled and unwrapped, and as a data file; and
the same lattice turned about, in LAMMPS's general form.  ``io_triclinic.npz`` holds the unwrapped positions as LAMMPS
prints them, from the lower corner, and the lattice vectors.
"""

import tempfile
from pathlib import Path

import lammps  # the oracle beside this script
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
LOW, EDGES, TILTS = np.array([-2.0, -1.0, 0.5]), np.array([3.5, 4.0, 4.5]), (1.2, -0.7, 0.9)
FORMS = {
    "wrapped": "id type x y z ix iy iz",
    "scaled": "id type xs ys zs ix iy iz",
    "unwrapped": "id type xu yu zu",
    "scaled_unwrapped": "id type xsu ysu zsu",
}


def lattice() -> np.ndarray:
    """Rows are the lattice vectors of the restricted cell."""
    xy, xz, yz = TILTS
    return np.array([[EDGES[0], 0, 0], [xy, EDGES[1], 0], [xz, yz, EDGES[2]]])


def turned() -> np.ndarray:
    """The same lattice in another orientation, right-handed."""
    axis = np.array([1.0, 2.0, 3.0]) / np.sqrt(14.0)
    across = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    rotation = np.eye(3) + np.sin(0.7) * across + (1 - np.cos(0.7)) * across @ across
    return lattice() @ rotation.T


def last_frame(path: Path, form: str, general: bool, cell: list[str]) -> np.ndarray:
    """Run LAMMPS, leave its dump and data file in the reference folder, and return its own unwrapped positions."""
    keep = " triclinic/general yes" if general else ""
    script = [
        "units lj", "atom_style atomic", "atom_modify map array", *cell,
        "create_atoms 1 random 8 11 cell" if not general else "create_atoms 1 random 8 11 NULL",
        "create_atoms 2 random 4 12 NULL", "mass * 1.0", "pair_style soft 1.0", "pair_coeff * * 5.0",
        "minimize 0 1e-6 100 100", "reset_timestep 0", "velocity all create 30.0 13", "fix move all nve",
        "timestep 0.01", "run 100",
        "dump truth all custom 1 truth id type xu yu zu",
        f'dump_modify truth sort id format float "%.17g"{keep}',
        f"dump file all custom 1 {path.with_suffix('.lammpstrj')} {FORMS[form]}",
        f'dump_modify file format float "%.17g"{keep}',
        "run 0",
        f"write_data {path.with_suffix('.data')}{' triclinic/general' if general else ''}",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        lammps.execute(Path(folder), script)
        lines = (Path(folder) / "truth").read_text().splitlines()
    return np.loadtxt(lines[-12:])


if __name__ == "__main__":
    truth: dict[str, np.ndarray] = {}
    high = LOW + EDGES
    region = " ".join(f"{a} {b}" for a, b in zip(LOW, high, strict=True))
    restricted = [
        "lattice none 1.0",
        f"region cell prism {region} {' '.join(map(str, TILTS))}",
        "create_box 2 cell",
    ]
    for form in FORMS:
        table = last_frame(REFERENCE / f"io_triclinic_{form}", form, False, restricted)
        truth[f"{form}_positions"], truth[f"{form}_types"] = table[:, 2:] - LOW, table[:, 1].astype(int)
    a, b, c = turned()
    vectors = " ".join(
        f"a{i} {' '.join(format(x, '.17g') for x in vector)}" for i, vector in enumerate((a, b, c), start=1)
    )
    # In Lennard-Jones units the first number is a density, which scales the vectors.
    density = format(1 / np.linalg.det(turned()), ".17g")
    general = [
        f"lattice custom {density} {vectors} basis 0 0 0 triclinic/general",
        "create_box 2 NULL 0 1 0 1 0 1",
    ]
    table = last_frame(REFERENCE / "io_triclinic_general", "wrapped", True, general)
    truth["general_positions"], truth["general_types"] = table[:, 2:], table[:, 1].astype(int)
    np.savez_compressed(REFERENCE / "io_triclinic.npz", lattice=lattice(), turned=turned(), **truth)
    for form in ("scaled", "unwrapped", "scaled_unwrapped"):
        (REFERENCE / f"io_triclinic_{form}.data").unlink()
