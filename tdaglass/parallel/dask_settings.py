"""How Dask is to behave while it computes our pieces, and no longer."""

import contextlib
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401 (its settings are known when it is imported)
import psutil

from tdaglass.parallel.spawning import without_main

SETTINGS: Mapping[str, Any] = {
    # A piece that was computed when its worker died is begun again elsewhere, so often before it comes back as
    # failed: workers on a cluster end for many reasons.
    "distributed.scheduler.allowed-failures": 3,
    # A worker gets a piece when it has finished the one before, so that its death is not laid to one that waited.
    "distributed.scheduler.worker-saturation": 1.0,
    # A piece in compiled code that does not let other threads of its process run is not a dead worker.
    "distributed.scheduler.worker-ttl": "1 hour",
    # Dask sees a few pieces for each worker at a time, which say little about how many are still to come: a worker
    # for each of them that takes a second or more, and for each before it is known how long they take.
    "distributed.adaptive.target-duration": "1s",
    "distributed.scheduler.unknown-task-duration": "1s",
    # Jobs that have nothing to do for a minute are ended: the next stage of a study may come at once.
    "distributed.adaptive.interval": "2s",
    "distributed.adaptive.wait-count": 30,
    # So many of the last pieces the dashboard can show; it would remember 100 000.
    "distributed.scheduler.dashboard.tasks.task-stream-length": 5000,
    # Results are handed back at once, so that there is nothing to write to disk; and a worker that paused because
    # what it has compiled takes memory would never go on.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    # Before the batch queue kills the whole job.
    "distributed.worker.memory.terminate": 0.95,
    # Dask's own profiler looks at every worker a hundred times a second and sees a call into compiled code.
    "distributed.worker.profile.enabled": False,
    # What it counts of itself, fifty times a second unless it is told otherwise, took a hundredth of its core.
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.worker.memory.monitor-interval": "1s",
    # What a worker computes takes threads, no processes of its own; so it ends when its parent does.
    "distributed.worker.daemon": True,
    # Neither threads nor compiled code of this process survive a fork.
    "distributed.worker.multiprocessing-method": "spawn",
}
_NAME_OF_WORKERS = "Dask Worker process"
# Workers that come and go are the rule on a cluster. What is lost with them is computed again, and what cannot be
# is said by who waits for it.
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado.application", "bokeh")


def environment(threads: int) -> dict[str, str]:
    """What a worker's process finds in its environment: its threads, of the kernels, of XLA and of NumPy."""
    count = str(threads)
    return {
        "TDAGLASS_THREADS": count,
        "NPROC": count,
        "OMP_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }


def exports(threads: int) -> list[str]:
    """The same and the settings as lines of a shell, for workers that are started by a batch job."""
    of_dask = {
        f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": str(value)
        for name, value in SETTINGS.items()
        if name.startswith(("distributed.worker.", "distributed.admin."))
    }
    return [f"export {name}={value}" for name, value in (environment(threads) | of_dask).items()]


@contextlib.contextmanager
def settings() -> Iterator[None]:
    """Dask's settings, its silence, its files and the environment, which it changes, for as long as this lasts."""
    # Dask leaves what its workers are to find in their environment in ours.
    known = dask.config.get("distributed.nanny.pre-spawn-environ")
    left = (*known, "PYTHONHASHSEED", "DASK_PARENT", "__DASK_PARENT_PID")
    before = {name: os.environ.get(name) for name in left}
    with (
        temporary_folder(tempfile.gettempdir()) as folder,
        dask.config.set(dict(SETTINGS) | {"temporary-directory": folder}),
        _quiet(),
        without_main(_NAME_OF_WORKERS),
    ):
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


@contextlib.contextmanager
def temporary_folder(parent: str | Path) -> Iterator[str]:
    """A folder for this user alone; what killed processes of this machine have left of theirs goes as well."""
    ours = f"tdaglass-{socket.gethostname()}-"
    for left in Path(parent).glob(f"{ours}*-*"):
        owner = left.name.removeprefix(ours).split("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{ours}{os.getpid()}-", dir=parent) as folder:
        yield folder


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
