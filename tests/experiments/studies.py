"""The studies as their users run them: in a process of their own, in single precision, and killed at random."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


def command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, str(EXPERIMENTS / f"{name}.py"), *arguments]


def environment() -> dict[str, str]:
    """The user's: no pretended devices, no double precision."""
    return {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}


def study(name: str, *arguments: str) -> str:
    """What it prints."""
    done = subprocess.run(
        command(name, *arguments),
        env=environment(), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def only_run(root: Path, name: str) -> Path:
    (folder,) = (root / name).iterdir()
    return folder


def assert_killed_ends_alike(
    name: str, arguments: list[str], root: Path, finished: Path, lives: tuple[float, float]
) -> None:
    """Killed again and again, after so many seconds, a study ends with the arrays of a finished one."""
    moments = random.Random(0)
    for _ in range(40):
        process = subprocess.Popen(
            command(name, *arguments, "--root", str(root)),
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _, errors = process.communicate(timeout=moments.uniform(*lives))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.1)
            continue
        assert process.returncode == 0, errors
        break
    else:
        pytest.fail("the study did not end in forty lives")
    with np.load(finished / "arrays.npz") as whole, np.load(only_run(root, name) / "arrays.npz") as pieced:
        assert set(whole) == set(pieced)
        for array in whole:
            np.testing.assert_array_equal(whole[array], pieced[array], err_msg=array)
