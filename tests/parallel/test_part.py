"""Jobs that know of each other by a folder do all pieces, each once, whoever of them dies."""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tdaglass.checkpoints import Taken
from tdaglass.parallel.part import Part, in_turn, take_turns
from tdaglass.runs import run_folder
from tdaglass.runs.chunks import Chunks

PIECES = 20

# One process that forks the jobs, kills one of them at a random moment and starts it again, until all have ended.
# Forking before JAX has started a thread is safe, and spares an import for every kill.
JOBS = """
import os, random, signal, socket, sys, time
from functools import partial
from types import SimpleNamespace
import jax
import numpy as np
from tdaglass.parallel.part import Part, take_turns
from tdaglass.runs import Run

roots, diary, lease = sys.argv[1].split(","), sys.argv[2], float(sys.argv[3])
jobs, kills, pieces = map(int, sys.argv[4:])
names = [f"piece-{i:02}" for i in range(pieces)]
# Waiting for the disk and starting JAX would be most of the time. A kill loses nothing that was written before.
os.fsync = lambda descriptor: None
jax.devices = lambda: [SimpleNamespace(device_kind="cpu", platform="cpu")]

def note(line):
    descriptor = os.open(diary, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (line + "\\n").encode())
    os.close(descriptor)

def begun():
    try:
        with open(diary) as file:
            return len(file.readlines())
    except FileNotFoundError:
        return 0

def piece(run, i):
    note(("repeat" if run.chunk.is_finished(names[i]) else "compute") + f" {names[i]}")
    half = run.parts_of(names[i])
    rng = np.random.default_rng(i)
    first = half("first", lambda: rng.normal(size=5000))
    time.sleep(0.02)
    return {"first": first, "second": half("second", lambda: np.float32(i))}

def report(run, found):
    note(("repeat" if run.is_assembled else "compute") + " report")
    run.save_table("first.csv", ("piece", "x"), [(names[i], found[i]["first"][0]) for i in range(pieces)])
    time.sleep(0.05)
    run.save_arrays(x=np.stack([found[i]["first"] for i in range(pieces)]))

def job(part):
    k = part.index % len(roots)
    if k:
        # What sees the folder by another path passes for another machine, whose dead cannot be seen from here.
        socket.gethostname = lambda: f"machine-{k}"
    with Run.open(roots[k], "shared", {"n": 3}, shared=True, lease=lease) as run:
        if run.is_assembled:
            return
        found = {}
        attempt = lambda i: (i, run.chunk.attempt(names[i], partial(piece, run, i)))
        for i, result in take_turns(part, pieces, attempt):
            run.chunk.discard(names[i])
            found[i] = result
        run.assemble(partial(report, run, found))

def start(k):
    child = os.fork()
    if child:
        return child
    try:
        job(Part(k + 1, jobs))
    except BaseException:
        import traceback
        traceback.print_exc()
        os._exit(1)
    os._exit(0)

random.seed(8)
running = {start(k): k for k in range(jobs)}
while running:
    child = -1
    if kills:
        wanted, give_up = begun() + random.randint(0, 2), time.monotonic() + 0.5
        while begun() < wanted and time.monotonic() < give_up:
            time.sleep(0.001)
        time.sleep(random.uniform(0.0, 0.05))
        child = random.choice(list(running))
        os.kill(child, signal.SIGKILL)
        kills -= 1
    child, status = os.waitpid(child, 0)
    k = running.pop(child)
    if os.WIFSIGNALED(status):
        note("killed")
        running[start(k)] = k
    elif status:
        sys.exit("a job failed")
# Whoever comes too late has nothing to do.
job(Part(1, 1))
"""


