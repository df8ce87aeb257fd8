"""Times between two frames: which to ask for, and which frames lie so far apart."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tdaglass import arguments
from tdaglass.arguments import Numbers

# Times are the same if they differ by less than this part of the shortest lag.
SAME_TIME = 1e-3


def logarithmic_lags(spacing: Any, longest: Any, per_decade: Any = 10) -> np.ndarray:
    """Times between frames that are equally far apart, so many a decade: whole multiples of their spacing.

    Parameters
    ----------
    spacing : time units
        From frame to frame.
    longest : time units
        At most this.
    per_decade : int
        Fewer where there are not so many multiples.

    Returns
    -------
    (lags,), time units

    Raises
    ------
    ValueError
        For a longest time below the spacing.

    Examples
    --------
    >>> logarithmic_lags(0.5, 10.0, per_decade=4).tolist()
    [0.5, 1.0, 1.5, 3.0, 5.0, 9.0]
    """
    spacing, longest = arguments.positive(spacing, "spacing"), arguments.positive(longest, "longest lag")
    per_decade = arguments.whole(per_decade, "number of lags a decade", least=1)
    most = math.floor(longest / spacing * (1 + 1e-9))
    if most < 1:
        raise ValueError(
            f"expected a longest lag of at least the spacing, got {longest:g} and {spacing:g}; try {spacing:g}"
        )
    exponents = np.arange(math.floor(math.log10(most) * per_decade) + 1) / per_decade
    return np.unique(np.round(10**exponents).clip(1, most)) * spacing


def checked_lags(lags: Numbers) -> np.ndarray:
    """Lags in double precision, refused unless they increase from zero or more."""
    found = np.atleast_1d(arguments.doubles(lags, "lags"))
    if found.ndim != 1 or not found.size or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError(
            f"expected lags of zero or more, got {found.tolist()}; try dynamics.logarithmic_lags"
        )
    if (np.diff(found) <= 0).any():
        raise ValueError(f"expected lags that increase, got {found.tolist()}; try np.unique(lags)")
    return found


def default_lags(known: list[float] | None) -> np.ndarray:
    """What is asked where nothing is said, from the times of the frames."""
    if known is None:
        raise ValueError(
            "expected lags for frames that come one at a time, got None; try "
            "lags=dynamics.logarithmic_lags(spacing, longest)"
        )
    if len(known) < 2:
        raise ValueError(f"expected two frames or more, got {len(known)}; try io.read_trajectory")
    gaps = np.diff(known)
    if np.ptp(gaps) <= SAME_TIME * gaps.min():
        return logarithmic_lags(gaps.mean(), max((known[-1] - known[0]) / 2, gaps.mean()))
    return np.array(known[1:]) - known[0]


def partners(origins: np.ndarray, wanted: np.ndarray, same: float) -> Iterator[tuple[int, int]]:
    """Lags for which there is an origin at the wanted time, and which."""
    if not len(origins):
        return
    after = np.searchsorted(origins, wanted).clip(0, len(origins) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(np.abs(origins[before] - wanted) < np.abs(origins[after] - wanted), before, after)
    for lag in np.flatnonzero(np.abs(origins[nearest] - wanted) <= same):
        yield int(lag), int(nearest[lag])
