"""The studies as their users run them: in processes of their own, in single precision, and killed at random."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

# Seconds each, and every step of the studies.
TINY = {
    "hidden_structures": [
        "--n", "128", "--temperatures", "2.0", "1.5", "--relaxation-times", "1.0", "1.5", "--equilibration", "1",
        "--configurations", "2", "--replicas", "4", "--observations", "10", "--cluster-cutoff", "1.75",
    ],
    "glass_or_liquid": [
        "--n", "128", "--quenches", "20", "--batch", "4", "--equilibration", "2", "--rate", "0.5", "--cells", "32",
        "--channels", "4", "4", "--epochs", "6", "--trainings", "2", "--temperatures", "1.0", "2.0",
        "--glasses", "2", "--replicas", "4", "--observation", "3", "--observations", "4",
    ],
    "cooling_rate": [
        "--n", "250", "--rates", "1.0", "0.5", "0.25", "--repeated", "1.0", "0.25", "--repeats", "3",
        "--equilibration", "200", "--hold", "80", "--holes", "10",
    ],
    "cyclooctane": ["--n", "200"],
    "energies_from_holes": [
        "--n", "64", "--densities", "1.8", "2.5", "3.2", "--frames", "2", "4", "2", "4", "--larger", "96",
        "--cells", "32", "--pixels", "16", "--sizes", "10", "--folds", "3", "--n-max", "4", "--l-max", "3",
        "--channels", "4", "4", "--epochs-soap-network", "3", "--epochs-cnn", "3", "--epochs-schnet", "2",
        "--features", "8", "--interactions", "1", "--gaussians", "10", "--thresholds", "-0.001", "0.001",
        "--holes", "5",
    ],
    "forces_from_holes": [
        "--n", "64", "--runs", "3", "--tested", "1", "--folds", "2", "--frames", "10", "--time-steps", "0.002",
        "0.004", "--time", "0.1", "--starts", "1", "--events", "5",
    ],
    "topological_force": ["--n", "64", "--equilibration", "5", "--radii", "1.0", "1.1", "--steps", "150"],
}  # fmt: skip
HARD_SPHERES = [
    "--system", "hard_spheres", "--n", "216", "--packing-fractions", "0.45", "0.5", "--relaxation-times",
    "0.8", "1.5", "--equilibration", "3", "--configurations", "2", "--replicas", "4", "--observations", "10",
]  # fmt: skip


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(EXPERIMENTS / f"{name}.py"), *arguments]


def environment() -> dict[str, str]:
    """The user's: no pretended devices, no double precision."""
    return {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}


def study(name: str, *arguments: str) -> str:
    """What it prints."""
    (printed,) = studies_at_once([command(name, *arguments)])
    return printed


def studies_at_once(commands: Sequence[Sequence[str]]) -> list[str]:
    """What each of them prints."""
    jobs = [
        subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for words in commands
    ]
    try:
        ended = [job.communicate(timeout=900) for job in jobs]
    finally:
        for job in jobs:
            job.kill()
    for job, (_, errors) in zip(jobs, ended, strict=True):
        assert job.returncode == 0, errors
    return [printed for printed, _ in ended]


def only_run(root: Path, name: str) -> Path:
    (folder,) = (root / name).iterdir()
    return folder


def assert_same_arrays(folder: Path, other: Path) -> None:
    """Of two runs, to the last bit."""
    with np.load(folder / "arrays.npz") as ones, np.load(other / "arrays.npz") as others:
        assert set(ones) == set(others)
        for array in ones:
            np.testing.assert_array_equal(ones[array], others[array], err_msg=array)


def assert_nothing_left(root: Path) -> None:
    """Of those who worked in this folder: claims, half-written files, parts of pieces that are kept as a whole."""
    names = [path.name for path in root.rglob("*")]
    assert not [n for n in names if n.endswith((".claim", ".partial", ".parts"))]


@contextmanager
def begun(words: Sequence[str], env: dict[str, str] | None = None) -> Iterator[subprocess.Popen]:
    """A study in a session of its own, all processes of which must have ended soon after it."""
    process = subprocess.Popen(
        words,
        env=environment() | (env or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests that a shell runs in the background hand on that control-C is not for them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
        waited = time.monotonic()
        while alive := _of_session(process.pid):
            assert time.monotonic() - waited < 20, f"left behind: {alive}"
            time.sleep(0.1)
    finally:
        for left in _of_session(process.pid):
            left.kill()
        process.wait()


def _of_session(leader: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


@contextmanager
def workers_killed(process: subprocess.Popen, every: float) -> Iterator[list[int]]:
    """One of the workers of a study is killed again and again; which were."""
    moments, over, killed = random.Random(1), threading.Event(), []

    def kill() -> None:
        while not over.wait(every * moments.uniform(0.5, 1.5)):
            try:
                workers = [
                    child
                    for child in psutil.Process(process.pid).children(recursive=True)
                    if "spawn_main" in " ".join(child.cmdline())
                ]
                if workers:
                    victim = moments.choice(workers)
                    victim.kill()
                    killed.append(victim.pid)
            except psutil.Error:
                continue

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def assert_killed_ends_alike(
    name: str,
    arguments: list[str],
    root: Path,
    finished: Path,
    lives: tuple[float, float],
    *,
    kill_workers_every: float | None = None,
) -> None:
    """Killed again and again, after so many seconds, a study ends with the arrays of a finished one.

    No chunk that was finished is written again, no process outlives the study, and no file of the killed is left.
    With workers, one of these is killed every so many seconds as well.
    """
    moments = random.Random(0)
    chunks: dict[Path, tuple[int, int]] = {}
    for life in range(40):
        with (
            begun(command(name, *arguments, "--root", str(root))) as process,
            workers_killed(process, kill_workers_every or 1e6),
        ):
            try:
                # Later ones are longer, so that it ends on a slow machine, too.
                _, errors = process.communicate(timeout=moments.uniform(*lives) * (1 + life / 10))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                errors = None
        found = {
            path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in root.glob("*/*/chunks/*.npz")
            # Who starts a finished study again comes for the report.
            if path.stem != "report"
        }
        for path, written in chunks.items():
            # Parts of pieces that are kept as a whole may have gone.
            assert found.get(path, written) == written, f"{path} was computed twice"
        chunks = found
        if errors is not None:
            assert process.returncode == 0, errors
            break
    else:
        pytest.fail("the study did not end in forty lives")
    assert_nothing_left(root)
    assert_same_arrays(finished, only_run(root, name))
