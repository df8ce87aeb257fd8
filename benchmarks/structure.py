# ruff: noqa: E402 (threads and cores are fixed before the libraries are imported)
"""Neighbours, bond order and Voronoi cells beside pyscal3 and freud, on one core, in one process.

Timed, without compilation, in alternation, as medians of the processor time of the process (which other work on
the machine disturbs less than the clock does):

- neighbours: SANN, and a fixed cut-off, from positions to the finished table. pyscal3's includes its Python
  wrapper without the per-atom lists (``store_rows=False``), freud's ends with its neighbour list.
- Voronoi cells: volumes, neighbours and areas of faces of 2,000 particles in two dimensions and 4,000 in three.
  freud's are voro++'s, in single precision where it can.
- Tong and Tanaka's order parameter of the same 2,000, from finished cells. freud has none: its neighbour list goes
  through the obvious numpy, sorted by direction around each particle.
- bond order: q_1 ... q_8 of all particles from the same finished SANN neighbours. pyscal3: eight calls of its
  own C++ routine, given angles that it had computed before. freud: `Steinhardt.compute` on a neighbour list of
  the same cut-off that ours gets (it has no SANN). Ours starts from displacements.
- topological clusters: all 41 types, from positions, with the parameter of hard spheres and with that of
  Lennard-Jones mixtures. The public program (TCC, in C) is in no registry and not run here: its seconds on
  a supercooled Kob-Andersen liquid of as many particles are in benchmarks/README.md.

The configurations are crystals shaken until nothing is left of them but their density.
"""

import os
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial

os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ["OMP_NUM_THREADS"] = "1"

import freud
import jax
import jax.numpy as jnp
import numpy as np
import pyscal3.csystem as csystem
import pyscal3.neighbors as pyscal_neighbors
from ase import Atoms

from tdaglass.structure import (
    bond_order,
    check_neighbors,
    cutoff_neighbors,
    sann_neighbors,
    tong_tanaka,
    topological_clusters,
    voronoi,
)

DEGREES = tuple(range(1, 9))
REPEATS = 7
SIZES = {20_000: (20, 25, 10), 100_000: (25, 25, 40)}
CUTOFF = 1.02  # in lattice constants, of density 4: about 16 neighbours
# The same liquid, larger and larger: seconds should grow as the number of particles.
CLUSTER_SIZES = {4_096: (8, 8, 16), 32_768: (16, 16, 32), 200_000: (40, 50, 25)}
CLUSTER_CUTOFF = 1.35


def shaken_crystal(cells: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Positions and box of `cells` cubic cells, overlaps pushed apart."""
    rng = np.random.default_rng(0)
    box = np.array(cells, float)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.stack(np.meshgrid(*[np.arange(c) for c in cells], indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (corners + basis).reshape(-1, 3) + 0.3 * rng.normal(size=(4 * np.prod(cells), 3))
    return pushed_apart(positions, box, 0.68), box


def shaken_square(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and box of n by n particles in two dimensions, overlaps pushed apart."""
    rng = np.random.default_rng(0)
    square = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), -1).reshape(-1, 2)
    box = np.full(2, float(n))
    return pushed_apart(square + 0.5 * rng.normal(size=square.shape), box, 0.95), box


def pushed_apart(positions: np.ndarray, box: np.ndarray, distance: float) -> np.ndarray:
    """Positions in the box, hardly any nearer to each other than a distance."""
    for _ in range(30):
        cell, points = in_freud(positions, box)
        pairs = freud.locality.AABBQuery(cell, points)
        pairs = pairs.query(points, {"r_max": distance, "exclude_ii": True}).toNeighborList()
        push = 0.25 * (distance - pairs.distances) / pairs.distances
        step = -push[:, None] * pairs.vectors
        for axis in range(len(box)):
            positions[:, axis] += np.bincount(pairs.query_point_indices, step[:, axis], len(positions))
        positions %= box
    return positions


