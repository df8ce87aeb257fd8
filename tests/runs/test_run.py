"""A run killed at any moment goes on, repeats no finished chunk, and ends with the same bits."""

import dataclasses
import errno
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from tdaglass.configuration import Configuration
from tdaglass.runs import Run, run_folder
from tdaglass.runs.atomic import partial_beside

CHUNKS = 10

# One process that forks a worker, kills it at a random moment and starts the next, until one ends by itself.
# Forking before JAX has started a thread is safe, and spares an import for every kill.
KILLER = """
import os, random, signal, sys, time
import numpy as np
from tdaglass.runs import Run

root, diary, kills, chunks = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])

def note(line):
    with open(diary, "a") as file:
        file.write(line + "\\n")

def begun():
    with open(diary) as file:
        return file.read().count("compute")

def work(name):
    note(f"compute {name}")
    time.sleep(0.02)
    rng = np.random.default_rng(sum(name.encode()))
    return {"x": rng.normal(size=20000), "y": rng.normal(size=(50, 3)).astype(np.float32)}

def main():
    with Run.open(root, "killed", {"n": 3}) as run:
        parts = [run.chunk(f"part-{i:02}", lambda i=i: work(f"part-{i:02}")) for i in range(chunks)]
        run.save_arrays(x=np.stack([part["x"] for part in parts]), y=np.stack([part["y"] for part in parts]))

random.seed(8)
while True:
    files = [name for _, _, names in os.walk(root) for name in names]
    note("start " + " ".join(name[:-4] for name in files if name.startswith("part-")))
    child = os.fork()
    if not child:
        main()
        os._exit(0)
    if kills:
        kills -= 1
        # Some die while they open the run; others in the middle of a chunk or of its writing.
        wanted = begun() + random.randint(0, 2)
        give_up = time.monotonic() + random.uniform(0.0, 0.3) + (5.0 if wanted > begun() else 0.0)
        while begun() < wanted and time.monotonic() < give_up:
            time.sleep(0.001)
        time.sleep(random.uniform(0.0, 0.04))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WIFSIGNALED(status), status
    note("killed")
"""


