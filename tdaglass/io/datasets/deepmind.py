"""DeepMind (Bapst et al., Nat. Phys. 16, 448, 2020): one pickle for each configuration, ten times, 30 runs.

Runs are stored unwrapped. Files: github.com/google-deepmind/deepmind-research, folder glassy_dynamics.
"""

from pathlib import Path

import numpy as np

from tdaglass.io.datasets.propensity_data import PropensityData, one_configuration
from tdaglass.io.datasets.safe_pickle import load_arrays_only
from tdaglass.io.datasets.sources import SOURCES


def read_pickle(file: Path, keep_runs: bool) -> PropensityData:
    """The record of one file; with the runs go the velocities at their start.

    Raises
    ------
    ValueError
        The file is no pickle of arrays, or lacks some.
    """
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
        if name in content and (keep_runs or name == "is_values")
    }
    if "pressure" in metadata:
        extra["pressure"] = np.array([metadata["pressure"]], np.float64)
    return one_configuration(
        "deepmind",
        content["positions"],
        content["types"],
        content["box"],
        times=time[indices],
        runs=np.asarray(content["trajectory_target_positions"]),
        keep_runs=keep_runs,
        temperature=metadata.get("temperature"),
        extra=extra,
    )
