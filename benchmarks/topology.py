# ruff: noqa: E402 (threads and cores are fixed before the libraries are imported)
"""Persistence diagrams, images and volumes beside HomCloud and gudhi, on one core; then a batch on all cores.

Timed in alternation as medians of the processor time of the process and its children (HomCloud's solver is one):

- diagrams: from positions to the pairs of all dimensions. HomCloud: `PDList.from_alpha_filtration`, in memory.
  gudhi, which has no periodic alpha complex: `AlphaComplex` (as it comes), `compute_persistence`. Ours:
  `persistence(alpha_complex(...))`, and for a batch `jit(vmap(diagrams))` with the critical simplices.
- memory: what the largest of these adds to the resident set of a process of its own.
- images: of random pairs, from births and deaths to the vector, with the settings of published studies.
- volumes: stable volumes of loops of 216 particles in a box, from the complex; ours pays for the certificate that
  nothing smaller exists, HomCloud solves all at once. Of voids ours reads the tree, once for all.

The points are Wahnstroem liquids at T = 1, simulated here. That diagrams are the same is checked.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

CORES = sorted(os.sched_getaffinity(0))
os.sched_setaffinity(0, CORES[:1])
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)
os.environ["OMP_NUM_THREADS"] = "1"

import gudhi
import homcloud.interface as homcloud
import jax
import jax.numpy as jnp
import numpy as np
from gudhi.representations import PersistenceImage
from homcloud.pdgm import SimplePDGM

from tdaglass import glass, topology

BATCH, SOME = 100, 10  # HomCloud does some of them, and its time is scaled
IMAGES = {  # births, deaths, cells, sigma, c and p of the arctan weight; diagrams and pairs of each
    "Pd, 140 x 140, 10,000 pairs": ((1.2, 2.6), (1.4, 2.8), (140, 140), 0.02, (1.0, 1.0), (SOME, 10_000)),
    "Si, 110 x 110, 6,000 pairs": ((1.8, 4.0), (2.1, 4.3), (110, 110), 0.04, (1.0, 1.0), (SOME, 6_000)),
    "cyclo-octane, 200 x 100": ((0.5, 3.3), (1.95, 3.3), (200, 100), 0.05, None, (BATCH, 10)),
}


def cpu_seconds() -> float:
    """Of this process and those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def alternate(repeats: int, **functions: Callable[[], object]) -> dict[str, float]:
    """Median processor seconds of each function, called in turn after one turn to warm up."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for repeat in range(repeats + 1):
        for name, function in functions.items():
            start = cpu_seconds()
            function()
            if repeat:
                times[name].append(cpu_seconds() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def liquid(n: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Configurations (count, n, 3) of one liquid, one time unit apart, and its box."""
    model = glass.wahnstrom(n)
    state = glass.initialize(jax.random.key(0), model, 1.0)
    state = glass.settle_overlaps(state, model, temperature=1.0, dt=0.004)
    state = glass.run(state, model, 2000, temperature=1.0, dt=0.005)
    box = np.asarray(state.configuration.box, np.float64)
    found = []
    for _ in range(count):
        state = glass.run(state, model, 200, temperature=1.0, dt=0.005)
        found.append(np.asarray(state.configuration.positions, np.float64) % box)
    return np.stack(found), box


def ours(points: np.ndarray, box: np.ndarray | None) -> tuple[topology.Pairs, ...]:
    return topology.persistence(topology.alpha_complex(points, box))


def homclouds(points: np.ndarray, box: np.ndarray | None) -> homcloud.PDList:
    periodic = {} if box is None else {"periodicity": [(0.0, float(edge)) for edge in box]}
    return homcloud.PDList.from_alpha_filtration(points, **periodic)


def gudhis(points: np.ndarray) -> gudhi.SimplexTree:
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    tree.compute_persistence()
    return tree


def check(points: np.ndarray, box: np.ndarray | None) -> None:
    found = homclouds(points, box)
    for k, pairs in enumerate(ours(points, box)[:3]):
        theirs = found.dth_diagram(k)
        for mine, other in ((pairs.birth, theirs.births), (pairs.death, theirs.deaths)):
            lasts = pairs.death - pairs.birth > 1e-9
            other = np.sort(np.asarray(other)[np.asarray(theirs.deaths) - np.asarray(theirs.births) > 1e-9])
            np.testing.assert_allclose(np.sort(mine[lasts]), other, rtol=1e-9, atol=1e-9)


