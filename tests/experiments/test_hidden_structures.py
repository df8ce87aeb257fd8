"""The first study end to end at a tiny size, as its users run it: in a process of its own, in single precision."""

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
    "--n", "128", "--temperatures", "2.0", "1.5", "--relaxation-times", "1.0", "1.5", "--equilibration", "1",
    "--configurations", "2", "--replicas", "4", "--observations", "10",
]  # fmt: skip


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "experiments" / "hidden_structures.py"), *arguments]


def environment() -> dict[str, str]:
    """The user's: no pretended devices, no double precision."""
    return {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_ENABLE_X64")}


def study(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments), env=environment(), capture_output=True, text=True, timeout=900, check=False
    )


def only_run(root: Path) -> Path:
    (folder,) = (root / "hidden_structures").iterdir()
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    done = study(*TINY, "--root", str(root))
    assert done.returncode == 0, done.stderr
    return done.stdout, only_run(root)


def test_study_prints_tables_and_writes_what_they_say(finished):
    printed, folder = finished
    assert "tau_alpha" in printed
    assert "averaged P_red" in printed
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics) == {"T = 2", "T = 1.5"}
    for row in metrics.values():
        assert 0 < row["A"]["mean_p_red"] < 1
        assert -1 <= row["B"]["averaged"]["spearman"] <= 1
    assert sorted(p.name for p in (folder / "figures").glob("*.png")) == [
        "correlation.png", "mean-p-red.png", "snapshot.png",
    ]  # fmt: skip


def test_particles_carry_their_scores_to_ovito(finished):
    _, folder = finished
    frames = io.read_trajectory(folder / "particles-T1.5.xyz")
    assert frames.configuration.positions.shape == (2, 128, 3)
    with np.load(folder / "arrays.npz") as arrays:
        np.testing.assert_array_equal(frames.columns["p_red"], arrays["T1.5/p_red"])
        assert arrays["T1.5/propensity"].shape == (2, 10, 128)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "printed"),
    [("propensities", "smoothed energy"), ("positions", "no propensities given")],
)
def test_given_configurations_are_analysed(finished, tmp_path, given, printed):
    _, folder = finished
    data = folder / "particles-T1.5.xyz"
    if given == "positions":
        bare = io.read_trajectory(data).configuration
        data = tmp_path / "bare.xyz"
        io.write(data, bare)
    done = study("--data", str(data), "--system", "wahnstrom", "--cutoff", "1.7", "--root", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout


@pytest.mark.slow
def test_killed_study_ends_with_the_same_arrays(finished, tmp_path):
    _, folder = finished
    moments = random.Random(0)
    for _ in range(40):
        process = subprocess.Popen(
            command(*TINY, "--root", str(tmp_path)), env=environment(), stderr=subprocess.PIPE, text=True
        )
        try:
            _, errors = process.communicate(timeout=moments.uniform(15, 60))
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
