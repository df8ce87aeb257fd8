"""Make tests/reference/homcloud.npz: HomCloud's persistence diagrams of points in open space and periodic boxes.

Boxes are cubic, since that is what HomCloud has.
"""

import tempfile
from importlib import metadata
from pathlib import Path

import homcloud.interface as homcloud
import numpy as np

REFERENCE = Path(__file__).parents[1] / "reference" / "homcloud.npz"
SYSTEMS = {  # points, dimension, periodic, kind
    "open_3d": (216, 3, False, "random"),
    "open_2d": (200, 2, False, "jittered"),
    "periodic_3d_random": (60, 3, True, "random"),
    "periodic_3d_jittered": (216, 3, True, "jittered"),
    "periodic_3d_rounded": (125, 3, True, "rounded"),
}


def make_points(name: str, n: int, dim: int, kind: str) -> np.ndarray:
    """Of unit density in a box that begins at the origin."""
    random = np.random.default_rng(sum(map(ord, name)))
    edge = n ** (1 / dim)
    if kind == "random":
        return random.uniform(0, edge, (n, dim))
    sites = np.stack(np.meshgrid(*[np.arange(np.ceil(edge - 1e-9))] * dim, indexing="ij"), -1).reshape(
        -1, dim
    )
    moved = (sites[:n] + random.normal(scale=0.15, size=(n, dim))) % edge
    return np.round(moved, 2) if kind == "rounded" else moved


def diagrams(points: np.ndarray, edge: float | None) -> list[np.ndarray]:
    """Squared births and deaths, dimension by dimension."""
    periodic = {} if edge is None else {"periodicity": [(0.0, edge)] * points.shape[1]}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "points.pdgm")
        homcloud.PDList.from_alpha_filtration(points, save_to=path, **periodic)
        found = homcloud.PDList(path)
        by_dimension = [found.dth_diagram(k) for k in range(points.shape[1])]
        return [np.stack([diagram.births, diagram.deaths], axis=1) for diagram in by_dimension]


if __name__ == "__main__":
    arrays = {"homcloud": metadata.version("homcloud")}
    for name, (n, dim, periodic, kind) in SYSTEMS.items():
        points = make_points(name, n, dim, kind)
        edge = n ** (1 / dim) if periodic else None
        arrays[f"{name}/points"] = points
        if periodic:
            arrays[f"{name}/box"] = np.full(dim, edge)
        for k, diagram in enumerate(diagrams(points, edge)):
            arrays[f"{name}/{k}"] = diagram[np.lexsort(diagram.T[::-1])]
    np.savez_compressed(REFERENCE, **arrays)
