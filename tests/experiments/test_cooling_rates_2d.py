"""Glasses at several cooling rates: settings, what is said of known numbers, and the study at a tiny size."""

import json
import sys

import numpy as np
import pytest
from studies import EXPERIMENTS, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

import cooling_rates_2d_report as report
from command_line import parse
from cooling_rates_2d_records import PRESETS, AtRate, Settings, Taught

from tdaglass.runs import Run

TINY = [
    "--n", "128", "--rates", "1.0", "0.5", "--quenches", "5", "2", "--batch", "3", "--taught", "3",
    "--trainings", "2",
]  # fmt: skip


def test_flags_choose_rates_and_how_many_systems_are_cooled(monkeypatch):
    monkeypatch.setattr(
        sys, "argv", ["study", "--system", "kob_andersen_2d", "--rates", "0.1", "--quenches", "9"]
    )
    settings = parse(PRESETS, "A study.", by=("system",))
    studies = settings.studies(kept=0)
    study = studies[0.1]
    assert (settings.liquid, study.cooling.liquid, study.cooling.number) == (0.8, 0.8, 9)
    assert study.cooling.system == settings.model.name == "kob_andersen_2d"
    assert settings.pieces(studies) == [(0.1, k) for k in range(6)]


def test_trainings_have_as_many_steps_whatever_teaches_them():
    steps = [
        study.epochs * (2 * taught // study.batch_size)
        for taught in (3, 8, 16, 40)
        for study in [Settings(taught=taught).studies(kept=0)[1e-2]]
    ]
    assert steps == [160, 160, 160, 160]


def test_where_all_quenches_teach_there_are_no_networks():
    settings = Settings(rates=(0.1, 0.01), quenches=(9, 8), trainings=2)
    assert settings.pieces(settings.studies(kept=0)) == [(0.1, 0), (0.1, 1)]


def test_kept_quenches_of_the_published_rate_are_one_more():
    settings = Settings(rates=(0.1,), quenches=(8,), trainings=2)
    studies = settings.studies(kept=9)
    assert [(rate, study.cooling.n, study.cells) for rate, study in studies.items()] == [
        (0.1, 500, 96),
        (8.33e-5, 2000, 192),
    ]
    assert settings.pieces(studies) == [(8.33e-5, 0), (8.33e-5, 1)]
    with pytest.raises(ValueError, match=r"expected other rates than the published 8\.33e-05 beside --kept"):
        Settings(rates=(8.33e-5,), quenches=(8,), kept=EXPERIMENTS)


def test_rates_without_a_number_of_quenches_are_refused():
    with pytest.raises(ValueError, match="expected a number of quenches for each of 2 rates, got 1"):
        Settings(rates=(0.1, 0.2), quenches=(8,))


@pytest.fixture
def found():
    """Glasses whose correlations rise as they are cooled more slowly; networks of either sign."""
    unseen = np.array([[np.nan, 0.5, 0.7], [-0.4, np.nan, -0.6]])  # (trainings, quenches)
    looked = np.stack([unseen, unseen], axis=1)
    taught = Taught(np.where(np.isnan(looked), np.nan, 1.0), looked, looked / 2)
    return [
        AtRate(1e-2, 500, np.array([[0.1, 0.2, 0.3], [0.0, 0.1, -0.1]]), taught),
        AtRate(1e-3, 500, np.array([[0.2, 0.2], [0.3, 0.5]]), None),
    ]


def test_numbers_of_the_report(found):
    fast, slow = map(report.summary, found)
    assert fast["packing_with_area_glass"] == pytest.approx([0.0, 0.1 / np.sqrt(3)])
    assert slow["packing_with_area_liquid"] == pytest.approx([0.2, 0.0])
    assert fast["grad_cam_with_area"] == pytest.approx([0.6, -0.5])
    assert fast["networks_apart"] == pytest.approx(1.1 / np.sqrt(2))
    assert fast["told_rightly"] == 1
    assert "grad_cam_with_area" not in slow


def test_table_figure_and_arrays(found, tmp_path, capsys):
    settings = Settings(rates=(1e-2, 1e-3), quenches=(3, 2))
    with Run.open(tmp_path, "cooling_rates_2d", settings) as run:
        report.report(settings, run, found)
        printed = capsys.readouterr().out
        assert "0.000 ± 0.058   0.200 ± 0.058         1.000             0.050     0.778" in printed
        assert "0.355 (published)" in printed
        assert (run.folder / "figures" / "cooling_rates.png").stat().st_size < 200_000
        caption = (run.folder / "figures" / "cooling_rates.txt").read_text()
        assert "3 and 2 systems at rates of 0.01 and 0.001" in " ".join(caption.split())
        with np.load(run.folder / "arrays.npz") as arrays:
            np.testing.assert_array_equal(arrays["0.001/packing_with_area"], found[1].packing_with_area)
            assert arrays["0.01/with_area"].shape == (2, 2, 3)


@pytest.mark.slow
def test_study_at_a_tiny_size(tmp_path):
    printed = study("cooling_rates_2d", *TINY, "--root", str(tmp_path))
    assert "1 - Theta, area: glass" in printed
    folder = only_run(tmp_path, "cooling_rates_2d")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert list(metrics) == ["1", "0.5"]
    assert "told_rightly" in metrics["1"]
    assert "told_rightly" not in metrics["0.5"]
    with np.load(folder / "arrays.npz") as arrays:
        for name in ("told", "with_area", "with_packing"):
            # Of five quenches three teach a network, which is asked about the other two.
            assert np.isnan(arrays[f"1/{name}"]).sum(axis=2).tolist() == [[3, 3], [3, 3]]
        assert np.abs(arrays["0.5/packing_with_area"]).max() <= 1
