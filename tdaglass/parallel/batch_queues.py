"""What is asked of a batch queue: requests from a file, and the lines at the top of a job that say them.

Slurm, PBS and SGE are asked for the same things in other words. Jobs of Dask's workers (`open_executor`) and
arrays of jobs that run one command each (`job_array`) begin with the same lines.
"""

import math
import os
import re
import shlex
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

Queue = Literal["slurm", "pbs", "sge"]

# Of the processes beside the workers of a job, which start them again: 76 MB with 2 workers, 77 MB with 8.
_BESIDE_WORKERS = 100 * 10**6
_UNITS = {
    "MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
# Where each queue tells a job of an array its number.
_INDEX = {"slurm": "SLURM_ARRAY_TASK_ID", "pbs": "PBS_ARRAY_INDEX", "sge": "SGE_TASK_ID"}
# What takes a job.
SUBMIT = {"slurm": "sbatch", "pbs": "qsub", "sge": "qsub"}


@dataclass(frozen=True)
class QueueRequests:
    """What one job asks for, and how many jobs there may be.

    Attributes
    ----------
    queue : str, optional
        The partition, in Slurm's words; by default the one that the cluster has for everybody.
    account : str, optional
        Who pays; SGE's project.
    cores : int
        Of one job, on one machine.
    workers : int, optional
        Processes in one job, which share its cores; by default one for each core.
    memory_per_worker : str
        Such as "2GB". A worker needs 0.6 GB for itself and what it compiles, and of an ensemble 0.4 kB for each
        particle of each replica that it moves at a time; where JAX moves them, 1 GB and 2.5 kB.
    walltime : str
        "hours:minutes:seconds", or "days-hours:minutes:seconds". Workers end a little earlier by themselves, and
        others are asked for. It should be that of many pieces: one that is being computed when its worker ends
        is begun again elsewhere.
    least_jobs, most_jobs : int
        Between which their number follows the work that there is.
    directives : tuple of str
        More of the queue's own options, such as "--constraint=avx512".
    setup : tuple of str
        Lines of the shell before the work, such as "module load gcc" or "source venv/bin/activate".
    python : str, optional
        The interpreter on the machines of the queue; by default the path of this one.
    interface : str, optional
        Of the network between machines, such as "ib0"; by default the one that leads outside.
    logs : str
        Folder of what jobs write; made if absent, and left.
    parallel_environment : str
        What SGE calls several cores on one machine.

    Examples
    --------
    >>> QueueRequests(cores=16, walltime="04:00:00", most_jobs=20).threads
    1
    """

    queue: str | None = None
    account: str | None = None
    cores: int = 1
    workers: int | None = None
    memory_per_worker: str = "2GB"
    walltime: str = "01:00:00"
    least_jobs: int = 1
    most_jobs: int = 10
    directives: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    python: str | None = None
    interface: str | None = None
    logs: str = "queue-logs"
    parallel_environment: str = "smp"

    def __post_init__(self) -> None:
        for name in ("cores", "workers", "least_jobs", "most_jobs"):
            count, least = getattr(self, name), 0 if name == "least_jobs" else 1
            if name == "workers" and count is None:
                continue
            if not isinstance(count, int) or isinstance(count, bool) or count < least:
                raise ValueError(
                    f"expected {name} as a whole number from {least}, got {count!r}; try {name} = 1"
                )
        for name in ("directives", "setup"):
            lines = getattr(self, name)
            if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
                raise ValueError(f'expected {name} as a list of lines, got {lines!r}; try {name} = ["..."]')
            object.__setattr__(self, name, tuple(lines))
        for name in ("queue", "account", "python", "interface", "logs", "parallel_environment"):
            text = getattr(self, name)
            if not (isinstance(text, str) and text.strip()) and not (text is None and _MAY_BE_NONE[name]):
                raise ValueError(
                    f'expected {name} as text, got {text!r}; try {name} = "...", or leaving it out'
                )
        if self.processes > self.cores:
            raise ValueError(
                f"expected at most as many workers as cores ({self.cores}) in a job, got {self.workers}; try "
                f"workers = {self.cores}"
            )
        if self.least_jobs > self.most_jobs:
            raise ValueError(
                f"expected least_jobs of at most most_jobs ({self.most_jobs}), got {self.least_jobs}; try "
                f"least_jobs = {self.most_jobs}"
            )
        if self.bytes_per_worker < 5 * 10**8:
            raise ValueError(
                f"expected memory_per_worker of 500MB or more, got {self.memory_per_worker!r}; try "
                'memory_per_worker = "2GB"'
            )
        if self.seconds < 60:
            raise ValueError(
                f'expected a walltime of a minute or more, got {self.walltime!r}; try walltime = "01:00:00"'
            )

    @property
    def processes(self) -> int:
        """Workers in a job."""
        return self.cores if self.workers is None else self.workers

    @property
    def threads(self) -> int:
        """Of each worker."""
        return self.cores // self.processes

    @property
    def bytes_per_worker(self) -> int:
        """What `memory_per_worker` says."""
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([MGT]i?B)\s*", str(self.memory_per_worker))
        if not found:
            raise ValueError(
                f"expected memory_per_worker as a number and MB, GB or TB, got {self.memory_per_worker!r}; try "
                '"2GB"'
            )
        return int(float(found[1]) * _UNITS[found[2]])

    @property
    def megabytes(self) -> int:
        """Of a job, in units of 2^20 bytes, as queues count them."""
        return math.ceil((self.processes * self.bytes_per_worker + _BESIDE_WORKERS) / 2**20)

    @property
    def seconds(self) -> int:
        """What `walltime` says."""
        found = re.fullmatch(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)", str(self.walltime))
        if not found:
            raise ValueError(
                f'expected walltime as "hours:minutes:seconds", got {self.walltime!r}; try walltime = "01:00:00"'
            )
        days, hours, minutes, seconds = (int(number or 0) for number in found.groups())
        return ((24 * days + hours) * 60 + minutes) * 60 + seconds

    @property
    def lifetime(self) -> tuple[int, int]:
        """Seconds after which workers end by themselves, and by how much that differs between them.

        The last have ended a fifteenth of the wall time before the queue would kill them, or a quarter of an hour
        where that is less.
        """
        margin = min(max(0.1 * self.seconds, 20.0), 1350.0)
        return round(self.seconds - margin), round(margin / 3)


_MAY_BE_NONE = {field.name: field.default is None for field in fields(QueueRequests)}


def read_requests(path: str | os.PathLike) -> QueueRequests:
    """Requests from a file of TOML, one ``name = value`` a line; `experiments/queues/` has one for each queue.

    Parameters
    ----------
    path : path

    Returns
    -------
    QueueRequests

    Raises
    ------
    ValueError
        If the file says something that cannot be asked for; in one sentence that names it.
    OSError
        If it cannot be read.
    """
    try:
        said: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise OSError(
            error.errno,
            f"expected a file of requests to a batch queue, got {error.strerror}; try a copy of one of "
            "experiments/queues/",
            str(path),
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(
            f'expected lines such as walltime = "01:00:00" in {path}, got something else ({error}); try quotes '
            "around text"
        ) from error
    said = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    names = [field.name for field in fields(QueueRequests)]
    for name in said:
        if name not in names:
            raise ValueError(f"expected only {', '.join(names)} in {path}, got {name!r}; try one of these")
    try:
        return QueueRequests(**said)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def directives(queue: Queue, requests: QueueRequests, *, name: str = "tdaglass", parts: int = 0) -> list[str]:
    """The lines at the top of a job.

    Parameters
    ----------
    queue : "slurm", "pbs" or "sge"
    requests : QueueRequests
    name : str
        Of the job.
    parts : int
        Jobs of an array; 0 for a job alone.

    Returns
    -------
    list of str
    """
    r = requests
    hours, rest = divmod(r.seconds, 3600)
    walltime = f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"
    if queue == "slurm":
        log = "%x-%A-%a.log" if parts else "%x-%j.log"
        lines = [f"--job-name={name}", f"--output={r.logs}/{log}", "--ntasks=1", f"--cpus-per-task={r.cores}"]
        lines += [f"--mem={r.megabytes}M", f"--time={walltime}"]
        lines += [f"--partition={r.queue}"] * bool(r.queue) + [f"--account={r.account}"] * bool(r.account)
        lines += [f"--array=1-{parts}"] * bool(parts)
        return [f"#SBATCH {line}" for line in (*lines, *r.directives)]
    lines = [f"-N {name}", "-j oe" if queue == "pbs" else "-j y", f"-o {r.logs}/"]
    lines += [f"-q {r.queue}"] * bool(r.queue)
    if queue == "pbs":
        lines += [f"-l select=1:ncpus={r.cores}:mem={r.megabytes}mb", f"-l walltime={walltime}"]
        lines += [f"-A {r.account}"] * bool(r.account) + [f"-J 1-{parts}"] * bool(parts)
        return [f"#PBS {line}" for line in (*lines, *r.directives)]
    # Without -S it is the user's shell that reads the job, whatever its first line says.
    lines += ["-S /bin/bash", "-cwd", f"-l h_rt={walltime}", f"-l mem_free={r.megabytes}M"]
    lines += [f"-pe {r.parallel_environment} {r.cores}"] * (r.cores > 1)
    lines += [f"-P {r.account}"] * bool(r.account) + [f"-t 1-{parts}"] * bool(parts)
    return [f"#$ {line}" for line in (*lines, *r.directives)]


def opening(queue: Queue, requests: QueueRequests) -> list[str]:
    """Lines of the shell before the work: to the folder where the job was submitted, then the user's own."""
    # Of the three, PBS alone begins in the home folder.
    return ['cd "$PBS_O_WORKDIR"'] * (queue == "pbs") + list(requests.setup)


def job_array(queue: Queue, command: Sequence[str], parts: int, requests: QueueRequests) -> str:
    """A script that runs the same command in many batch jobs, each with ``--part i/n``, i from 1 to n.

    Parameters
    ----------
    queue : "slurm", "pbs" or "sge"
        The script is for sbatch, or for qsub.
    command : sequence of str
        Words of the command, without ``--part``.
    parts : int
        How many jobs.
    requests : QueueRequests
        `workers`, `least_jobs` and `most_jobs` have no meaning here: each job is one process with all its cores.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If there are fewer than two parts.

    Examples
    --------
    >>> print(job_array("slurm", ["python", "study.py"], 8, QueueRequests(cores=4, workers=1)))
    #!/usr/bin/env bash
    #SBATCH --job-name=tdaglass
    #SBATCH --output=queue-logs/%x-%A-%a.log
    #SBATCH --ntasks=1
    #SBATCH --cpus-per-task=4
    #SBATCH --mem=2003M
    #SBATCH --time=01:00:00
    #SBATCH --array=1-8
    # To be submitted by: mkdir -p queue-logs && sbatch FILE
    export TDAGLASS_THREADS=4 NPROC=4
    python study.py --part "${SLURM_ARRAY_TASK_ID}/8"
    <BLANKLINE>
    """
    if parts < 2:
        raise ValueError(f"expected two parts or more, got {parts}; try 8, or the command without an array")
    work = f'{shlex.join(command)} --part "${{{_INDEX[queue]}}}/{parts}"'
    lines = ["#!/usr/bin/env bash", *directives(queue, requests, parts=parts)]
    # Slurm ends jobs without a word where the folder of their logs is not there.
    lines += [
        f"# To be submitted by: mkdir -p {requests.logs} && {SUBMIT[queue]} FILE",
        *opening(queue, requests),
    ]
    # Jobs see all cores of the machine where the queue does not bind them to theirs.
    threads = f"export TDAGLASS_THREADS={requests.cores} NPROC={requests.cores}"
    return "\n".join([*lines, threads, work, ""])
