"""Writes tests/reference/voronoi.npz: Voronoi cells of small systems by freud, pyscal3 and Voro++ (pyvoro2).

Run it from the repository root with the rivals extra installed:
``python tests/oracles/make_voronoi_reference.py``.
"""

from importlib.metadata import version
from pathlib import Path

import freud
import numpy as np
import pyscal3.descriptors as descriptors
import pyscal3.neighbors as pyscal_neighbors
import pyvoro2
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


def freud_tilted(positions: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Volumes in a cell of rows (a, 0, 0), (b, c, 0), (d, e, f)."""
    edges = matrix.diagonal()
    box = freud.box.Box(*edges, *(matrix[[1, 2, 2], [0, 0, 1]] / edges[[1, 2, 2]]))
    inside = box.make_absolute((positions @ np.linalg.inv(matrix)).astype(np.float32))
    return freud.locality.Voronoi().compute((box, inside)).volumes.astype(np.float32)


def radical_cells(
    positions: np.ndarray, matrix: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Volumes and numbers of faces; zero for particles without a cell."""
    domain = pyvoro2.PeriodicCell(matrix)
    found = pyvoro2.compute(positions, domain=domain, mode="power", radii=radii, include_empty=True)
    cells = sorted(found.cells, key=lambda cell: cell["id"])
    return np.array([cell["volume"] for cell in cells]), np.array(
        [len(cell["faces"]) for cell in cells], np.int32
    )


def main() -> None:
    random = np.random.default_rng(4)
    tilted = np.array([[5.0, 0, 0], [2.0, 6, 0], [-1.5, 3.9, 5.5]])
    gas, radii = random.random((120, 3)) @ tilted, random.choice([0.2, 0.5, 0.9], 120)
    radical_volume, radical_faces = radical_cells(gas, tilted, radii)
    flat, edges = pushed_apart(2, 150, (10.0, 14.0), 0.8, sweeps=100)
    with np.load(REFERENCE / "structure.npz") as file:
        positions, box = file["positions"], file["box"]
    faces = freud.locality.Voronoi().compute((freud.box.Box(*box), positions - box / 2))
    steinhardt = [freud.order.Steinhardt(degree, weighted=True) for degree in (4, 6)]
    weighted = [
        x.compute((freud.box.Box(*box), positions - box / 2), faces.nlist).particle_order for x in steinhardt
    ]
    atoms = Atoms("H" * len(positions), positions=positions, cell=box, pbc=True)
    pyscal_neighbors.find_neighbors(atoms, method="voronoi")
    index = descriptors.voronoi_vector(atoms, edge_cutoff=0.0, area_cutoff=0.0)
    np.savez_compressed(
        REFERENCE / "voronoi.npz",
        plane=flat,
        plane_box=edges,
        **freud_cells("freud_2d", flat, edges),
        **freud_cells("freud_3d", positions, box),
        freud_weighted=np.stack(weighted, axis=1),
        tilted=tilted,
        gas=gas,
        radii=radii,
        freud_tilted_volume=freud_tilted(gas, tilted),
        radical_volume=radical_volume,
        radical_faces=radical_faces,
        pyscal_volume=atoms.arrays["pyscal_voronoi_volume"],
        pyscal_index=index.astype(np.int32),
        versions=[
            f"{name} {version(name)}" for name in ("freud-analysis", "pyscal3", "pyvoro2", "ase", "numpy")
        ],
    )


if __name__ == "__main__":
    main()
