"""Relaxation times and diffusion: exact curves, calibrated errors on noisy ones, refusals with a remedy."""

import jax.numpy as jnp
import numpy as np
import pytest

from tdaglass.dynamics.relaxation import (
    diffusion,
    diffusion_time,
    fit_stretched_exponential,
    relaxation_time,
)

TIMES = np.geomspace(0.01, 200, 60)
TRUTH = np.array([0.8, 12.0, 0.65])


def decay(t, amplitude=TRUTH[0], tau=TRUTH[1], beta=TRUTH[2]):
    """A cage that is felt within 0.1, then the stretched exponential."""
    return (amplitude + (1 - amplitude) * np.exp(-((t / 0.1) ** 2))) * np.exp(-((t / tau) ** beta))


def random_walks(seed, configurations, d=3, coefficient=0.02):
    """Mean squared displacement (configurations, times) of 30 Brownian particles each, which also rattle."""
    rng = np.random.default_rng(seed)
    t = np.linspace(1, 100, 40)
    shape = (configurations, len(t), 30, d)
    steps = rng.normal(size=shape) * np.sqrt(2 * coefficient * np.diff(t, prepend=0))[:, None, None]
    positions = steps.cumsum(axis=1) + 0.1 * rng.normal(size=shape)
    return t, (positions**2).sum(-1).mean(-1)


@pytest.mark.float32
@pytest.mark.parametrize("start", [None, 1.0, 5.0])
def test_exact_curve_gives_its_parameters(start, tolerance):
    fit = fit_stretched_exponential(jnp.asarray(TIMES), jnp.asarray(decay(TIMES)), start=start)
    # Without start the fit begins at 0.7 of 1, after the cage's own decay.
    np.testing.assert_allclose(fit[:3], TRUTH, rtol=100 * tolerance + 1e-7)


def test_default_start_is_where_the_curve_falls_below_the_plateau():
    curve = decay(TIMES)
    first = TIMES[np.argmax(curve <= 0.7)]
    by_default, by_hand = (fit_stretched_exponential(TIMES, curve, start=start) for start in (None, first))
    assert by_default[:3] == by_hand[:3]
    assert by_default[:3] != fit_stretched_exponential(TIMES, curve, start=first / 2)[:3]


@pytest.mark.parametrize("given", [False, True])
def test_errors_from_independent_points_are_calibrated(given):
    sizes = 0.01 * (1 + np.linspace(0, 2, len(TIMES)) * given)
    pulls = []
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(size=len(TIMES)) * sizes
        fit = fit_stretched_exponential(
            TIMES, decay(TIMES) + noise, start=0.5, errors=sizes if given else None
        )
        pulls.append((np.array(fit[:3]) - TRUTH) / fit.standard_errors)
    check_pulls(pulls)


def test_jackknife_is_calibrated_where_points_of_one_curve_err_together():
    pulls = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        taus = TRUTH[1] * np.exp(0.02 * rng.normal(size=(25, 1)))
        curves = decay(TIMES, tau=taus) + 0.002 * rng.normal(size=(25, len(TIMES)))
        fit = fit_stretched_exponential(TIMES, curves, start=0.5)
        pulls.append((np.array(fit[:3]) - TRUTH) / fit.standard_errors)
    check_pulls(pulls)


def check_pulls(pulls):
    """(estimate - truth) / standard error over many seeds has mean 0 and width 1."""
    pulls = np.array(pulls)
    n = len(pulls)
    assert np.all(np.abs(pulls.mean(axis=0)) < 4 / np.sqrt(n))
    # The variance of n normal numbers scatters by sqrt(2/n).
    assert np.all(np.abs(pulls.var(axis=0) - 1) < 4 * np.sqrt(2 / n))
    assert np.mean(np.abs(pulls) > 3) < 0.02


def test_covariance_and_standard_errors_agree():
    noise = 0.01 * np.random.default_rng(0).normal(size=len(TIMES))
    fit = fit_stretched_exponential(TIMES, decay(TIMES) + noise, start=0.5)
    np.testing.assert_allclose(fit.standard_errors**2, np.diag(fit.covariance))
    assert np.all(np.linalg.eigvalsh(fit.covariance) > 0)


@pytest.mark.parametrize(
    ("times", "curve", "options", "message"),
    [
        (TIMES, np.where(TIMES > 5, np.nan, decay(TIMES)), {}, "finite times and scattering"),
        (TIMES[::-1], decay(TIMES), {}, "increasing times"),
        (TIMES, decay(TIMES), {"start": 110.0}, "at least 5 times in the long-time part, got"),
        (TIMES, decay(TIMES, tau=1e5), {}, r"falls to 0.7 .* try a longer run"),
        (TIMES, decay(TIMES, tau=1e4), {"start": 1.0}, "falls to less than half .* try a longer run"),
        (
            TIMES,
            decay(TIMES, tau=260, beta=1.0),
            {"start": 1.0},
            "ends at 200 with 0.371 left and tau = 260;",
        ),
        (TIMES, np.ones_like(TIMES), {"start": 1.0}, "falls to less than half .* try a longer run"),
        (TIMES, np.where(TIMES < 10, 0.9, 0.1), {"start": 9.0}, "got one that"),
        (TIMES[40:], decay(TIMES[40:]), {}, "starts above 0.7 .* try shorter first times"),
        (TIMES, decay(TIMES), {"errors": 0 * TIMES}, "positive, finite errors"),
    ],
)
def test_fit_refuses_with_a_remedy(times, curve, options, message):
    with pytest.raises(ValueError, match=message):
        fit_stretched_exponential(times, curve, **options)


