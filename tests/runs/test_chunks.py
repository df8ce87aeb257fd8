"""Chunks in one folder, computed by whoever comes first."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from tdaglass.checkpoints import Taken
from tdaglass.configuration import Configuration
from tdaglass.runs import Run, chunks
from tdaglass.runs.atomic import partial_beside
from tdaglass.runs.chunks import Chunks


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def shared(tmp_path):
    return Chunks(tmp_path, lease=60.0)


def test_a_chunk_that_is_computed_elsewhere_is_told_by_its_holder_and_waited_for(shared, tmp_path):
    begun, calls = threading.Event(), []

    def compute():
        calls.append(1)
        begun.set()
        time.sleep(0.3)
        return np.arange(3)

    first = threading.Thread(target=shared, args=("a", compute))
    first.start()
    assert begun.wait(10.0)
    with pytest.raises(Taken, match=rf"a of .* is being computed by process {os.getpid()} on .* since"):
        shared.attempt("a", compute)
    assert shared("a", compute).tolist() == [0, 1, 2]
    first.join()
    assert shared.attempt("a", lambda: 1 / 0).tolist() == [0, 1, 2]
    assert len(calls) == 1
    assert names(tmp_path) == ["a.npz"]


def test_what_fails_is_free_for_the_next(shared, tmp_path):
    for failing, error in ((lambda: 1 / 0, ZeroDivisionError), (lambda: object(), ValueError)):
        with pytest.raises(error):
            shared("a", failing)
        assert names(tmp_path) == []
    assert shared("a", lambda: 1) == 1


def test_a_chunk_finished_between_look_and_claim_is_not_repeated(shared, monkeypatch):
    looked = []

    def kept(self, path, kept=Chunks._kept):
        found = kept(self, path)
        if not looked:
            looked.append(1)
            Chunks(self.folder)("a", lambda: 1)
        return found

    monkeypatch.setattr(Chunks, "_kept", kept)
    assert shared("a", lambda: 1 / 0) == 1


def test_a_claim_left_beside_a_finished_chunk_goes_when_it_is_read(shared, tmp_path):
    shared("a", lambda: 1)
    (tmp_path / ".a.claim").touch()
    assert shared.attempt("a", lambda: 1 / 0) == 1
    assert names(tmp_path) == ["a.npz"]


def test_a_damaged_chunk_is_computed_again_by_one(shared, tmp_path, caplog):
    shared("a", lambda: 1)
    shared.path("a").write_bytes(b"PK")
    assert shared("a", lambda: 2) == 2
    assert "computing chunk a again" in caplog.text
    assert names(tmp_path) == ["a.npz"]


def test_parts_make_their_folder_when_the_first_is_written_and_go_together(shared, tmp_path):
    parts = shared.within("whole").within("half")
    assert parts.lease is None
    assert not parts.is_finished("a")
    assert names(tmp_path) == []
    assert parts("a", lambda: 1) == 1
    assert parts.is_finished("a")
    assert names(tmp_path) == ["whole.parts"]
    shared.discard("whole")
    shared.discard("whole")
    assert names(tmp_path) == []
    for name in ("a/b", "..", ""):
        for use in (shared.within, shared.discard, shared.is_finished, lambda name: shared(name, lambda: 1)):
            with pytest.raises(ValueError, match="expected a name"):
                use(name)


def test_a_part_whose_folder_is_discarded_while_it_is_written_is_written_again(shared, monkeypatch):
    parts, calls = shared.within("whole"), []

    def save(path, tree, save_tree=chunks.save_tree):
        calls.append(path)
        if len(calls) == 1:
            shared.discard("whole")
        return save_tree(path, tree)

    monkeypatch.setattr(chunks, "save_tree", save)
    assert parts("a", lambda: 1) == 1
    assert parts.is_finished("a")
    assert len(calls) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a Linux device")
def test_on_a_full_disk_what_is_finished_stays_and_nobody_holds_the_rest(shared, tmp_path):
    shared("a", lambda: 1)
    # The kernel refuses every byte written to this device, as a full disk does.
    partial_beside(shared.path("b")).symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"no room left on the disk .*; free some space and start"):
        shared("b", lambda: np.zeros(100_000))
    assert names(tmp_path) == ["a.npz"]
    assert shared("b", lambda: 2) == 2


@pytest.mark.parametrize("lease", [0.0, -1.0, float("nan")])
def test_a_lease_is_positive(tmp_path, lease):
    with pytest.raises(ValueError, match="expected a positive lease in seconds, got"):
        Chunks(tmp_path, lease)


@pytest.mark.float32
@pytest.mark.parametrize("lease", [None, 60.0])
def test_pickled_it_writes_where_its_folder_is_and_elsewhere_computes_alike(tmp_path, lease):
    def compute():
        key = jax.random.key(3)
        return Configuration(jax.random.normal(key, (4, 3)), np.zeros(4, np.int8), None), key, 2.5

    with Run.open(tmp_path, "study", {}, shared=lease is not None, lease=lease or 1.0) as run:
        pass
    assert run.chunk.lease == lease
    here = pickle.loads(pickle.dumps(run.chunk))
    parts = pickle.loads(pickle.dumps(run.parts_of("whole")))
    written = [here("a", compute), here("a", lambda: 1 / 0), parts("a", compute)]
    assert run.chunk.is_finished("a")
    assert run.parts_of("whole").is_finished("a")
    # The same on a machine without that file system.
    os.rename(run.folder, tmp_path / "moved")
    written += [here("a", compute), parts("a", compute), here.within("b")("a", compute)]
    assert not run.folder.exists()
    with pytest.raises(ValueError, match="expected arrays"):
        here("b", object)
    for found in written:
        assert jax.tree.structure(found) == jax.tree.structure(written[0])
        assert type(found[0]) is Configuration
        for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(written[0]), strict=True):
            if isinstance(x, jax.Array):
                x, y = jax.random.key_data(x), jax.random.key_data(y)
            assert type(x) is type(y)
            assert np.asarray(x).tobytes() == np.asarray(y).tobytes()
            assert np.asarray(x).dtype == np.asarray(y).dtype
            assert not isinstance(x, np.ndarray) or x.flags.writeable


def test_a_relative_folder_is_found_from_another_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("kept").mkdir()
    sent = pickle.dumps((Chunks(Path("kept")), Chunks(Path("kept")).within("whole")))
    monkeypatch.chdir("/")
    for kept in pickle.loads(sent):
        kept("a", lambda: 1)
    assert names(tmp_path / "kept") == ["a.npz", "whole.parts"]


def test_after_its_run_is_closed_its_holder_computes_nothing_more(tmp_path):
    with Run.open(tmp_path, "study", {}) as run:
        run.chunk("a", lambda: 1)
    calls = []
    for keep in (run.chunk, run.chunk.attempt, run.parts_of("whole")):
        with pytest.raises(ValueError, match=r"expected an open run, got .* closed; try computing inside"):
            keep("b", lambda: calls.append(1))
    assert not calls
    assert run.chunk("a", lambda: 2) == 1


STOPPED = """
import os, sys
from pathlib import Path
from tdaglass.runs import claims
from tdaglass.runs.atomic import partial_beside
from tdaglass.runs.chunks import Chunks

