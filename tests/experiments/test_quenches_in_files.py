"""Quenches that are kept in files come back as they were, and others are refused in a sentence."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

import glass_or_liquid_files as files
from glass_or_liquid_estimate import duration
from glass_or_liquid_records import Cooling

from tdaglass.configuration import Configuration
from tdaglass.versions import versions

COOLING = Cooling(n=30, quenches=7, rate=8.33e-5)


@pytest.fixture
def both():
    rng = np.random.default_rng(0)
    positions = rng.normal(scale=30.0, size=(2, 7, 30, 2)).astype(np.float32)
    species = np.broadcast_to(rng.integers(0, 2, 30), (2, 7, 30))
    return Configuration(positions, species, np.full((2, 7, 2), 5.0, np.float32))


def test_quenches_come_back_bit_for_bit_in_the_order_of_their_numbers(tmp_path, both):
    for numbers in (np.arange(3, 7), np.arange(3)):
        files.write_quenches(
            tmp_path, COOLING, numbers, Configuration(*(x[:, numbers] for x in both)), "CPU kernels"
        )
    # More or fewer of them, at once or not, are the same systems.
    found, engine = files.read_quenches(tmp_path, replace(COOLING, quenches=tmp_path, batch=3))
    for ours, theirs in zip(found, both, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found.positions.dtype == np.float32
    assert engine == "CPU kernels"
    with np.load(tmp_path / "systems-0-2.npz") as arrays:
        np.testing.assert_array_equal(arrays["positions"], both.positions[:, :3])
    kept = files.load_tree(tmp_path / "systems-0-2.npz")
    assert kept["versions"] == versions()
    assert (kept["cooling"]["rate"], kept["cooling"]["seed"]) == (8.33e-5, 0)


def test_no_file_is_larger_than_it_may_be(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST", 300_000)
    both = Configuration(np.zeros((2, 100, 500, 2)), np.zeros((2, 100, 500), int), np.ones((2, 100, 2)))
    cooling = Cooling(n=500, quenches=100)
    files.write_quenches(tmp_path, cooling, np.arange(100), both, "")
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 4
    assert max(sizes) <= 300_000
    assert files.read_quenches(tmp_path, cooling)[0].positions.shape == both.positions.shape


@pytest.mark.parametrize("setting", [{"rate": 1e-2}, {"n": 31}, {"liquid": 2.0}, {"seed": 1}])
def test_quenches_that_were_cooled_otherwise_are_refused(tmp_path, both, setting):
    files.write_quenches(tmp_path, COOLING, np.arange(7), both, "")
    ((name, value),) = setting.items()
    was = getattr(COOLING, name)
    words = rf"expected quenches with {name} {value}, got {was} in .*; try --{name} {was}"
    with pytest.raises(ValueError, match=words):
        files.read_quenches(tmp_path, replace(COOLING, **setting))


def test_what_is_missing_damaged_or_there_twice_is_said(tmp_path, both):
    with pytest.raises(FileNotFoundError, match="expected files systems"):
        files.read_quenches(tmp_path, COOLING)
    files.write_quenches(tmp_path, COOLING, np.arange(7), both, "")
    path = tmp_path / "systems-0-6.npz"
    (tmp_path / "systems-0-5.npz").write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match=r"expected every system once in .*, got number 0 more often"):
        files.read_quenches(tmp_path, COOLING)
    (tmp_path / "systems-0-5.npz").write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match="expected a whole file"):
        files.read_quenches(tmp_path, COOLING)


def test_a_folder_is_no_number_of_quenches_to_cool():
    with pytest.raises(ValueError, match="expected how many liquids to cool, got kept; try --quenches 96"):
        _ = Cooling(quenches=Path("kept")).number


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(2.2, "3 s"), (89.0, "89 s"), (90.0, "1.5 minutes"), (5400.0, "1.5 hours"), (8e8, "25.4 years")],
)
def test_durations_are_said_in_the_unit_that_fits(seconds, expected):
    assert duration(seconds) == expected
