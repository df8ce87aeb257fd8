"""The propensity against arithmetic, against other groups' published numbers, and under JAX's transformations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.dynamics.propensity import propensity_of_runs
from tdaglass.io import load_dataset


@pytest.fixture
def ensemble():
    rng = np.random.default_rng(4)
    initial = jnp.asarray(rng.uniform(0, 3, (7, 3)))
    return initial, initial + jnp.asarray(rng.normal(size=(5, 7, 3)))


@pytest.mark.float32
def test_the_definition(ensemble, tolerance):
    initial, runs = ensemble
    expected = [np.mean([np.linalg.norm(run[i] - initial[i]) for run in runs]) for i in range(7)]
    found = propensity_of_runs(initial, runs)
    np.testing.assert_allclose(found, expected, rtol=tolerance)
    assert found.dtype == initial.dtype


@pytest.mark.float32
def test_wrapped_runs_need_the_box_and_unwrapped_ones_do_not(ensemble, tolerance):
    initial, runs = ensemble
    box = jnp.array([9.0, 10.0, 11.0])
    images = jnp.asarray(np.random.default_rng(0).integers(-2, 3, runs.shape)) * box
    near = jnp.clip(runs, initial - 4, initial + 4)
    np.testing.assert_allclose(
        propensity_of_runs(initial, near + images, box),
        propensity_of_runs(initial, near),
        rtol=20 * tolerance,
    )


def test_one_system_is_mapped_over_times_and_configurations(ensemble):
    initial, runs = ensemble
    batch = jnp.stack([runs, 2 * runs, runs + 1])
    mapped = jax.jit(jax.vmap(propensity_of_runs, in_axes=(None, 0)))(initial, batch)
    np.testing.assert_allclose(mapped, [propensity_of_runs(initial, one) for one in batch], rtol=1e-14)


def test_the_gradient_is_that_of_differences_and_zero_at_rest(ensemble):
    initial, runs = ensemble

    def total(runs):
        return propensity_of_runs(initial, runs).sum()

    step = 1e-6
    direction = jnp.asarray(np.random.default_rng(1).normal(size=runs.shape))
    slope = (total(runs + step * direction) - total(runs - step * direction)) / (2 * step)
    np.testing.assert_allclose(jnp.vdot(jax.grad(total)(runs), direction), slope, rtol=1e-8)
    still = jax.grad(total)(jnp.broadcast_to(initial, runs.shape))
    np.testing.assert_array_equal(still, 0)


def test_botan_runs_are_unwrapped_and_give_the_published_propensity(public_data):
    folder = public_data / "glassy_dynamics"
    one = load_dataset(folder / "kob_andersen_3d_T0.44_alpha_config1_runs.npz", runs=True)
    published = load_dataset(folder / "kob_andersen_3d_T0.44_alpha.npz")
    np.testing.assert_array_equal(one.positions[0], published.positions[0])
    runs = one.runs[0, 0]
    assert np.any(runs < 0)
    assert np.any(runs > one.box[0])
    plain = propensity_of_runs(jnp.asarray(one.positions[0]), jnp.asarray(runs))
    nearest = propensity_of_runs(jnp.asarray(one.positions[0]), jnp.asarray(runs), jnp.asarray(one.box[0]))
    # Published in single precision. No particle has gone half a box, so that nearest images agree as well.
    for found in (plain, nearest):
        np.testing.assert_allclose(found, published.propensity[0, 0], rtol=5e-6)
    np.testing.assert_allclose(one.propensity[0, 0], plain, rtol=1e-14)


def test_glassbench_runs_start_from_the_thermal_positions(public_data):
    data = load_dataset(public_data / "glassy_dynamics" / "kob_andersen_2d_ternary_T0.23_config151.npz")
    runs = jnp.asarray(data.extra["runs_last"][0])
    found = propensity_of_runs(jnp.asarray(data.positions[0]), runs.astype(float))
    np.testing.assert_allclose(found, data.propensity[0, -1], rtol=5e-6)
