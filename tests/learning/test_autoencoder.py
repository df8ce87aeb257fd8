import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.learning import (
    FittedAutoencoder,
    check_autoencoder,
    decode,
    encode,
    fit_autoencoder,
    fit_standardization,
    fraction_of_variance_explained,
    standardize,
    unstandardize,
)
from tdaglass.learning.networks.autoencoder import network_of

OPTIONS = {"hidden": 8, "starts": 3, "max_iterations": 300}


@pytest.fixture(scope="module")
def arc() -> jax.Array:
    """A half circle with a little noise: one curved coordinate, which no straight line explains."""
    random = np.random.default_rng(0)
    angle = random.uniform(0, np.pi, 300)
    clean = np.stack([5 * np.cos(angle), np.sin(angle), 3 + np.cos(angle)], axis=1)
    return jnp.asarray(clean + 0.01 * random.normal(size=clean.shape))


@pytest.fixture(scope="module")
def fitted(arc) -> FittedAutoencoder:
    return fit_autoencoder(jax.random.key(1), arc, **OPTIONS)


def test_a_curve_is_unrolled_better_than_by_any_straight_line(arc, fitted):
    scaled = standardize(fit_standardization(arc), arc)
    straight = np.linalg.svd(scaled, compute_uv=False) ** 2
    first_component = straight[0] / straight.sum()
    explained = fraction_of_variance_explained(fitted, arc)
    assert explained > 0.98 > first_component + 0.2
    assert encode(fitted, arc).shape == (300, 1)


def test_fraction_explained_is_its_definition(arc, fitted):
    scale = fitted.standardization.scale
    rest = (decode(fitted, encode(fitted, arc)) - arc) / scale
    spread = (arc - arc.mean(axis=0)) / scale
    expected = float(1 - (rest**2).sum() / (spread**2).sum())
    assert fraction_of_variance_explained(fitted, arc) == pytest.approx(expected, rel=1e-10)
    assert fitted.info.start_variance_explained.max() == pytest.approx(expected, rel=1e-10)


def test_its_network_gives_the_same_by_rows_and_by_columns(arc, fitted):
    network = network_of(fitted.parameters)
    assert (network.hidden, network.bottleneck) == (8, 1)
    scaled = standardize(fitted.standardization, arc)
    rows = network.apply(fitted.parameters, scaled)
    expected = unstandardize(fitted.standardization, rows)
    np.testing.assert_array_equal(decode(fitted, encode(fitted, arc)), expected)
    columns = network.apply_to_columns(fitted.parameters, scaled.T)
    np.testing.assert_allclose(columns.T, rows, rtol=1e-10, atol=1e-12)


def test_smallest_sufficient_bottleneck_is_taken_and_reproduced_by_name(arc, fitted):
    tried = fitted.info.bottleneck_variance_explained
    assert tried[0] >= 0.75
    assert np.isnan(tried[1:]).all()
    wider = fit_autoencoder(jax.random.key(1), arc, variance_explained=0.9999, **OPTIONS)
    width = encode(wider, arc).shape[1]
    assert width > 1
    assert wider.info.bottleneck_variance_explained[width - 2] < 0.9999
    named = fit_autoencoder(jax.random.key(1), arc, bottleneck=width, **OPTIONS)
    np.testing.assert_array_equal(encode(named, arc), encode(wider, arc))


def test_plane_is_found_as_well_as_by_principal_components():
    random = np.random.default_rng(3)
    flat = jnp.asarray(random.normal(size=(300, 2)) @ random.normal(size=(2, 3)))
    model = fit_autoencoder(jax.random.key(5), flat, bottleneck=2, **OPTIONS)
    assert fraction_of_variance_explained(model, flat) > 0.995


def test_the_loss_falls_and_the_record_tells_when_it_stopped(fitted):
    histories, ended = np.asarray(fitted.info.loss_history), np.asarray(fitted.info.converged)
    for history, converged in zip(histories, ended, strict=True):
        steps = int((~np.isnan(history)).sum())
        assert (np.diff(history[:steps]) <= 1e-12).all()
        assert converged == (steps < 300)
        if converged:
            assert history[steps - 11] - history[steps - 1] <= 1.1e-4 * history[steps - 12]


def test_same_key_same_fit_other_key_other_fit(arc, fitted):
    again = fit_autoencoder(jax.random.key(1), arc, **OPTIONS)
    np.testing.assert_array_equal(encode(again, arc), encode(fitted, arc))
    other = fit_autoencoder(jax.random.key(2), arc, **OPTIONS)
    assert not np.allclose(encode(other, arc), encode(fitted, arc))


def test_units_of_a_column_do_not_matter(arc, fitted):
    units = jnp.array([1e-3, 1.0, 1e3])
    rescaled = fit_autoencoder(jax.random.key(1), arc * units, **OPTIONS)
    explained = fraction_of_variance_explained(rescaled, arc * units)
    assert explained == pytest.approx(float(fraction_of_variance_explained(fitted, arc)), abs=2e-3)


def test_encode_is_a_pure_function_of_the_record(arc, fitted):
    np.testing.assert_allclose(jax.jit(encode)(fitted, arc), encode(fitted, arc), rtol=1e-10)
    np.testing.assert_allclose(
        jax.vmap(lambda x: encode(fitted, x))(arc), encode(fitted, arc), rtol=1e-9, atol=1e-12
    )


def test_unfinished_fit_says_so(arc):
    short = fit_autoencoder(jax.random.key(0), arc, bottleneck=1, tolerance=0.0, **OPTIONS)
    assert not short.info.converged.any()
    with pytest.raises(
        ValueError, match=r"still improving after 300 iterations .* try a larger max_iterations"
    ):
        check_autoencoder(short)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"bottleneck": 4}, "expected a bottleneck of 1 to 3, the number of features, got 4"),
        ({"variance_explained": 1.5}, "expected a fraction of variance between 0 and 1, got 1.5"),
        ({"hidden": 0}, "expected hidden, starts and max_iterations of at least 1"),
    ],
)
def test_bad_settings_are_told_with_a_remedy(arc, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        fit_autoencoder(jax.random.key(0), arc, **change)


def test_bad_data_are_told_with_a_remedy(arc):
    with pytest.raises(ValueError, match="expected at least 3 samples, got 2"):
        fit_autoencoder(jax.random.key(0), arc[:2])
    with pytest.raises(ValueError, match=r"in 1 of 300 samples \(1 of 3 columns\); try a larger cut-off"):
        fit_autoencoder(jax.random.key(0), arc.at[4, 2].set(jnp.inf))


def test_a_constant_column_is_carried_through(arc):
    flat = arc.at[:, 1].set(0.1)
    model = fit_autoencoder(jax.random.key(0), flat, bottleneck=1, **OPTIONS)
    assert jnp.isfinite(encode(model, flat)).all()
    np.testing.assert_allclose(decode(model, encode(model, flat))[:, 1], 0.1, atol=0.05)


def test_standardize_and_back(arc, tolerance):
    model = fit_standardization(arc)
    scaled = standardize(model, arc)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=10 * tolerance)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=100 * tolerance)
    np.testing.assert_allclose(unstandardize(model, scaled), arc, rtol=1e3 * tolerance, atol=10 * tolerance)
