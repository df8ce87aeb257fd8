"""Quenches of `glass_or_liquid.py` kept in files, so that what was cooled on one machine is analysed on another.

A file holds some systems at both temperatures, in single precision, the settings by which they were cooled, the
engine, and the versions of the codes. `numpy.load` reads its arrays, `load_tree` all of it.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from glass_or_liquid_records import Cooling

from tdaglass.configuration import Configuration
from tdaglass.runs.trees import load_tree, save_tree
from tdaglass.versions import versions

LARGEST = 16_000_000  # bytes of a file
ABOUT = 64_000  # of these, for all that is no position
# How many systems there are, and how many are cooled at once, says nothing of any of them; where states were kept
# changes temperatures in their last digit only.
OF_NO_SYSTEM = {"quenches", "batch", "part_steps"}


def write_quenches(
    folder: Path, cooling: Cooling, numbers: np.ndarray, both: Configuration, engine: str
) -> None:
    """Files of systems with these numbers; `both` are their liquids and glasses, (2, systems, ...)."""
    folder.mkdir(parents=True, exist_ok=True)
    positions, species, box = (np.asarray(x) for x in both)
    positions = positions.astype(np.float32)
    at_once = max(1, (LARGEST - ABOUT) // (positions[:, :1].nbytes + 2 * cooling.n))
    for first in range(0, len(numbers), at_once):
        some = slice(first, first + at_once)
        save_tree(
            folder / f"systems-{numbers[some][0]}-{numbers[some][-1]}.npz",
            {
                "numbers": np.asarray(numbers[some]),
                "positions": positions[:, some],
                "species": species[:, some].astype(np.uint8),
                "box": box[:, some].astype(np.float32),
                "cooling": deciding(cooling),
                "engine": engine,
                "versions": versions(),
            },
        )


def read_quenches(folder: Path, cooling: Cooling) -> tuple[Configuration, str]:
    """All quenches in a folder, by their numbers, and who cooled them.

    Raises
    ------
    FileNotFoundError
        There are none.
    ValueError
        They were cooled otherwise than is asked for, or one of them is there twice, or a file is damaged.
    """
    files = sorted(folder.glob("systems-*.npz"))
    if not files:
        raise FileNotFoundError(
            f"expected files systems-*.npz in {folder}, got none; try the folder of keep_quenches.py"
        )
    pieces = [load_tree(file) for file in files]
    for file, piece in zip(files, pieces, strict=True):
        check(file, piece["cooling"], deciding(cooling))
    numbers = np.concatenate([piece["numbers"] for piece in pieces])
    chosen, count = np.unique(numbers, return_counts=True)
    if (count > 1).any():
        raise ValueError(
            f"expected every system once in {folder}, got number {chosen[count > 1][0]} more often; try removing "
            "files of which another holds all systems"
        )
    order = np.argsort(numbers)
    positions, species, box = (
        np.concatenate([piece[name] for piece in pieces], axis=1)[:, order]
        for name in ("positions", "species", "box")
    )
    engines = dict.fromkeys(piece["engine"] for piece in pieces)
    return Configuration(positions, species.astype(np.int32), box), " and ".join(engines)


def deciding(cooling: Cooling) -> dict[str, Any]:
    """The settings that decide each system."""
    return {name: value for name, value in asdict(cooling).items() if name not in OF_NO_SYSTEM}


def check(file: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Whether a file is of systems that were cooled as is asked for."""
    for name, value in wanted.items():
        if found.get(name) != value:
            raise ValueError(
                f"expected quenches with {name} {value}, got {found.get(name)} in {file}; "
                f"try --{name} {found.get(name)}"
            )
