"""What is said on the command line of a study, and what is left to its presets."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

import cyclooctane_records as cyclooctane
import glass_or_liquid_records as glass_or_liquid
import hidden_structures_records as hidden_structures
import topological_force_records as topological_force
from command_line import Place, compute, parse, without

from tdaglass import parallel
from tdaglass.runs import run_folder


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
    assert (found.cutoff, found.place.root) == (None, Path("elsewhere"))
    assert found.simulation.replicas == hidden_structures.Simulation().replicas


# Folders of runs by what decides their results; liquids are found again by studies that ask more of them.
FOLDERS = {
    "hidden_structures": (hidden_structures.Settings(), "a81a024c170f47a8"),
    "liquids": (hidden_structures.Simulation(), "14a8f1e049efa58a"),
    "glass_or_liquid": (glass_or_liquid.Settings(), "2043ce96614886df"),
    "quenches": (glass_or_liquid.Cooling(), "f63fe886ae1cbf29"),
    "cyclooctane": (cyclooctane.Settings(), "a67bde468398b0c9"),
    "topological_force": (topological_force.Settings(), "422af0cfb62304bd"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_the_place_is_no_part_of_what_decides_a_result(name):
    settings, folder = FOLDERS[name]
    assert run_folder(".", name, settings).name == folder
    if hasattr(settings, "place"):
        elsewhere = replace(settings, place=Place(Path("elsewhere"), "processes:2"))
        assert run_folder(".", name, elsewhere).name == folder


def test_place_of_a_study_without_presets(monkeypatch):
    flags = ("--part", "2/3", "--n", "64")
    found = settings(monkeypatch, topological_force.PRESETS, *flags, by=())
    assert (found.place.part, found.place.executor, found.n) == ("2/3", "", 64)


def test_an_array_of_jobs_is_printed_for_the_command_that_was_given(monkeypatch, capsys):
    words = ["study.py", "--n", "64", "--print-sbatch", "16", "--executor=slurm:", "--root", "my runs"]
    monkeypatch.setattr(sys, "argv", words)
    compute(lambda *_: pytest.fail("it computes"), cyclooctane.Settings(place=Place(print_sbatch=16)))
    printed = capsys.readouterr().out
    assert "#SBATCH --array=1-16" in printed
    assert f"{sys.executable} study.py --n 64 --root 'my runs' --part " in printed
    assert "--print-sbatch" not in printed


def test_flags_are_left_out_with_their_values():
    words = ["--a", "1", "--b=2", "--a=3", "--c", "--print_sbatch", "4"]
    assert without(words, "--a", "--print-sbatch") == ["--b=2", "--c"]


@pytest.mark.parametrize(
    ("place", "raised", "said", "code"),
    [
        (Place(part="1/2", executor="processes:2"), None, "--part or --executor, got both", None),
        (Place(part="3/2"), None, "expected a part from 1/2 to 2/2, got 3/2", None),
        (Place(executor="moon"), None, "expected one of .* got 'moon'", None),
        (Place(), parallel.PieceError("1 piece failed", {}, {}), "1 piece failed", None),
        (Place(), parallel.OtherVersions("expected the same versions"), "expected the same versions", None),
        (Place(), ConnectionError("expected Dask's scheduler"), "expected Dask's scheduler", None),
        (Place(), KeyboardInterrupt(), "", 130),
    ],
)
def test_a_study_that_ends_early_says_why(monkeypatch, tmp_path, place, raised, said, code):
    def study(settings, executor):
        if raised is None:
            pytest.fail("it computes")
        raise raised

    monkeypatch.setattr("tdaglass.runs.keep_compiled", lambda root: None)
    with pytest.raises(SystemExit) as ended:
        compute(study, cyclooctane.Settings(place=replace(place, root=tmp_path)))
    if code is None:
        assert re.search(said, ended.value.code)
    else:
        assert ended.value.code == code


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
        (
            ("--system", "hard_spheres", "--packing-fractions", "0.5", "0.4"),
            "try --packing-fractions 0.4 0.5",
        ),
        (("--temperatures", "0.8"), "a relaxation time for each of 1 temperatures, got 3"),
    ],
)
def test_liquids_become_slower(monkeypatch, capsys, flags, said):
    with pytest.raises(SystemExit):
        settings(monkeypatch, hidden_structures.PRESETS, *flags)
    # In a frame, wrapped.
    assert said in " ".join("".join(capsys.readouterr()).replace("│", " ").split())
