"""One of many computes a piece, and what the dead and the silent held is free."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from tdaglass.checkpoints import Taken
from tdaglass.runs import claims, writers
from tdaglass.runs.claims import claimed, now_at, remove_if_expired
from tdaglass.runs.leftovers import remove_leftovers
from tdaglass.runs.writers import is_alive, this_writer

HOUR = 3600.0
# A machine that is not this one: of its processes only their silence is known.
FAR = "node17-00000000-1-1"


def a_claim(path, writer=FAR, age=0.0, lease=120.0):
    """A claim that a process of another machine made a while ago."""
    path.write_text(json.dumps([writer, 0, "process 1 on node17", "Monday", lease]))
    os.utime(path, (time.time() - age,) * 2)
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def dead_writer():
    """A process of this machine that has ended and waits to be buried."""
    machine = this_writer().rsplit("-", 2)[0]
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
        started = writers._started(child.pid)
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        yield f"{machine}-{child.pid}-{started}"


def test_a_claim_keeps_others_out_and_says_who_holds_it(tmp_path):
    path = tmp_path / ".a.claim"
    with claimed(path, 60.0):
        with pytest.raises(
            Taken, match=rf"^a of {tmp_path} is being computed by process {os.getpid()} on .* since"
        ):
            claimed(path, 60.0).__enter__()
        remove_if_expired(path, 60.0)
        remove_leftovers(tmp_path, 60.0)
        assert names(tmp_path) == [".a.claim"]
    assert names(tmp_path) == []
    with pytest.raises(KeyboardInterrupt), claimed(path, 60.0):
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_where_there_are_no_links_claims_are_created(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refused)
    test_a_claim_keeps_others_out_and_says_who_holds_it(tmp_path)
    with claimed(a_claim(tmp_path / ".a.claim", age=HOUR), 60.0):
        pass
    assert names(tmp_path) == []


def test_a_lost_answer_of_the_server_is_no_refusal(tmp_path, monkeypatch):
    link = os.link

    def asked_twice(old, new):
        link(old, new)
        link(old, new)

    monkeypatch.setattr(os, "link", asked_twice)
    with claimed(tmp_path / ".a.claim", 60.0):
        assert names(tmp_path) == [".a.claim"]
    assert names(tmp_path) == []


def test_a_claim_of_another_machine_expires_by_the_lease_that_stands_in_it(tmp_path):
    young, old = a_claim(tmp_path / ".a.claim", age=100.0), a_claim(tmp_path / ".b.claim", age=140.0)
    with pytest.raises(Taken, match="process 1 on node17 since Monday"):
        claimed(young, 1.0).__enter__()
    with claimed(old, 1e6):
        assert json.loads(old.read_text())[0] == this_writer()
    assert names(tmp_path) == [".a.claim"]


def test_a_claim_in_which_nothing_stands_yet_expires_by_the_lease_of_who_finds_it(tmp_path):
    path = tmp_path / ".a.claim"
    path.touch()
    with pytest.raises(Taken, match="by another process"):
        claimed(path, 60.0).__enter__()
    os.utime(path, (time.time() - 61.0,) * 2)
    with claimed(path, 60.0):
        pass


def test_a_claim_of_a_dead_process_of_this_machine_is_free_at_once(tmp_path, dead_writer):
    path = a_claim(tmp_path / ".a.claim", dead_writer)
    with claimed(path, 60.0):
        assert json.loads(path.read_text())[0] == this_writer()


def test_a_number_that_is_used_again_is_another_process():
    machine, number, started = this_writer().rsplit("-", 2)
    assert is_alive(this_writer()) is True
    assert is_alive(f"{machine}-{number}-{int(started) - 1}") is False
    assert is_alive(f"elsewhere-{number}-{started}") is None
    assert is_alive("") is None
    assert is_alive(FAR) is None


@pytest.mark.parametrize("known_by", ["host", "boot", "space of process numbers"])
def test_a_machine_is_its_host_its_boot_and_its_space_of_numbers(known_by, monkeypatch):
    here = writers._machine()
    if known_by == "host":
        monkeypatch.setattr("socket.gethostname", lambda: "another.example.org")
        assert writers._machine().startswith("another-example-org-")
    elif known_by == "boot":
        monkeypatch.setattr(Path, "read_text", lambda path: "another boot")
    else:
        monkeypatch.setattr("os.readlink", lambda path: "pid:[4026532000]")
    assert writers._machine() != here


@pytest.mark.parametrize("skew", [-HOUR, HOUR])
def test_clocks_of_machines_may_differ(tmp_path, monkeypatch, skew):
    """What is touched gets the time of the file server, which alone counts."""
    utime = os.utime

    def on_the_server(path, times=None):
        utime(path, times or (time.time() + skew,) * 2)

    monkeypatch.setattr(os, "utime", on_the_server)
    assert abs(now_at(tmp_path) - time.time() - skew) < 10.0
    with pytest.raises(Taken):
        claimed(a_claim(tmp_path / ".a.claim", age=100.0 - skew), 60.0).__enter__()
    path = a_claim(tmp_path / ".b.claim", age=140.0 - skew)
    # Nor is who comes next deceived by the time here.
    with claimed(path, 60.0), pytest.raises(Taken):
        claimed(path, 60.0).__enter__()


def test_of_many_that_take_over_at_once_one_wins(tmp_path, monkeypatch):
    path, rename, random = tmp_path / ".a.claim", os.rename, np.random.default_rng(3)

    def slow(old, new):
        # Time for others to rename what has been claimed anew, if they could.
        time.sleep(random.uniform(0.0, 0.008))
        rename(old, new)

    monkeypatch.setattr(os, "rename", slow)
    for _ in range(20):
        a_claim(path, age=HOUR)
        together, inside, most, won = threading.Barrier(6), [], [], []

        def take(together=together, inside=inside, most=most, won=won):
            together.wait()
            try:
                with claimed(path, 60.0):
                    won.append(1)
                    inside.append(1)
                    most.append(len(inside))
                    time.sleep(0.01)
                    inside.pop()
            except Taken:
                pass

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) >= 1
        assert max(most) == 1
        assert names(tmp_path) == []


def test_what_was_renamed_aside_and_proves_to_be_new_is_put_back(tmp_path, monkeypatch):
    path = a_claim(tmp_path / ".a.claim", age=HOUR)
    rename = os.rename

    def slow(old, new):
        # Between the look and the renaming another has taken over and claimed anew.
        a_claim(path, "node18-00000000-1-1")
        rename(old, new)

    monkeypatch.setattr(os, "rename", slow)
    with pytest.raises(Taken):
        claimed(path, 60.0).__enter__()
    assert names(tmp_path) == [".a.claim"]
    assert "node18" in path.read_text()


def test_one_thread_renews_all_claims_of_a_process_and_ends_with_them(tmp_path):
    def beating():
        return sum(thread.name == "claims" for thread in threading.enumerate())

    with ExitStack() as held:
        for i in range(20):
            held.enter_context(claimed(tmp_path / f".{i}.claim", 0.4))
        held.enter_context(claimed(tmp_path / ".long.claim", 100.0))
        for _ in range(50):
            # Quick ones come and go, and keep it from nothing.
            with claimed(tmp_path / ".quick.claim", 0.4):
                time.sleep(0.02)
            assert beating() == 1
        for i in range(20):
            with pytest.raises(Taken):
                claimed(tmp_path / f".{i}.claim", 0.4).__enter__()
    assert names(tmp_path) == []
    give_up = time.monotonic() + 30.0
    while claims._heart._claims and time.monotonic() < give_up:
        time.sleep(0.01)
    assert not claims._heart._claims


@pytest.mark.parametrize("held", [True, False])
def test_a_claim_let_go_while_it_is_touched_is_neither_kept_nor_lost(tmp_path, monkeypatch, caplog, held):
    touched = threading.Event()

    def touch(path, claim):
        claims._heart.let_go(path)
        touched.set()
        return held

    monkeypatch.setattr(claims, "_touch", touch)
    with caplog.at_level(logging.WARNING), claimed(tmp_path / ".a.claim", 0.1):
        assert touched.wait(10.0)
        time.sleep(0.05)
        assert not claims._heart._claims
    assert not caplog.text


def test_a_lost_claim_is_told(tmp_path, caplog):
    path = tmp_path / ".a.claim"
    with caplog.at_level(logging.WARNING), claimed(path, 0.1):
        path.unlink()
        time.sleep(0.1)  # Another may just be looking at it: nothing is lost yet.
        assert "taken over" not in caplog.text
        a_claim(path)
        give_up = time.monotonic() + 30.0
        while "taken over by another process" not in caplog.text and time.monotonic() < give_up:
            time.sleep(0.01)
    assert "a of " in caplog.text
    assert "both go on, to the same result" in caplog.text
    assert "node17" in path.read_text()


def test_a_folder_that_cannot_be_written_or_is_full_is_told_before_anything_is_computed(
    tmp_path, monkeypatch
):
    no_permission, no_room = "no permission to write", "no room left on the disk"
    words_of = {
        errno.EACCES: no_permission, errno.EROFS: no_permission, errno.ENOSPC: no_room, errno.EDQUOT: no_room,
    }  # fmt: skip
    for number, words in words_of.items():

        def refused(*_, number=number):
            raise OSError(number, os.strerror(number))

        for call in ("open", "write"):
            with monkeypatch.context() as patched:
                patched.setattr(os, call, refused)
                with pytest.raises(OSError, match=words):
                    claimed(tmp_path / ".a.claim", 60.0).__enter__()
            assert names(tmp_path) == []


def test_leftovers_of_the_dead_go_and_files_of_the_living_stay(tmp_path, dead_writer):
    dead, here = dead_writer, this_writer()
    chunks = tmp_path / "chunks"
    chunks.mkdir()
    ages = {
        f".a.npz.77.{dead}.partial": 0.0,
        f".b.npz.{here}.partial": 2 * HOUR,
        f".c.npz.{FAR}.partial": 0.9 * HOUR,
        f".d.npz.{FAR}.partial": 1.1 * HOUR,
        ".e.npz.1234.partial": 0.0,  # as earlier versions named them
        ".f.npz.1234.partial": 2 * HOUR,
        "g.partial": 2 * HOUR,  # somebody's own
        "h.npz": 2 * HOUR,
    }
    for name, age in ages.items():
        (chunks / name).touch()
        os.utime(chunks / name, (time.time() - age,) * 2)
    a_claim(chunks / ".i.claim", age=100.0)
    a_claim(chunks / ".j.claim", age=140.0)
    a_claim(chunks / ".k.claim", dead)
    remove_leftovers(tmp_path, 120.0)
    assert names(chunks) == sorted([
        f".b.npz.{here}.partial", f".c.npz.{FAR}.partial", ".e.npz.1234.partial", "g.partial", "h.npz", ".i.claim",
    ])  # fmt: skip


@pytest.mark.skipif(
    shutil.which("unshare") is None or os.geteuid() != 0, reason="containers are made by unshare, as root"
)
def test_processes_of_two_containers_with_the_same_numbers_do_not_take_each_other_for_dead(tmp_path):
    """Each is number 1 of its own space, under the same host name and boot."""
    script = f"import runpy; print(runpy.run_path({writers.__file__!r})['this_writer']())"
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", script]
    child = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=60)
    if child.returncode:
        pytest.skip("containers cannot be made here")
    inside = child.stdout.strip()
    assert inside.rsplit("-", 3)[0] == this_writer().rsplit("-", 3)[0]
    assert is_alive(inside) is None
