"""Cooling rate: settings, what is learned from known images, holes counted by hand, the study at a tiny size."""

import json
import sys

import numpy as np
import pytest
from studies import EXPERIMENTS, TINY, only_run, study

sys.path.insert(0, str(EXPERIMENTS))

import cooling_rate_glasses
from command_line import parse
from cooling_rate_controls import neutron, relative_difference
from cooling_rate_holes import scatter, sharing
from cooling_rate_inverse import shared_atoms
from cooling_rate_learning import count, growth, learn, share_between
from cooling_rate_prisms import Polyhedra
from cooling_rate_records import PRESETS, Cages, Cooling, Glasses, Rings, Seen, Settings
from cooling_rate_systems import Picture

from tdaglass import io, topology
from tdaglass.configuration import Configuration

PICTURE = Picture(
    0, 2, topology.Grid((1.0, 2.0), (1.0, 2.0), (10, 10)), 0.1, {"published, slow": (1.45, 1.75)}
)


def settings_of(monkeypatch, *flags):
    monkeypatch.setattr(sys, "argv", ["study", *flags])
    return parse(PRESETS, "A study.")


def test_flags_choose_size_and_rates(monkeypatch):
    default = settings_of(monkeypatch)
    assert len(default.cooling.rates) == 13
    assert set(default.cooling.repeated) <= set(default.cooling.rates)
    paper = settings_of(monkeypatch, "--preset", "paper").cooling
    assert (paper.n, len(paper.rates), len(paper.repeated), paper.repeats) == (12_000, 37, 5, 30)
    assert set(paper.repeated) <= set(paper.rates)
    few = settings_of(monkeypatch, "--rates", "0.1", "0.01", "--repeated", "0.1", "--n", "500")
    # Alpha 200 belongs to images of 12,000 atoms.
    assert few.strength(few.cooling.n) == pytest.approx(200 / 24**2)
    assert settings_of(monkeypatch, "--alpha", "3").strength(500) == 3


def test_ramps_have_the_steps_that_the_protocol_says():
    cooling = Cooling()
    steps = [round((cooling.hot - cooling.cold) / rate / cooling.dt) for rate in cooling.rates]
    assert (steps[0], steps[4], steps[8], steps[-1]) == (400, 4000, 40_000, 400_000)
    assert 0.9 / cooling.repeated[3] / 0.005 == pytest.approx(126_491, abs=1)


def test_every_glass_is_cooled_once_the_slowest_first():
    pieces = list(Cooling(rates=(0.5, 0.2), repeated=(0.5, 0.1), repeats=3, batch=2).pieces())
    assert pieces == [(0.1, (1, 2)), (0.1, (3,)), (0.2, (0,)), (0.5, (0, 1)), (0.5, (2, 3))]
    assert len({cooling_rate_glasses.name_of(piece) for piece in pieces}) == 5


def test_what_cannot_be_meant_is_said(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="expected glasses colder than liquids"):
        Cooling(hot=0.4, cold=0.5)
    with pytest.raises(ValueError, match="expected positive cooling rates"):
        Cooling(rates=(0.1, -1.0))
    with pytest.raises(
        ValueError, match="expected no file of an embedded-atom potential for kob_andersen_3d"
    ):
        _ = Cooling(potential=tmp_path / "PdSi.eam").model
    with pytest.raises(ValueError, match="expected a file of an embedded-atom potential for iron_phos"):
        _ = PRESETS["iron_phosphorus", "default"].cooling.model
    with pytest.raises(ValueError, match="expected a rate for each of 1 files, got 2"):
        Settings(Cooling(rates=(0.1, 0.2)), data=(tmp_path / "a.xyz",))


def test_what_is_held_constant_is_that_of_the_system_unless_a_pressure_is_asked_for():
    assert Cooling().ensemble == {"ensemble": "nvt"}
    assert PRESETS["iron_phosphorus", "default"].cooling.ensemble == {"ensemble": "npt", "pressure": 0.0}
    assert Cooling(pressure=0.0).ensemble == {"ensemble": "npt", "pressure": 0.0}


@pytest.fixture
def known():
    """Images of which one cell grows and one shrinks with the logarithm of the rate, a third knows nothing."""
    random = np.random.default_rng(5)
    rate = np.repeat([1.0, 0.1, 0.01, 0.001], 6)
    number = np.tile(np.arange(6), 4)
    images = 0.01 * random.normal(size=(24, 10, 10))
    images[:, 7, 2] += np.log10(rate) + 3
    images[:, 8, 4] -= np.log10(rate)
    images[:, 6, 1] += 5 * random.normal(size=24)
    pairs = [np.tile([[1.25, 1.75]], (int(np.log10(r)) + 4, 1)) for r in rate]
    positions = np.zeros((24, 12_000, 1))
    glasses = Glasses(rate, number, Configuration(positions, None, None), 0 * rate, 0 * rate)
    return glasses, Seen(pairs, images)


def test_the_rate_is_learned_from_the_cells_that_know_it(known):
    glasses, seen = known
    found = learn(Settings(alpha=0.01), glasses, PICTURE, seen)
    for key in ("trained", "repeats to singles", "other repeats"):
        assert found.scores[key].value == pytest.approx(1, abs=0.02)
    assert np.unravel_index(np.argmin(found.coefficients), (10, 10)) == (8, 4)
    assert np.unravel_index(np.argmax(found.coefficients), (10, 10)) == (7, 2)
    # Noise of one cell has more variance than the rate has in two.
    assert found.shares[0] > 0.8
    assert found.correlation < 0.5
    assert np.isnan(found.predicted["left one out"][glasses.number > 0]).all()


