"""Persistence diagrams of a batch inside `jit`, against the number of threads: a part of `accelerator.py`.

They are computed on the host, wherever JAX runs. Threads of a process share the interpreter, whose lock gudhi
holds while a simplex tree is filled, copied out and freed, and Python while arrays are handed around: a batch
takes at least as long as all its systems hold the lock. That time is measured, too: of what one system takes, all
but the triangulation itself and the compiled loops, which let the lock go. Processes have a lock each.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import gudhi
import jax
import numpy as np
from accelerator_starts import start_of

from tdaglass import kernels, topology
from tdaglass.kernels import topology as loops

THREADS = (1, 2, 4, 8, 16)
DIMENSIONS = (0, 1, 2)
REPEATS = 3


def diagrams(folder: Path, tiny: bool) -> Iterator[dict[str, Any]]:
    """From the device that JAX has, and back to it."""
    batch = start_of(folder, "topology", tiny)
    systems, n, _ = batch.positions.shape
    alone, held = locked_time(np.asarray(batch.positions[0]), np.asarray(batch.box[0]))
    yield {"systems": 1, "N": n, "ms a system": alone * 1e3, "of these under the lock": held * 1e3}
    cores = len(os.sched_getaffinity(0))
    for threads in sorted({min(t, cores) for t in (THREADS[:2] if tiny else THREADS)}):
        os.environ["TDAGLASS_THREADS"] = str(threads)  # read when a program is compiled
        of_all = jax.jit(jax.vmap(partial(topology.diagrams, dimensions=DIMENSIONS)))
        took = seconds(lambda: jax.block_until_ready(of_all(batch.positions, batch.box)))  # noqa: B023
        yield {
            "systems": systems, "N": n, "threads": threads, "ms a system": took / systems * 1e3,
            "times as fast as alone": alone / (took / systems), "at most": alone / held,
        }  # fmt: skip


def locked_time(positions: np.ndarray, box: np.ndarray) -> tuple[float, float]:
    """Seconds of one system, and for how many of them it holds the interpreter's lock."""
    free = 0.0

    def counted(function: Callable) -> Callable:
        def call(*arguments: Any, **settings: Any) -> Any:
            nonlocal free
            begun = time.thread_time()
            try:
                return function(*arguments, **settings)
            finally:
                free += time.thread_time() - begun

        return call

    def one() -> None:
        topology.persistence(topology.alpha_complex(positions, box))

    one()
    # The two places where the lock is let go.
    triangulated, called = gudhi.AlphaComplex, loops.call
    gudhi.AlphaComplex, loops.call = counted(triangulated), counted(called)
    try:
        times = []
        for _ in range(10):
            free, begun = 0.0, time.thread_time()
            one()
            whole = time.thread_time() - begun
            times.append((whole, whole - free))
    finally:
        gudhi.AlphaComplex, loops.call = triangulated, called
    alone, held = map(statistics.median, zip(*times, strict=True))
    # Without compiled loops all is Python.
    return alone, alone if kernels.WHY_NOT else held


def seconds(call: Callable[[], Any]) -> float:
    """Of the median call, compilation left out."""
    found = []
    for _ in range(REPEATS + 1):
        begun = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun)
    return statistics.median(found[1:])
