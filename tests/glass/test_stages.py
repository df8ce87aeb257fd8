"""Stages of heating and cooling: frames where they are asked for, and what is refused."""

import jax
import numpy as np
import pytest
from glass_systems import assert_same_bits

from tdaglass import glass

STAGES = (
    glass.Stage(1.0, 2.0, 0.05),
    glass.Stage(2.0, 2.0, 0.1, frames=3),
    glass.Stage(2.0, 0.5, 0.1, frames=2),
)


@pytest.fixture(scope="module")
def liquid():
    model = glass.wahnstrom(n=250)
    return model, glass.initialize(jax.random.key(0), model, temperature=1.0)


def test_stages_are_the_runs_and_ramps_that_they_are_made_of(liquid):
    model, state = liquid
    kept = {}
    end, seen, stage = glass.run_stages(
        state, model, STAGES, dt=0.005, keep=lambda name, compute: kept.setdefault(name, compute())
    )
    assert list(kept) == ["stage-0", "stage-1", "stage-2"]
    assert seen.step.tolist() == [17, 23, 30, 40, 50]
    assert stage.tolist() == [1, 1, 1, 2, 2]
    by_hand, _ = glass.cool(state, model, start=1.0, stop=2.0, rate=20.0, dt=0.005)
    by_hand = glass.run(by_hand, model, 20, temperature=2.0, dt=0.005)
    np.testing.assert_array_equal(by_hand.configuration.positions, seen.positions[2])
    np.testing.assert_array_equal(glass.measure(by_hand, model).temperature, seen.thermo.temperature[2])
    again, seen_again, _ = glass.run_stages(
        state, model, STAGES, dt=0.005, keep=lambda name, compute: kept.get(name) or compute()
    )
    assert_same_bits(again, end)
    np.testing.assert_array_equal(seen_again.positions, seen.positions)
    assert int(end.step) == 50


def test_stages_without_frames_show_none(liquid):
    model, state = liquid
    _, seen, stage = glass.run_stages(state, model, STAGES[:1], dt=0.005)
    assert seen.positions.shape == (0, 250, 3)
    assert len(stage) == len(seen.thermo.temperature) == 0


def test_stages_that_cannot_be_are_refused_with_a_remedy(liquid):
    model, state = liquid
    with pytest.raises(ValueError, match="expected stages, got none; try"):
        glass.run_stages(state, model, [], dt=0.005)
    with pytest.raises(
        ValueError, match=r"expected a step or more .* stage 0, got 2 steps and 3 frames; try"
    ):
        glass.run_stages(state, model, [glass.Stage(1.0, 1.0, 0.01, frames=3)], dt=0.005)
    with pytest.raises(ValueError, match="expected a positive time of a stage, got 0; try"):
        glass.Stage(1.0, 1.0, 0.0)