def run_killer(tmp_path: Path, name: str, kills: int) -> tuple[Path, list[str]]:
    script = tmp_path / "killer.py"
    script.write_text(KILLER)
    arguments = [str(tmp_path / name), str(tmp_path / f"{name}.txt"), str(kills), str(CHUNKS)]
    child = subprocess.run(
        [sys.executable, str(script), *arguments], capture_output=True, text=True, timeout=300,
        env={**os.environ, "JAX_PLATFORMS": "cpu"}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    diary = (tmp_path / f"{name}.txt").read_text().splitlines()
    return run_folder(tmp_path / name, "killed", {"n": 3}), diary


def test_killed_again_and_again_a_run_ends_with_the_same_bits(tmp_path):
    once, _ = run_killer(tmp_path, "once", 0)
    often, diary = run_killer(tmp_path, "often", 40)
    assert diary.count("killed") >= 6
    finished: set[str] = set()
    for line in diary:
        word, _, rest = line.partition(" ")
        if word == "start":
            finished = set(rest.split())
        elif word == "compute":
            assert rest not in finished
    with np.load(once / "arrays.npz") as a, np.load(often / "arrays.npz") as b:
        for name in ("x", "y"):
            assert a[name].tobytes() == b[name].tobytes()
            assert a[name].dtype == b[name].dtype
    for chunk in sorted((once / "chunks").iterdir()):
        assert chunk.read_bytes() == (often / "chunks" / chunk.name).read_bytes()
    # Half-written files of killed workers are gone.
    assert not list(often.rglob("*.partial"))
    assert len(list((often / "chunks").iterdir())) == CHUNKS


@dataclasses.dataclass(frozen=True)
class Settings:
    temperature: float = 0.44
    threads: int = dataclasses.field(default=1, compare=False)


@pytest.mark.float32
def test_a_chunk_is_computed_once_and_read_alike(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        key = jax.random.key(3)
        return Configuration(jax.random.normal(key, (4, 3)), np.zeros(4, np.int8), None), key

    with Run.open(tmp_path, "study", Settings()) as run:
        first, key = run.chunk("a", compute)
        assert run.chunk.is_finished("a")
        assert not run.chunk.is_finished("b")
    with Run.open(tmp_path, "study", Settings(threads=8)) as run:
        second, same_key = run.chunk("a", compute)
    assert len(calls) == 1
    assert type(first) is type(second) is Configuration
    for a, b in zip(first, second, strict=True):
        assert type(a) is type(b)
        assert a is None or (a.tobytes() == b.tobytes() and a.dtype == b.dtype)
    np.testing.assert_array_equal(jax.random.key_data(key), jax.random.key_data(same_key))
    assert run_folder(tmp_path, "study", Settings(0.45)) != run.folder


def test_parts_of_finished_work_can_go(tmp_path):
    with Run.open(tmp_path, "study", {}) as run:
        parts, others = run.parts_of("whole"), run.parts_of("whole-1")
        run.chunk.discard("whole")
        assert not parts.folder.exists()
        for keep in (run.chunk, parts, parts.within("half"), others):
            keep("whole", lambda: np.zeros(1))
        run.chunk.discard("whole")
        assert not parts.folder.exists()
        assert run.chunk.is_finished("whole")
        assert others.is_finished("whole")
        with pytest.raises(ValueError, match="expected a name"):
            run.chunk.discard("../")


@pytest.mark.parametrize("damage", ["truncated", "altered", "empty", "another file"])
def test_a_damaged_chunk_is_told_and_computed_again(tmp_path, caplog, damage):
    with Run.open(tmp_path, "study", {}) as run:
        run.chunk("a", lambda: np.arange(1000.0))
    path = run.folder / "chunks" / "a.npz"
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes({
        "truncated": content[:middle],
        "altered": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "empty": b"",
        "another file": b"PK, but not a zip",
    }[damage])  # fmt: skip
    with Run.open(tmp_path, "study", {}) as run, caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(run.chunk("a", lambda: np.arange(1000.0)), np.arange(1000.0))
    assert "computing chunk a again" in caplog.text
    assert path.read_bytes() == content


def test_settings_are_recorded_with_versions_device_and_revision(tmp_path):
    with Run.open(tmp_path, "study", Settings(), engine="cpu") as run:
        record = json.loads((run.folder / "settings.json").read_text())
    assert record["settings"] == {"class": "Settings", "temperature": 0.44}
    assert record["all_fields"]["threads"] == 1
    assert record["engine"] == "cpu"
    assert record["versions"]["jax"] == jax.__version__
    assert {"tdaglass", "numpy", "python"} <= record["versions"].keys()
    assert "cpu" in record["device"]
    assert record["fingerprint"] == run.folder.name
    assert "git_revision" in record


def test_going_on_with_another_version_is_told(tmp_path, caplog):
    with Run.open(tmp_path, "study", {}) as run:
        path = run.folder / "settings.json"
    path.write_text(path.read_text().replace(jax.__version__, "0.0.1"))
    with caplog.at_level(logging.WARNING), Run.open(tmp_path, "study", {}):
        pass
    assert "was begun with versions" in caplog.text
    caplog.clear()
    path.write_text("{")
    with caplog.at_level(logging.WARNING), Run.open(tmp_path, "study", {}):
        pass
    assert "is damaged and is written again" in caplog.text
    path.write_text(path.read_text().replace('"settings": {}', '"settings": {"n": 1}'))
    with pytest.raises(ValueError, match="others of the same fingerprint"):
        Run.open(tmp_path, "study", {})


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
        run.assemble(lambda: 1 / 0)
    # Who has it alone may have come for a report that is drawn otherwise; killed, it leaves none.
    with Run.open(tmp_path, "study", {}) as run:
        with pytest.raises(ZeroDivisionError):
            run.assemble(lambda: 1 / 0)
        assert not run.is_assembled
        run.assemble(write)
        run.assemble(write)
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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a Linux device")
def test_a_full_disk_leaves_finished_chunks_and_a_way_on(tmp_path):
    with Run.open(tmp_path, "study", {}) as run:
        run.chunk("a", lambda: np.arange(3))
        temporary = partial_beside(run.chunk.path("b"))
        # The kernel refuses every byte written to this device, as a full disk does.
        temporary.symlink_to("/dev/full")
        with pytest.raises(
            OSError, match=r"no room left on the disk .*; free some space and start"
        ) as caught:
            run.chunk("b", lambda: np.zeros(100_000))
        assert caught.value.errno == errno.ENOSPC
        assert not temporary.is_symlink()
        assert not run.chunk.is_finished("b")
    with Run.open(tmp_path, "study", {}) as run:
        assert run.chunk("a", lambda: 1 / 0).tolist() == [0, 1, 2]
        assert run.chunk("b", lambda: np.ones(2)).tolist() == [1, 1]


def test_metrics_arrays_and_figures_stand_where_they_are_looked_for(tmp_path):
    with Run.open(tmp_path, "study", {}) as run:
        run.save_metrics({"rho": np.float32(0.5), "nan": float("nan"), "curve": np.arange(2), "in": {"n": 3}})
        run.save_arrays(curve=np.arange(3, dtype=np.int16))
        run.figure_path("a.png").write_bytes(b"png")
        with pytest.raises(ValueError, match="name of letters"):
            run.figure_path("../a.png")
        with pytest.raises(ValueError, match="name of letters"):
            run.chunk("a/b", lambda: 1)
    assert json.loads((run.folder / "metrics.json").read_text()) == {
        "rho": 0.5, "nan": None, "curve": [0, 1], "in": {"n": 3},
    }  # fmt: skip
    with np.load(run.folder / "arrays.npz") as arrays:
        assert arrays["curve"].dtype == np.int16
    assert sorted(p.name for p in run.folder.iterdir() if not p.name.startswith(".")) == [
        "arrays.npz", "chunks", "figures", "metrics.json", "settings.json",
    ]  # fmt: skip


def test_what_experiments_share_is_computed_once_and_again_where_it_is_damaged(tmp_path):
    calls = []

    def compute():
        calls.append(1)
        return Configuration(np.ones((2, 3)), np.zeros(2, int), None)

    def shared(settings):
        with Run.open(tmp_path, "configurations", settings, wait=True) as run:
            return run.chunk("result", compute)

    with Run.open(tmp_path, "hidden_structures", {}):  # an experiment holds its own run
        first = shared({"n": 2})
    second = shared({"n": 2})
    shared({"n": 3})
    assert len(calls) == 2
    np.testing.assert_array_equal(first.positions, second.positions)
    path = run_folder(tmp_path, "configurations", {"n": 2}) / "chunks" / "result.npz"
    path.write_bytes(path.read_bytes()[:-30])
    shared({"n": 2})
    assert len(calls) == 3


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


def test_tables_are_whole_and_a_row_that_does_not_fit_is_refused(tmp_path):
    with Run.open(tmp_path, "study", {}) as run:
        run.save_table("curves.csv", ("time", "score"), [(1, 0.5), (2, "A, B")])
        path = run.folder / "curves.csv"
        assert path.read_bytes() == b'time,score\r\n1,0.5\r\n2,"A, B"\r\n'
        with pytest.raises(ValueError, match=r"expected 2 values \(time, score\) in each row of curves.csv"):
            run.save_table("curves.csv", ("time", "score"), [(1, 0.5), (2,)])
        assert path.read_bytes().count(b"\n") == 3
        with pytest.raises(ValueError, match="name of letters"):
            run.save_table("../curves.csv", (), [])


def test_opening_is_quick(tmp_path):
    with Run.open(tmp_path, "study", {}):
        pass
    started = time.monotonic()
    with Run.open(tmp_path, "study", {}) as run:
        for i in range(50):
            run.chunk(f"{i}", lambda: np.zeros(10))
    # A hundredth of a second a chunk would show in runs of thousands; the bound is wide for a busy machine.
    assert time.monotonic() - started < 10
