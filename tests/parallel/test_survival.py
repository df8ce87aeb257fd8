"""Workers, schedulers and clients are killed again and again, and what comes out is what came out before."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("distributed")

PIECES = 40

CLIENT = """
import sys, time
from functools import partial
import numpy as np
from tdaglass.parallel import map_independent, open_executor
from tdaglass.runs import Run

def note(diary, line):
    with open(diary, "a") as file:
        file.write(line + "\\n")

def piece(k, diary, shared):
    note(diary, f"compute piece-{k}")
    time.sleep(0.4)
    return {"x": np.random.default_rng(k).normal(size=2000) + shared[k]}

if __name__ == "__main__":
    where, root, diary, pieces = sys.argv[1:4] + [int(sys.argv[4])]
    shared = np.random.default_rng(5).normal(size=200_000)
    with Run.open(root, "survival", {}) as run, open_executor(where) as executor:
        names = [f"piece-{k}" for k in range(pieces)]
        note(diary, "start " + " ".join(name for name in names if run.chunk.is_finished(name)))
        work = partial(piece, diary=diary, shared=shared)
        found = map_independent(work, range(pieces), executor=executor, keep=run.chunk)
        run.save_arrays(x=np.stack([one["x"] for one in found]))
"""


class Kept:
    """A process that is started again whenever it ends, as a supervisor does it on a cluster."""

    def __init__(self, *command: str, folder: Path) -> None:
        self.command, self.folder, self.over = command, folder, False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        with open(os.devnull, "w") as nowhere:
            while not self.over:
                self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=nowhere, stderr=nowhere)
                self.process.wait()
                time.sleep(0.3)

    def end(self) -> None:
        self.over = True
        self.process.terminate()
        self.thread.join()


def computing(nannies: list[Kept]) -> list[int]:
    """The processes in which workers compute, below those that watch over them."""
    import psutil

    found = []
    for nanny in nannies:
        try:
            children = psutil.Process(nanny.process.pid).children(recursive=True)
            found += [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
        except psutil.Error:
            continue
    return found


def client(where: str, folder: Path, name: str) -> subprocess.Popen:
    script = folder / "client.py"
    script.write_text(CLIENT)
    command = [
        sys.executable,
        str(script),
        where,
        str(folder / name),
        str(folder / f"{name}.txt"),
        str(PIECES),
    ]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def pieces_begun(folder: Path) -> int:
    diary = folder / "often.txt"
    return diary.read_text().count("compute") if diary.exists() else 0


def arrays(folder: Path, name: str) -> np.ndarray:
    (path,) = (folder / name / "survival").glob("*/arrays.npz")
    with np.load(path) as found:
        return found["x"]


@pytest.mark.slow
def test_whoever_is_killed_the_arrays_are_the_same_and_nothing_is_done_twice(tmp_path, record_property):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, python = f"tcp://127.0.0.1:{port}", [sys.executable, "-m"]
    scheduler = Kept(
        *python, "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard", folder=tmp_path
    )
    workers = [
        Kept(
            *python, "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-dashboard",
            "--death-timeout", "20", folder=tmp_path,
        )
        for _ in range(2)
    ]  # fmt: skip
    random.seed(1)
    kills = {"worker": 0, "scheduler": 0, "client": 0}
    try:
        life = client(f"dask:{address}", tmp_path, "often")
        for turn in range(1, 100):
            begun = pieces_begun(tmp_path) + random.randint(1, 4)
            give_up = time.monotonic() + 30
            while pieces_begun(tmp_path) < begun and time.monotonic() < give_up and life.poll() is None:
                time.sleep(0.05)
            try:
                _, said = life.communicate(timeout=random.uniform(0.0, 0.4))
            except subprocess.TimeoutExpired:
                if turn % 6 == 0:
                    life.kill()
                    life.communicate()
                    kills["client"] += 1
                    life = client(f"dask:{address}", tmp_path, "often")
                elif turn % 4 == 0:
                    scheduler.process.kill()
                    kills["scheduler"] += 1
                elif pids := computing(workers):
                    os.kill(random.choice(pids), signal.SIGKILL)
                    kills["worker"] += 1
                continue
            assert life.returncode == 0, said
            break
        else:
            pytest.fail("the client did not end")
    finally:
        for kept in (*workers, scheduler):
            kept.end()
    record_property("kills", kills)
    assert min(kills.values()) >= 2
    alone = client("here", tmp_path, "once")
    _, said = alone.communicate(timeout=120)
    assert alone.returncode == 0, said
    assert arrays(tmp_path, "often").tobytes() == arrays(tmp_path, "once").tobytes()
    finished: set[str] = set()
    for line in (tmp_path / "often.txt").read_text().splitlines():
        word, _, rest = line.partition(" ")
        if word == "start":
            finished = set(rest.split())
        else:
            assert rest not in finished
    assert not [*tmp_path.rglob("*.partial")]
    assert not computing(workers)
