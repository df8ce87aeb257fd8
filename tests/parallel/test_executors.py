"""Executors by a word: each computes the same, says what is wrong in a sentence, and leaves nothing behind."""

import functools
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from importlib.util import find_spec
from multiprocessing import spawn
from pathlib import Path

import dask
import distributed
import numpy as np
import psutil
import pytest

from tdaglass.parallel import dashboard, map_independent, open_executor

QUEUES = {
    "slurm": {"submit": "sbatch", "cancel": "scancel", "list": "squeue"},
    "pbs": {"submit": "qsub", "cancel": "qdel", "list": "qselect"},
    "sge": {"submit": "qsub", "cancel": "qdel", "list": "qstat"},
}


def square(x):
    return np.array([x * x, int(os.environ["TDAGLASS_THREADS"])])


def who(x):
    time.sleep(0.1)
    return x, os.getpid()


def dies_once(folder, x):
    """The second piece kills its whole job, as a machine does that loses power; once."""
    flag = Path(folder) / "died"
    if x == 1 and not flag.exists():
        flag.touch()
        os.killpg(os.getpgid(os.getppid()), signal.SIGKILL)
        time.sleep(10)
    return x, os.environ["TDAGLASS_THREADS"]


@pytest.fixture
def temporary(tmp_path, monkeypatch) -> Path:
    """Where this process and those it starts put what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def queue(request, tmp_path, monkeypatch) -> str:
    """The commands of a batch queue that runs its jobs at once, on this machine; and the executor that uses it."""
    kind = getattr(request, "param", "slurm")
    folder = tmp_path / "queue"
    folder.mkdir()
    keep = 'cp "$1" $JOBS/script.$$'  # which is gone when this returns
    run = "setsid bash $JOBS/script.$$ >$JOBS/log.$$ 2>&1 &\ntouch $JOBS/$!.job; echo job $!"
    known = "id=$(basename $job .job); kill -0 -- -$id 2>/dev/null && echo $id"
    commands = {
        "submit": keep + "\n" + run,
        "cancel": "kill -TERM -- -$1",
        "list": f"for job in $JOBS/*.job; do {known}; done; true",
    }
    for name, body in commands.items():
        path = folder / QUEUES[kind][name]
        path.write_text(f"#!/bin/bash\nJOBS={folder}\n{body}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PBS_O_WORKDIR", str(tmp_path))
    places = (Path(__file__).parents[2], Path(__file__).parent, os.environ.get("PYTHONPATH", ""))
    monkeypatch.setenv("PYTHONPATH", ":".join(map(str, places)))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queue.toml").write_text('memory_per_worker = "1GB"\nmost_jobs = 2\n')
    return f"{kind}:queue.toml"


def processes_below(folder: Path) -> list[psutil.Process]:
    """Those of the jobs of a pretended queue."""
    groups = {int(path.stem) for path in folder.glob("*.job")}
    return [p for p in psutil.process_iter() if p.is_running() and _group(p.pid) in groups]


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid) if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE else -1
    except (ProcessLookupError, psutil.Error):
        return -1


def gone(pids: set[int]) -> bool:
    """Whether processes end within a few seconds."""
    until = time.monotonic() + 5
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize(
    "where",
    [
        "processes",
        "processes:",
        "processes:0",
        "processes:-1",
        "dask-local:two",
        "dask:",
        "slurm",
        "here:2",
        "ray:2",
    ],
)
def test_what_is_no_executor_is_refused_with_those_that_are(where):
    forms = "here, processes:N, dask:ADDRESS, dask-local:N, slurm:FILE, pbs:FILE or sge:FILE"
    with pytest.raises(ValueError, match=f"got '{where}'; try") as error, open_executor(where):
        pass
    assert forms in str(error.value)


@pytest.mark.parametrize("where", ["", "here"])
def test_here_is_no_executor(where):
    with open_executor(where) as executor:
        assert executor is None
        assert dashboard(executor) is None


def test_dask_on_this_machine_computes_the_same_and_leaves_nothing(temporary, caplog):
    caplog.set_level(logging.INFO, "tdaglass")
    (
        temporary / f"tdaglass-{socket.gethostname()}-{2**22 + 1}-left"
    ).mkdir()  # of a process that was killed: no number is so large
    before = dict(os.environ), dask.config.config.copy(), spawn.get_preparation_data
    levels = {name: logging.getLogger(name).level for name in ("distributed", "distributed.client")}

    def study() -> None:
        with open_executor("dask-local:2") as executor:
            workers.update(map_independent(who, range(10), executor=executor))
            squares.extend(map_independent(square, range(3), executor=executor))
            assert b"Dask" in urllib.request.urlopen(dashboard(executor), timeout=10).read()
            assert dashboard(executor) in caplog.text
            raise KeyboardInterrupt

    workers: dict[int, int] = {}
    squares: list[np.ndarray] = []
    with pytest.raises(KeyboardInterrupt):
        study()
    assert list(workers) == list(range(10))
    assert len(set(workers.values())) == 2
    threads = max(1, len(os.sched_getaffinity(0)) // 2)
    np.testing.assert_array_equal(squares, [[0, threads], [1, threads], [4, threads]])
    assert gone(set(workers.values()))
    assert list(temporary.iterdir()) == []
    assert (dict(os.environ), dask.config.config, spawn.get_preparation_data) == before
    assert levels == {name: logging.getLogger(name).level for name in levels}


@pytest.fixture(scope="module")
def scheduler():
    """Somebody's Dask."""
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None
    ) as cluster:
        yield cluster


