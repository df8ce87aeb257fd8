"""On a full disk every writer says so, and the old file stays."""

import errno
from pathlib import Path

import numpy as np
import pytest

from tdaglass import io
from tdaglass.configuration import Configuration
from tdaglass.runs.atomic import partial_beside


def fill_the_disk(target: Path) -> None:
    """Let the temporary file of the next write stand on /dev/full, where the kernel refuses every byte."""
    partial_beside(target).symlink_to("/dev/full")


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