def run_script(script: str, *arguments: object) -> str:
    child = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True, timeout=1200,
        env={**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    return child.stdout


def run_jobs(
    roots: list[Path], diary: Path, jobs: int, kills: int, lease: float = 30.0
) -> tuple[Path, list[str]]:
    run_script(JOBS, ",".join(map(str, roots)), diary, lease, jobs, kills, PIECES)
    return run_folder(roots[0], "shared", {"n": 3}), diary.read_text().splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    """Of all files that depend on the settings alone."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".lock", "settings.json")
    }


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    place = tmp_path_factory.mktemp("alone")
    folder, diary = run_jobs([place], place / "diary.txt", 1, 0)
    assert len(diary) == PIECES + 1
    return contents(folder)


@pytest.mark.parametrize(("jobs", "kills"), [(2, 8), (4, 16)])
def test_jobs_killed_at_random_end_with_the_same_files_and_repeat_nothing(tmp_path, alone, jobs, kills):
    folder, diary = run_jobs([tmp_path / "runs"], tmp_path / "diary.txt", jobs, kills)
    assert_ended_alike(folder, diary, kills, alone)


@pytest.mark.slow
@pytest.mark.parametrize("attempt", range(5))
def test_two_machines_that_share_a_folder_end_alike(tmp_path, alone, attempt):
    """The folder is any that has two paths, such as two mounts of the same export of NFS."""
    if "TDAGLASS_MOUNTS" not in os.environ:
        pytest.skip("no folder of two machines: set TDAGLASS_MOUNTS to its two paths, a comma between them")
    mounts = [Path(mount) for mount in os.environ["TDAGLASS_MOUNTS"].split(",")]
    name = f"runs-{time.time_ns()}"
    folder, diary = run_jobs([mount / name for mount in mounts], tmp_path / "diary.txt", 4, 12, 8.0)
    try:
        # Where locks do not reach from one to the other, two may take over the same piece now and then.
        assert_ended_alike(folder, diary, 12, alone, twice=6)
    finally:
        shutil.rmtree(mounts[0] / name)


def assert_ended_alike(
    folder: Path, diary: list[str], kills: int, alone: dict[str, bytes], twice: int = 0
) -> None:
    """The files of one job alone; no finished piece was computed again; of the killed nothing is left."""
    counts = Counter(diary)
    assert counts.pop("killed", 0) >= kills // 4
    assert not [line for line in counts if line.startswith("repeat")]
    assert len(counts) == PIECES + 1
    # What is begun more than once was begun by one that was killed.
    assert sum(counts.values()) - len(counts) <= kills + twice
    assert contents(folder) == alone
    assert sorted(path.name for path in folder.rglob("*") if path.is_dir()) == ["chunks", "figures"]


def test_parts_are_counted_from_one():
    assert Part.parse(" 2 / 16 ") == Part(2, 16)
    for text in ("0/3", "4/3", "1/0"):
        with pytest.raises(ValueError, match=r"expected a part from 1/.* try counting parts from 1"):
            Part.parse(text)
    for text in ("2", "a/b", "-1/3", "1/2/3", ""):
        with pytest.raises(ValueError, match="expected a part such as 2/16, the second job of sixteen, got"):
            Part.parse(text)


@pytest.mark.parametrize(("count", "jobs"), [(9, 3), (10, 3), (2, 4), (0, 2), (1, 1), (7, 7)])
def test_each_job_looks_at_all_pieces_and_begins_with_its_own(count, jobs):
    orders = [list(in_turn(Part(job + 1, jobs), count)) for job in range(jobs)]
    assert all(sorted(order) == list(range(count)) for order in orders)
    # All together do each piece once, if they are equally fast.
    own = [range(job * count // jobs, (job + 1) * count // jobs) for job in range(jobs)]
    assert [piece for share in own for piece in share] == list(range(count))
    assert all(order[: len(share)] == list(share) for order, share in zip(orders, own, strict=True))


def test_what_others_hold_is_waited_for(monkeypatch):
    slept, asked, held = [], Counter(), {1: 3, 3: 7}
    monkeypatch.setattr(time, "sleep", slept.append)

    def attempt(piece):
        asked[piece] += 1
        if held.get(piece, 0) >= asked[piece]:
            raise Taken
        return piece

    assert list(take_turns(Part(1, 1), 5, attempt)) == [0, 2, 4, 1, 3]
    # Once for each that is free; again only for what is held.
    assert asked == {0: 1, 2: 1, 4: 1, 1: 4, 3: 8}
    assert len(slept) == 7
    # Pauses grow while nothing happens, and begin anew when something has.
    assert 0.25 <= slept[0] <= 0.5
    assert max(slept) <= 5.0
    assert slept[3] <= 0.5
    assert slept[6] >= 0.8


def test_results_are_had_as_they_are_finished_and_not_all_at_once(tmp_path):
    keep = Chunks(tmp_path, 60.0)
    found = take_turns(Part(2, 2), 4, lambda i: keep.attempt(f"{i}", lambda: i))
    assert next(found) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["2.npz"]
    assert list(found) == [3, 1, 0]


MANY = """
import os, sys, time
from pathlib import Path
import numpy as np
from tdaglass.parallel.part import Part, take_turns
from tdaglass.runs.chunks import Chunks

keep, jobs, pieces = Chunks(Path(sys.argv[1]), 60.0), int(sys.argv[2]), int(sys.argv[3])

def job(part):
    computed, started = [], time.monotonic()

    def compute(i):
        computed.append((i, time.monotonic() - started))
        return np.arange(10.0) + i

    for i, result in take_turns(part, pieces, lambda i: (i, keep.attempt(f"piece-{i}", lambda: compute(i)))):
        assert result[0] == i
    print(len(computed), time.monotonic() - started, *np.interp([0.25, 0.5, 0.75, 1.0],
          np.linspace(0, 1, len(computed)), [t for _, t in computed]), flush=True)

children = []
for k in range(jobs):
    if not (child := os.fork()):
        job(Part(k + 1, jobs))
        os._exit(0)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""


@pytest.mark.slow
def test_four_jobs_do_ten_thousand_pieces_in_one_folder_once(tmp_path, record_property):
    pieces = 10_000
    started = time.monotonic()
    jobs = np.array([line.split() for line in run_script(MANY, tmp_path, 4, pieces).splitlines()], float)
    assert jobs[:, 0].sum() == pieces
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"piece-{i}.npz" for i in range(pieces))
    record_property("seconds for all", round(time.monotonic() - started, 1))
    # Quarters of the computed pieces: a folder that fills must not make them slower.
    quarters = np.diff(jobs[:, 2:].mean(axis=0), prepend=0.0)
    record_property("seconds of the quarters", quarters.round(1).tolist())
    assert quarters[3] < 3.0 * quarters[0]
