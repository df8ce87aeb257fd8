"""Jobs of workers in a batch queue: as many as there is work for, and others in place of those that have ended."""

import asyncio
import logging
import math
import os
import pwd
import re
import time
from pathlib import Path
from typing import Any

from distributed.core import Status
from distributed.deploy.adaptive import Adaptive

log = logging.getLogger(__name__)

# Seconds between two looks at the queue, which many others ask as well.
EVERY = 30.0
# After a job that ended before any of its workers was seen, the next waits so long, and twice as long each time.
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 600.0
# What lists the user's jobs, one a line that begins with its number.
_LISTS = {
    "slurm": ("squeue", "--noheader", "--format=%A", "--user"),
    "pbs": ("qselect", "-u"),
    "sge": ("qstat", "-u"),
}


class EndedJob:
    """Beside a job of dask-jobqueue: it knows when it has ended, which Dask asks for when all is closed."""

    async def close(self) -> None:
        """End it, or what is left of it."""
        await super().close()  # type: ignore[misc]
        self.status = Status.closed


class JobKeeper(Adaptive):
    """Dask's adaptive scaling, by whole jobs, and aware of those that the queue has ended.

    Dask by itself asks for another job when it has seen the worker of one leave, where a job has one worker only.
    Where it has several, and where a job was cancelled while it waited, could not start or was never accepted,
    nobody would come in its place. So the queue is asked which jobs it knows. The others are forgotten.
    """

    def __init__(self, cluster: Any, queue: str, workers: int, logs: str, **kwargs: Any) -> None:
        self.queue, self.workers_per_job, self.logs = queue, workers, logs
        self.seen: set[str] = set()
        self.looked = self.paused_until = time.monotonic()
        self.failures = 0
        super().__init__(cluster, worker_key=_job_of if workers > 1 else None, **kwargs)

    async def adapt(self) -> None:
        """Once every interval."""
        self.seen |= self.alive()
        if time.monotonic() - self.looked > EVERY:
            await self.forget_ended_jobs()
            self.looked = time.monotonic()
        if time.monotonic() > self.paused_until:
            await super().adapt()

    async def safe_target(self) -> int:
        """Workers wanted, in whole jobs: else one would be ended for workers that are too many, then begun."""
        return self.workers_per_job * math.ceil(await super().safe_target() / self.workers_per_job)

    def alive(self) -> set[str]:
        """Names of the jobs of which a worker is there."""
        return {str(w) if self.workers_per_job == 1 else _job_of_name(str(w)) for w in self.observed}

    async def forget_ended_jobs(self) -> None:
        """Jobs that the queue does not know any more make room for others."""
        jobs = dict(self.cluster.workers)
        known = await self.jobs_in_queue()
        if known is None:
            return
        alive = self.alive()
        for name, job in jobs.items():
            if name in alive or number_of(job.job_id) in known or self.cluster.workers.get(name) is not job:
                continue
            del self.cluster.workers[name]
            self.cluster.worker_spec.pop(name, None)
            await job.close()
            if name in self.seen:
                self.seen.discard(name)
                self.failures = 0
            else:
                self.pause(job)

    def pause(self, job: Any) -> None:
        """A job that ended without a worker: something is wrong with it, and others would follow at once."""
        pause = min(_FIRST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
        self.failures += 1
        self.paused_until = time.monotonic() + pause
        if job.job_id is None:
            log.warning("the batch queue took no job; asking again in %.0f s", pause)
            return
        itself = re.compile(rf"(?<!\d){number_of(job.job_id)}(?!\d)")
        logs = [path for path in Path(self.logs).iterdir() if itself.search(path.name)]
        said = _last_line(logs[0]) if logs else f"nothing in {self.logs}"
        log.warning(
            "job %s ended before its workers began (%s); asking for another in %.0f s",
            job.job_id,
            said,
            pause,
        )

    async def jobs_in_queue(self) -> set[str] | None:
        """Numbers of the user's jobs, waiting and running; None where the queue does not answer."""
        try:
            process = await asyncio.create_subprocess_exec(
                *_LISTS[self.queue],
                pwd.getpwuid(os.getuid()).pw_name,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            said, _ = await asyncio.wait_for(process.communicate(), 60)
        except (TimeoutError, OSError):
            return None
        if process.returncode:
            return None
        return {number_of(words[0]) for line in said.decode().splitlines() if (words := line.split())}


def number_of(job_id: str | None) -> str:
    """Of a job, without the server's name and its place in an array."""
    digits = "".join(c if c.isdigit() else " " for c in job_id or "").split()
    return digits[0] if digits else "none"


def _job_of_name(worker: str) -> str:
    """The name of the job of a worker that is one of several in it."""
    return worker.rpartition("-")[0]


def _job_of(worker: Any) -> str:
    """Workers with the same are ended together."""
    return _job_of_name(str(worker.name))


def _last_line(path: Path) -> str:
    """What a job said last, shortened."""
    lines = path.read_text(errors="replace").split("\n")
    return next((line.strip()[:200] for line in reversed(lines) if line.strip()), f"nothing in {path}")
