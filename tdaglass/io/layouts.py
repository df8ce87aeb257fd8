"""Other groups' layouts of configurations and their propensity, each read into one record."""

import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tdaglass.configuration import Configuration
from tdaglass.io.frame import host_configuration
from tdaglass.io.pickles import load_arrays_only

SOURCES = (
    "BOTAN (github.com/h3-Open-BDEC/pyg_botan), DeepMind (github.com/google-deepmind/deepmind-research, "
    "glassy_dynamics), GlassBench (Zenodo record 10118191)"
)

# BOTAN's and GlassBench's three-dimensional liquid stands at this density; its files leave the box out.
_DENSITY_3D = 1.2
# GlassBench's README: edge of the two-dimensional cell of 1290 particles; its model files leave the box out.
_EDGE_2D = 32.8962
# GlassBench, KA_results/times_T.dat and KA2D_results/times_T.dat: the times of the rows of md_prop and
# bb_prop.
_GLASSBENCH_TIMES = {
    (3, 0.44): (0.13, 1.3, 13.0, 130.0, 412.0, 1300.0, 4120.0, 13000.0, 41200.0, 130000.0),
    (3, 0.50): (0.108, 0.434, 2.17, 6.86, 21.7, 68.6, 217.0, 686.0, 2170.0, 6860.0),
    (3, 0.56): (0.104, 0.33, 0.99, 1.65, 5.2, 16.5, 52.0, 165.0, 520.0, 1650.0),
    (3, 0.64): (0.032, 0.1, 0.165, 0.52, 1.65, 5.2, 16.5, 52.0, 165.0, 520.0),
    (2, 0.23): (0.1, 1.1, 11.64, 122.47, 1288.41, 13554.0, 142587.0, 1500000.0),
    (2, 0.30): (0.11, 1.25, 14.14, 158.74, 1781.79, 20000.0),
}


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


def load_one(file: Path, runs: bool) -> PropensityData:
    """The record of one file, in whichever layout it is; the end positions of its runs on request.

    Raises
    ------
    ValueError
        The file is of no known layout, or damaged.
    """
    if file.suffix in (".pickle", ".pkl"):
        return _deepmind(file, runs)
    arrays = _npz(file)
    for keys, loader in _LAYOUTS:
        if set(keys) <= arrays.keys():
            return loader(file, arrays, runs)
    raise ValueError(
        f"expected a layout of {SOURCES} in {file}, got the arrays {', '.join(sorted(arrays)) or 'none'}; "
        "try one of those files, or tdaglass.io.read for a plain configuration"
    )


def _end_positions(file: Path, arrays: dict[str, np.ndarray], keep: bool) -> PropensityData:
    positions = arrays["initial_positions"]
    n, dimension = positions.shape
    box = arrays.get("box")
    if box is None:
        box = np.full(dimension, (n / _DENSITY_3D) ** (1 / dimension))
    runs = arrays["positions"].astype(np.float64)
    if "box" in arrays:
        # GlassBench, KA2D_trajectories: its script takes nearest images, so nothing is lost by doing so here.
        runs = runs - box * np.rint((runs - positions) / box)
    temperature, code = _named(file)
    extra = {} if code is None else {"time_code": np.array([code])}
    return _record(
        "botan" if "box" not in arrays else "glassbench-runs",
        positions,
        arrays["types"],
        box,
        runs=runs[None],
        keep=keep,
        temperature=temperature,
        extra=extra,
    )


def _glassbench(file: Path, arrays: dict[str, np.ndarray], keep: bool) -> PropensityData:
    positions, propensity = arrays["initial_positions"], arrays["md_prop"]
    n, dimension = positions.shape
    temperature, _ = _named(file)
    times = _GLASSBENCH_TIMES.get((dimension, temperature or 0.0), ())
    known = {"types", "initial_positions", "initial_positions_inherent", "md_prop"}
    return _record(
        "glassbench",
        positions,
        arrays["types"],
        np.full(dimension, _EDGE_2D if dimension == 2 else (n / _DENSITY_3D) ** (1 / 3)),
        times=np.array(times) if len(times) == len(propensity) else None,
        propensity=propensity,
        inherent=arrays.get("initial_positions_inherent"),
        temperature=temperature,
        extra={name: values[None] for name, values in arrays.items() if name not in known},
    )