@pytest.mark.float32
def test_relaxation_time_is_exact_on_a_curve_linear_in_log_time(tolerance):
    t = jnp.asarray([0.0, 0.1, 1.0, 10.0, 100.0])
    curve = jnp.asarray([1.0, 0.9, 0.7, 0.5, 0.3])
    assert relaxation_time(t, curve, level=0.6) == pytest.approx(10**0.5, rel=10 * tolerance)
    assert relaxation_time(t, curve) == pytest.approx(
        10 ** (1 + (0.5 - np.exp(-1)) / 0.2), rel=10 * tolerance
    )


def test_relaxation_time_takes_the_first_crossing_and_exact_hits():
    t = np.array([1.0, 2.0, 4.0, 8.0])
    assert relaxation_time(t, np.array([0.9, 0.5, 0.1, 0.6]), level=0.5) == 2.0
    assert relaxation_time(t, np.array([0.9, 0.3, 0.8, 0.1]), level=0.6) == pytest.approx(2**0.5)


def test_relaxation_time_of_a_dense_decay_is_its_tau():
    t = np.geomspace(0.01, 100, 400)
    assert relaxation_time(t, np.exp(-((t / 7) ** 0.6))) == pytest.approx(7, rel=1e-3)


@pytest.mark.parametrize(
    ("times", "curve", "message"),
    [
        ([1.0, 2.0, 3.0], [0.9, 0.8, 0.5], "falls to 0.368 .* got 0.5 .* try a longer run"),
        ([1.0, 2.0, 3.0], [0.3, 0.2, 0.1], "try shorter first times"),
        ([0.0, 2.0, 3.0], [1.0, 0.2, 0.1], "a time between 0 and the fall"),
        ([1.0, 2.0, 3.0], [0.9, np.inf, 0.1], "finite"),
        ([1.0, 2.0, 2.0], [0.9, 0.5, 0.1], "increasing"),
        ([1.0], [0.9], "two or more"),
    ],
)
def test_relaxation_time_refuses_with_a_remedy(times, curve, message):
    with pytest.raises(ValueError, match=message):
        relaxation_time(np.array(times), np.array(curve))


@pytest.mark.float32
@pytest.mark.parametrize("d", [2, 3])
def test_diffusion_of_an_exact_line(d, tolerance):
    t = jnp.geomspace(0.1, 1000, 50)
    result = diffusion(t, 2 * d * 0.03 * t + 0.05, d)
    assert result.coefficient == pytest.approx(0.03, rel=100 * tolerance)
    assert result.exponent == pytest.approx(1, abs=0.01)
    assert result.standard_error < 1e-3 * result.coefficient


def test_diffusion_error_over_configurations_is_calibrated():
    pulls = []
    for seed in range(100):
        t, msd = random_walks(seed, configurations=30)
        result = diffusion(t, msd, 3)
        pulls.append([(result.coefficient - 0.02) / result.standard_error])
    check_pulls(pulls)


def test_diffusion_error_of_one_curve_is_calibrated_for_independent_points():
    pulls, t = [], np.geomspace(1, 100, 40)
    for seed in range(200):
        msd = (6 * 0.02 * t + 0.05) * (1 + 0.02 * np.random.default_rng(seed).normal(size=len(t)))
        result = diffusion(t, msd, 3)
        pulls.append([(result.coefficient - 0.02) / result.standard_error])
    # The few points of the last decade give Student's t, whose variance is dof / (dof - 2).
    dof = np.sum(t >= t[-1] / 10) - 2
    check_pulls(np.array(pulls) * np.sqrt((dof - 2) / dof))


@pytest.mark.parametrize(
    ("msd", "options", "message"),
    [
        (TIMES**2, {}, r"got t\^2.00 .* try a longer run or a later start"),
        (TIMES**0.5, {}, r"got t\^0.50"),
        (TIMES * np.nan, {}, "finite times and mean squared displacement"),
        (TIMES, {"start": 150.0}, "at least 4 times"),
        (-TIMES, {}, "positive mean squared displacement"),
    ],
)
def test_diffusion_refuses_with_a_remedy(msd, options, message):
    with pytest.raises(ValueError, match=message):
        diffusion(TIMES, msd, 3, **options)


def test_diffusion_time():
    assert diffusion_time(0.02, 2.0, 3) == pytest.approx(4 / 0.12)
    with pytest.raises(ValueError, match="positive diffusion coefficient"):
        diffusion_time(-0.1, 1.0, 3)
