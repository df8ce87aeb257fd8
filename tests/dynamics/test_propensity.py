"""The propensity against arithmetic, against other groups' published numbers, and under JAX's transformations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.dynamics import correlation_with_propensity, propensity_ceiling, propensity_reliability
from tdaglass.dynamics.propensity import propensity_of_runs
from tdaglass.io import load_dataset
from tdaglass.structure import cutoff_neighbors


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


def test_any_numbers_and_cells_are_taken(ensemble):
    initial, runs = np.round(ensemble[0]), np.round(ensemble[1])
    expected = propensity_of_runs(jnp.asarray(initial), jnp.asarray(runs))
    for kind in (np.int8, np.int64, np.float32, list):
        a, b = (x.tolist() if kind is list else x.astype(kind) for x in (initial, runs))
        np.testing.assert_allclose(propensity_of_runs(a, b), expected, rtol=1e-6)
    # A cell that leans: whole lattice vectors are no motion; an open axis has no images.
    cell = np.array([[9.0, 0, 0], [4.0, 9.0, 0], [0, 3.0, 9.0]])
    near = np.asarray(ensemble[0]) + 0.4 * np.asarray(ensemble[1] - ensemble[0])
    images = np.random.default_rng(0).integers(-2, 3, near.shape)
    plain = propensity_of_runs(ensemble[0], near)
    np.testing.assert_allclose(propensity_of_runs(ensemble[0], near + images @ cell, cell), plain, rtol=1e-10)
    film = [9.0, 9.0, np.inf]
    moved = near + images * [9.0, 9.0, 0.0]
    np.testing.assert_allclose(propensity_of_runs(ensemble[0], moved, film), plain, rtol=1e-10)
    np.testing.assert_allclose(propensity_of_runs(ensemble[0], near + 9 * images, 9), plain, rtol=1e-10)


def test_relative_to_the_cage(ensemble):
    initial, runs = ensemble
    cage = cutoff_neighbors(initial, None, 2.5)
    together = runs + jnp.asarray(np.random.default_rng(2).normal(size=(5, 1, 3)))
    expected = np.zeros(7)
    moved = np.asarray(runs - initial)
    for i in range(7):
        members = np.asarray(cage.idx[i])[np.asarray(cage.mask[i])]
        expected[i] = np.linalg.norm(moved[:, i] - moved[:, members].mean(1), axis=-1).mean()
    np.testing.assert_allclose(propensity_of_runs(initial, together, cage=cage), expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, r: (x, r[0]), r"runs \(replicas, 7, 3\), got shape \(7, 3\); try runs\[None\]"),
        (lambda x, r: (x, r[:, :6]), r"got shape \(5, 6, 3\)"),
        (lambda x, r: (x, r[:0]), r"got shape \(0, 7, 3\)"),
        (lambda x, r: (x[None], r), "of one system"),
        (lambda x, r: (x.at[3, 1].set(jnp.nan), r), "for particle 3"),
        (lambda x, r: (x, r.at[2, 3, 1].set(jnp.inf)), "for particle 3 of run 2"),
        (lambda x, r: (x, r, [1.0, -1.0, 1.0]), "positive box edges"),
        (lambda x, r: (x, r > 0), "real numbers as runs"),
    ],
)
def test_what_is_no_ensemble_is_refused(ensemble, change, message):
    with pytest.raises(ValueError, match=f"expected [^\n]*{message}|{message}"):
        propensity_of_runs(*change(*ensemble))


def test_reliability_is_the_correlation_of_repetitions_and_its_root_the_ceiling():
    """A score that knows what the structure decides, exactly, correlates as high as is said, and not higher."""
    random = np.random.default_rng(5)
    n, n_runs = 4000, 12
    species = np.arange(n) % 2
    reach = np.exp(np.where(species, 0.5, 0.2) * random.normal(size=n))
    runs = [reach[:, None] * random.normal(size=(n_runs, n, 3)) for _ in range(2)]
    found = propensity_reliability(np.zeros((n, 3)), runs[0], species=species)
    moved = np.stack([propensity_of_runs(np.zeros((n, 3)), r) for r in runs])
    for s in (0, 1):
        of = species == s
        again = np.corrcoef(moved[:, of])[0, 1]
        assert found.reliability.pearson[s] == pytest.approx(again, abs=0.03)
    known = correlation_with_propensity(reach[None], moved[:1, None], species[None])
    np.testing.assert_allclose(found.ceiling.pearson, known.pearson[0, :, 0], atol=0.015)
    np.testing.assert_allclose(found.ceiling.spearman, known.spearman[0, :, 0], atol=0.015)
    distance = np.linalg.norm(runs[0], axis=-1)
    errors = distance.std(0, ddof=1) / n_runs**0.5
    ceiling = propensity_ceiling(distance.mean(0)[None, None], errors[None, None], species[None])
    np.testing.assert_allclose(ceiling[0, :, 0], found.ceiling.pearson, atol=0.01)
    odd = propensity_reliability(np.zeros((n, 3)), runs[0][:11], species=species)
    np.testing.assert_allclose(odd.reliability.pearson, found.reliability.pearson, atol=0.03)
    with pytest.raises(ValueError, match="two runs or more, got 1"):
        propensity_reliability(np.zeros((n, 3)), runs[0][:1])


def test_the_ceiling_of_public_runs_by_both_ways(public_data):
    one = load_dataset(
        public_data / "glassy_dynamics" / "kob_andersen_3d_T0.44_alpha_config1_runs.npz", runs=True
    )
    species = one.configuration.species[0]
    found = propensity_reliability(one.positions[0], one.runs[0, 0], species=species)
    distance = np.linalg.norm(one.runs[0, 0] - one.positions[0], axis=-1)
    errors = distance.std(0, ddof=1) / len(distance) ** 0.5
    by_errors = propensity_ceiling(distance.mean(0)[None, None], errors[None, None], species[None])
    np.testing.assert_allclose(by_errors[0, :, 0], found.ceiling.pearson, atol=0.01)
