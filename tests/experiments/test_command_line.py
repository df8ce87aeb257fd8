"""What is said on the command line of a study, and what is left to its presets."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

import cyclooctane_records as cyclooctane
import glass_or_liquid_records as glass_or_liquid
import hidden_structures_records as hidden_structures
from command_line import parse


def settings(monkeypatch, presets, *flags, **how):
    monkeypatch.setattr(sys, "argv", ["study", *flags])
    return parse(presets, "A study.", **how)


@pytest.mark.parametrize("study", [hidden_structures, glass_or_liquid])
def test_system_and_preset_choose_the_defaults(monkeypatch, study):
    for (system, preset), expected in study.PRESETS.items():
        assert settings(monkeypatch, study.PRESETS, "--system", system, "--preset", preset) == expected
        assert settings(monkeypatch, study.PRESETS, f"--preset={preset}", f"--system={system}") == expected
        assert expected.preset == preset
    first = next(iter(study.PRESETS.values()))
    assert settings(monkeypatch, study.PRESETS) == first


def test_a_study_without_systems(monkeypatch):
    found = settings(monkeypatch, cyclooctane.PRESETS, "--preset", "paper", "--seed", "3", by=("preset",))
    assert (found.preset, found.n, found.seed) == ("paper", 6040, 3)


def test_flags_have_no_prefix_whichever_record_they_belong_to(monkeypatch):
    temperatures = ("--temperatures", "2.0", "1.5", "--relaxation-times", "1.0", "2.0")
    flags = ("--n", "128", *temperatures, "--cutoff", "None", "--root", "elsewhere")
    found = settings(monkeypatch, hidden_structures.PRESETS, *flags)
    assert (found.simulation.n, found.simulation.temperatures) == (128, (2.0, 1.5))
    assert (found.cutoff, found.root) == (None, Path("elsewhere"))
    assert found.simulation.replicas == hidden_structures.Simulation().replicas


def test_data_choose_their_liquid_and_flags_still_count(monkeypatch):
    of_data = {"with_data": lambda path: {"system": "kob_andersen_3d"}}
    presets = hidden_structures.PRESETS
    public = settings(monkeypatch, presets, "--data", "x.npz", **of_data)
    assert public.data == Path("x.npz")
    assert public.simulation == presets["kob_andersen_3d", "default"].simulation
    other = settings(monkeypatch, presets, "--data", "x.xyz", "--system", "wahnstrom", **of_data)
    assert other.simulation.system == "wahnstrom"
    assert other == replace(presets["wahnstrom", "default"], data=Path("x.xyz"))


@pytest.mark.parametrize("flags", [("--system", "water"), ("--preset", "huge"), ("--nn", "3"), ("--n", "x")])
def test_what_no_study_knows_is_refused(monkeypatch, capsys, flags):
    with pytest.raises(SystemExit) as ended:
        settings(monkeypatch, hidden_structures.PRESETS, *flags)
    assert ended.value.code == 2
    assert flags[0] in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--temperatures", "0.7", "0.8"), "try --temperatures 0.8 0.7"),
        (("--temperatures", "0.8"), "a relaxation time for each of 1 temperatures, got 3"),
    ],
)
def test_temperatures_rise_nowhere(monkeypatch, capsys, flags, said):
    with pytest.raises(SystemExit):
        settings(monkeypatch, hidden_structures.PRESETS, *flags)
    # In a frame, wrapped.
    assert said in " ".join("".join(capsys.readouterr()).replace("│", " ").split())
