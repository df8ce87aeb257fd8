"""How long a liquid takes to forget: relaxation times of scattering functions, diffusion of the particles.

These are fits to finished, averaged curves, done on the host in double precision with scipy, whatever the
precision of the curve.  A curve that cannot answer is refused with the remedy, never extrapolated.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares

from tdaglass import arguments
from tdaglass.arguments import Numbers


class StretchedExponential(NamedTuple):
    r"""Long-time part of a scattering function, :math:`\gamma \exp(-(t/\tau)^\beta)`.

    Attributes
    ----------
    amplitude, tau, beta : float
        :math:`\gamma` (height of the plateau), :math:`\tau` (time units), :math:`\beta` (stretching).
    standard_errors : (3,)
        Of amplitude, tau and beta: square roots of the diagonal of `covariance`.
    covariance : (3, 3)
        In the order amplitude, tau, beta.
    """

    amplitude: float
    tau: float
    beta: float
    standard_errors: Float[np.ndarray, "3"]
    covariance: Float[np.ndarray, "3 3"]


class Diffusion(NamedTuple):
    """Long-time diffusion.

    Attributes
    ----------
    coefficient, standard_error : float
        D and its uncertainty, length²/time.
    exponent : float
        Slope of log MSD against log t over the fitted part: 1 where the motion is diffusive.
    """

    coefficient: float
    standard_error: float
    exponent: float


def fit_stretched_exponential(
    times: Numbers,
    scattering: Numbers,
    *,
    start: float | None = None,
    errors: Numbers | None = None,
) -> StretchedExponential:
    r"""Fit :math:`\gamma \exp(-(t/\tau)^\beta)` to the long-time part of a scattering function.

    This is the definition of :math:`\tau_\alpha` in Boattini et al., Nat. Commun. 11, 5479 (2020), Methods.

    Parameters
    ----------
    times : (times,), time units, increasing
    scattering : (times,) or (configurations, times)
        Intermediate scattering function, 1 at time zero.  With one curve for each independent configuration
        their mean is fitted, and the covariance is the jackknife over configurations: the honest one, since
        the points of one curve come from the same trajectories and err together.
    start : float, time units, optional
        Where the long-time part begins: past the plateau.  By default where the curve first falls below 0.7,
        which is under the plateau of simple glass formers at the first peak of S(q).
    errors : (times,), optional
        Standard errors of the points, which weigh them.  With one curve they also give the covariance, as
        if the points were independent; without them it comes from the scatter about the fit.

    Returns
    -------
    StretchedExponential

    Raises
    ------
    ValueError
        If the input is not finite or increasing, or if the long-time part has fewer than five points, does
        not determine the three parameters, does not fall to half its height or ends before the fitted tau.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.geomspace(0.1, 100, 40)
    >>> fit = fit_stretched_exponential(t, 0.8 * np.exp(-((t / 7) ** 0.6)), start=1.0)
    >>> round(fit.tau, 6), round(fit.beta, 6)
    (7.0, 0.6)
    """
    t, curves = _checked(times, scattering, "scattering")
    mean = curves.mean(axis=0)
    if start is None:
        start = t[_first_at_or_below(t, mean, 0.7, "the long-time part, by default below 0.7,")]
    late = (t >= start) & (t > 0)
    if late.sum() < 5:
        raise ValueError(
            f"expected at least 5 times in the long-time part, got {late.sum()} at or after {start:g}; "
            "try a denser grid of times, a longer run or an earlier start"
        )
    if mean[late].min() > 0.5 * mean[late][0]:
        raise ValueError(
            f"expected a long-time part that falls to less than half its height, got {mean[late][0]:.3g} at "
            f"its start and {mean[late].min():.3g} at the least, up to time {t[-1]:g}; try a longer run"
        )
    weights = None if errors is None else arguments.doubles(errors, "errors")
    if weights is not None and weights.shape != t.shape:
        raise ValueError(
            f"expected an error for each of {len(t)} times, got {weights.shape}; try one row of them"
        )
    weights = None if weights is None else weights[late]
    if weights is not None and not (np.all(weights > 0) and np.all(np.isfinite(weights))):
        raise ValueError("expected positive, finite errors, got others; try leaving out points without error")
    parameters, covariance = _fit(t[late], mean[late], weights, None)
    if len(curves) > 1:
        n = len(curves)
        rest = [_fit(t[late], m[late], weights, parameters)[0] for m in (n * mean - curves) / (n - 1)]
        covariance = np.cov(np.array(rest), rowvar=False, bias=True) * (n - 1)
    amplitude, tau, beta = parameters.tolist()
    if tau > t[-1]:
        raise ValueError(
            f"expected a curve that lasts beyond its relaxation time, got one that ends at {t[-1]:g} with "
            f"{mean[-1]:.3g} left and tau = {tau:g}; try a longer run"
        )
    return StretchedExponential(amplitude, tau, beta, np.sqrt(np.diag(covariance)), covariance)


def relaxation_time(times: Numbers, scattering: Numbers, level: float = float(np.exp(-1))) -> float:
    """Time at which a scattering function first falls to a level, interpolated linearly in log t.

    Parameters
    ----------
    times : (times,), time units, increasing
    scattering : (times,)
    level : float
        1/e by default.

    Returns
    -------
    float, time units

    Raises
    ------
    ValueError
        If the input is not finite or increasing, or if the curve does not cross the level within its times.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.array([0.0, 1.0, 10.0, 100.0])
    >>> round(relaxation_time(t, np.array([1.0, 0.75, 0.25, 0.0]), level=0.5), 4)
    3.1623
    """
    t, curves = _checked(times, scattering, "scattering")
    if len(curves) > 1:
        raise ValueError(f"expected one curve, got {len(curves)}; try their mean, or one after the other")
    (curve,) = curves
    after = _first_at_or_below(t, curve, level, "relaxation")
    before = after - 1
    if curve[after] == level:
        return float(t[after])
    if t[before] <= 0:
        raise ValueError(
            f"expected a time between 0 and the fall to {level:.3g}, got none before {t[after]:g}; "
            "try shorter first times"
        )
    fraction = (curve[before] - level) / (curve[before] - curve[after])
    return float(t[before] * (t[after] / t[before]) ** fraction)


def diffusion(
    times: Numbers,
    mean_squared_displacement: Numbers,
    dimension: int,
    *,
    start: float | None = None,
) -> Diffusion:
    r"""Diffusion coefficient from the late, linear part of the mean squared displacement.

    :math:`\mathrm{MSD}(t) = 2 d D t + c` (Einstein 1905; c is what the cage adds), by least squares on MSD/t,
    since the error of a mean squared displacement grows in proportion to itself.

    Parameters
    ----------
    times : (times,), time units, increasing
    mean_squared_displacement : (times,) or (configurations, times), length²
        With one curve for each independent configuration the coefficient is the mean over them and its error
        their standard error; with one curve the error is that of the regression, which takes the errors of
        the points to be independent.
    dimension : int
        d.
    start : float, time units, optional
        Where the linear part begins; by default at a tenth of the last time.

    Returns
    -------
    Diffusion
        In length²/time.

    Raises
    ------
    ValueError
        If the input is not finite or increasing, if fewer than four times lie in the linear part, or if the
        motion there is not diffusive: the exponent lies outside 0.8 to 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.geomspace(0.1, 100, 40)
    >>> round(diffusion(t, 6 * 0.02 * t + 0.05, 3).coefficient, 6)
    0.02
    """
    t, curves = _checked(times, mean_squared_displacement, "mean squared displacement")
    dimension = arguments.whole(dimension, "dimension", least=1)
    late = t >= (t[-1] / 10 if start is None else start)
    late &= t > 0
    if late.sum() < 4:
        raise ValueError(
            f"expected at least 4 times in the linear part, got {late.sum()}; "
            "try a denser grid of times or an earlier start"
        )
    t, curves = t[late], curves[:, late]
    mean = curves.mean(axis=0)
    if np.any(mean <= 0):
        raise ValueError("expected a positive mean squared displacement, got zero or less; try a later start")
    exponent = float(np.polyfit(np.log(t), np.log(mean), 1)[0])
    if not 0.8 <= exponent <= 1.2:
        raise ValueError(
            f"expected diffusive motion, growing as t^1, got t^{exponent:.2f} from {t[0]:g} to {t[-1]:g}; "
            "try a longer run or a later start"
        )
    # Divided by t the line is MSD/t = 2 d D + c (1/t), with errors of one size.
    design = np.stack([np.ones_like(t), 1 / t], axis=1)
    inverse = np.linalg.inv(design.T @ design)
    solutions = (curves / t) @ design @ inverse  # (configurations, 2)
    slope, offset = solutions.mean(axis=0)
    if len(curves) > 1:
        slope_error = solutions[:, 0].std(ddof=1) / len(curves) ** 0.5
    else:
        residuals = mean / t - slope - offset / t
        slope_error = np.sqrt(residuals @ residuals / (len(t) - 2) * inverse[0, 0])
    return Diffusion(float(slope / (2 * dimension)), float(slope_error / (2 * dimension)), exponent)


def diffusion_time(diffusion_coefficient: float, sigma: float, dimension: int) -> float:
    r"""Time in which a particle diffuses one diameter: :math:`\sigma^2 / (2 d D)`.

    Parameters
    ----------
    diffusion_coefficient : float, length²/time
    sigma : float, length
    dimension : int
        d.

    Returns
    -------
    float, time units

    Raises
    ------
    ValueError
        If the coefficient is not positive.

    Examples
    --------
    >>> diffusion_time(0.05, 1.0, 2)
    5.0
    """
    sigma, dimension = arguments.positive(sigma, "sigma"), arguments.whole(dimension, "dimension", least=1)
    coefficient = arguments.doubles(diffusion_coefficient, "diffusion coefficient")
    if coefficient.ndim or not 0 < coefficient < np.inf:
        raise ValueError(
            f"expected a positive diffusion coefficient, got {coefficient.tolist()}; try a longer run"
        )
    return sigma**2 / (2 * dimension * float(coefficient))


def _checked(times: Numbers, curves: Numbers, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and curves (configurations, times) in double precision."""
    t, values = arguments.doubles(times, "times"), np.atleast_2d(arguments.doubles(curves, name))
    if t.ndim != 1 or values.ndim != 2 or values.shape[1] != len(t) or not len(values):
        raise ValueError(
            f"expected times (times,) and {name} (times,) or (configurations, times), got {t.shape} and "
            f"{np.shape(curves)}; try one row of the values"
        )
    if not (np.all(np.isfinite(t)) and np.all(np.isfinite(values))):
        raise ValueError(
            f"expected finite times and {name}, got NaN or infinity; try leaving those times out"
        )
    if len(t) < 2 or t[0] < 0 or np.any(np.diff(t) <= 0):
        raise ValueError(
            f"expected two or more increasing times from 0 on, got {t.tolist()}; try np.unique(times)"
        )
    return t, values


