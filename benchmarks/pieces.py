"""What a piece costs beside its work: ten thousand trivial ones, and the memory of the process that waits.

A thousand pieces first, so that workers have started; then time and memory for each executor, with results kept in
a run folder and without. Beside ours, Dask's own map and that of `concurrent.futures`, with the same pieces.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import psutil

from tdaglass.parallel import open_executor, stream_independent
from tdaglass.runs import Run


def trivial(k: int) -> np.ndarray:
    return np.arange(100.0) + k


def measure(label: str, results: Callable[[int], Iterable], pieces: int) -> None:
    process = psutil.Process()
    for _ in results(1000):
        pass
    before, most, began = process.memory_info().rss, 0, time.perf_counter()
    for k, _ in enumerate(results(pieces)):
        if k % 100 == 0:
            most = max(most, process.memory_info().rss)
    each = (time.perf_counter() - began) / pieces
    print(f"{label:32}{1e3 * each:8.2f} ms a piece{(most - before) / 1e6:8.1f} MB more memory", flush=True)


def main(pieces: int) -> None:
    for where in ("here", "processes:2", "dask-local:2"):
        with open_executor(where) as executor, tempfile.TemporaryDirectory() as root:
            measure(where, lambda n, e=executor: stream_independent(trivial, range(n), executor=e), pieces)
            with Run.open(root, "pieces", {}) as run:

                def kept(n: int, executor: object = executor, run: Run = run) -> Iterable:
                    keep = run.chunk.within(f"{n}")
                    return stream_independent(trivial, range(n), executor=executor, keep=keep)

                measure(f"{where}, kept", kept, pieces)
            if where == "dask-local:2":
                measure(
                    "dask, all at once",
                    lambda n, e=executor: e.gather(e.map(trivial, range(n), pure=False)),
                    pieces,
                )
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        measure("concurrent.futures, all at once", lambda n: pool.map(trivial, range(n)), pieces)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
