"""Writes tests/reference/voronoi.npz: Voronoi cells of two small liquids by freud and pyscal3.

Run it from the repository root with the rivals extra installed:
``python tests/oracles/make_voronoi_reference.py``.
"""

from importlib.metadata import version
from pathlib import Path

import freud
import numpy as np
import pyscal3.descriptors as descriptors
import pyscal3.neighbors as pyscal_neighbors
from ase import Atoms
from points import pushed_apart

REFERENCE = Path(__file__).parents[1] / "reference"


def freud_cells(name: str, positions: np.ndarray, box: np.ndarray) -> dict[str, np.ndarray]:
    """Volumes, and faces in the order of their two particles."""
    centred = np.pad(positions - box / 2, ((0, 0), (0, 3 - len(box))))
    cells = freud.locality.Voronoi().compute((freud.box.Box(*box), centred))
    pairs = cells.nlist
    order = np.lexsort((pairs.point_indices, pairs.query_point_indices))
    ends = np.stack([pairs.query_point_indices, pairs.point_indices], 1)[order].astype(np.int32)
    volumes = cells.volumes.astype(np.float32)
    return {f"{name}_volume": volumes, f"{name}_pairs": ends, f"{name}_face": pairs.weights[order]}


def main() -> None:
    flat, edges = pushed_apart(2, 150, (10.0, 14.0), 0.8, sweeps=100)
    with np.load(REFERENCE / "structure.npz") as file:
        positions, box = file["positions"], file["box"]
    atoms = Atoms("H" * len(positions), positions=positions, cell=box, pbc=True)
    pyscal_neighbors.find_neighbors(atoms, method="voronoi")
    index = descriptors.voronoi_vector(atoms, edge_cutoff=0.0, area_cutoff=0.0)
    np.savez_compressed(
        REFERENCE / "voronoi.npz",
        plane=flat,
        plane_box=edges,
        **freud_cells("freud_2d", flat, edges),
        **freud_cells("freud_3d", positions, box),
        pyscal_volume=atoms.arrays["pyscal_voronoi_volume"],
        pyscal_index=index.astype(np.int32),
        versions=[f"{name} {version(name)}" for name in ("freud-analysis", "pyscal3", "ase", "numpy")],
    )


if __name__ == "__main__":
    main()
