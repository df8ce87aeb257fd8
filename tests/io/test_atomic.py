"""A file is whole or as it was before: after an exception, on a full disk, and for a second writer."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tdaglass import io
from tdaglass.configuration import Configuration
from tdaglass.io.lock import acquire, release


def fill_the_disk(target: Path) -> None:
    """Let the temporary file of the next write stand on /dev/full, where the kernel refuses every byte."""
    target.with_name(f".{target.name}.{os.getpid()}.partial").symlink_to("/dev/full")


needs_dev_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is a Linux device")


@needs_dev_full
@pytest.mark.parametrize("suffix", [".xyz", ".lammpstrj", ".data"])
def test_a_full_disk_is_told_and_the_old_file_stays(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    old = Configuration(np.zeros((3, 3)), np.zeros(3, int), np.ones(3))
    io.write(path, old)
    before = path.read_bytes()
    fill_the_disk(path)
    with pytest.raises(
        OSError, match=r"no room left on the disk .* nothing written before was touched; free"
    ) as caught:
        io.write(path, Configuration(np.ones((3, 3)), np.zeros(3, int), np.ones(3)))
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_an_exception_while_writing_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.txt"

    def interrupted():
        with io.atomic_write(path, "w") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    script = (
        "import os, signal\nfrom tdaglass.io.atomic import atomic_write\n"
        f"with atomic_write({str(path)!r}, 'w') as file:\n"
        "    file.write('new' * 10000)\n    file.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_link_keeps_pointing_and_its_target_is_replaced(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with io.atomic_write(tmp_path / "link.txt", "w") as file:
        file.write("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"


def test_a_lock_has_one_holder_and_names_it(tmp_path):
    path = tmp_path / ".lock"
    held = acquire(path, "the folder")
    with pytest.raises(
        BlockingIOError, match=f"the folder is being written by process {os.getpid()} on .*; try"
    ):
        acquire(path, "the folder")
    release(held)
    release(acquire(path, "the folder"))
