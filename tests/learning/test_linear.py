"""Ridge, LASSO and principal components, beside scikit-learn, refits and central differences."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import (
    check_lasso,
    cross_validate,
    jackknife,
    lasso,
    predict_linear,
    principal_components,
    principal_coordinates,
    r_squared,
    random_folds,
    ridge,
    ridge_left_out,
    root_mean_square_error,
)
from tdaglass.learning.linear import damped

REFERENCE = Path(__file__).parents[1] / "reference" / "linear.npz"
FORMS = ("wide", "tall")
DOUBLE = jax.config.jax_enable_x64
# Relative to the largest number of an array. In single precision the digits of a solution that a small alpha
# leaves are those of the squared features.
TOLERANCE = 1e-10 if DOUBLE else 3e-4
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module", params=FORMS)
def reference(request) -> dict[str, np.ndarray]:
    with np.load(REFERENCE) as file:
        prefix = f"{request.param}/"
        found = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
        return found | {key: file[key] for key in ("alphas", "sparse_alphas")}


def assert_close(ours, theirs, tolerance=TOLERANCE):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


@pytest.mark.float32
def test_ridge_is_scikit_learns(reference):
    x, y, alphas = (reference[name] for name in ("x", "y", "alphas"))
    several = alphas if DOUBLE else alphas[1:]
    found = ridge(x, y, several)
    for key, ours in (("ridge", found.coefficients), ("ridge_intercept", found.intercept)):
        assert_close(ours, reference[key][-len(several) :])
    assert_close(r_squared(y, predict_linear(found, x)), reference["r_squared"][-len(several) :])
    assert_close(
        ridge(x, y, several, intercept=False).coefficients, reference["no_intercept"][-len(several) :]
    )
    one = ridge(x, y, several[0])
    assert one.coefficients.shape == x.shape[1:]
    assert_close(one.coefficients, found.coefficients[0])


@pytest.mark.float32
def test_lasso_is_scikit_learns(reference):
    x, y, alphas = (reference[name] for name in ("x", "y", "sparse_alphas"))
    found = lasso(x, y, alphas, tolerance=1e-13)
    check_lasso(found)
    assert_close(found.coefficients, reference["lasso"])
    assert_close(found.intercept, reference["lasso_intercept"])
    np.testing.assert_array_equal(found.coefficients == 0, reference["lasso"] == 0)


def test_copies_of_features_share_what_the_lasso_gives_to_one(reference):
    x, y, alphas = (reference[name] for name in ("x", "y", "sparse_alphas"))
    twice = lasso(np.concatenate([x, x], axis=1), y, alphas, tolerance=1e-9)
    check_lasso(twice)
    of_one = twice.coefficients.reshape(len(alphas), 2, -1).sum(axis=1)
    expected = reference["lasso"]
    # A gap of 1e-9 of the squares leaves the root of that in predictions.
    np.testing.assert_allclose(of_one @ x.T, expected @ x.T, atol=1e-4 * np.abs(y).max())


@pytest.mark.float32
def test_principal_components_are_scikit_learns(reference):
    x = reference["x"]
    found = principal_components(x, 5)
    for key in ("components", "variances", "shares"):
        assert_close(getattr(found, key), reference[key])
    assert_close(principal_coordinates(found, x), reference["coordinates"])


def test_components_without_variance_are_zero():
    found = principal_components(np.outer(np.arange(4.0), np.ones(6)), 3)
    np.testing.assert_allclose(found.components, np.outer([1, 0, 0], np.full(6, 6**-0.5)), atol=1e-12)
    np.testing.assert_array_equal(found.variances[1:], 0)


def test_large_matrices_are_solved_without_eigenvectors():
    n = damped.LARGE + 1
    root, right = RNG.normal(size=(n, 5)), RNG.normal(size=(n, 1))
    alpha = jnp.array(0.5)
    found = damped.damped_solver(jnp.asarray(root @ root.T), alpha)(alpha, jnp.asarray(right))
    # Woodbury's formula, with five rows.
    expected = (right - root @ np.linalg.solve(0.5 * np.eye(5) + root.T @ root, root.T @ right)) / 0.5
    assert_close(found, expected)


def refit(alpha, intercept, x, y, new):
    """Ridge from its definition, by NumPy."""
    mean_x, mean_y = (x.mean(0), y.mean()) if intercept else (np.zeros(x.shape[1]), 0.0)
    rows = np.asarray(x - mean_x)
    return mean_y + (new - mean_x) @ np.linalg.solve(
        rows.T @ rows + alpha * np.eye(x.shape[1]), rows.T @ (y - mean_y)
    )


def test_ridge_left_out_equals_refits(reference):
    """One by one, by whole groups of different sizes, without an intercept; exactly."""
    x, y = reference["x"], reference["y"]
    folds = random_folds(jax.random.key(0), len(y), 3)
    for groups, intercept in ((None, True), (folds, True), (folds, False)):
        found = ridge_left_out(x, y, (0.1, 10.0), groups, intercept=intercept)
        for alpha, ours in zip((0.1, 10.0), found, strict=True):
            of = np.arange(len(y)) if groups is None else groups
            assert_close(ours, cross_validate(partial(refit, alpha, intercept), x, y, of))


@pytest.mark.parametrize("samples", [7, 12], ids=FORMS)
def test_derivatives_equal_central_differences(samples):
    """With respect to samples, targets and alpha, where samples and features repeat."""
    x = RNG.normal(size=(samples, 10))
    x[-1], x[:, -2:] = x[0], 1.0
    y, of = x[:, 0] + RNG.normal(size=samples), RNG.normal(size=10)

    def everything(x, y, alpha):
        one, several = ridge(x, y, alpha), ridge(x, y, jnp.stack([alpha, 2 * alpha]))
        left_out = (ridge_left_out(x, y, alpha, groups) for groups in (None, np.arange(samples) % 3))
        sparse = lasso(x, y, alpha / 5, tolerance=1e-14)
        parts = principal_components(x, 2)
        return jnp.stack(
            [
                of @ one.coefficients + one.intercept,
                of @ several.coefficients.sum(0),
                *(r_squared(y, left) for left in left_out),
                of @ sparse.coefficients + sparse.intercept,
                of @ parts.components[1] + parts.shares[0],
            ]
        )

    everything = jax.jit(everything)
    arguments = x, y, jnp.array(0.7)
    along = tuple(RNG.normal(size=np.shape(a)) for a in arguments)
    step = 1e-5
    up, down = (
        everything(*(a + sign * step * d for a, d in zip(arguments, along, strict=True))) for sign in (1, -1)
    )
    slopes = jax.jit(jax.jacrev(everything, argnums=(0, 1, 2)))(*arguments)
    found = sum(np.tensordot(s, d, np.ndim(d)) for s, d in zip(slopes, along, strict=True))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, (up - down) / (2 * step), rtol=1e-6)


@pytest.mark.parametrize("samples", [8, 4], ids=("tall", "wide"))
def test_derivatives_of_what_repeated_variances_have_in_common(samples):
    """Two components of the same variance are not defined; the plane that they span is."""
    x = np.zeros((samples, 6))
    x[:4, :4] = np.diag([3.0, 2.0, 2.0, 1.0])
    x[4:, :4] = -x[: samples - 4, :4]
    if samples == 4:  # four points about their mean, with two equal variances
        x[:, :4] = (
            np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) @ np.diag([3.0, 2, 2]) @ np.eye(3, 4)
        )
    toward, along = RNG.normal(size=6), RNG.normal(size=x.shape)

    @jax.jit
    def in_plane(x):
        found = principal_components(x, 3)
        return jnp.sum((found.components[1:] @ toward) ** 2) + found.variances[1:].sum()

    np.testing.assert_allclose(*principal_components(x, 3).variances[1:], rtol=1e-12)
    step = 1e-5
    expected = (in_plane(x + step * along) - in_plane(x - step * along)) / (2 * step)
    np.testing.assert_allclose(np.sum(jax.grad(in_plane)(x) * along), expected, rtol=1e-6)


def test_batches_equal_loops():
    x, y = RNG.normal(size=(3, 7, 10)), RNG.normal(size=(3, 7))

    @jax.jit
    def everything(x, y):
        return (
            ridge(x, y, 1.0),
            ridge_left_out(x, y, jnp.array([0.1, 1.0])),
            lasso(x, y, 0.1, tolerance=1e-12).coefficients,
            principal_components(x, 2),
        )

    together, alone = jax.jit(jax.vmap(everything))(x, y), everything(x[1], y[1])
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a[1], b, rtol=1e-9, atol=1e-12), together, alone)


def test_whole_groups_stay_together():
    groups = np.repeat(["b", "a", "d", "c", "e"], [3, 1, 2, 4, 2])
    folds = random_folds(jax.random.key(1), len(groups), 2, groups)
    assert all(len(set(folds[groups == g])) == 1 for g in "abcde")
    assert sorted(len(set(groups[folds == k])) for k in (0, 1)) == [2, 3]


def test_jackknife_of_a_mean_is_its_standard_error():
    y = RNG.normal(size=20)

    def mean(y, _, weights):
        return jnp.sum(weights * y) / jnp.sum(weights)

    found = jackknife(mean, y, y)
    np.testing.assert_allclose(found, (y.mean(), y.std(ddof=1) / np.sqrt(20)), rtol=1e-12)
    # Copies tell nothing new, if they are said to be copies.
    again = jackknife(mean, np.repeat(y, 3), np.repeat(y, 3), np.repeat(np.arange(20), 3))
    np.testing.assert_allclose(again, found, rtol=1e-12)


def test_error_of_r_squared_is_how_it_varies():
    """Of many draws of samples and predictions: their scatter is what the jackknife says of each."""
    y = RNG.normal(size=(200, 60))
    predicted = y + 0.6 * RNG.normal(size=y.shape)
    found = jax.vmap(lambda y, p: jackknife(r_squared, y, p))(y, predicted)
    scatter = np.std(found.value, ddof=1)
    # The scatter of 200 draws is known to a twentieth; the jackknife of 60 samples has a bias of a few percent.
    assert abs(np.mean(found.error) / scatter - 1) < 0.15


@pytest.mark.parametrize(
    ("function", "arguments", "says"),
    [
        (ridge, ([[1.0], [2.0]], [1.0, 2.0], 0.0), "expected positive alpha, got 0; try"),
        (ridge, ([[1.0], [2.0]], [1.0, 2.0], [1.0, np.nan]), "expected positive alpha, got nan; try"),
        (ridge, ([[1.0], [2.0]], [1.0, 2.0], [[1.0]]), "expected one alpha or a row"),
        (ridge, ([[1.0]], [1.0], 1.0), "expected at least 2 samples to learn from, got 1; try"),
        (ridge, ([[1.0], [2.0]], [1.0], 1.0), "expected a target for each of 2 samples"),
        (
            ridge,
            ([[1.0], [np.nan]], [1.0, 2.0], 1.0),
            "expected finite samples, got NaN or infinity in 1 of 2",
        ),
        (lasso, ([[1.0], [2.0]], [1.0, np.inf], 1.0), "expected finite targets"),
        (ridge_left_out, ([[1.0], [2.0]], [1.0, 2.0], 1.0, [0, 0]), "expected at least 2 groups, got 1"),
        (ridge_left_out, ([[1.0], [2.0]], [1.0, 2.0], 1.0, [0]), "expected a group for each of 2 samples"),
        (principal_components, ([[1.0, 2.0], [2.0, 3.0]], 2), "expected at most 1 components"),
        (jackknife, (r_squared, [1.0, 2.0], [1.0, 2.0]), "expected at least 3 groups"),
        (r_squared, ([1.0, 2.0], [1.0]), "expected targets"),
        (root_mean_square_error, ([], []), "expected targets"),
        (random_folds, (jax.random.key(0), 3, 4), "expected at most as many folds as samples, 3, got 4"),
    ],
)
def test_bad_input_is_a_sentence(function, arguments, says):
    with pytest.raises(ValueError, match=says):
        function(*arguments)


def test_a_lasso_cut_short_says_so():
    x = RNG.normal(size=(10, 30)) + 10 * RNG.normal(size=(10, 1))
    with pytest.raises(ValueError, match="expected a duality gap within the tolerance"):
        check_lasso(lasso(x, x[:, 0] + RNG.normal(size=10), 1e-4, tolerance=1e-14, max_iterations=1))
