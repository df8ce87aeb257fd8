"""The first study end to end at a tiny size, as its users run it: in a process of its own, in single precision."""

import csv
import json

import numpy as np
import pytest
from studies import (
    HARD_SPHERES,
    assert_killed_ends_alike,
    assert_nothing_left,
    assert_same_arrays,
    command,
    only_run,
    studies_at_once,
    study,
)
from studies import TINY as tiny

from tdaglass import glass, io
from tdaglass.structure import CLUSTER_NAMES, topological_clusters

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
        "clusters.png", "correlation.png", "mean-p-red.png", "relaxation.png", "snapshot.png",
    ]  # fmt: skip


def test_particles_carry_their_scores_to_ovito(finished):
    _, folder = finished
    frames = io.read_trajectory(folder / "particles-T1.5.xyz")
    assert frames.configuration.positions.shape == (2, 128, 3)
    with np.load(folder / "arrays.npz") as arrays:
        np.testing.assert_array_equal(frames.columns["p_red"], arrays["T1.5/p_red"])
        assert arrays["T1.5/propensity"].shape == (2, 10, 128)
        octahedra = arrays["T1.5/clusters-1"][:, CLUSTER_NAMES.index("6A")]
        np.testing.assert_array_equal(frames.columns["clusters_6A"], octahedra)


def test_clusters_of_all_types_stand_in_a_table_beside_what_the_arrays_say(finished):
    printed, folder = finished
    assert "bonds of f_c = 0.82" in printed
    with open(folder / "clusters.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    with np.load(folder / "arrays.npz") as arrays:
        kept = dict(arrays)
    # Liquids, f_c, species, scores, types.
    assert len(rows) == 2 * 2 * 2 * 2 * 41
    positions = io.read_trajectory(folder / "particles-T2.xyz").configuration
    for row in rows:
        spearman = kept[
            f"{row['liquid'].replace(' = ', '')}/clusters-{float(row['f_c']):g}/{row['score']}/spearman"
        ]
        of_type = spearman[:, "AB".index(row["species"]), CLUSTER_NAMES.index(row["cluster"])]
        mean = np.mean(of_type[np.isfinite(of_type)]) if np.isfinite(of_type).any() else np.nan
        np.testing.assert_allclose(float(row["spearman"] or "nan"), mean)
        assert 0 <= float(row["members"]) <= 1
    again = topological_clusters(positions.positions, positions.box, cutoff=1.75, voronoi_parameter=1.0)
    np.testing.assert_array_equal(kept["T2/clusters-1"], again.of_particle)


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


@pytest.fixture(scope="module")
def hard_spheres(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    printed = study("hidden_structures", *HARD_SPHERES, "--root", str(root))
    return printed, only_run(root, "hidden_structures")


def test_hard_spheres_are_told_by_their_packing_fraction_and_their_pressure(hard_spheres):
    printed, folder = hard_spheres
    assert "P V / N k T" in printed
    assert "T = " not in printed
    assert "energy" not in printed
    metrics = json.loads((folder / "metrics.json").read_text())
    assert [(name, row["packing_fraction"]) for name, row in metrics.items()] == [
        ("phi = 0.45", 0.45),
        ("phi = 0.5", 0.5),
    ]
    for name, row in metrics.items():
        expected = glass.hard_spheres.equation_of_state(
            glass.binary_hard_spheres(216, row["packing_fraction"])
        )
        assert row["compressibility_expected"] == expected
        # Some hundred thousand collisions, and a system of 216.
        np.testing.assert_allclose(row["compressibility"], expected, rtol=0.03, err_msg=name)
    captions = " ".join(path.read_text() for path in (folder / "figures").glob("*.txt"))
    assert "temperature" not in captions
    assert "potential energy" not in captions
    assert "(the total one)" in captions


def test_hard_spheres_that_are_written_do_not_overlap(hard_spheres):
    _, folder = hard_spheres
    frames = io.read_trajectory(folder / "particles-phi0.5.xyz").configuration
    for positions, species, box in zip(frames.positions, frames.species, frames.box, strict=True):
        diameters = np.array([1.0, 0.85])[species]
        filled = np.pi / 6 * np.sum(diameters**3) / np.prod(box)
        assert filled == pytest.approx(0.5, rel=1e-5)
        gap = glass.hard_spheres.smallest_gap(np.asarray(positions, float), diameters, np.asarray(box, float))
        # They were rounded to single precision.
        assert gap > -1e-5


@pytest.mark.slow
def test_killed_hard_spheres_end_with_the_same_arrays(hard_spheres, tmp_path):
    _, folder = hard_spheres
    assert_killed_ends_alike("hidden_structures", HARD_SPHERES, tmp_path, folder, lives=(10, 40))


@pytest.mark.slow
def test_hard_spheres_are_the_same_on_workers(hard_spheres, tmp_path):
    _, folder = hard_spheres
    study("hidden_structures", *HARD_SPHERES, "--root", str(tmp_path), "--executor", "processes:2")
    assert_same_arrays(folder, only_run(tmp_path, "hidden_structures"))
