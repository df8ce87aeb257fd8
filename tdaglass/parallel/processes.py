"""A pool of processes on this machine that is made anew when one of them dies."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from types import TracebackType
from typing import Any

from tdaglass import kernels
from tdaglass.parallel.needs import use_threads
from tdaglass.parallel.spawning import without_main


class PoolWorker(SpawnProcess):
    """A process of the pool."""

    @staticmethod
    def _Popen(process: Any) -> Any:
        with without_main(PoolWorker.__name__):
            return SpawnProcess._Popen(process)


class _Context(SpawnContext):
    """Begins processes, and knows them afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[SpawnProcess] = []

    def Process(self, *args: Any, **kwargs: Any) -> SpawnProcess:  # type: ignore[override]
        self.begun = [process for process in self.begun if process.exitcode is None]
        self.begun.append(PoolWorker(*args, **kwargs))
        return self.begun[-1]


class Processes(Executor):
    """An executor of processes; where one of them is killed or crashes, others take the place of all.

    Parameters
    ----------
    workers : int
        Processes. They share the processors of this one, and its graphics cards where there are several: worker k
        sees card k, counted round.

    Examples
    --------
    >>> from tdaglass.parallel import Processes, map_independent
    >>> with Processes(2) as executor:
    ...     map_independent(abs, [-1, 2], executor=executor)
    [1, 2]
    """

    def __init__(self, workers: int) -> None:
        if not isinstance(workers, int) or workers < 1:
            raise ValueError(f"expected a number of processes, got {workers!r}; try {kernels.thread_count()}")
        self.workers = workers
        self._threads = max(1, kernels.thread_count() // workers)
        self._context = _Context()
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """As `concurrent.futures.Executor.submit`."""
        with self._lock:
            try:
                return self._opened().submit(function, *args, **kwargs)
            except BrokenProcessPool:
                self._pool = None
                return self._opened().submit(function, *args, **kwargs)

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            places = self._context.SimpleQueue()
            for k in range(self.workers):
                places.put(k)
            self._pool = ProcessPoolExecutor(self.workers, self._context, _begin, (self._threads, places))
        return self._pool

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nobody waits any more for what is being computed, which may take hours.
        if kind is not None:
            for process in self._context.begun:
                process.terminate()
        self.shutdown()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `concurrent.futures.Executor.shutdown`."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait, cancel_futures=cancel_futures)
                self._pool = None


def _begin(threads: int, places: Any) -> None:
    # Control-C ends the process that waits for us, and that ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    use_threads(threads)
    cards = [card for card in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if card]
    if len(cards) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = cards[places.get() % len(cards)]


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
