from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import (
    Mixture,
    bayesian_information_criterion,
    check_mixture,
    fit_mixture,
    log_likelihood,
    membership,
    refine_mixture,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "learning_mixture.npz"


@pytest.fixture(scope="module")
def reference() -> dict[str, np.ndarray]:
    with np.load(REFERENCE) as file:
        return dict(file)


@pytest.fixture(scope="module")
def data(reference) -> jax.Array:
    return jnp.asarray(reference["data"])


@pytest.fixture(scope="module")
def fitted(data) -> Mixture:
    return fit_mixture(jax.random.key(0), data, 3, starts=8)


def start_of(reference: dict[str, np.ndarray]) -> Mixture:
    nan = jnp.array(jnp.nan)
    return Mixture(
        jnp.asarray(reference["weights_init"]),
        jnp.asarray(reference["means_init"]),
        jnp.asarray(np.linalg.inv(reference["precisions_init"])),
        nan,
        jnp.array(0),
        jnp.array(False),
        nan[None],
    )


def test_same_start_ends_where_scikit_learn_ends(reference, data):
    double = data.dtype == jnp.float64
    got = refine_mixture(start_of(reference), data, max_iterations=5000, tolerance=1e-12 if double else 1e-7)
    assert bool(got.converged)
    assert got.log_likelihood == pytest.approx(reference["log_likelihood"], abs=1e-9 if double else 2e-5)
    loose = 1e-4 if double else 2e-2  # the flat top of the likelihood: parameters lag behind it
    np.testing.assert_allclose(got.weights, reference["weights"], atol=loose)
    np.testing.assert_allclose(got.means, reference["means"], atol=loose)
    np.testing.assert_allclose(got.covariances, reference["covariances"], atol=loose)
    np.testing.assert_allclose(membership(got, data), reference["membership"], atol=loose)


def test_criterion_and_densities_equal_those_of_scikit_learn(reference, data):
    mixture = start_of(reference)._replace(
        weights=jnp.asarray(reference["weights"]),
        means=jnp.asarray(reference["means"]),
        covariances=jnp.asarray(reference["covariances"]),
    )
    assert log_likelihood(mixture, data).mean() == pytest.approx(reference["log_likelihood"], abs=1e-12)
    assert bayesian_information_criterion(mixture, data) == pytest.approx(reference["bic"], rel=1e-12)
    np.testing.assert_allclose(membership(mixture, data), reference["membership"], atol=1e-10)


def test_best_of_several_starts_is_as_good_as_scikit_learns(reference, data, fitted):
    assert fitted.log_likelihood >= reference["best_log_likelihood"] - 1e-5
    assert fitted.log_likelihood == fitted.start_log_likelihood.max()


def test_live_scikit_learn_agrees_on_other_data():
    sklearn_mixture = pytest.importorskip(
        "sklearn.mixture", reason="scikit-learn is in the experiments extra"
    )
    from threadpoolctl import threadpool_limits

    data = np.random.default_rng(3).normal(size=(300, 3))
    data[:100] = data[:100] * 0.3 + 2
    with threadpool_limits(1):  # its threads wait for each other by spinning, long where others work too
        theirs = sklearn_mixture.GaussianMixture(3, tol=1e-9, max_iter=3000, n_init=5, random_state=0)
        theirs.fit(data)
    ours = fit_mixture(jax.random.key(1), jnp.asarray(data), 3, starts=8)
    assert ours.log_likelihood >= theirs.score(data) - 1e-5
    np.testing.assert_allclose(membership(ours, jnp.asarray(data)).sum(axis=1), 1, atol=1e-12)


def test_a_key_fixes_the_fit_and_rows_may_come_in_any_scale_offset(data, fitted):
    again = fit_mixture(jax.random.key(0), data, 3, starts=8)
    np.testing.assert_array_equal(again.means, fitted.means)
    far = fitted._replace(means=fitted.means + 50)
    atol = 1e-6 if data.dtype == jnp.float64 else 2e-2
    np.testing.assert_allclose(membership(far, data + 50), membership(fitted, data), atol=atol)


def test_known_mixture_is_recovered():
    data = np.random.default_rng(5).normal(size=(300, 3))
    data[220:] = 0.1 * data[220:] + 4
    mixture = fit_mixture(jax.random.key(0), jnp.asarray(data), 3, starts=8)
    tight = np.argmin(np.linalg.norm(mixture.means - 4, axis=1))
    assert mixture.weights[tight] == pytest.approx(80 / 300, abs=1e-6)
    np.testing.assert_allclose(mixture.means[tight], data[220:].mean(axis=0), atol=1e-6)


def test_likelihood_is_differentiable_and_vmaps(data, fitted):
    four = np.asarray(data[:4])
    value = jax.jit(jax.grad(lambda x: log_likelihood(fitted, x).sum()))(four)
    step = 1e-5 * np.eye(12).reshape(12, 4, 3)
    moved = np.stack([four + step, four - step])
    each = jax.jit(jax.vmap(partial(log_likelihood, fitted)))(moved.reshape(24, 4, 3))
    ahead, behind = np.sum(each, axis=1).reshape(2, 12)
    np.testing.assert_allclose(np.ravel(value), (ahead - behind) / 2e-5, rtol=1e-6, atol=1e-8)
    batched = jax.jit(jax.vmap(partial(membership, fitted)))(data.reshape(10, 30, 3))
    np.testing.assert_allclose(np.reshape(batched, (-1, 3)), membership(fitted, data), atol=1e-12)


def test_unfinished_fit_says_so(data):
    short = fit_mixture(jax.random.key(0), data, 3, starts=8, max_iterations=2)
    assert not bool(short.converged)
    with pytest.raises(ValueError, match="still improving after 2 rounds; try a larger max_iterations"):
        check_mixture(short)


def test_complete_fit_passes_the_check(fitted):
    check_mixture(fitted)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda x: (x[:2], 3, {}), "expected at least 3 samples, got 2; try more particles"),
        (
            lambda x: (x.at[5, 1].set(jnp.nan), 3, {}),
            r"NaN or infinity in 1 of 300 samples \(1 of 3 columns\)",
        ),
        (lambda x: (x, 0, {}), "expected components, starts and max_iterations of at least 1"),
        (lambda x: (x, 2, {"regularization": -1.0}), "expected a regularization of 0 or more, got -1.0"),
    ],
)
def test_bad_input_is_told_with_a_remedy(data, change, sentence):
    bad, components, options = change(data)
    with pytest.raises(ValueError, match=sentence):
        fit_mixture(jax.random.key(0), bad, components, **options)


