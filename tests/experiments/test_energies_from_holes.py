"""Energies from holes: settings, parts, regressions and maps of known data, rings by hand, a tiny study."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from studies import EXPERIMENTS, TINY, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

import soap_settings
from command_line import parse
from energies_from_holes_data import loops_of_run, outside
from energies_from_holes_frames import Frames, nowhere
from energies_from_holes_inverse import joined, measured, regions_of
from energies_from_holes_linear import (
    MODELS,
    blurred,
    blurred_counts,
    error,
    fit,
    folds_of,
    histograms,
    learning_curve,
    per_image,
    score_one,
    smooth,
    standardized,
    together,
)
from energies_from_holes_maps import jackknifed, mixed, nearest
from energies_from_holes_melts import Melting
from energies_from_holes_networks import images, scale_atoms, scale_images
from energies_from_holes_records import PRESETS, Described, Settings
from rings import Ring

from tdaglass import learning, topology

SETTINGS = Settings(
    Melting(densities=(1.5, 2.0, 2.5, 3.0), melts=3, frames=(1, 2, 1, 1)),
    cells=8,
    pixels=4,
    folds=3,
    sizes=(10, 20, 1000),
    alpha=1e-3,
)


@pytest.fixture(scope="module")
def known():
    """Sixty frames with loops in two cells, whose energy is the share of one of them."""
    random = np.random.default_rng(3)
    run = np.repeat(np.arange(12), 5)
    share = random.uniform(size=60)
    pairs = np.zeros((60, 200, 2), np.float32)
    for row, high in zip(pairs, np.round(100 * share).astype(int), strict=True):
        row[:100] = (1.5, 4.5)
        row[:high] = (0.5, 2.5)
        row[100] = (7.0, 9.0)
    described = Described(pairs, random.normal(size=(60, 4)).astype(np.float32), np.full(60, 216))
    density = np.array([1.5, 2.0, 2.5, 3.0])[run // 3]
    energy = -7 + np.round(100 * share) / 100
    empty = np.zeros((60, 0, 3), np.float32)
    zeros = np.zeros(60, int)
    frames = Frames(
        empty,
        np.ones((60, 3)),
        energy,
        0 * energy,
        density,
        run,
        run % 3,
        zeros,
        zeros,
        zeros + 6,
        **nowhere(60),
    )
    return frames, described


def test_flags_choose_the_size_and_sizes_are_the_published_ones(monkeypatch):
    def settings_of(*flags):
        monkeypatch.setattr(sys, "argv", ["study", *flags])
        return parse(PRESETS, "A study.")

    default, paper = settings_of(), settings_of("--preset", "paper")
    for settings, frames in ((default, 22 * 128), (paper, 16_830)):
        melting = settings.source
        assert len(melting.densities) * melting.melts * sum(melting.frames) == frames
        assert [stage[3] for stage in melting.schedule] == [0, *melting.frames]
    assert paper.basis.features == 360
    assert settings_of("--networks").networks == ()
    larger = default.source.larger(512)
    assert (larger.n, larger.melts, larger.densities) == (512, 1, default.source.densities)
    assert larger.seed != default.source.seed


def test_what_cannot_be_meant_is_said():
    with pytest.raises(ValueError, match="expected two different densities or more"):
        Melting(densities=(2.0, 2.0))
    with pytest.raises(ValueError, match="expected at least 64 atoms, a run, and a frame of every stage"):
        Melting(frames=(15, 0, 13, 50))
    with pytest.raises(ValueError, match="expected pixels that divide 128 cells, got 48"):
        Settings(pixels=48)
    with pytest.raises(ValueError, match="no more trainings, got 5 and 6"):
        Settings(trainings=6)
    with pytest.raises(ValueError, match="expected a negative and a positive threshold"):
        Settings(thresholds=(0.1, 0.2))


def test_parts_keep_runs_and_densities_together_and_twins_apart(known):
    frames, _ = known
    parts = {kind: folds_of(SETTINGS, frames, kind) for kind in ("frames", "runs", "groups")}
    assert np.bincount(parts["frames"]).tolist() == [20, 20, 20]
    for k in range(12):
        assert len(set(parts["runs"][frames.run == k])) == 1
    for density in set(frames.group):
        assert set(parts["runs"][frames.group == density]) == {0, 1, 2}
        assert len(set(parts["groups"][frames.group == density])) == 1
    assert len(set(parts["groups"])) == 3


def test_loops_are_those_of_diagrams_frame_by_frame(known):
    random = np.random.default_rng(2)
    positions, box = random.uniform(-3, 6, size=(2, 20, 3)).astype(np.float32), np.full((2, 3), 3.0)
    frames = known[0]._replace(positions=positions, box=box, run=np.array([0, 0]), atoms=np.array([20, 20]))
    found = loops_of_run(frames, 0)
    for pairs, x, edges in zip(found, positions, box, strict=True):
        (diagram,) = topology.diagrams(x, edges, dimensions=[1])
        expected = np.sort(np.asarray(diagram.death)[np.asarray(diagram.valid)])
        np.testing.assert_allclose(np.sort(pairs[pairs[:, 1] > 0, 1]), expected, rtol=1e-5)


def test_histograms_are_probabilities_of_what_the_plane_shows(known):
    frames, described = known
    found = histograms(SETTINGS, described)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-6)
    np.testing.assert_allclose(found[:, 2, 0], frames.energy + 7, atol=1e-6)
    assert outside(SETTINGS, described.pairs) == pytest.approx(1 / 101)
    np.testing.assert_allclose(blurred(SETTINGS, described).sum(axis=(1, 2)), 1, rtol=1e-5)
    joined_cells = images(SETTINGS, frames, described)
    assert joined_cells.shape == (60, 1, 4, 4)
    np.testing.assert_allclose(joined_cells[:, 0, 1, 0], frames.energy + 7, atol=1e-6)
    x = standardized(SETTINGS.grid.vector(found).T).T
    np.testing.assert_allclose([x.mean(axis=1), x.std(axis=1)], [[0] * 60, [1] * 60], atol=1e-5)
    # Empty cells are one, and no ridge regression can tell.
    few = per_image(SETTINGS, found)
    assert few.shape[1] < x.shape[1] / 2
    np.testing.assert_allclose(few @ few.T, x @ x.T, rtol=1e-4, atol=1e-3)


def test_an_energy_in_a_cell_is_learned_and_one_that_is_nowhere_is_not(known):
    frames, described = known
    for kind in ("frames", "runs"):
        found = score_one(SETTINGS, frames, described, (frames.energy, described), ("histogram", kind))
        assert found.test.max() < 1
        assert found.train.max() < 1
        assert not np.isnan(found.predicted).any()
        assert len(found.larger) == (3 if kind == "frames" else 0)
    spread = error(frames.energy, frames.energy.mean())
    # These numbers are random.
    assert score_one(SETTINGS, frames, described, None, ("soap", "runs")).test.mean() > 0.8 * spread
    assert score_one(SETTINGS, frames, described, None, ("both", "runs")).test.mean() < 0.3 * spread
    curve = learning_curve(SETTINGS, frames, described, "histogram")
    assert (curve.size.tolist(), curve.test.shape) == ([10, 20], (2, 3))


def test_scales_are_those_of_what_is_learned_from():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(30, 3)), random.normal(size=30)
    tell = fit(MODELS["soap"], SETTINGS, x, y)
    new = random.normal(size=(4, 3))
    # Units do not matter, as each feature is measured by its spread.
    scaled = fit(MODELS["soap"], SETTINGS, x * [1, 10, 100], y)
    np.testing.assert_allclose(scaled(new * [1, 10, 100]), tell(new), rtol=1e-8)
    flat = scale_images(
        replace(SETTINGS, scale_cnn="cell"), np.stack([np.full((1, 2, 2), 3.0), np.full((1, 2, 2), 3.0)])
    )
    assert np.isfinite(flat(np.ones((1, 1, 2, 2)))).all()
    image = scale_images(SETTINGS, np.zeros((2, 1, 4, 4)))(random.normal(3, 2, size=(1, 1, 4, 4)))
    np.testing.assert_allclose([image.mean(), image.std()], [0, 1], atol=1e-5)
    each = learning.AtomicDescriptors(random.normal(2, 5, size=(6, 7, 3)).astype(np.float32), np.ones((6, 7)))
    rows = scale_atoms(SETTINGS, each)(each).descriptors.reshape(-1, 3)
    np.testing.assert_allclose([rows.mean(0), rows.std(0)], [[0] * 3, [1] * 3], atol=1e-5)


def test_frames_of_two_sizes_stand_one_after_the_other(known):
    _, described = known
    both = together(described, Described(described.pairs[:2, :3], described.soap[:2], np.array([512, 512])))
    assert both.pairs.shape == (62, 200, 2)
    assert not both.pairs[60:, 3:].any()
    assert both.atoms[58:].tolist() == [216, 216, 512, 512]


def test_counts_for_each_atom_are_those_of_two_systems_side_by_side(known):
    _, described = known
    twice = Described(np.tile(described.pairs, (1, 2, 1)), described.soap, 2 * described.atoms)
    x = blurred_counts(SETTINGS, described)
    np.testing.assert_allclose(blurred_counts(SETTINGS, twice), x, rtol=1e-6)
    # A filter keeps the number of loops, but for what it takes beyond the edge of the plane.
    assert smooth(SETTINGS, described)[0].sum() == pytest.approx(100, rel=0.02)


def test_islands_do_not_mix_and_a_continuum_does():
    random = np.random.default_rng(1)
    density = np.repeat([1.0, 2.0, 3.0, 4.0], 50)
    points = random.normal(size=(200, 2))
    islands = points + 100 * density[:, None]
    assert mixed(density, nearest(islands, 10)).max() == 0
    value, uncertainty = jackknifed(mixed(density, nearest(points, 10)), density, density)
    assert value == pytest.approx(1, abs=0.1)
    assert 0 < uncertainty < 0.1
    near = nearest(np.arange(5.0)[:, None] ** 2, 1)
    assert near[:, 0].tolist() == [1, 0, 1, 2, 3]


def test_rings_are_measured_edge_by_edge():
    turn = np.arange(6) * np.pi / 3
    hexagon = 1.42 * np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    square = 1.5 * np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    six, four = Ring(0, np.arange(6) + 10, hexagon), Ring(1, np.arange(4), square)
    found = joined([measured([six, four], 0, 1), measured([], 1, 2), measured([four], 2, 0)])
    assert (found.size.tolist(), found.run.tolist(), found.without_order) == ([6, 4, 4], [0, 0, 2], 3)
    np.testing.assert_allclose(found.bonds, [1.42] * 6 + [1.5] * 8)
    np.testing.assert_allclose(found.angles, [120] * 6 + [90] * 8, atol=1e-5)
    assert found.ring.tolist() == [0] * 6 + [1] * 4 + [2] * 4
    assert found.atom.tolist() == [*range(10, 16), *range(4), *range(4)]
    assert found.position.shape == (14, 3)
    regions = regions_of(SETTINGS, np.array([[-0.01, 0.001], [0.0, 0.01]]))
    assert (regions["low"].sum(), regions["high"].sum()) == (1, 1)


def test_a_search_without_optuna_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match="expected Optuna for a search, got none; try pip install"):
        soap_settings.optional_optuna()
    with pytest.raises(ValueError, match="expected a trial and a frame of every run, got 0 trials"):
        soap_settings.Settings(trials=0)


@pytest.mark.slow
def test_a_search_that_is_started_again_goes_on_with_the_same_trials(tmp_path):
    pytest.importorskip("optuna")
    flags = [
        "--n", "64", "--densities", "1.8", "3.2", "--frames", "2", "4", "2", "4", "--every", "3", "--folds", "2",
        "--cutoffs", "3.0", "4.2", "--n-max", "2", "8", "--l-max", "1", "9", "--trials", "3",
        "--root", str(tmp_path),
    ]  # fmt: skip
    first = study("soap_settings", *flags)
    folder = only_run(tmp_path, "soap_settings")
    for name in ("trial-2", "report"):
        (folder / "chunks" / f"{name}.npz").unlink()
    kept = (folder / "chunks" / "trial-1.npz").stat().st_mtime_ns
    assert study("soap_settings", *flags) == first
    assert (folder / "chunks" / "trial-1.npz").stat().st_mtime_ns == kept


@pytest.mark.slow
def test_study_at_a_tiny_size(tmp_path):
    printed = study("energies_from_holes", *TINY["energies_from_holes"], "--root", str(tmp_path))
    assert "teacher: erhart_albe" in printed
    folder = only_run(tmp_path, "energies_from_holes")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(metrics["errors"]) == {*Settings().ridges, "soap_network", "cnn", "schnet"}
    for of in metrics["errors"].values():
        assert of["frames"]["larger"][0] > 0
    # A few frames tell nothing but that energies were learned at all.
    assert metrics["errors"]["soap"]["frames"]["test"][0] < metrics["energy_spread"]
    assert metrics["last_temperature_K"][0] > 300
    assert len(list((folder / "figures").glob("*.png"))) == 12
    captions = [path.read_text() for path in (folder / "figures").glob("*.txt")]
    assert all("teacher: erhart_albe" in " ".join(caption.split()) for caption in captions)
