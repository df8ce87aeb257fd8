"""One process holds a run, or several share it: who is kept out, who writes the report, and what is left."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tdaglass.runs import Run

HOLDER = """
import sys, time
from tdaglass.runs import Run
run = Run.open(sys.argv[1], "study", {})
print("in", flush=True)
time.sleep(60)
"""


def test_a_second_process_is_kept_out_until_the_first_ends_or_is_killed(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    try:
        assert holder.stdout.readline() == b"in\n"
        told = rf"is being written by process {holder.pid} on .*; try again when"
        with pytest.raises(BlockingIOError, match=told):
            Run.open(tmp_path, "study", {})
        with Run.open(tmp_path, "study", {"another": 1}):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with Run.open(tmp_path, "study", {}) as run:
        assert run.chunk("a", lambda: 1) == 1
    with pytest.raises(ValueError, match="an open run"):
        run.chunk("b", lambda: 1)
    assert run.chunk("a", lambda: 2) == 1


def test_those_that_share_a_run_keep_out_who_wants_it_alone_and_the_other_way_round(tmp_path):
    with (
        Run.open(tmp_path, "study", {}, shared=True) as one,
        Run.open(tmp_path, "study", {}, shared=True) as two,
    ):
        assert one == two
        assert one.chunk.lease == 120.0
        assert one.chunk("a", lambda: 1) == two.chunk("a", lambda: 2) == 1
        with pytest.raises(BlockingIOError, match="and all that share it; try again when it has ended"):
            Run.open(tmp_path, "study", {})
        one.close()
        with pytest.raises(BlockingIOError):
            Run.open(tmp_path, "study", {})
    with Run.open(tmp_path, "study", {}) as run:
        assert run.chunk.lease is None
        with pytest.raises(BlockingIOError, match=f"written by process {os.getpid()} on [^ ]*; try again"):
            Run.open(tmp_path, "study", {}, shared=True)
    with pytest.raises(ValueError, match="expected a positive lease"):
        Run.open(tmp_path, "study", {}, shared=True, lease=0.0)
    with Run.open(tmp_path, "study", {}):  # nor does the refused one hold it
        pass


def test_one_of_many_writes_the_report_and_late_ones_know(tmp_path):
    begun, reports = threading.Event(), []

    def write():
        reports.append(1)
        begun.set()
        time.sleep(0.2)
        if len(reports) == 1:
            raise RuntimeError("out of ink")
        return "what it returns is not kept"

    def assemble(run, found):
        try:
            run.assemble(write)
        except RuntimeError as error:
            found.append(error)

    with Run.open(tmp_path, "study", {}, shared=True) as run:
        assert not run.is_assembled
        failed: list[Exception] = []
        jobs = [threading.Thread(target=assemble, args=(run, failed)) for _ in range(3)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join()
        assert len(failed) == 1
        assert len(reports) == 2
        assert run.is_assembled
        assert not run.assemble(lambda: 1 / 0)
    # Who has it alone may have come for a report that is drawn otherwise; killed, it leaves none.
    with Run.open(tmp_path, "study", {}) as run:
        with pytest.raises(ZeroDivisionError):
            run.assemble(lambda: 1 / 0)
        assert not run.is_assembled
        assert run.assemble(write)
        assert run.assemble(write)
        assert len(reports) == 4
        assert run.is_assembled


def test_who_leaves_a_shared_run_removes_what_others_left_that_were_killed_meanwhile(tmp_path):
    with Run.open(tmp_path, "study", {}, shared=True) as run:
        left = run.chunk.folder / ".a.npz.7.node17-00000000-1-1.partial"
        left.touch()
        os.utime(left, (time.time() - 7200.0,) * 2)
    assert sorted(path.name for path in run.folder.rglob("*") if path.is_file()) == [".lock", "settings.json"]


OPENERS = """
import os, sys, time
from types import SimpleNamespace
import jax
from tdaglass.runs import Run
jax.devices = lambda: [SimpleNamespace(device_kind="cpu", platform="cpu")]
for round in range(3):
    children, start = [], time.monotonic() + 0.1
    for i in range(4):
        if not (child := os.fork()):
            time.sleep(max(0.0, start - time.monotonic()))
            with Run.open(sys.argv[1], "study", {"round": round}, shared=True) as run:
                run.chunk("a", lambda: time.sleep(0.05))
            os._exit(0)
        children.append(child)
    assert not any(os.waitpid(child, 0)[1] for child in children)
"""


def test_many_that_open_a_new_run_at_once_do_not_disturb_each_other(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", OPENERS, str(tmp_path)], capture_output=True, text=True, timeout=120,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert (child.returncode, child.stderr) == (0, "")
    folders = list((tmp_path / "study").iterdir())
    assert len(folders) == 3
    for folder in folders:
        assert json.loads((folder / "settings.json").read_text())["experiment"] == "study"
        assert sorted(path.name for path in folder.rglob("*")) == [
            ".lock", "a.npz", "chunks", "figures", "settings.json",
        ]  # fmt: skip


WAITER = """
import sys, time
import numpy as np
from tdaglass.runs import Run
def compute():
    open(sys.argv[2], "a").write("x")
    time.sleep(0.5)
    return np.arange(3)
with Run.open(sys.argv[1], "configurations", {}, wait=True) as run:
    print(run.chunk("result", compute).tolist())
"""


def test_two_processes_that_ask_at_once_compute_once(tmp_path):
    command = [sys.executable, "-c", WAITER, str(tmp_path / "runs"), str(tmp_path / "calls")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]
    assert [child.communicate(timeout=120)[0] for child in both] == ["[0, 1, 2]\n"] * 2
    assert (tmp_path / "calls").read_text() == "x"
