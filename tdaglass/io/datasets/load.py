"""Files of one kind, or a folder of them, as one record."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.io.datasets.propensity_data import PropensityData
from tdaglass.io.datasets.recognize import read_file
from tdaglass.io.datasets.sources import SOURCES


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
    parts = [read_file(file, runs) for file in files]
    first = parts[0]
    for file, part in zip(files, parts, strict=True):
        for name in ("source", "temperature", "times"):
            mine, other = getattr(first, name), getattr(part, name)
            if not np.array_equal(np.asarray(mine, object), np.asarray(other, object)):
                raise ValueError(
                    f"expected one {name} in all files, got {mine} in {files[0].name} and {other} "
                    f"in {file.name}; try loading each kind by itself"
                )
        if part.positions.shape[1:] != first.positions.shape[1:]:
            raise ValueError(
                f"expected configurations of one size, got {first.positions.shape[1:]} in {files[0].name} "
                f"and {part.positions.shape[1:]} in {file.name}; try loading each size by itself"
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
            f"expected data files at {', '.join(missing) or path}, got nothing there; "
            f"try the files of {SOURCES}"
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
            f"expected {name} of one shape in all of {files[0].name} ... {files[-1].name}, got "
            "different ones; try loading each kind by itself"
        )
    return np.concatenate(present)
