"""The first study end to end at a tiny size, as its users run it: in a process of its own, in single precision."""

import json

import numpy as np
import pytest
from studies import TINY as tiny
from studies import (
    assert_killed_ends_alike,
    assert_nothing_left,
    assert_same_arrays,
    command,
    only_run,
    studies_at_once,
    study,
)

from tdaglass import io

TINY = tiny["hidden_structures"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return study("hidden_structures", *TINY, "--root", str(root)), only_run(root, "hidden_structures")


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
        "correlation.png", "mean-p-red.png", "relaxation.png", "snapshot.png",
    ]  # fmt: skip


def test_particles_carry_their_scores_to_ovito(finished):
    _, folder = finished
    frames = io.read_trajectory(folder / "particles-T1.5.xyz")
    assert frames.configuration.positions.shape == (2, 128, 3)
    with np.load(folder / "arrays.npz") as arrays:
        np.testing.assert_array_equal(frames.columns["p_red"], arrays["T1.5/p_red"])
        assert arrays["T1.5/propensity"].shape == (2, 10, 128)


def test_arrays_are_the_same_from_jobs_of_an_array(finished, tmp_path):
    _, folder = finished
    parts = [("--part", "1/2"), ("--part", "2/2")]
    studies_at_once([command("hidden_structures", *TINY, "--root", str(tmp_path), *part) for part in parts])
    assert_same_arrays(folder, only_run(tmp_path, "hidden_structures"))
    assert_nothing_left(tmp_path)


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
    given_data = ("--data", str(data), "--system", "wahnstrom", "--cutoff", "1.7")
    assert printed in study("hidden_structures", *given_data, "--root", str(tmp_path))


@pytest.mark.slow
def test_killed_study_ends_with_the_same_arrays(finished, tmp_path):
    _, folder = finished
    assert_killed_ends_alike("hidden_structures", TINY, tmp_path, folder, lives=(15, 60))