def test_cells_that_grow_and_shrink_are_found_with_errors(known):
    glasses, seen = known
    found = growth(glasses, PICTURE, seen)
    assert found.ends["fast"][:2] == pytest.approx((1.25, 1.75))
    assert found.ends["slow"][:2] == pytest.approx((1.45, 1.85))
    assert found.slope[7, 2] == pytest.approx(1, abs=0.02)
    inside = np.zeros((10, 10), bool)
    inside[7, 2] = True
    counted = count(glasses, PICTURE, seen, {"slow": inside, "fast": ~inside})
    assert counted["learned, slow"].mean.tolist() == [4, 3, 2, 1]
    assert (counted["learned, slow"].slope, counted["learned, slow"].error.max()) == pytest.approx((1, 0))
    assert counted["learned, fast"].number.sum() == counted["published, slow"].number.sum() == 0


def test_variance_between_rates_is_what_is_not_noise():
    random = np.random.default_rng(0)
    rate = np.repeat(np.arange(40), 5)
    noise = random.normal(size=(200, 50))
    assert abs(share_between(noise, rate)) < 0.03
    of_rates = random.normal(size=(40, 50))[rate] * np.sqrt(3)
    assert share_between(of_rates + noise, rate) == pytest.approx(0.75, abs=0.03)


def test_neighbours_on_a_ring_share_what_they_have_in_common():
    around = [{4, 5, 6, 7}, {6, 7, 8}, {8, 9}, {10}, set(), set()]
    polyhedra = Polyhedra(None, None, [np.array(sorted(one), int) for one in around], [])
    shared = shared_atoms(polyhedra, np.array([0, 1, 2, 3]))
    assert shared.tolist() == [2, 1, 0, 0]
    rings = Rings(np.zeros((1, 2)), [np.arange(4)], np.array([3]), [shared], [], [], 0)
    assert [sharing(rings, kind) for kind in ("nothing", "vertex", "edge", "face")] == [0.5, 0.25, 0.25, 0]


def test_areas_scatter_within_cages_of_the_right_size():
    areas = [np.array([1.0, 1.0, 1.0]), np.array([1.0, 3.0]), np.array([1.0, 9.0])]
    cages = Cages(np.zeros((3, 2)), [np.arange(8), np.arange(14), np.arange(15)], areas)
    assert scatter(cages) == pytest.approx(np.sqrt(2) / 2 / 2)


def test_differences_are_held_against_noise():
    random = np.random.default_rng(1)
    one, same = 5 + random.normal(size=(2, 8, 300))
    difference, noise = relative_difference(one, same)
    assert difference == pytest.approx(noise, rel=0.2)
    assert relative_difference(one + 3, same)[0] > 5 * noise


def test_neutrons_see_the_whole_where_lengths_are_equal_and_one_where_atoms_are_strangers():
    species = np.array([0, 0, 0, 0, 1])
    waves = np.random.default_rng(2).normal(
        size=(2, 2, 7)
    )  # real and imaginary parts of the densities of both
    number = np.bincount(species)
    rho = waves / np.sqrt(number)[:, None, None]
    factors = np.einsum("acq,bcq->abq", rho, rho)
    total = np.sum(waves.sum(axis=0) ** 2, axis=0) / 5
    np.testing.assert_allclose(neutron(Settings(scattering=(3.0, 3.0)), species, factors), total)
    alone = np.broadcast_to(np.eye(2)[..., None], (2, 2, 7))
    np.testing.assert_allclose(neutron(Settings(), species, alone), 1)


@pytest.mark.slow
def test_study_at_a_tiny_size_of_its_own_glasses_and_as_those_of_others(tmp_path):
    printed = study("cooling_rate", *TINY["cooling_rate"], "--root", str(tmp_path))
    assert "ridge regression on log10(rate), alpha 0.0868" in printed
    folder = only_run(tmp_path, "cooling_rate")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["repeated_rates"] == [1.0, 0.25]
    assert metrics["repeats"] == [3, 3]
    assert set(metrics["pictures"]) == {"A voids", "A loops", "B loops"}
    assert len(list((folder / "figures").glob("*.png"))) >= 9
    marked = io.read(folder / "glass-slow.xyz")
    assert marked.columns["cages_given"].max() > 0
    # B atoms alone are in prisms, and on rings.
    metal = np.asarray(marked.configuration.species) == 0
    assert marked.columns["prism"][metal].max() == marked.columns["rings_given"][metal].max() == 0

    (kept,) = (tmp_path / "glasses").iterdir()
    cooling = Cooling(
        n=250, rates=(1.0, 0.5, 0.25), repeated=(1.0, 0.25), repeats=3, equilibration=200, hold=80
    )
    glasses = cooling_rate_glasses.cool(cooling, _Kept(kept), None)
    files = []
    for one in (1.0, 0.5, 0.25):
        path = tmp_path / f"glasses-{one}.xyz"
        which = np.flatnonzero(glasses.rate == one)
        positions, species, box = (np.asarray(x)[which] for x in glasses.configuration)
        io.write(path, Configuration(positions, species, box))
        files.append(str(path))
    other = tmp_path / "others"
    rates = ["--rates", "1.0", "0.5", "0.25"]
    study("cooling_rate", "--data", *files, *rates, "--holes", "10", "--root", str(other))
    assert_same_arrays_but_for_energies(folder, only_run(other, "cooling_rate"))


class _Kept:
    """A finished run of glasses, only read."""

    def __init__(self, folder):
        from tdaglass.runs.chunks import Chunks

        self.chunk = Chunks(folder / "chunks")


def assert_same_arrays_but_for_energies(folder, other):
    with np.load(folder / "arrays.npz") as ones, np.load(other / "arrays.npz") as others:
        for name in set(ones) - {"energy", "pressure"}:
            np.testing.assert_array_equal(ones[name], others[name], err_msg=name)