def in_freud(positions: np.ndarray, box: np.ndarray) -> tuple[freud.box.Box, np.ndarray]:
    """Box and points around its middle, with a third coordinate."""
    return freud.box.Box(*box), np.pad(positions - box / 2, ((0, 0), (0, 3 - len(box))))


def alternate(**functions: Callable[[], object]) -> dict[str, float]:
    """Median processor seconds of each function, called in turn."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for repeat in range(REPEATS + 1):
        for name, function in functions.items():
            start = time.process_time()
            function()
            if repeat:  # the first turn warms up and compiles
                times[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def compare(cells: tuple[int, int, int]) -> list[tuple[str, float, dict[str, float]]]:
    """Rows of (what, our seconds, seconds of each rival) for one size."""
    positions, box = shaken_crystal(cells)
    atoms = Atoms(numbers=np.ones(len(positions), int), positions=positions, cell=box, pbc=True)
    system = in_freud(positions, box)
    query = {"r_max": CUTOFF, "exclude_ii": True}
    steinhardt = freud.order.Steinhardt(list(DEGREES))
    order = jax.jit(lambda neighbors: bond_order(neighbors, DEGREES, average=None))
    rows = []
    with jax.enable_x64(True):
        x, edges = jnp.asarray(positions), jnp.asarray(box)

        def theirs_within(cutoff: float | str) -> None:
            pyscal_neighbors.find_neighbors(atoms, method="cutoff", cutoff=cutoff, store_rows=False)

        def freud_list() -> freud.locality.NeighborList:
            return freud.locality.AABBQuery(*system).query(system[1], query).toNeighborList()

        seconds = alternate(
            ours=lambda: jax.block_until_ready(sann_neighbors(x, edges, symmetric=False)),
            pyscal3=lambda: theirs_within("sann"),
        )
        rows.append(("SANN", seconds.pop("ours"), seconds))
        bonds = [atoms.info[f"pyscal_bond_{key}"] for key in ("offsets", "theta", "phi", "weight")]
        sann = check_neighbors(sann_neighbors(x, edges, symmetric=False))

        seconds = alternate(
            ours=lambda: jax.block_until_ready(cutoff_neighbors(x, edges, CUTOFF)),
            pyscal3=lambda: theirs_within(CUTOFF),
            freud=freud_list,
        )
        rows.append(("cut-off", seconds.pop("ours"), seconds))
        found = check_neighbors(cutoff_neighbors(x, edges, CUTOFF))

        theirs = np.transpose([csystem.calculate_q_single(*bonds, degree)[0] for degree in DEGREES])
        difference = np.abs(np.asarray(order(sann)) - theirs).max()
        assert difference < 1e-12, f"not the same numbers: {difference}"
        seconds = alternate(
            ours=lambda: jax.block_until_ready(order(sann)),
            pyscal3=lambda: [csystem.calculate_q_single(*bonds, degree) for degree in DEGREES],
        )
        rows.append(("q_1...q_8, SANN", seconds.pop("ours"), seconds))
        single = jax.tree.map(lambda a: a.astype(jnp.float32) if a.dtype == jnp.float64 else a, found)
        pairs = freud_list()
        for name, record in (("float64", found), ("float32", single)):
            seconds = alternate(
                ours=lambda record=record: jax.block_until_ready(order(record)),
                freud=lambda: steinhardt.compute(system, pairs),
            )
            rows.append((f"q_1...q_8, cut-off, {name}", seconds.pop("ours"), seconds))
    return rows


def compare_cells(positions: np.ndarray, box: np.ndarray) -> tuple[str, float, dict[str, float]]:
    """The row of Voronoi cells."""
    system, rival = in_freud(positions, box), freud.locality.Voronoi()
    difference = np.abs(voronoi(positions, box).volume - rival.compute(system).volumes).max()
    assert difference < 1e-5, f"not the same numbers: {difference}"
    rivals: dict[str, Callable[[], object]] = {"freud": lambda: rival.compute(system)}
    if len(box) == 3:
        atoms = Atoms(numbers=np.ones(len(positions), int), positions=positions, cell=box, pbc=True)
        rivals["pyscal3"] = lambda: pyscal_neighbors.find_neighbors(atoms, method="voronoi", store_rows=False)
    seconds = alternate(ours=lambda: voronoi(positions, box), **rivals)
    return f"Voronoi cells, {len(box)}D", seconds.pop("ours"), seconds


def numpy_tong_tanaka(
    pairs: freud.locality.NeighborList, species: np.ndarray, sigma: np.ndarray
) -> np.ndarray:
    """Two dimensions: angles between neighbours that follow each other around a particle."""
    o, azimuth = pairs.query_point_indices, np.arctan2(pairs.vectors[:, 1], pairs.vectors[:, 0])
    order = np.lexsort((azimuth, o))
    o, i, azimuth = o[order], pairs.point_indices[order], azimuth[order]
    last = np.append(o[1:] != o[:-1], True)
    following = np.arange(len(o)) + 1
    following[last] = np.append(0, following[last][:-1])
    angle = (azimuth[following] - azimuth) % (2 * np.pi)
    a, b = sigma[species[o], species[i]], sigma[species[o], species[i[following]]]
    c = sigma[species[i], species[i[following]]]
    reference = np.arccos((a**2 + b**2 - c**2) / (2 * a * b))
    return np.bincount(o, np.abs(angle - reference)) / np.bincount(o)


def compare_tong_tanaka(positions: np.ndarray, box: np.ndarray) -> tuple[str, float, dict[str, float]]:
    """The row of the order parameter."""
    species, sigma = np.arange(len(positions)) % 2, np.array([[5 / 6, 1], [1, 7 / 6]])
    pairs = freud.locality.Voronoi().compute(in_freud(positions, box)).nlist
    with jax.enable_x64(True):
        cells = jax.tree.map(jnp.asarray, voronoi(positions, box))
        x, kinds, edges, table = map(jnp.asarray, (positions, species, box, sigma))
        ours = tong_tanaka(cells, x, kinds, edges, table)
        difference = np.abs(ours - numpy_tong_tanaka(pairs, species, sigma)).max()
        assert difference < 1e-4, f"not the same numbers: {difference}"
        seconds = alternate(
            ours=lambda: jax.block_until_ready(tong_tanaka(cells, x, kinds, edges, table)),
            freud=lambda: numpy_tong_tanaka(pairs, species, sigma),
        )
    return "Tong-Tanaka, 2D, numpy", seconds.pop("ours"), seconds


def time_clusters(cells: tuple[int, int, int]) -> list[tuple[str, float, dict[str, float]]]:
    """Rows of topological clusters, without a rival."""
    positions, box = shaken_crystal(cells)
    rows: list[tuple[str, float, dict[str, float]]] = []
    for parameter in (0.82, 1.0):
        find = partial(
            topological_clusters, positions, box, cutoff=CLUSTER_CUTOFF, voronoi_parameter=parameter
        )
        rows.append((f"clusters, f_c = {parameter}", alternate(ours=find)["ours"], {}))
    return rows


def main() -> None:
    warnings.simplefilter("ignore")
    freud.set_num_threads(1)
    csystem.set_num_threads(1)
    print(f"{'one core, rival / ours':38s} {'ours, s':>9s} {'pyscal3':>9s} {'freud':>9s}")
    plane = shaken_square(45)
    show(len(plane[0]), [compare_cells(*plane), compare_tong_tanaka(*plane)])
    show(4_000, [compare_cells(*shaken_crystal((10, 10, 10)))])
    for n, cells in CLUSTER_SIZES.items():
        show(n, time_clusters(cells))
    for n, cells in SIZES.items():
        show(n, compare(cells))


def show(n: int, rows: list[tuple[str, float, dict[str, float]]]) -> None:
    """Print rows of (what, our seconds, seconds of each rival)."""
    for what, ours, rivals in rows:
        ratios = [
            f"{rivals[name] / ours:8.2f}x" if name in rivals else " " * 9 for name in ("pyscal3", "freud")
        ]
        print(f"{n:7d}  {what:29s} {ours:9.4f} {' '.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
