"""What images tell of the cooling rate: ridge regression, principal components, and cells that grow and shrink."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from cooling_rate_records import Counted, Glasses, Growth, Learned, Seen, Settings
from cooling_rate_systems import Picture

from tdaglass import learning
from tdaglass.statistics import correlation, mean_and_error

COMPONENTS = 5
# Half the width of the squares around published births and deaths, angstrom.
AROUND = 0.05


def learn(settings: Settings, glasses: Glasses, picture: Picture, seen: Seen) -> Learned:
    """From single glasses and from repeats, each tested on what it was not learned from."""
    x = picture.grid.vector(seen.images)
    x, y = jnp.asarray(x), jnp.asarray(glasses.log_rate)
    alpha = settings.strength(glasses.configuration.positions.shape[1])
    one, many = np.flatnonzero(glasses.single), np.flatnonzero(~glasses.single)
    model = learning.ridge(x[one], y[one], alpha)
    predicted = {
        "trained": (one, learning.predict_linear(model, x[one])),
        "left one out": (one, learning.ridge_left_out(x[one], y[one], alpha)),
    }
    components, coordinates = np.zeros((0, x.shape[1])), np.zeros((len(x), 0))
    shares, share_error, along, along_error, between = np.zeros(0), np.nan, np.nan, np.nan, np.nan
    if len(glasses.classes) > 1:
        numbers = glasses.number[many]
        of_repeats = learning.ridge(x[many], y[many], alpha)
        predicted["other repeats"] = many, learning.ridge_left_out(x[many], y[many], alpha, numbers)
        predicted["repeats to singles"] = one, learning.predict_linear(of_repeats, x[one])
        found = learning.principal_components(x[many], min(COMPONENTS, len(many) - 1))
        coordinates = np.array(learning.principal_coordinates(found, x))
        # The first one points to fast glasses.
        sign = np.sign(correlation(coordinates[many, 0], glasses.log_rate[many]).pearson)
        components = np.array(found.components)
        components[0], coordinates[:, 0] = sign * components[0], sign * coordinates[:, 0]
        shares = np.asarray(found.shares)
        share_error = without_each(numbers, lambda kept: first_component(x[many[kept]], y[many[kept]])[0])
        along = float(correlation(coordinates[many, 0], glasses.log_rate[many]).pearson)
        along_error = without_each(numbers, lambda kept: first_component(x[many[kept]], y[many[kept]])[1])
        between = share_between(np.asarray(x[many], float), glasses.rate[many])
    return Learned(
        coefficients=picture.grid.image(np.asarray(model.coefficients)),
        predicted={name: spread(len(y), which, values) for name, (which, values) in predicted.items()},
        scores={
            name: score(y[which], values, glasses.number[many] if which is many else which)
            for name, (which, values) in predicted.items()
        },
        shares=shares,
        share_error=share_error,
        components=picture.grid.image(components),
        coordinates=coordinates,
        correlation=along,
        correlation_error=along_error,
        between=between,
    )


def spread(n: int, which: np.ndarray, values: jnp.ndarray) -> np.ndarray:
    """Predictions of some of n glasses; NaN for the others."""
    out = np.full(n, np.nan)
    out[which] = np.asarray(values)
    return out


def score(y: jnp.ndarray, predicted: jnp.ndarray, groups: np.ndarray) -> learning.Estimate:
    """R2 and its jackknife error, which takes three groups."""
    if len(np.unique(groups)) < 3:
        return learning.Estimate(learning.r_squared(y, predicted), jnp.array(jnp.nan))
    return learning.jackknife(learning.r_squared, y, predicted, groups)


def first_component(x: jnp.ndarray, y: jnp.ndarray) -> tuple[float, float]:
    """Its share of the variance, and its correlation with the logarithm of the rate, without a sign."""
    found = learning.principal_components(x, 1)
    coordinate = np.asarray(learning.principal_coordinates(found, x))[:, 0]
    return float(found.shares[0]), abs(float(correlation(coordinate, np.asarray(y)).pearson))


def without_each(numbers: np.ndarray, value: Callable[[np.ndarray], float]) -> float:
    """Jackknife error of a value of repeats, each number of which is left out in turn."""
    groups = np.unique(numbers)
    if len(groups) < 3:
        return np.nan
    values = np.array([value(np.flatnonzero(numbers != one)) for one in groups])
    return float(np.sqrt((len(groups) - 1) * np.var(values)))


def share_between(x: np.ndarray, rate: np.ndarray) -> float:
    """Of the variance of repeats, what is between rates: components of a one-way analysis of variance.

    For classes of unequal sizes with their mean size. Zero, but for noise, where rates do not matter.
    """
    classes = [x[rate == one] for one in np.unique(rate)]
    n, k = len(x), len(classes)
    if n == k:
        return np.nan
    within = sum(np.sum((one - one.mean(axis=0)) ** 2) for one in classes) / (n - k)
    apart = sum(len(one) * np.sum((one.mean(axis=0) - x.mean(axis=0)) ** 2) for one in classes) / (k - 1)
    between = (apart - within) / (n / k)
    return float(between / (between + within))


def growth(glasses: Glasses, picture: Picture, seen: Seen) -> Growth:
    """How the image of repeats changes with the logarithm of the rate, cell by cell, and how surely."""
    many = ~glasses.single
    x, y = seen.images[many].astype(float), glasses.log_rate[many]
    slope, error = line(x, y)
    # Where hardly any pair is ever seen errors are small by chance: the median one is added to all (Tusher et al.,
    # Proc. Natl. Acad. Sci. 98, 5116, 2001).
    usual = float(np.median(error[error > 1e-3 * error.max(initial=0.0)])) if error.any() else 1.0
    certainty = slope / (error + usual) * picture.grid.above_diagonal
    births, deaths = picture.grid.centers
    ends = {}
    for name, k in (("slow", np.argmin(certainty)), ("fast", np.argmax(certainty))):
        row, column = np.unravel_index(k, certainty.shape)
        ends[name] = float(births[column]), float(deaths[row]), float(certainty[row, column])
    return Growth(slope, certainty, ends)


def line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of columns x against y, and their standard errors from what is left of a straight line."""
    away = y - y.mean()
    slope = np.tensordot(away, x - x.mean(axis=0), 1) / np.sum(away**2)
    rest = x - x.mean(axis=0) - slope * away.reshape(-1, *[1] * (x.ndim - 1))
    error = np.sqrt(np.sum(rest**2, axis=0) / max(len(y) - 2, 1) / np.sum(away**2))
    return slope, error


