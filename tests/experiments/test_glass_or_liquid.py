"""The second study end to end at a tiny size, as its users run it, and killed again and again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tdaglass import io

ROOT = Path(__file__).parents[2]
TINY = [
    "--n", "128", "--quenches", "20", "--batch", "4", "--equilibration", "2", "--rate", "0.5", "--cells", "32",
    "--channels", "4", "4", "--hidden", "8", "--epochs", "6", "--trainings", "2", "--temperatures", "1.0", "2.0",
    "--glasses", "2", "--replicas", "4", "--observation", "3", "--observations", "4",
]  # fmt: skip

pytestmark = pytest.mark.slow


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "experiments" / "glass_or_liquid.py"), *arguments]


def environment() -> dict[str, str]:
    """The user's: no pretended devices, no double precision."""
    return {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}


def only_run(root: Path) -> Path:
    (folder,) = (root / "glass_or_liquid").iterdir()
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        command(*TINY, "--root", str(root)),
        env=environment(), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, only_run(root)


def test_study_prints_tables_and_writes_what_they_say(finished):
    printed, folder = finished
    for words in (
        "accuracy on the test set",
        "Grad-CAM, Voronoi area",
        "largest correlation of Grad-CAM",
        "T*",
    ):
        assert words in printed
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["correlations"]) == {"liquid", "glass"}
    for row in metrics["correlations"]["glass"].values():
        assert -1 <= row["pearson"] <= 1
    assert sorted(p.name for p in (folder / "figures").glob("*.png")) == [
        "fields.png", "filtered.png", "motion.png", "violins.png",
    ]  # fmt: skip
    with np.load(folder / "arrays.npz") as arrays:
        area = arrays["glass/area"]
        assert area.min() == 0
        assert area.max() == 1
        frames = io.read_trajectory(folder / "particles-glass.xyz")
        np.testing.assert_array_equal(frames.columns["voronoi_area"], area)


def test_no_parts_of_quenches_are_left(finished):
    _, folder = finished
    (quenches,) = (folder.parents[1] / "quenches").iterdir()
    assert sorted(p.name for p in (quenches / "chunks").iterdir()) == [f"quenches-{b}.npz" for b in range(5)]


def test_killed_study_ends_with_the_same_arrays(finished, tmp_path):
    _, folder = finished
    moments = random.Random(0)
    for _ in range(40):
        process = subprocess.Popen(
            command(*TINY, "--root", str(tmp_path)), env=environment(), stderr=subprocess.PIPE, text=True
        )
        try:
            _, errors = process.communicate(timeout=moments.uniform(10, 40))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            time.sleep(0.1)
            continue
        assert process.returncode == 0, errors
        break
    else:
        pytest.fail("the study did not end in forty lives")
    with np.load(folder / "arrays.npz") as whole, np.load(only_run(tmp_path) / "arrays.npz") as pieced:
        assert set(whole) == set(pieced)
        for name in whole:
            np.testing.assert_array_equal(whole[name], pieced[name], err_msg=name)