def test_somebodys_dask_is_used_and_left(scheduler, monkeypatch):
    monkeypatch.setenv("TDAGLASS_THREADS", "1")
    for _ in range(2):
        with open_executor(f"dask:{scheduler.scheduler_address}") as executor:
            np.testing.assert_array_equal(map_independent(square, [3], executor=executor), [[9, 1]])
    assert len(scheduler.scheduler.workers) == 1


@pytest.mark.parametrize("package", ["dask", "distributed", "cloudpickle"])
def test_another_version_of_dask_is_refused(package, scheduler, monkeypatch):
    asked = distributed.Client.get_versions

    def other(client, **kwargs):
        found = asked(client, **kwargs)
        next(iter(found["workers"].values()))["packages"][package] = "1999.1"
        return found

    monkeypatch.setattr(distributed.Client, "get_versions", other)
    with (
        pytest.raises(ValueError, match=rf"expected {package} 2?.*, got 1999.1 \(worker .*\); try the same"),
        open_executor(f"dask:{scheduler.scheduler_address}"),
    ):
        pass


def test_nobody_there_is_said(monkeypatch):
    from tdaglass.parallel import dask_clusters

    monkeypatch.setattr(dask_clusters, "PATIENCE", 0.5)
    for address in ("127.0.0.1:9", "nowhere.invalid:8786", "nonsense"):
        with (
            pytest.raises(
                OSError, match=rf"expected Dask's scheduler at {address}, got .*; try `dask scheduler`"
            ),
            open_executor(f"dask:{address}"),
        ):
            pass


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    for name in ("dask_clusters", "dask_settings", "job_keeper"):
        monkeypatch.delitem(sys.modules, f"tdaglass.parallel.{name}", raising=False)
        monkeypatch.delattr(sys.modules["tdaglass.parallel"], name, raising=False)
    with (
        pytest.raises(
            ImportError, match=r"expected Dask.*distributed; try pip install 'tdaglass\[cluster\]'"
        ),
        open_executor("dask-local:2"),
    ):
        pass


def test_jobs_of_a_queue_compute_and_none_is_left(queue, tmp_path, temporary):
    handler = signal.getsignal(signal.SIGINT)
    with open_executor(queue) as executor:
        assert signal.getsignal(signal.SIGINT) is handler
        # Only those with the key are let in, which is in a folder of the user's own while jobs need it.
        encrypted = find_spec("cryptography") is not None
        assert executor.scheduler.address.startswith("tls://") == encrypted
        (folder,) = (tmp_path / "queue-logs").glob("tdaglass-*")
        assert folder.stat().st_mode & 0o077 == 0
        squares = map_independent(square, range(4), executor=executor)
        assert processes_below(tmp_path / "queue")
    np.testing.assert_array_equal(squares, [[x * x, 1] for x in range(4)])
    assert gone({p.pid for p in processes_below(tmp_path / "queue")})
    assert list(temporary.iterdir()) == []
    assert list((tmp_path / "queue-logs").iterdir()) == []


