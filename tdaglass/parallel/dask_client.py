"""What Dask can do that executors in general cannot."""

import contextlib
import time
import warnings
from concurrent.futures import Executor
from typing import Any

# Seconds for a scheduler to come back after it was lost.
PATIENCE = 120.0


class SchedulerLost(ConnectionError):
    """The scheduler did not come back."""


def as_executor(executor: Any) -> Any:
    """The executor of a client of Dask; anything else as it is."""
    if _of_dask(executor) and hasattr(executor, "get_executor"):
        return executor.get_executor(pure=False)
    return executor


def client_of(executor: Executor) -> Any:
    """The client of Dask behind an executor, or None."""
    return getattr(executor, "_client", None) if _of_dask(executor) else None


def _of_dask(thing: Any) -> bool:
    return type(thing).__module__.partition(".")[0] == "distributed"


def at_workers(client: Any, content: bytes) -> Any:
    """A future of these bytes, which workers fetch from one another; lost by all of them, it is made again."""
    with warnings.catch_warnings():
        # That it is large: it goes through the scheduler once.
        warnings.simplefilter("ignore", UserWarning)
        future = client.submit(bytes, content, pure=False)
    # Otherwise the first pieces all go where it is. This is a help only: workers that lack it fetch it.
    with contextlib.suppress(Exception):
        future.result(timeout=2.0)
        client.replicate(future)
    return future


def threads_of(client: Any) -> int:
    """Pieces that all workers compute at the same time; 0 where there are none yet."""
    return sum(worker["nthreads"] for worker in client.scheduler_info(n_workers=-1)["workers"].values())


def wait_for(client: Any) -> None:
    """Until the scheduler is there again.

    Raises
    ------
    SchedulerLost
        If it does not come back.
    """
    began = time.monotonic()
    while client.status != "running":
        if client.status == "closed" or time.monotonic() - began > PATIENCE:
            raise SchedulerLost(
                "expected Dask's scheduler to answer, got nothing any more; try starting it and its workers "
                "again, then the same command: what was kept is not computed again"
            )
        time.sleep(0.1)