def test_constant_column_without_regularization_is_explained(data):
    flat = data.at[:, 2].set(1.0)
    broken = fit_mixture(jax.random.key(0), flat, 3, starts=8, regularization=0.0)
    with pytest.raises(ValueError, match="columns that never vary, or a larger regularization"):
        check_mixture(broken)
    check_mixture(fit_mixture(jax.random.key(0), flat, 3, starts=8))


@pytest.mark.usefixtures("unchecked")
def test_samples_of_any_type_are_learned_from():
    counts = np.array([[0, 1], [1, 0], [0, 2], [9, 8], [8, 9], [9, 9]] * 4)
    mixture = fit_mixture(jax.random.key(0), counts.tolist(), 2.0, starts=2)
    same = fit_mixture(jax.random.key(0), counts.astype(float), 2, starts=2)
    np.testing.assert_array_equal(mixture.means, same.means)
    np.testing.assert_array_equal(membership(mixture, counts), membership(same, jnp.asarray(counts, float)))
    for said, call in {
        r"data \(samples, features\), got shape \(24,\)": lambda: fit_mixture(
            jax.random.key(0), counts[:, 0], 2
        ),
        "data with the 2 features of the fit": lambda: membership(mixture, np.ones((3, 5))),
        "a whole number as components, got 1.5": lambda: fit_mixture(jax.random.key(0), counts, 1.5),
        "finite values": lambda: fit_mixture(jax.random.key(0), [[1, np.nan], [2, 3]], 2),
    }.items():
        with pytest.raises(ValueError, match=f"expected {said}.*; try"):
            call()
