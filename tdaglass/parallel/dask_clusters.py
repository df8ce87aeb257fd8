"""Dask's clusters, opened and closed for our pieces: on this machine, from a batch queue, or somebody's."""

import contextlib
import logging
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import distributed

from tdaglass import kernels
from tdaglass.parallel import dask_settings
from tdaglass.parallel.batch_queues import SUBMIT, Queue, QueueRequests, directives, opening
from tdaglass.parallel.job_keeper import EndedJob, JobKeeper

log = logging.getLogger(__name__)

# Seconds in which a scheduler that is there has answered.
PATIENCE = 20.0


@contextlib.contextmanager
def connected(address: str) -> Iterator[distributed.Client]:
    """A client of a scheduler that somebody else started, and will stop.

    Parameters
    ----------
    address : str
        "host:port".

    Raises
    ------
    OSError
        If nobody answers there.
    ValueError
        If Dask or Python is of another version there.
    """
    with dask_settings.settings(), warnings.catch_warnings():
        # Said below, in a sentence, of the versions that matter.
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        try:
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise OSError(
                f"expected Dask's scheduler at {address}, got no answer within {PATIENCE:.0f} s; try "
                "`dask scheduler` there, and the address that it says"
            ) from error
        with client:
            _check_versions(client)
            yield client


@contextlib.contextmanager
def on_this_machine(workers: int) -> Iterator[distributed.Client]:
    """A client of workers that are processes of this machine, and share its processors."""
    threads = max(1, kernels.thread_count() // workers)
    # Dask gives a worker up that is not there at one look some seconds after it died, even if it has been there in
    # between; nobody would put another in its place.
    patient = dask.config.set({"distributed.deploy.lost-worker-timeout": "1000 weeks"})
    with dask_settings.settings(), patient:
        cluster = distributed.LocalCluster(
            n_workers=workers,
            # One piece at a time. Its own threads are not Dask's.
            threads_per_worker=1,
            processes=True,
            dashboard_address=":0",
            env=dask_settings.environment(threads),
            # Control-C at a terminal reaches the workers as well, and this process ends them.
            preload="import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)",
            silence_logs=logging.CRITICAL,
        )
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client


@contextlib.contextmanager
def in_batch_queue(queue: Queue, requests: QueueRequests) -> Iterator[distributed.Client]:
    """A client of workers in batch jobs, of which there are as many as there is work for; all are ended with it.

    Raises
    ------
    OSError
        If this machine has no command to submit jobs.
    ValueError
        If the queue does not take the first job.
    """
    submit = SUBMIT[queue]
    if shutil.which(submit) is None:
        raise OSError(
            f"expected the command {submit} of the queue on this machine, got none; try a machine from which jobs "
            "are submitted"
        )
    of_queue = cluster_class(queue)
    logs = Path(requests.logs).absolute()
    logs.mkdir(parents=True, exist_ok=True)
    with dask_settings.settings(), dask_settings.temporary_folder(logs) as keys:
        cluster = of_queue(
            **job_options(queue, requests),
            job_cls=type("Job", (EndedJob, of_queue.job_cls), {}),
            scheduler_options={"dashboard_address": ":0"},
            security=_security(Path(keys)),
            silence_logs="critical",
        )
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            # One job at once, so that what is wrong with all of them is said before anybody waits.
            cluster.worker_spec.update(cluster.new_worker_spec())
            try:
                cluster.sync(_submitted, cluster)
            except RuntimeError as error:
                said = str(error).partition("stderr:")[2].split("\n")
                raise ValueError(
                    f"expected {submit} to take a job, got {' '.join(said).strip()!r}; try other requests"
                ) from error
            cluster.adapt(
                Adaptive=JobKeeper,
                queue=queue,
                workers=requests.processes,
                logs=requests.logs,
                minimum=requests.least_jobs * requests.processes,
                maximum=requests.most_jobs * requests.processes,
            )
            yield client


def cluster_class(queue: Queue) -> Any:
    """The class of dask-jobqueue."""
    handler = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    # Once imported, it makes an interrupted process end as if all were well.
    signal.signal(signal.SIGINT, handler)
    return getattr(dask_jobqueue, f"{queue.upper()}Cluster")


def job_options(queue: Queue, requests: QueueRequests) -> dict[str, Any]:
    """What dask-jobqueue is told of a job: its own words for the queue are left out, ours are those of arrays."""
    lifetime, stagger = requests.lifetime
    mark = {"slurm": "#SBATCH", "pbs": "#PBS", "sge": "#$"}[queue]
    lines = [line.removeprefix(f"{mark} ") for line in directives(queue, requests, name="tdaglass-worker")]
    return {
        # Dask's threads, of which each takes a piece. A worker has one, and threads of its own for that piece.
        "cores": requests.processes,
        "processes": requests.processes,
        "memory": f"{requests.processes * requests.bytes_per_worker}B",
        "job_directives_skip": [mark],
        "job_extra_directives": lines,
        "job_script_prologue": [
            'scratch=$(mktemp -d "${TMPDIR:-/tmp}/tdaglass-XXXXXX")',
            "trap 'rm -rf \"$scratch\"' EXIT",
            *opening(queue, requests),
            *dask_settings.exports(requests.threads),
        ],
        "local_directory": '"$scratch"',
        "worker_extra_args": [
            "--lifetime",
            f"{lifetime}s",
            "--lifetime-stagger",
            f"{stagger}s",
            "--no-dashboard",
        ],
        "death_timeout": 60,
        "log_directory": requests.logs,
        "python": requests.python,
        "interface": requests.interface,
    }


def _security(folder: Path) -> distributed.Security | None:
    """A key, in a folder of the user alone: an open scheduler would run what anybody on the cluster sends."""
    try:
        made = distributed.Security.temporary()
    except ImportError:
        log.warning(
            "whoever reaches this machine's ports can run programs as you while this lasts; try "
            "pip install cryptography"
        )
        return None
    key, certificate = folder / "key", folder / "certificate"
    key.write_text(made.tls_worker_key)
    certificate.write_text(made.tls_worker_cert)
    both = {f"tls_{role}_key": str(key) for role in ("client", "scheduler", "worker")}
    both |= {f"tls_{role}_cert": str(certificate) for role in ("client", "scheduler", "worker")}
    return distributed.Security(require_encryption=True, tls_ca_file=str(certificate), **both)


async def _submitted(cluster: Any) -> None:
    await cluster


def _check_versions(client: distributed.Client) -> None:
    """Everybody has our Python, our Dask and this package, the scheduler too: it reads what goes to workers."""
    found = client.get_versions(packages=["tdaglass"])
    ours = _versions(found["client"])
    for place, theirs in (("scheduler", found["scheduler"]), *found["workers"].items()):
        for name, version in _versions(theirs).items():
            if version != ours[name]:
                raise ValueError(
                    f"expected {name} {ours[name]}, as here, at {client.scheduler.address}, got {version} "
                    f"({'its scheduler' if place == 'scheduler' else f'worker {place}'}); try the same "
                    "environment on all machines"
                )


def _versions(found: dict[str, Any]) -> dict[str, str]:
    python = ".".join(str(found["host"]["python"]).split(".")[:2])
    packages = ("dask", "distributed", "cloudpickle", "tdaglass")
    return {"Python": python} | {name: found["packages"][name] or "none" for name in packages}
