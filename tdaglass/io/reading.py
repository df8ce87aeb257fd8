"""Read configurations and trajectories: one way in for all formats."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Literal

import numpy as np

from tdaglass.io.formats.by_name import format_of
from tdaglass.io.formats.file_frame import FROM_FILE, species_codes, to_frame
from tdaglass.io.frame import Frame, stack

Box = Sequence[float] | np.ndarray | None | Literal["file"]


def iterate_trajectory(
    path: str | os.PathLike,
    frames: slice = slice(None),
    format: str | None = None,
    *,
    species_names: Sequence[str] | None = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
) -> Iterator[Frame]:
    """The frames of a file one at a time, each read when it is asked for.

    Parameters
    ----------
    path : path
        A file in one of `FORMATS`.
    frames : slice
        Which frames; forward only. Negative ends count from the last frame.
    format : str, optional
        A key of `FORMATS`; by default the suffix decides.
    species_names : sequence of str, optional
        Names (or type numbers) of species 0, 1, ...; by default type numbers in order, A, B, ... by their
        letter, and other names in the alphabetical order of the file's first frame.
    dimension : 2 or 3, optional
        By default what the file says, or shows by z = 0 throughout: in LAMMPS files in a cell no thicker than
        1 about it, elsewhere in a cell that is not periodic along z.
    box : sequence of float, or None, optional
        Edge lengths in place of the file's cell; None for open space.

    Yields
    ------
    Frame
        float64 positions in the file's length unit, from the cell's lower corner, unwrapped where the file
        says so; particles in the order of their ids where the file has ids.

    Raises
    ------
    ValueError
        The file is not of the format, is damaged, or holds what a `Configuration` cannot; each with a remedy.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tdaglass import Configuration, io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "two.xyz"
    >>> still = Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), np.ones(3))
    >>> io.write(path, still)
    >>> sum(1 for frame in iterate_trajectory(path))
    2
    """
    file = _readable(path)
    module = format_of(file, format)
    step = 1 if frames.step is None else frames.step
    if step < 1:
        raise ValueError(
            f"expected frames in forward order, got {frames}; try reversing the list of frames instead"
        )
    if dimension not in (None, 2, 3):
        raise ValueError(f"expected dimension 2 or 3, got {dimension}; try leaving it to the file")
    start, stop = frames.start or 0, frames.stop
    if start < 0 or (stop is not None and stop < 0):
        start, stop, _ = frames.indices(module.count_frames(file))
    if species_names is None and start > 0:
        species_names = _names_of_first_frame(file, module)
    empty = True
    for k, found in module.iterate_frames(file, start, stop, step):
        where = f"frame {k} of {file.name}"
        frame = to_frame(found, where, species_names, dimension, box)
        if species_names is None and found.labels.dtype.kind == "U":
            # Alphabetical codes hold for the whole file, not for the species that a frame happens to contain.
            species_names = frame.species_names
        empty = False
        yield frame
    if empty and file.stat().st_size == 0:
        raise ValueError(f"expected frames in {path}, got a file of zero bytes; try writing it again")


def read(
    path: str | os.PathLike,
    frame: int = -1,
    format: str | None = None,
    *,
    species_names: Sequence[str] | None = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
) -> Frame:
    """One frame of a file.

    Parameters
    ----------
    path : path
        A file in one of `FORMATS`.
    frame : int
        Which frame; negative numbers count from the last.
    format, species_names, dimension, box
        As in `iterate_trajectory`.

    Returns
    -------
    Frame

    Raises
    ------
    IndexError
        The file has fewer frames.
    ValueError, OSError
        As in `iterate_trajectory`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tdaglass import Configuration, io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "one.xyz"
    >>> still = Configuration(np.zeros((1, 3)), np.zeros(1, int), np.ones(3))
    >>> io.write(path, still, columns={"score": [0.5]})
    >>> read(path).columns["score"]
    array([0.5])
    """
    file = _readable(path)
    module = format_of(file, format)
    count = None
    k = frame
    if frame < 0:
        count = module.count_frames(file)
        k = count + frame
    # A frame before the first reads as no frame at all; an empty file then speaks for itself.
    chosen = slice(k, k + 1) if k >= 0 else slice(0, 0)
    found = list(
        iterate_trajectory(path, chosen, format, species_names=species_names, dimension=dimension, box=box)
    )
    if not found:
        count = module.count_frames(file) if count is None else count
        raise IndexError(f"expected frame {frame} in {path}, got {count} frames; try -{count} to {count - 1}")
    return found[0]


def read_trajectory(
    path: str | os.PathLike,
    frames: slice = slice(None),
    format: str | None = None,
    *,
    species_names: Sequence[str] | None = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
) -> Frame:
    """All frames of a file, or a slice of them, in one record with a leading axis.

    Parameters
    ----------
    path, frames, format, species_names, dimension, box
        As in `iterate_trajectory`.

    Returns
    -------
    Frame
        Every array has the leading axis: positions (frames, particles, dim), species (frames, particles), box
        (frames, dim), step (frames,).

    Raises
    ------
    ValueError
        The number of particles changes, or as in `iterate_trajectory`.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tdaglass import Configuration, io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "two.lammpstrj"
    >>> io.write(path, Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), np.ones(3)))
    >>> read_trajectory(path).configuration.positions.shape
    (2, 1, 3)
    """
    return stack(
        list(
            iterate_trajectory(
                path, frames, format, species_names=species_names, dimension=dimension, box=box
            )
        ),
        str(path),
    )


def _names_of_first_frame(file: Path, module: ModuleType) -> tuple[str, ...] | None:
    for _, found in module.iterate_frames(file, 0, 1, 1):
        if found.labels.dtype.kind == "U":
            return species_codes(found.labels, found.names, None, file.name)[1]
    return None


def _readable(path: str | os.PathLike) -> Path:
    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"expected a file at {path}, got nothing there; try its full path")
    if not file.is_file():
        raise IsADirectoryError(f"expected a file at {path}, got a folder; try a file inside it")
    if not os.access(file, os.R_OK):
        raise PermissionError(f"expected a readable file, got {path} without permission; try chmod +r {path}")
    return file
