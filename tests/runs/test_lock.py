"""One writer at a time."""

import os

import pytest

from tdaglass.runs.lock import acquire, release


def test_a_lock_has_one_holder_and_names_it(tmp_path):
    path = tmp_path / ".lock"
    held = acquire(path, "the folder")
    with pytest.raises(
        BlockingIOError, match=f"the folder is being written by process {os.getpid()} on .*; try"
    ):
        acquire(path, "the folder")
    release(held)
    release(acquire(path, "the folder"))
