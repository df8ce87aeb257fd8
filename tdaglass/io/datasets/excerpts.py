"""tdaglass's own excerpts: npz with `types`, `positions`, `box` and `propensity` or `runs`."""

from pathlib import Path

import numpy as np

from tdaglass.io.datasets.propensity_data import PropensityData, mean_distance, species_codes


def read_excerpt(file: Path, arrays: dict[str, np.ndarray], keep_runs: bool) -> PropensityData:
    """The record of one file: one configuration at some times, or many at one time."""
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
        propensity = mean_distance(positions, runs)
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
        species_codes(types),
        np.tile(box.astype(np.float64), (count, 1)),
        None if times is None else times.astype(np.float64),
        None if propensity is None else propensity.astype(np.float64),
        runs.astype(np.float64) if keep_runs and runs is not None else None,
        None if inherent is None else inherent.reshape(positions.shape).astype(np.float64),
        None if temperature is None else float(temperature),
        extra,
        "tdaglass",
    )
