"""One writer at a time, or many that share."""

import errno
import fcntl
import logging
import os

import pytest

from tdaglass.runs import lock
from tdaglass.runs.lock import acquire, alone_with, release


def test_a_lock_has_one_holder_and_names_it(tmp_path):
    path = tmp_path / ".lock"
    held = acquire(path, "the folder")
    for shared in (False, True):
        with pytest.raises(
            BlockingIOError, match=f"the folder is being written by process {os.getpid()} on .*; try"
        ):
            acquire(path, "the folder", shared=shared)
    release(held)
    release(held)
    release(acquire(path, "the folder"))


def test_those_that_share_a_lock_keep_others_out_until_the_last_has_gone(tmp_path):
    path = tmp_path / ".lock"
    first, second = acquire(path, "the folder", shared=True), acquire(path, "the folder", shared=True)
    for _ in range(2):
        with pytest.raises(
            BlockingIOError, match=f"by process {os.getpid()} on .* and all that share it; try again when"
        ):
            acquire(path, "the folder")
        release(first)
    release(second)
    release(acquire(path, "the folder"))


def test_a_forked_worker_does_not_hold_what_its_killed_parent_held(tmp_path):
    held = acquire(tmp_path / ".lock", "the folder")
    kept = lock._held.copy()
    # As in a child, for which the system calls it after the fork.
    inherited = os.dup(held)
    lock._let_go_in_child()
    assert not lock._held
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held)
    assert held in kept
    release(held)
    os.close(inherited)
    release(acquire(tmp_path / ".lock", "the folder"))


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_system_without_locks_is_told_and_used(tmp_path, monkeypatch, caplog, shared):
    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    with caplog.at_level(logging.WARNING):
        release(acquire(tmp_path / ".lock", "the folder", shared=shared))
    assert "the folder: this file system has no locks" in caplog.text
    with alone_with(tmp_path / ".lock"):
        pass


def test_a_file_is_held_by_one_alone(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileNotFoundError), alone_with(path):
        pass
    path.touch()
    with alone_with(path), pytest.raises(BlockingIOError), alone_with(path):
        pass
