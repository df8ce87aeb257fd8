"""A file is whole or as it was before: after an exception, after a kill, and where a link stood."""

import signal
import subprocess
import sys
import threading

import pytest

from tdaglass import runs


def test_an_exception_while_writing_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.txt"

    def interrupted():
        with runs.atomic_write(path, "w") as file:
            file.write("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


def test_two_threads_that_write_one_file_leave_one_of_both(tmp_path):
    path, together = tmp_path / "a.txt", threading.Barrier(2)

    def write(letter):
        with runs.atomic_write(path, "w") as file:
            together.wait(10.0)
            file.write(letter * 100_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in ("a" * 100_000, "b" * 100_000)
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    script = (
        "import os, signal\nfrom tdaglass.runs.atomic import atomic_write\n"
        f"with atomic_write({str(path)!r}, 'w') as file:\n"
        "    file.write('new' * 10000)\n    file.flush()\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_link_keeps_pointing_and_its_target_is_replaced(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    with runs.atomic_write(tmp_path / "link.txt", "w") as file:
        file.write("new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real.txt").read_text() == "new"
