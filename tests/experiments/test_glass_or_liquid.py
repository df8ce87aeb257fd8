"""The second study end to end at a tiny size, as its users run it, and killed again and again."""

import json
import sys

import numpy as np
import pytest
from studies import EXPERIMENTS, assert_killed_ends_alike, assert_same_arrays, only_run, study
from studies import TINY as tiny

from tdaglass import io

sys.path.insert(0, str(EXPERIMENTS))

from command_line import without

TINY = tiny["glass_or_liquid"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return study("glass_or_liquid", *TINY, "--root", str(root)), only_run(root, "glass_or_liquid")


def test_study_prints_tables_and_writes_what_they_say(finished):
    printed, folder = finished
    for words in (
        "accuracy on the test set",
        "Grad-CAM, Voronoi area",
        "strongest correlation with 1 - Delta",
        "T*",
    ):
        assert words in printed
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["correlations"]) == {"liquid", "glass"}
    for row in metrics["correlations"]["glass"].values():
        assert -1 <= row["pearson"] <= 1
    for of_fields in metrics["strongest_correlation_with_stillness"].values():
        assert list(of_fields) == ["grad_cam", "area", "packing"]
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
    kept = {p.name for p in (quenches / "chunks").iterdir()}
    assert kept == {f"systems-{first}-{first + 3}.npz" for first in range(0, 20, 4)}


def test_quenches_kept_in_files_give_the_same_study(finished, tmp_path):
    _, folder = finished
    kept = str(tmp_path / "kept")
    of_cooling = TINY[: TINY.index("--cells")]
    printed = study("keep_quenches", *of_cooling, "--folder", kept, "--root", str(tmp_path))
    assert f"20 liquids and glasses are in {kept}" in printed
    analysing = ["--quenches", kept, *without(TINY, "--quenches")]
    printed = study("glass_or_liquid", *analysing, "--root", str(tmp_path))
    assert f"20 quenches of {kept} were cooled with CPU kernels" in printed
    assert_same_arrays(folder, only_run(tmp_path, "glass_or_liquid"))


def test_killed_study_ends_with_the_same_arrays(finished, tmp_path):
    _, folder = finished
    assert_killed_ends_alike("glass_or_liquid", TINY, tmp_path, folder, lives=(10, 40))
