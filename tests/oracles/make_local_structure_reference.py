"""Writes tests/reference/local_structure.npz: Debye's formula by freud, and by Voro++ (pyvoro2) the polyhedra that
are left of Voronoi cells when neighbours with small faces are taken away.

Of the configuration of tests/reference/structure.npz. Run it from the repository root with the rivals extra
installed: ``python tests/oracles/make_local_structure_reference.py``.
"""

from importlib.metadata import version
from pathlib import Path

import freud
import numpy as np
import pyvoro2

REFERENCE = Path(__file__).parents[1] / "reference"
ATOMS, WIDTH = 60, 200.0
Q_MAX, POINTS = 12.0, 25
SHARE, CELLS = 0.03, 40


def debye(positions: np.ndarray) -> np.ndarray:
    """S(q) of some particles in open space: a box so wide that freud sees no image."""
    factor = freud.diffraction.StaticStructureFactorDebye(num_k_values=POINTS, k_max=Q_MAX, k_min=0.0)
    box = freud.box.Box.cube(WIDTH)
    return factor.compute((box, positions - positions.mean(axis=0))).S_k.astype(np.float32)


def polyhedra(positions: np.ndarray, box: np.ndarray) -> list[np.ndarray]:
    """Of the first particles, the numbers of edges of the faces that are left, ascending."""
    periodic = pyvoro2.PeriodicCell(vectors=tuple(map(tuple, np.diag(box))))
    cells = pyvoro2.compute(positions, domain=periodic, return_faces=True, return_vertices=True).cells
    found = []
    for cell in sorted(cells, key=lambda cell: cell["id"])[:CELLS]:
        corners, i = np.array(cell["vertices"]), cell["id"]
        areas = np.array([area(corners[face["vertices"]]) for face in cell["faces"]])
        kept = [face for face, a in zip(cell["faces"], areas, strict=True) if a >= SHARE * areas.sum()]
        # Whoever is left, as the only neighbours in a wide box: the middle one of a face is its mirror image.
        around = np.array([mirrored(positions[i], corners[face["vertices"]]) for face in kept])
        points = np.concatenate([positions[i][None], around]) - positions[i]
        side = 50.0
        alone = pyvoro2.compute(
            points, domain=pyvoro2.Box(bounds=((-side, side),) * 3), return_faces=True, return_vertices=True
        )
        own = next(cell for cell in alone.cells if cell["id"] == 0)
        found.append(np.sort([len(face["vertices"]) for face in own["faces"]]))
    return found


def area(corners: np.ndarray) -> float:
    """Of a plane polygon."""
    away = corners[1:] - corners[0]
    return 0.5 * float(np.linalg.norm(np.cross(away[:-1], away[1:]).sum(axis=0)))


def mirrored(x: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """A point behind the plane of a face."""
    normal = np.linalg.svd(corners - corners.mean(axis=0))[2][2]
    return x + 2 * normal * float(normal @ (corners.mean(axis=0) - x))


def main() -> None:
    with np.load(REFERENCE / "structure.npz") as file:
        positions, box = file["positions"].astype(float), file["box"].astype(float)
    faces = polyhedra(positions, box)
    room = max(map(len, faces))
    np.savez_compressed(
        REFERENCE / "local_structure.npz",
        debye=debye(positions[:ATOMS]),
        q=np.linspace(0, Q_MAX, POINTS).astype(np.float32),
        faces=np.array([np.pad(of, (room - len(of), 0)) for of in faces], np.int8),
        share=SHARE,
        freud_version=version("freud-analysis"),
        pyvoro2_version=version("pyvoro2"),
    )


if __name__ == "__main__":
    main()