def row(what: str, seconds: dict[str, float]) -> None:
    mine = seconds.pop("ours")
    ratios = "   ".join(f"{name} {value / mine:7.1f}x" for name, value in seconds.items())
    print(f"{what:48s} {1000 * mine:9.2f} ms   {ratios}", flush=True)


def compare_diagrams(repeats: int) -> None:
    batch, box = liquid(216, BATCH)
    check(batch[0], box)
    all_dimensions = jax.jit(jax.vmap(lambda x: topology.diagrams(x, jnp.asarray(box), dimensions=(0, 1, 2))))
    positions = jnp.asarray(batch)
    for found in all_dimensions(positions):
        topology.check_diagram(found)
    some = batch[:: BATCH // SOME]
    seconds = alternate(
        repeats,
        ours=lambda: [ours(points, box) for points in batch],
        vmap=lambda: jax.block_until_ready(all_dimensions(positions)),
        homcloud=lambda: [homclouds(points, box) for points in some],
    )
    seconds["homcloud"] *= BATCH / SOME
    row(f"216 periodic, batch of {BATCH}", {k: seconds[k] for k in ("ours", "homcloud")})
    row("  as jit(vmap(diagrams))", {"ours": seconds["vmap"], "homcloud": seconds["homcloud"]})
    (points, *_), box = liquid(12_000, 1)
    for name, edges in (("open", None), ("periodic", box)):
        check(points, edges)
        rivals = {"homcloud": lambda edges=edges: homclouds(points, edges)}
        if edges is None:
            rivals["gudhi"] = lambda: gudhis(points)
        seconds = alternate(max(repeats // 2, 2), ours=lambda edges=edges: ours(points, edges), **rivals)
        row(f"12,000 {name}", seconds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.npz"
        np.savez(path, points=points, box=box)
        for name in ("open", "periodic"):
            used = {
                who: memory(who, name, path)
                for who in ("ours", "homclouds", "gudhis")[: 3 - (name == "periodic")]
            }
            mine = used.pop("ours")
            ratios = "   ".join(f"{who[:-1]} {value / mine:.1f}x" for who, value in used.items())
            print(f"memory, 12,000 {name:33s} {mine:9.0f} MB  {ratios}", flush=True)


def memory(who: str, name: str, path: Path) -> float:
    """Megabytes that one diagram adds to a process that has imported everything."""
    program = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import numpy as np, topology as benchmark
        small = np.random.default_rng(0).random((50, 3))
        arrays = np.load({str(path)!r})
        points, box = arrays["points"], arrays["box"] if {name == "periodic"} else None
        given = lambda x, box: (x,) if {who == "gudhis"} else (x, box)
        compute = getattr(benchmark, {who!r})
        compute(*given(small, None if box is None else np.ones(3)))
        def megabytes(name):
            (line,) = (x for x in open("/proc/self/status") if x.startswith(name))
            return int(line.split()[1]) / 1024
        before = megabytes("VmRSS")
        open("/proc/self/clear_refs", "w").write("5")  # forgets the greatest so far
        kept = compute(*given(points, box))
        print(megabytes("VmHWM") - before)
    """
    return float(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    )


def compare_images(repeats: int) -> None:
    random = np.random.default_rng(0)
    for name, (births, deaths, shape, sigma, cp, (count, pairs)) in IMAGES.items():
        birth = random.gamma(4, 0.5, (count, pairs))
        death = birth + random.exponential(0.6, birth.shape)
        diagrams = topology.BirthDeath(jnp.asarray(birth), jnp.asarray(death))
        grid = topology.Grid(births, deaths, shape)
        weight = None if cp is None else topology.arctan_weight(*cp)
        spec = homcloud.PIVectorizeSpec(
            births, shape[0], deaths, shape[1], sigma=sigma, weight="none" if cp is None else ("atan", *cp)
        )
        gudhis = PersistenceImage(
            bandwidth=sigma,
            resolution=list(shape),
            im_range=[*births, deaths[0] - births[1], deaths[1] - births[0]],
            weight=(lambda _: 1.0) if cp is None else (lambda x, cp=cp: np.arctan(cp[0] * x[1] ** cp[1])),
        )
        rivals = {
            "homcloud": lambda birth=birth, death=death, spec=spec: [
                spec.vectorize(SimplePDGM(1, b, d)) for b, d in zip(birth, death, strict=True)
            ],
            "gudhi": partial(gudhis.fit_transform, list(np.stack([birth, death], axis=2)[::SOME])),
        }
        for mode in ("homcloud", "deposit", "exact"):
            make = partial(vector, grid=grid, sigma=sigma, weight=weight, mode=mode)
            # One after the other, many images stay in the cache.
            make = jax.jit(partial(jax.lax.map, make))
            if mode == "homcloud":
                np.testing.assert_allclose(make(diagrams), rivals["homcloud"](), atol=1e-12)
            others = {k: f for k, f in rivals.items() if k == "homcloud" or mode == "exact"}
            seconds = alternate(
                4 * repeats if mode != "exact" else 1,
                ours=lambda make=make, diagrams=diagrams: make(diagrams).block_until_ready(),
                **others,
            )
            if "gudhi" in seconds:
                seconds["gudhi"] *= count / len(birth[::SOME])
            row(f"{count} images, {name}, {mode}", seconds)


def vector(pairs: topology.BirthDeath, grid: topology.Grid, **settings: Any) -> jax.Array:
    return grid.vector(topology.persistence_image(pairs, grid, **settings))


def compare_volumes(repeats: int) -> None:
    (points, *_), box = liquid(216, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "points.pdgm")
        periodic = [(0.0, float(edge)) for edge in box]
        homcloud.PDList.from_alpha_filtration(
            points, periodicity=periodic, save_to=path, save_boundary_map=True
        )
        kept = homcloud.PDList(path)
        complex_ = topology.alpha_complex(points, box)
        for k, name in ((1, "loops"), (2, "voids")):
            pairs = topology.persistence(complex_)[k]
            life = pairs.death - pairs.birth
            mine = np.argsort(-life)[:100:5]
            epsilon = 0.2 * float(life[mine].min())
            theirs = kept.dth_diagram(k)
            theirs = [theirs.nearest_pair_to(pairs.birth[i], pairs.death[i]) for i in mine]

            def all_ours(pairs=pairs, mine=mine, epsilon=epsilon) -> list[int]:
                tree = topology.persistence_tree(complex_)
                volumes = [topology.stable_volume(complex_, pairs, int(i), epsilon, tree=tree) for i in mine]
                return [len(v.cells) for v in volumes]

            def all_theirs(theirs=theirs, epsilon=epsilon) -> list[int]:
                return [len(pair.stable_volume(epsilon).cells()) for pair in theirs]

            assert all_ours() == all_theirs()
            row(
                f"20 stable volumes of {name}, 216 periodic",
                alternate(repeats, ours=all_ours, homcloud=all_theirs),
            )


def compare_gradients(repeats: int) -> None:
    (points, *_), box = liquid(1000, 1)
    positions, edges = jnp.asarray(points), jnp.asarray(box)
    grid = topology.Grid((0.2, 0.8), (0.2, 1.2), (64, 64))

    def loss(x: jax.Array) -> jax.Array:
        image = topology.persistence_image(
            topology.diagram(x, edges, dimension=1), grid, sigma=0.03, mode="deposit"
        )
        return jnp.sum(image**2)

    forward, both = jax.jit(loss), jax.jit(jax.value_and_grad(loss))
    seconds = alternate(
        2 * repeats,
        ours=lambda: forward(positions).block_until_ready(),
        **{"value and gradient": lambda: jax.block_until_ready(both(positions))},
    )
    row("image of 1,000 periodic, value alone", seconds)


def compare_cores(repeats: int) -> None:
    batch, box = liquid(216, BATCH)
    positions, edges = jnp.asarray(batch), jnp.asarray(box)
    os.sched_setaffinity(0, CORES)
    by_threads = {}
    for threads in (1, len(CORES)):
        os.environ["TDAGLASS_THREADS"] = str(threads)  # read when a program is compiled
        loops = jax.jit(jax.vmap(lambda x: topology.diagram(x, edges, dimension=1).death))
        loops(positions).block_until_ready()
        by_threads[threads] = loops
    ratios = []
    for _ in range(2 * repeats):
        walls = []
        for loops in by_threads.values():
            start = time.perf_counter()
            loops(positions).block_until_ready()
            walls.append(time.perf_counter() - start)
        ratios.append(walls[0] / walls[1])
    print(f"batch of {BATCH}, one core / {len(CORES)} cores: {statistics.median(ratios):.2f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"{'one core, rival / ours':48s} {'ours':>11s}")
    # Handing work over to another thread would cost more than an image.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    with jax.enable_x64(True):
        compare_diagrams(repeats)
        compare_images(repeats)
        compare_volumes(repeats)
        compare_gradients(repeats)
        compare_cores(repeats)


if __name__ == "__main__":
    main()