def _deepmind(file: Path, keep: bool) -> PropensityData:
    content = load_arrays_only(file)
    needed = ("positions", "types", "box", "time", "time_indices", "trajectory_target_positions")
    if not isinstance(content, dict) or any(name not in content for name in needed):
        have = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise ValueError(
            f"expected a dictionary with {', '.join(needed)} in {file}, got {have}; try one of {SOURCES}"
        )
    time, indices = np.asarray(content["time"]), np.asarray(content["time_indices"])
    metadata = content.get("metadata", {})
    extra = {
        name: np.asarray(content[name])[None]
        for name in ("is_values", "trajectory_start_velocities")
        if name in content and (keep or name == "is_values")
    }
    if "pressure" in metadata:
        extra["pressure"] = np.array([metadata["pressure"]], np.float64)
    return _record(
        "deepmind",
        content["positions"],
        content["types"],
        content["box"],
        times=time[indices],
        runs=np.asarray(content["trajectory_target_positions"]),
        keep=keep,
        temperature=metadata.get("temperature"),
        extra=extra,
    )


def _excerpt(file: Path, arrays: dict[str, np.ndarray], keep: bool) -> PropensityData:
    positions, types, box = arrays["positions"], arrays["types"], arrays["box"]
    times = arrays.get("times")
    propensity = arrays.get("propensity")
    runs = arrays.get("runs")
    if positions.ndim == 3:
        # Many configurations at one time.
        propensity = None if propensity is None else propensity[:, None]
        runs = None if runs is None else runs[:, None]
    else:
        positions, types = positions[None], types[None]
        propensity = None if propensity is None else propensity[None]
        runs = None if runs is None else runs[None, None]
    count = len(positions)
    if propensity is None and runs is not None:
        propensity = _mean_distance(positions, runs)
    known = {"positions", "types", "box", "times", "propensity", "runs", "inherent", "temperature"}
    inherent = arrays.get("inherent")
    extra = {
        # One number for all of them is repeated, so that configurations lead throughout.
        name: values if name == "config_id" else np.broadcast_to(values, (count, *values.shape))
        for name, values in arrays.items()
        if name not in known
    }
    temperature = arrays.get("temperature")
    return PropensityData(
        positions.astype(np.float64),
        _codes(types),
        np.tile(box.astype(np.float64), (count, 1)),
        None if times is None else times.astype(np.float64),
        None if propensity is None else propensity.astype(np.float64),
        runs.astype(np.float64) if keep and runs is not None else None,
        None if inherent is None else inherent.reshape(positions.shape).astype(np.float64),
        None if temperature is None else float(temperature),
        extra,
        "tdaglass",
    )


_LAYOUTS: tuple[
    tuple[tuple[str, ...], Callable[[Path, dict[str, np.ndarray], bool], PropensityData]], ...
] = (
    (("types", "initial_positions", "md_prop"), _glassbench),
    (("types", "initial_positions", "positions"), _end_positions),
    (("types", "positions", "box", "propensity"), _excerpt),
    (("types", "positions", "box", "runs"), _excerpt),
)


def _record(
    source: str,
    positions: np.ndarray,
    types: np.ndarray,
    box: np.ndarray,
    *,
    times: np.ndarray | None = None,
    propensity: np.ndarray | None = None,
    runs: np.ndarray | None = None,
    keep: bool = False,
    inherent: np.ndarray | None = None,
    temperature: float | None,
    extra: Mapping[str, np.ndarray],
) -> PropensityData:
    """The record of one configuration; `runs` is (times, replicas, particles, dim)."""
    start = np.asarray(positions, np.float64)[None]
    ends = None if runs is None else np.asarray(runs, np.float64)[None]
    if ends is not None:
        propensity = _mean_distance(start, ends)[0]
    return PropensityData(
        start,
        _codes(np.asarray(types))[None],
        np.broadcast_to(np.asarray(box, np.float64), start.shape[-1:])[None].copy(),
        None if times is None else np.asarray(times, np.float64),
        None if propensity is None else np.asarray(propensity, np.float64)[None],
        ends if keep else None,
        None if inherent is None else np.asarray(inherent, np.float64)[None],
        None if temperature is None else float(temperature),
        extra,
        source,
    )


def _mean_distance(positions: np.ndarray, runs: np.ndarray) -> np.ndarray:
    return np.linalg.norm(runs.astype(np.float64) - positions[:, None, None], axis=-1).mean(axis=2)


def _codes(types: np.ndarray) -> np.ndarray:
    # Some groups count types from 1.
    return (types.astype(np.int32) - int(types.min())).astype(np.int32)


def _named(file: Path) -> tuple[float | None, int | None]:
    """Temperature and time code from a name such as isoconfig_N4096T0.44_401_tc07.npz."""
    temperature = re.search(r"N\d+T(\d+\.\d+)_", file.name)
    code = re.search(r"_tc(\d+)", file.name)
    return float(temperature[1]) if temperature else None, int(code[1]) if code else None


def _npz(file: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        raise ValueError(
            f"expected a whole npz file of numbers at {file}, got something else ({error}); "
            "try fetching it again from its source"
        ) from None
