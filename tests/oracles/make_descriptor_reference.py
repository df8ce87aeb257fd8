"""Write tests/reference/descriptors.npz: SOAP, symmetry functions and Coulomb spectra by dscribe.

Random carbons and oxygens, in a periodic cell that is smaller than the reach, in a large triclinic one, and in
open space. Needs dscribe, of the extra ``experiments``; run from the root of the repository:

    .venv/bin/python tests/oracles/make_descriptor_reference.py
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from ase import Atoms
from dscribe.descriptors import ACSF, SOAP, CoulombMatrix

REFERENCE = Path(__file__).parents[1] / "reference" / "descriptors.npz"
ELEMENTS = np.array(["C", "O"])
SMALL = {"r_cut": 3.0, "n_max": 4, "l_max": 3, "sigma": 0.4}
PAPER = {"r_cut": 4.1, "n_max": 8, "l_max": 9, "sigma": 0.16}
G2 = [[1.0, 1.0], [0.5, 2.0]]
G3 = [1.0]
G4 = [[0.1, 1.0, 1.0], [0.2, 2.0, -1.0]]
G5 = [[0.1, 1.0, -1.0]]
ROWS = 4  # particles whose numbers are kept, where they are many
BOXES = {
    "small": np.diag([4.0, 4.5, 5.0]),
    "triclinic": np.array([[9.0, 0, 0], [1.5, 8.5, 0], [-1.0, 2.0, 9.5]]),
    "open": None,
}


def positions(random: np.random.Generator, box: np.ndarray | None) -> np.ndarray:
    """No two nearer than 1.1."""
    lattice = 4.5 * np.eye(3) if box is None else box
    found: list[np.ndarray] = []
    while len(found) < 12:
        trial = random.random(3) @ lattice
        images = np.array([trial - other for other in found]).reshape(-1, 3)
        if box is not None:
            parts = images @ np.linalg.inv(lattice)
            images = (parts - np.round(parts)) @ lattice
        if (np.linalg.norm(images, axis=1) > 1.1).all():
            found.append(trial)
    return np.array(found)


def main() -> None:
    """Make systems, ask dscribe, save."""
    random = np.random.default_rng(22)
    out = {"dscribe": version("dscribe"), "species": random.integers(0, 2, 12)}
    for name, box in BOXES.items():
        x = positions(random, box)
        atoms = Atoms(list(ELEMENTS[out["species"]]), positions=x, cell=box, pbc=box is not None)
        out[f"{name}_positions"] = x
        if box is not None:
            out[f"{name}_box"] = box
        for average in ("off", "inner", "outer"):
            soap = SOAP(species=["C", "O"], periodic=box is not None, average=average, **SMALL)
            out[f"{name}_soap_{average}"] = soap.create(atoms)
        out[f"{name}_soap_off"] = out[f"{name}_soap_off"][:ROWS]
        reach = SMALL["r_cut"] + SMALL["sigma"] * np.sqrt(-2 * np.log(1e-3))
        fading = {"function": "poly", "r0": reach, "c": 1, "m": 1}
        out[f"{name}_soap_smooth"] = SOAP(
            species=["C", "O"], periodic=box is not None, weighting=fading, **SMALL
        ).create(atoms)[:ROWS]
        acsf = ACSF(
            r_cut=4.0, g2_params=G2, g3_params=G3, g4_params=G4, g5_params=G5, species=["C", "O"],
            periodic=box is not None,
        )  # fmt: skip
        out[f"{name}_acsf"] = acsf.create(atoms)
        if name == "triclinic":
            carbons = Atoms("C12", positions=x, cell=box, pbc=True)
            out["soap_paper"] = SOAP(species=["C"], periodic=True, **PAPER).create(carbons)[:ROWS]
        if box is None:
            out["coulomb_matrix"] = (
                CoulombMatrix(n_atoms_max=12, permutation="none").create(atoms).reshape(12, 12)
            )
            out["coulomb_spectrum"] = CoulombMatrix(n_atoms_max=14, permutation="eigenspectrum").create(atoms)
    np.savez_compressed(REFERENCE, **out)


if __name__ == "__main__":
    main()