def test_a_queue_that_takes_no_job_is_quoted(queue, tmp_path):
    (tmp_path / "queue" / "sbatch").write_text('#!/bin/sh\necho "error: no such partition" >&2\nexit 1\n')
    said = "expected sbatch to take a job, got 'error: no such partition'; try"
    with pytest.raises(ValueError, match=said), open_executor(queue):
        pass


def test_where_there_is_no_queue_the_command_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "queue.toml").write_text("")
    for kind, command in (("slurm", "sbatch"), ("pbs", "qsub"), ("sge", "qsub")):
        with (
            pytest.raises(OSError, match=f"the command {command} of the queue .*, got none; try"),
            open_executor(f"{kind}:{tmp_path / 'queue.toml'}"),
        ):
            pass


@pytest.mark.slow
@pytest.mark.parametrize("queue", QUEUES, indirect=True)
def test_a_job_that_dies_is_replaced(queue, tmp_path, temporary, monkeypatch):
    from tdaglass.parallel import job_keeper

    monkeypatch.setattr(job_keeper, "EVERY", 0.5)
    (tmp_path / "queue.toml").write_text('cores = 4\nworkers = 2\nmemory_per_worker = "1GB"\nmost_jobs = 1\n')
    with open_executor(queue) as executor:
        found = map_independent(functools.partial(dies_once, str(tmp_path)), range(20), executor=executor)
    assert found == [(x, "2") for x in range(20)]
    assert len(list((tmp_path / "queue").glob("*.job"))) == 2
    assert gone({p.pid for p in processes_below(tmp_path / "queue")})


@pytest.mark.slow
def test_jobs_that_cannot_start_are_asked_for_less_and_less_often(queue, tmp_path, monkeypatch, caplog):
    from tdaglass.parallel import job_keeper

    monkeypatch.setattr(job_keeper, "EVERY", 0.5)
    monkeypatch.setattr(job_keeper, "_FIRST_PAUSE", 2.0)
    (tmp_path / "queue.toml").write_text('setup = ["echo no module gcc >&2; exit 1"]\n')
    with open_executor(queue):
        time.sleep(12)
    jobs = len(list((tmp_path / "queue").glob("*.job")))
    assert 2 <= jobs <= 4
    assert "ended before its workers began" in caplog.text
    assert "asking for another in 4 s" in caplog.text


@pytest.mark.slow
def test_scripts_need_no_guard_and_lost_workers_make_no_noise(temporary):
    script = """
import os, signal
from tdaglass.parallel import map_independent, open_executor

def piece(x):
    flag = os.environ["TMPDIR"] + "/died"
    if x == 3 and not os.path.exists(flag):
        open(flag, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return x * x

with open_executor("dask-local:2") as executor:
    print(map_independent(piece, range(8), executor=executor))
"""
    ran = subprocess.run([sys.executable, "-"], input=script, text=True, capture_output=True, timeout=120)
    assert ran.stdout == "[0, 1, 4, 9, 16, 25, 36, 49]\n"
    assert ran.stderr == ""
    assert [path.name for path in temporary.iterdir()] == ["died"]


@pytest.mark.slow
@pytest.mark.parametrize("queue", ["slurm"], indirect=True)
def test_the_study_of_the_page_says_the_same_wherever_it_runs(queue, tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "clusters.md").read_text()
    (tmp_path / "study.py").write_text(page.partition("```python\n")[2].partition("```")[0])
    environment = {
        name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "JAX_ENABLE_X64")
    }
    answers = {}
    for where in ("here", "processes:2", "dask-local:2", queue):
        shutil.rmtree(tmp_path / "runs", ignore_errors=True)
        ran = subprocess.run(
            [sys.executable, "study.py", where], text=True, capture_output=True, env=environment, timeout=300
        )
        assert ran.returncode == 0, ran.stderr
        answers[where] = ran.stdout
    assert len(answers["here"].split()) == 8
    assert set(answers.values()) == {answers["here"]}
