"""BOTAN (Shiba et al., J. Chem. Phys. 158, 084503, 2023): one npz for each configuration and time code.

Each holds the end positions of 32 runs, unwrapped, and no box. Files: github.com/h3-Open-BDEC/pyg_botan.
"""

from pathlib import Path

import numpy as np

from tdaglass.io.datasets.kob_andersen import edge_of_the_box, temperature_and_time_code
from tdaglass.io.datasets.propensity_data import PropensityData, one_configuration


def end_positions(
    file: Path, arrays: dict[str, np.ndarray], keep_runs: bool, source: str = "botan"
) -> PropensityData:
    """The record of one file; the time code, if its name says one, is in `extra`."""
    positions = arrays["initial_positions"]
    n, dimension = positions.shape
    temperature, code = temperature_and_time_code(file)
    return one_configuration(
        source,
        positions,
        arrays["types"],
        arrays.get("box", np.full(dimension, edge_of_the_box(n, dimension))),
        runs=arrays["positions"].astype(np.float64)[None],
        keep_runs=keep_runs,
        temperature=temperature,
        extra={} if code is None else {"time_code": np.array([code])},
    )
