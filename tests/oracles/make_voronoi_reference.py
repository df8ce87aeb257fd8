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

REFERENCE = Path(__file__).parents[1] / "reference"


def plane(seed: int = 2, n: int = 150, box: tuple = (10.0, 14.0)) -> tuple[np.ndarray, np.ndarray]:
    """Random points in two dimensions, pushed apart where nearer than 0.8."""
    rng = np.random.default_rng(seed)
    edges = np.array(box)
    positions = rng.random((n, 2)) * edges
    for _ in range(100):
        apart = positions[:, None] - positions
        apart -= edges * np.round(apart / edges)
        distance = np.linalg.norm(apart, axis=-1) + np.eye(n)
        push = np.maximum(0.8 - distance, 0) * (1 - np.eye(n))
        positions += 0.25 * (push[..., None] * apart / distance[..., None]).sum(1)
    return positions % edges, edges


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
    flat, edges = plane()
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
