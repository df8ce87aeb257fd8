"""What the second study's tables say of numbers that are known."""

import sys

import numpy as np
import pytest
from studies import EXPERIMENTS

sys.path.insert(0, str(EXPERIMENTS))

import glass_or_liquid_report as report
from glass_or_liquid import MOST_STEPS, moments, split
from glass_or_liquid_records import PRESETS, Cooling, Fields, Motion, Settings


def motion(temperature, *ends):
    """Glasses that end at these delta."""
    displacement = np.array([[0.1, end] for end in ends])
    return Motion(temperature, displacement, np.zeros((*displacement.shape, 1)))


def test_more_glasses_than_are_tested_are_refused():
    with pytest.raises(ValueError, match=r"expected at most 2 glasses to heat, .*, got 12; try --glasses 2"):
        split(Settings(Cooling(quenches=10)))


@pytest.mark.parametrize("preset", ["default", "paper"])
def test_no_long_way_between_states_that_may_be_kept(preset):
    settings = PRESETS["additive_mixture_2d", preset]
    shown, times = moments(settings)
    wanted = np.geomspace(0.1, settings.observation, settings.observations)
    np.testing.assert_allclose(times[shown], wanted)
    steps = np.diff(times) / settings.cooling.dt
    assert steps.min() >= 1
    assert steps.max() <= MOST_STEPS * (1 + 1e-9)
    if preset == "default":
        assert len(times) == settings.observations


@pytest.mark.parametrize(
    ("motions", "expected"),
    [
        ([motion(1.0, 0.5), motion(2.0, 1.0), motion(3.0, 2.0)], 2.0),
        ([motion(2.0, 1.5, 2.5), motion(1.0, 0.5, 0.5)], 1.5),
        ([motion(1.0, 1.2), motion(2.0, 3.0)], None),
        ([motion(1.0, 0.1), motion(2.0, 0.3)], None),
    ],
)
def test_particles_leave_their_cages_at_t_star(motions, expected):
    found = report.characteristic_temperature(motions)
    assert found == (expected if expected is None else pytest.approx(expected))


def test_correlations_of_fields_by_training_and_configuration():
    rng = np.random.default_rng(0)
    area = rng.random((3, 50))
    looked = np.stack([area, -area, np.zeros_like(area)])  # of three trainings, one of which sees nothing
    fields = Fields(looked, area, packing=area**3)
    found = report.compare(fields)["grad_cam", "area"]
    np.testing.assert_allclose(found[:, :2], np.broadcast_to([[1.0], [-1.0]], (2, 2, 3)))
    assert np.isnan(found[:, 2]).all()
    row = report.summary(found)
    assert row["pearson"] == pytest.approx(0)
    assert row["pearson_error"] == pytest.approx(0)
    assert row["pearson_spread_of_trainings"] == pytest.approx(1)
    assert report.between_trainings(looked[:2]) == pytest.approx(-1)


def test_stillness_is_followed_through_time():
    rng = np.random.default_rng(1)
    area = rng.random((2, 50))
    stillness = np.stack([rng.random((2, 50)), area], axis=1)  # (glasses, times, particles)
    fields = Fields(np.stack([area, area]), area, packing=-area)
    moved = Motion(1.0, np.array([[0.1, 1.0], [0.1, 3.0]]), stillness)
    for name, sign in (("grad_cam", 1), ("area", 1), ("packing", -1)):
        np.testing.assert_allclose(report.follow(fields, name, moved)[:, 1], sign)
    best = report.peak(moved, report.follow(fields, "area", moved))
    assert best["delta"] == 2.0
    assert best["pearson"] == pytest.approx(1)
