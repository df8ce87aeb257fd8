"""Write configurations and trajectories, whole or not at all: one way out for all formats."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.configuration import Configuration
from tdaglass.io.checks import check_names, checked
from tdaglass.io.formats.by_name import format_of
from tdaglass.io.frame import Frame, split
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
        The file to create or replace; an old file stays as it is until the new one is complete.
    what : Configuration, Frame, or iterable of Frame
        One frame, a trajectory (leading axis of frames), or frames one at a time. NumPy or JAX arrays.
    columns : mapping of str to (..., particles) or (..., particles, components), optional
        Per-particle numbers to add. A column of one component comes back as (particles,).
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

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "glass.xyz"
    >>> write(path, Configuration(np.zeros((1, 2)), np.zeros(1, int), np.ones(2)), species_names=("Ni",))
    >>> print(path.read_text().splitlines()[-1])
    Ni 0.0 0.0 0.0
    """
    target = Path(path)
    module = format_of(target, format)
    frames = _to_write(what, columns or {}, species_names, target.name)
    if module.TEXT:
        with atomic_write(target, "w") as file:
            module.write_frames(file, frames)
    else:
        with atomic_path(target) as temporary:
            module.write_frames(temporary, frames)


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
        frame = checked(frame, place)
        check_names(frame, place)
        yield frame
    if not count:
        raise ValueError(f"expected at least one frame for {where}, got none; try a non-empty trajectory")