chunks = Chunks(Path(sys.argv[1]), 0.5)

def compute():
    if not (child := os.fork()):
        os._exit(len(claims._heart._claims))
    # What its parent claimed is none of a child's.
    assert os.waitpid(child, 0)[1] == 0
    parts = chunks.within("a")
    parts("first", lambda: 1)
    print("in", flush=True)
    sys.stdin.readline()
    return parts("first", lambda: 1) + parts("second", lambda: 2)

print(chunks("a", compute))
chunks.discard("a")
"""


def test_a_stopped_process_is_replaced_and_breaks_nothing_when_it_goes_on(tmp_path):
    child = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    here = Chunks(tmp_path, 0.5)
    try:
        assert child.stdout.readline() == "in\n"
        time.sleep(0.8)
        with pytest.raises(Taken, match=f"process {child.pid} on"):
            here.attempt("a", lambda: 3)
        child.send_signal(signal.SIGSTOP)
        time.sleep(0.8)

        def compute():
            # It is let go while we are at it: its thread finds our claim, and leaves it.
            child.send_signal(signal.SIGCONT)
            time.sleep(0.5)
            assert str(os.getpid()) in (tmp_path / ".a.claim").read_text()
            return 3

        assert here.attempt("a", compute) == 3
        content = here.path("a").read_bytes()
        here.discard("a")
        assert child.communicate("\n", timeout=30)[0] == "3\n"
    finally:
        child.kill()
        child.wait()
    assert names(tmp_path) == ["a.npz"]
    assert here.path("a").read_bytes() == content
