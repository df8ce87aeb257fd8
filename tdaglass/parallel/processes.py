"""A pool of processes on this machine that is made anew when one of them dies."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tdaglass import kernels
from tdaglass.parallel.needs import use_threads


class Processes(Executor):
    """An executor of processes; where one of them is killed or crashes, others take the place of all.

    Scripts that use it begin their work under ``if __name__ == "__main__":``, since every process imports them.

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
        self._context = multiprocessing.get_context("spawn")
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

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        """Wait for what was begun; after an error or an interrupt, end it."""
        if kind is not None and self._pool is not None:
            for process in list((self._pool._processes or {}).values()):
                process.kill()
        self.shutdown()

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            places = self._context.SimpleQueue()
            for k in range(self.workers):
                places.put(k)
            self._pool = ProcessPoolExecutor(self.workers, self._context, _begin, (self._threads, places))
        return self._pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As `concurrent.futures.Executor.shutdown`."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait, cancel_futures=cancel_futures)
                self._pool = None


def _begin(threads: int, places: Any) -> None:
    # The keyboard interrupts all processes of a terminal. What becomes of the pieces is for the first of them to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    use_threads(threads)
    cards = [card for card in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if card]
    if len(cards) > 1:
        os.environ["CUDA_VISIBLE_DEVICES"] = cards[places.get() % len(cards)]


def _end_with_parent() -> None:
    """A pool whose owner was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