def count(
    glasses: Glasses, picture: Picture, seen: Seen, regions: dict[str, np.ndarray]
) -> dict[str, Counted]:
    """Pairs of each glass in learned cells and around published births and deaths, against the rate."""
    births, deaths = np.meshgrid(*picture.grid.centers)
    squares = {
        kind: (np.abs(births - b) < AROUND) & (np.abs(deaths - d) < AROUND)
        for kind, (b, d) in picture.published.items()
    }
    learned = {f"learned, {kind}": regions[kind] for kind in ("slow", "fast")}
    return {name: count_in(glasses, picture, seen, region) for name, region in (squares | learned).items()}


def count_in(glasses: Glasses, picture: Picture, seen: Seen, region: np.ndarray) -> Counted:
    """Pairs in a region; means and errors are of repeats, from which no region was learned."""
    (left, right), (low, high) = picture.grid.births, picture.grid.deaths
    columns, rows = picture.grid.shape
    number = np.array(
        [
            np.histogram2d(death, birth, (rows, columns), ((low, high), (left, right)))[0][region].sum()
            for birth, death in (pairs.T for pairs in seen.pairs)
        ]
    )
    many = ~glasses.single
    of_classes = [mean_and_error(number[glasses.at(rate)]) for rate in glasses.classes]
    slope, error = line(number[many], glasses.log_rate[many]) if len(of_classes) > 1 else (np.nan, np.nan)
    mean, errors = np.array(of_classes).T if of_classes else (np.zeros(0), np.zeros(0))
    return Counted(number, mean, errors, float(slope), float(error), int(region.sum()))
