"""Write configurations and trajectories, whole or not at all: one way out for all formats."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.configuration import Configuration
from tdaglass.io.checks import check_names, checked
from tdaglass.io.files import COMPRESSED, opened_to_write
from tdaglass.io.formats.by_name import format_to_write
from tdaglass.io.frame import Frame
from tdaglass.io.notes import say
from tdaglass.io.trajectories import split
from tdaglass.runs.atomic import atomic_path, atomic_write


def write(
    path: str | os.PathLike,
    what: Configuration | Frame | Iterable[Frame],
    columns: Mapping[str, Any] | None = None,
    format: str | None = None,
    *,
    species_names: Sequence[str] | None = None,
) -> None:
    """Write configurations to a file, whole or not at all.

    Parameters
    ----------
    path : path
        The file to create or replace; an old file stays as it is until the new one is complete. Text formats are
        compressed if .gz, .bz2, .xz or .zst follows the suffix.
    what : Configuration, Frame, or iterable of Frame
        One frame, a trajectory (leading axis of frames), or frames one at a time. NumPy or JAX arrays.
    columns : mapping of str to (..., particles) or (..., particles, components), optional
        Per-particle numbers or text to add. A column of one component comes back as (particles,). The diameters of
        a configuration are written as a column `diameter`, unless it has them, or their halves as `radius`.
    format : str, optional
        A key of `FORMATS`; by default the suffix decides.
    species_names : sequence of str, optional
        Names of species 0, 1, ...; by default the frame's own, or A, B, ... ASE opens chemical symbols only.

    Raises
    ------
    ValueError
        An array is of the wrong shape or not finite, or the format cannot hold it.
    OSError
        The disk is full or the folder cannot be written.

    Warns
    -----
    FileWarning
        The format has no place for some of the header.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "glass.xyz"
    >>> write(path, Configuration(np.zeros((1, 2)), np.zeros(1, int), np.ones(2)), species_names=("Ni",))
    >>> print(path.read_text().splitlines()[-1])
    Ni 0.0 0.0 0.0
    """
    target, said = Path(path), set[str]()
    module = format_to_write(target, format)
    frames = _to_write(what, columns or {}, species_names, target.name)
    packed = target.suffix.lower() if target.suffix.lower() in COMPRESSED else ""
    if module.TEXT and not packed:
        with atomic_write(target, "w") as file:
            for note in module.write_frames(file, frames):
                say([note], said)
        return
    if packed and not module.TEXT:
        raise ValueError(
            f"expected an uncompressed name for a binary file, got {target.name}; try {target.stem}"
        )
    with atomic_path(target) as temporary:
        if packed:
            with opened_to_write(temporary, packed) as file:
                for note in module.write_frames(file, frames):
                    say([note], said)
        else:
            for note in module.write_frames(temporary, frames):
                say([note], said)


def _to_write(
    what: Any, columns: Mapping[str, Any], species_names: Sequence[str] | None, where: str
) -> Iterator[Frame]:
    if isinstance(what, Configuration):
        what = Frame(what)
    if isinstance(what, Frame):
        what = split(
            what._replace(columns={**what.columns, **{k: np.asarray(v) for k, v in columns.items()}})
        )
    elif columns:
        raise ValueError(
            "expected columns inside each frame of an iterable, got columns=; try Frame(..., columns)"
        )
    count = 0
    for count, frame in enumerate(what, start=1):
        if not isinstance(frame, Frame):
            raise ValueError(
                f"expected frames to write, got {type(frame).__name__}; try Frame(configuration)"
            )
        if species_names is not None:
            frame = frame._replace(species_names=tuple(species_names))
        place = f"frame {count - 1} for {where}"
        frame = _with_diameters(checked(frame, place))
        check_names(frame, place)
        yield frame
    if not count:
        raise ValueError(f"expected at least one frame for {where}, got none; try a non-empty trajectory")


def _with_diameters(frame: Frame) -> Frame:
    """The frame with its diameters as a column: once, and those of the configuration where a column has others."""
    diameters = frame.configuration.diameters
    if diameters is None:
        return frame
    columns = dict(frame.columns)
    for name, factor in (("diameter", 1.0), ("radius", 2.0)):
        if name in columns and not np.array_equal(factor * columns[name], diameters):
            del columns[name]
    if not {"diameter", "radius"} & columns.keys():
        columns["diameter"] = diameters
    return frame._replace(columns=columns)
