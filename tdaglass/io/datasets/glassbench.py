"""GlassBench (Jung et al., arXiv:2311.14752; Zenodo record 10118191): propensities, or the ends of runs.

`KA_models` and `KA2D_models` are one npz for each configuration, without a box, with the published propensity at
several times. `KA2D_trajectories` hold the box and the end positions of 20 runs at one time; GlassBench's own
script takes nearest images, and so does the reader here, which gives the runs unwrapped.
"""

from pathlib import Path

import numpy as np

from tdaglass.io.datasets.botan import end_positions
from tdaglass.io.datasets.kob_andersen import edge_of_the_box, temperature_and_time_code
from tdaglass.io.datasets.propensity_data import PropensityData, one_configuration

# GlassBench's README: edge of the two-dimensional cell of 1290 particles; its model files leave the box out.
_EDGE_2D = 32.8962
# GlassBench, KA_results/times_T.dat and KA2D_results/times_T.dat: the times of the rows of md_prop and
# bb_prop.
_TIMES = {
    (3, 0.44): (0.13, 1.3, 13.0, 130.0, 412.0, 1300.0, 4120.0, 13000.0, 41200.0, 130000.0),
    (3, 0.50): (0.108, 0.434, 2.17, 6.86, 21.7, 68.6, 217.0, 686.0, 2170.0, 6860.0),
    (3, 0.56): (0.104, 0.33, 0.99, 1.65, 5.2, 16.5, 52.0, 165.0, 520.0, 1650.0),
    (3, 0.64): (0.032, 0.1, 0.165, 0.52, 1.65, 5.2, 16.5, 52.0, 165.0, 520.0),
    (2, 0.23): (0.1, 1.1, 11.64, 122.47, 1288.41, 13554.0, 142587.0, 1500000.0),
    (2, 0.30): (0.11, 1.25, 14.14, 158.74, 1781.79, 20000.0),
}


def published_propensity(file: Path, arrays: dict[str, np.ndarray], keep_runs: bool) -> PropensityData:
    """The record of one file of `KA_models` or `KA2D_models`; there are no runs in them to keep."""
    positions, propensity = arrays["initial_positions"], arrays["md_prop"]
    n, dimension = positions.shape
    temperature, _ = temperature_and_time_code(file)
    times = _TIMES.get((dimension, temperature or 0.0), ())
    known = {"types", "initial_positions", "initial_positions_inherent", "md_prop"}
    return one_configuration(
        "glassbench",
        positions,
        arrays["types"],
        np.full(dimension, _EDGE_2D if dimension == 2 else edge_of_the_box(n, 3)),
        times=np.array(times) if len(times) == len(propensity) else None,
        propensity=propensity,
        inherent=arrays.get("initial_positions_inherent"),
        temperature=temperature,
        extra={name: values[None] for name, values in arrays.items() if name not in known},
    )


def nearest_end_positions(file: Path, arrays: dict[str, np.ndarray], keep_runs: bool) -> PropensityData:
    """The record of one file of `KA2D_trajectories`."""
    positions, box = arrays["initial_positions"], arrays["box"]
    runs = arrays["positions"].astype(np.float64)
    # Its script takes nearest images, so nothing is lost by doing so here.
    runs = runs - box * np.rint((runs - positions) / box)
    return end_positions(file, {**arrays, "positions": runs}, keep_runs, "glassbench-runs")