def _first_at_or_below(t: np.ndarray, curve: np.ndarray, level: float, what: str) -> int:
    """Index, at least 1, of the first point at or below a level."""
    below = curve <= level
    if not below.any():
        raise ValueError(
            f"expected a curve that falls to {level:.3g} for {what}, got {curve.min():.3g} at the least, "
            f"up to time {t[-1]:g}; try a longer run"
        )
    first = int(below.argmax())
    if first == 0:
        raise ValueError(
            f"expected a curve that starts above {level:.3g} for {what}, got {curve[0]:.3g} at its first "
            f"time {t[0]:g}; try shorter first times"
        )
    return first


def _stretched(logs: np.ndarray, log_t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curve (times,) and its derivatives (times, 3) by the logarithms of amplitude, tau and beta."""
    log_amplitude, log_tau, log_beta = logs
    beta, distance = np.exp(log_beta), log_t - log_tau
    decay = np.exp(np.minimum(beta * distance, 50))  # (t/tau)^beta; beyond exp(50) the curve is zero
    curve = np.exp(log_amplitude - decay)
    slope = curve * decay * beta
    return curve, np.stack([curve, slope, -slope * distance], axis=1)


def _fit(
    t: np.ndarray, curve: np.ndarray, errors: np.ndarray | None, guess: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude, tau, beta and their covariance; fitted as logarithms, which keeps them positive."""
    if guess is None:
        fallen = np.argmin(np.abs(curve - curve[0] / np.e))
        guess = np.array([max(curve[0], 0.1), t[fallen], 0.7])
    log_t, scale = np.log(t), np.ones_like(t) if errors is None else errors
    solution = least_squares(
        lambda logs: (_stretched(logs, log_t)[0] - curve) / scale,
        np.log(guess),
        jac=lambda logs: _stretched(logs, log_t)[1] / scale[:, None],
        method="lm",
    )
    singular_values, axes = np.linalg.svd(solution.jac, full_matrices=False)[1:]
    if not solution.success or singular_values[-1] < 1e-8 * singular_values[0]:
        raise ValueError(
            f"expected a curve that determines amplitude, tau and beta, got one that does not from time "
            f"{t[0]:g} on; try an earlier start, more times or more configurations"
        )
    covariance = (axes.T / singular_values**2) @ axes
    if errors is None:
        covariance *= 2 * solution.cost / (len(t) - 3)  # cost is half the sum of squares
    parameters = np.exp(solution.x)
    return parameters, covariance * np.outer(parameters, parameters)
