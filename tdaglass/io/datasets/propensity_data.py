"""Configurations and the propensity of their particles, in one record whichever file they come from."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tdaglass.configuration import Configuration
from tdaglass.io.frame import host_configuration


class PropensityData(NamedTuple):
    """Configurations and how far each of their particles goes; Lennard-Jones units.

    Attributes
    ----------
    positions : (configurations, particles, dim) float64
        Equilibrated ("thermal") positions.
    species : (configurations, particles) int32
        0 for A, 1 for B, ...
    box : (configurations, dim) float64
        Constant-pressure data have a box for each configuration.
    times : (times,) float64, or None
        In the file's order, which need not rise. None where the files do not say.
    propensity : (configurations, times, particles) float64, or None
        Mean over runs of the distance gone, |r(t) - r(0)|.
    runs : (configurations, times, replicas, particles, dim) float64, or None
        Unwrapped end positions, where the files have them and they were asked for.
    inherent : (configurations, particles, dim) float64, or None
        Positions at the energy minimum.
    temperature : float, or None
    extra : dict of str to (configurations, ...)
        Whatever else the files hold, under their own names.
    source : str
        "botan", "deepmind", "glassbench", "glassbench-runs" or "tdaglass".
    """

    positions: np.ndarray
    species: np.ndarray
    box: np.ndarray
    times: np.ndarray | None
    propensity: np.ndarray | None
    runs: np.ndarray | None
    inherent: np.ndarray | None
    temperature: float | None
    extra: Mapping[str, np.ndarray]
    source: str

    @property
    def configuration(self) -> Configuration:
        """The configurations as one batch."""
        return host_configuration(self.positions, self.species, self.box)


def one_configuration(
    source: str,
    positions: np.ndarray,
    types: np.ndarray,
    box: np.ndarray,
    *,
    times: np.ndarray | None = None,
    propensity: np.ndarray | None = None,
    runs: np.ndarray | None = None,
    keep_runs: bool = False,
    inherent: np.ndarray | None = None,
    temperature: float | None,
    extra: Mapping[str, np.ndarray],
) -> PropensityData:
    """The record of one configuration; `runs` is (times, replicas, particles, dim)."""
    start = np.asarray(positions, np.float64)[None]
    ends = None if runs is None else np.asarray(runs, np.float64)[None]
    if start.ndim != 3 or (ends is not None and (ends.ndim != 5 or ends.shape[3:] != start.shape[1:])):
        raise ValueError(
            "expected positions (particles, dim) and runs (times, replicas, particles, dim), got "
            f"{start.shape[1:]} and {None if ends is None else ends.shape[1:]}; try fetching the file again"
        )
    if ends is not None:
        propensity = mean_distance(start, ends)[0]
    return PropensityData(
        start,
        species_codes(np.asarray(types))[None],
        np.broadcast_to(np.asarray(box, np.float64), start.shape[-1:])[None].copy(),
        None if times is None else np.asarray(times, np.float64),
        None if propensity is None else np.asarray(propensity, np.float64)[None],
        ends if keep_runs else None,
        None if inherent is None else np.asarray(inherent, np.float64)[None],
        None if temperature is None else float(temperature),
        extra,
        source,
    )


def mean_distance(positions: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Propensity, (configurations, times, particles), from unwrapped end positions of runs."""
    return np.linalg.norm(runs.astype(np.float64) - positions[:, None, None], axis=-1).mean(axis=2)


def species_codes(types: np.ndarray) -> np.ndarray:
    """Species counted from 0; some groups count types from 1."""
    if types.dtype.kind not in "iuf" or not types.size:
        raise ValueError(
            f"expected type numbers of at least one particle, got {types.size} of another kind; try another file"
        )
    return (types.astype(np.int32) - int(types.min())).astype(np.int32)


def checked(data: PropensityData, file: Path) -> PropensityData:
    """The record, if its arrays fit together.

    Raises
    ------
    ValueError
        One of them has another shape, or numbers that are not finite.
    """
    count, n, dimension = data.positions.shape if data.positions.ndim == 3 else (0, 0, 0)
    times = None if data.propensity is None else data.propensity.shape[1]
    shapes: dict[str, tuple[int | None, ...]] = {
        "positions": (count, n, dimension),
        "species": (count, n),
        "box": (count, dimension),
        "propensity": (count, times, n),
        "runs": (count, times, None, n, dimension),
        "inherent": (count, n, dimension),
        "times": (times,),
    }
    for name, wanted in shapes.items():
        values = getattr(data, name)
        if values is None:
            continue
        fits = len(values.shape) == len(wanted) and all(
            b is None or a == b for a, b in zip(values.shape, wanted, strict=True)
        )
        if not fits or not n or dimension not in (2, 3) or not np.isfinite(values).all():
            raise ValueError(
                f"expected finite {name} of {n} particles in {dimension} dimensions in {file}, got shape "
                f"{values.shape}; try fetching it again from its source"
            )
    return data
