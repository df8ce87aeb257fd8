"""One file, in whichever layout it is: each is recognised by the arrays that it holds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tdaglass.io.datasets import botan, deepmind, excerpts, glassbench
from tdaglass.io.datasets.propensity_data import PropensityData
from tdaglass.io.datasets.sources import SOURCES

_Reader = Callable[[Path, dict[str, np.ndarray], bool], PropensityData]

# Arrays that a layout has, the most telling first, and its reader.
_LAYOUTS: tuple[tuple[tuple[str, ...], _Reader], ...] = (
    (("types", "initial_positions", "md_prop"), glassbench.published_propensity),
    (("types", "initial_positions", "positions", "box"), glassbench.nearest_end_positions),
    (("types", "initial_positions", "positions"), botan.end_positions),
    (("types", "positions", "box", "propensity"), excerpts.read_excerpt),
    (("types", "positions", "box", "runs"), excerpts.read_excerpt),
)


def read_file(file: Path, keep_runs: bool) -> PropensityData:
    """The record of one file; the end positions of its runs on request.

    Raises
    ------
    ValueError
        The file is of no known layout, or damaged.
    """
    if file.suffix in (".pickle", ".pkl"):
        return deepmind.read_pickle(file, keep_runs)
    arrays = _npz(file)
    for names, read in _LAYOUTS:
        if set(names) <= arrays.keys():
            return read(file, arrays, keep_runs)
    raise ValueError(
        f"expected a layout of {SOURCES} in {file}, got the arrays {', '.join(sorted(arrays)) or 'none'}; "
        "try one of those files, or tdaglass.io.read for a plain configuration"
    )


def _npz(file: Path) -> dict[str, np.ndarray]:
    # The file is opened here, so that it is closed whatever stands in it.
    with open(file, "rb") as opened:
        try:
            with np.load(opened, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
        except Exception:
            # Whatever the reader of archives stumbles over in a damaged file, it says in its own words.
            raise ValueError(
                f"expected a whole npz file of numbers at {file}, got one that is damaged or holds something "
                "else; try fetching it again from its source"
            ) from None
    wrong = [name for name, values in arrays.items() if values.dtype.kind not in "fiubU"]
    if wrong:
        raise ValueError(
            f"expected numbers in all arrays of {file}, got others in {', '.join(wrong)}; "
            "try fetching it again from its source"
        )
    return arrays
