"""Public glassy-dynamics data: configurations with their propensity, from four layouts into one record.

- **BOTAN** (Shiba et al., J. Chem. Phys. 158, 084503, 2023): one npz for each configuration and time code,
  with the end positions of 32 runs. Files: github.com/h3-Open-BDEC/pyg_botan.
- **DeepMind** (Bapst et al., Nat. Phys. 16, 448, 2020): one pickle for each configuration, ten times, 30
  runs. Files: github.com/google-deepmind/deepmind-research, folder glassy_dynamics.
- **GlassBench** (Jung et al., arXiv:2311.14752): `KA_models` and `KA2D_models` with published propensities,
  and `KA2D_trajectories` with the end positions of 20 runs. Files: Zenodo record 10118191.
- tdaglass's own excerpts: npz with `types`, `positions`, `box` and `propensity` or `runs`.

All of them store runs unwrapped, so displacements are plain differences.
"""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

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


def load_dataset(path: str | Path | Sequence[str | Path], *, runs: bool = False) -> PropensityData:
    """Public glassy-dynamics files of one kind as one record.

    Parameters
    ----------
    path : path or sequence of paths
        Files of one layout, or a folder of them (taken in natural order). Nothing is ever downloaded.
    runs : bool
        Keep the end positions of all runs; otherwise only the propensity computed from them.

    Returns
    -------
    PropensityData
        Configurations lead. BOTAN and GlassBench runs of one configuration at several time codes are separate
        configurations unless loaded one time code at a time.

    Raises
    ------
    FileNotFoundError
        There is no such file; the message names the public records.
    ValueError
        A file is of no known layout or damaged, or the files do not fit together.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "isoconfig_N2T0.44_1_tc07.npz"
    >>> still = np.zeros((2, 3), np.float32)
    >>> np.savez(path, types=[0, 1], initial_positions=still, positions=np.stack([still + 1, still]))
    >>> load_dataset(path).propensity.round(3).tolist()
    [[[0.866, 0.866]]]
    """
    files = _files(path)
    parts = [_load_one(file, runs) for file in files]
    first = parts[0]
    for file, part in zip(files, parts, strict=True):
        for name in ("source", "temperature", "times"):
            mine, other = getattr(first, name), getattr(part, name)
            if not np.array_equal(np.asarray(mine, object), np.asarray(other, object)):
                raise ValueError(
                    f"expected one {name} in all files, got {mine} in {files[0].name} and {other} in "
                    f"{file.name}; "
                    "try loading each kind by itself"
                )
        if part.positions.shape[1:] != first.positions.shape[1:]:
            raise ValueError(
                f"expected configurations of one size, got {first.positions.shape[1:]} in {files[0].name} "
                "and "
                f"{part.positions.shape[1:]} in {file.name}; try loading each size by itself"
            )
    shared = [name for name in first.extra if all(name in part.extra for part in parts)]
    return first._replace(
        **{
            name: _joined([getattr(part, name) for part in parts], name, files)
            for name in ("positions", "species", "box", "propensity", "runs", "inherent")
        },
        # Some GlassBench files carry predictions or cage positions that others lack.
        extra={name: np.concatenate([part.extra[name] for part in parts]) for name in shared},
    )


def _load_one(file: Path, runs: bool) -> PropensityData:
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


def _botan(file: Path, arrays: dict[str, np.ndarray], keep: bool) -> PropensityData:
    positions = arrays["initial_positions"]
    n, dimension = positions.shape
    box = arrays.get("box")
    if box is None:
        box = np.full(dimension, (n / _DENSITY_3D) ** (1 / dimension))
    temperature, code = _named(file)
    extra = {} if code is None else {"time_code": np.array([code])}
    return _record(
        "botan" if "box" not in arrays else "glassbench-runs",
        positions,
        arrays["types"],
        box,
        runs=arrays["positions"][None],
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
    (("types", "initial_positions", "positions"), _botan),
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


def _files(path: str | Path | Sequence[str | Path]) -> list[Path]:
    given = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    files: list[Path] = []
    for one in given:
        inside = (
            [p for p in one.iterdir() if p.suffix in (".npz", ".pickle", ".pkl")] if one.is_dir() else [one]
        )
        files += sorted(inside, key=_natural)
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise FileNotFoundError(
            f"expected data files at {', '.join(missing) or path}, got nothing there; try the files of "
            f"{SOURCES}"
        )
    return files


def _natural(path: Path) -> list[tuple[bool, int, str]]:
    return [
        (part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in re.split(r"(\d+)", path.name)
        if part
    ]


def _joined(parts: list[np.ndarray | None], name: str, files: list[Path]) -> Any:
    present = [part for part in parts if part is not None]
    if not present:
        return None
    if len(present) < len(parts) or len({part.shape[1:] for part in present}) > 1:
        raise ValueError(
            f"expected {name} of one shape in all of {files[0].name} ... {files[-1].name}, got different "
            "ones; "
            "try loading each kind by itself"
        )
    return np.concatenate(present)
