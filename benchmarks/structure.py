# ruff: noqa: E402 (threads and cores are fixed before the libraries are imported)
"""Bond order and SANN beside pyscal3 and freud, on one core, in one process.

Timed, without compilation, in alternation, as medians of the processor time of the process (which other work on
the machine disturbs less than the clock does):

- neighbours: SANN, and a fixed cut-off, from positions to the finished table. pyscal3's includes its Python
  wrapper without the per-atom lists (``store_rows=False``), freud's ends with its neighbour list.
- bond order: q_1 ... q_8 of all particles from the same finished SANN neighbours. pyscal3: eight calls of its
  own C++ routine, given angles that it had computed before. freud: `Steinhardt.compute` on a neighbour list of
  the same cut-off that ours gets (it has no SANN). Ours starts from displacements.

The configuration is a face-centred crystal shaken until nothing is left of it but its density.
"""

import os
import statistics
import time
import warnings
from collections.abc import Callable

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

from tdaglass.structure import bond_order, check_neighbors, cutoff_neighbors, sann_neighbors

DEGREES = tuple(range(1, 9))
REPEATS = 7
SIZES = {20_000: (20, 25, 10), 100_000: (25, 25, 40)}
CUTOFF = 1.02  # in lattice constants, of density 4: about 16 neighbours


def shaken_crystal(cells: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Positions and box of `cells` cubic cells, overlaps pushed apart."""
    rng = np.random.default_rng(0)
    box = np.array(cells, float)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    corners = np.stack(np.meshgrid(*[np.arange(c) for c in cells], indexing="ij"), -1).reshape(-1, 1, 3)
    positions = (corners + basis).reshape(-1, 3) + 0.3 * rng.normal(size=(4 * np.prod(cells), 3))
    for _ in range(30):
        pairs = freud.locality.AABBQuery(freud.box.Box(*box), positions - box / 2)
        pairs = pairs.query(positions - box / 2, {"r_max": 0.68, "exclude_ii": True}).toNeighborList()
        push = 0.25 * (0.68 - pairs.distances) / pairs.distances
        step = -push[:, None] * pairs.vectors
        for axis in range(3):
            positions[:, axis] += np.bincount(pairs.query_point_indices, step[:, axis], len(positions))
        positions %= box
    return positions, box


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
    system = freud.box.Box(*box), positions - box / 2
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


def main() -> None:
    warnings.simplefilter("ignore")
    freud.set_num_threads(1)
    csystem.set_num_threads(1)
    print(f"{'one core, rival / ours':38s} {'ours, s':>9s} {'pyscal3':>9s} {'freud':>9s}")
    for n, cells in SIZES.items():
        for what, ours, rivals in compare(cells):
            ratios = [
                f"{rivals[name] / ours:8.2f}x" if name in rivals else " " * 9 for name in ("pyscal3", "freud")
            ]
            print(f"{n:7d}  {what:29s} {ours:9.4f} {' '.join(ratios)}", flush=True)


if __name__ == "__main__":
    main()
