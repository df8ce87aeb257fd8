"""JSON files of a run, and figures of merit as JSON can hold them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.runs.atomic import atomic_write


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, whole or not at all."""
    with atomic_write(path, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def plain(value: Any) -> Any:
    """Numbers, strings, arrays and mappings of them as JSON holds them; what is not finite becomes None.

    Raises
    ------
    ValueError
        A value is of another kind.

    Examples
    --------
    >>> plain({"rho": np.float32(0.5), "curve": np.array([1.0, np.nan])})
    {'rho': 0.5, 'curve': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(child) for name, child in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    array = np.asarray(value)
    if array.dtype.kind not in "biufU":
        raise ValueError(
            f"expected numbers and strings as metrics, got {type(value).__name__}; try float(value)"
        )
    if array.ndim:
        return [plain(child) for child in array]
    number = array.item()
    return None if isinstance(number, float) and not np.isfinite(number) else number
