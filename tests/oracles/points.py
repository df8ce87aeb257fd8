"""Places of particles without a simulation, of unit density: a gas, a liquid and a disturbed crystal."""

import numpy as np
from scipy.spatial import cKDTree

PACKING_FRACTION = 0.32  # of hard spheres added one by one: close to what the method can fill


def random_points(random: np.random.Generator, n: int, dim: int = 3) -> tuple[np.ndarray, float]:
    """Anywhere; and the edge of the cubic box."""
    edge = n ** (1 / dim)
    return edge * random.random((n, dim)), edge


def liquid_points(random: np.random.Generator, n: int) -> tuple[np.ndarray, float]:
    """Random sequential addition of hard spheres."""
    edge = n ** (1 / 3)
    diameter = (6 * PACKING_FRACTION / np.pi) ** (1 / 3)
    points = np.empty((0, 3))
    while len(points) < n:
        more = edge * random.random((4 * n, 3))
        if len(points):
            more = more[cKDTree(points, boxsize=edge).query(more)[0] > diameter]
        clashes = cKDTree(more, boxsize=edge).query_pairs(diameter, output_type="ndarray")
        keep = np.ones(len(more), bool)
        # Of two new ones that clash the first stays, though it may itself have clashed with one before.
        keep[clashes.max(axis=1, initial=0)] = False
        points = np.concatenate([points, more[keep]])[:n]
    return points, edge


def pushed_apart(
    seed: int, n: int, box: tuple[float, ...], least: float, sweeps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Random points of any density, pushed apart where nearer than `least`; and the edges of the box."""
    edges = np.array(box)
    positions = np.random.default_rng(seed).random((n, len(box))) * edges
    for _ in range(sweeps):
        apart = positions[:, None] - positions
        apart -= edges * np.round(apart / edges)
        distance = np.linalg.norm(apart, axis=-1) + np.eye(n)
        push = np.maximum(least - distance, 0) * (1 - np.eye(n))
        positions += 0.25 * (push[..., None] * apart / distance[..., None]).sum(1)
    return positions % edges, edges


def jittered_points(random: np.random.Generator, n: int, dim: int = 3) -> tuple[np.ndarray, float]:
    """A square or cubic lattice, of whose sites some may be empty, with normal displacements."""
    per_edge = int(np.ceil(n ** (1 / dim) - 1e-9))
    edge = float(per_edge)
    sites = np.stack(np.meshgrid(*[np.arange(per_edge)] * dim, indexing="ij"), -1).reshape(-1, dim)
    chosen = random.permutation(len(sites))[:n]
    return (sites[chosen] + random.normal(scale=0.1, size=(n, dim))) % edge, edge
