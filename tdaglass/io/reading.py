"""Read configurations and trajectories: one way in for all formats."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np

from tdaglass.io.files import readable
from tdaglass.io.formats import lammps_data
from tdaglass.io.formats.by_name import format_to_read
from tdaglass.io.formats.file_frame import FROM_FILE, to_frame
from tdaglass.io.formats.species import Names, default_names
from tdaglass.io.frame import Frame
from tdaglass.io.notes import say
from tdaglass.io.trajectories import stack

Box = (
    float
    | Sequence[float | int]
    | Sequence[Sequence[float | int]]
    | np.ndarray
    | int
    | None
    | Literal["file"]
)


def iterate_trajectory(
    path: str | os.PathLike,
    frames: slice = slice(None),
    format: str | None = None,
    *,
    species_names: Names = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
    atom_style: str | None = None,
) -> Iterator[Frame]:
    """The frames of a file one at a time, each read when it is asked for.

    Parameters
    ----------
    path : path
        A file in one of `FORMATS`, or in any other that ASE reads; plain, or compressed (gzip, bzip2, xz, zstd).
    frames : slice
        Which frames; forward only. Negative ends count from the last frame.
    format : str, optional
        A key of `FORMATS`, or ASE's name of a format; by default what stands in the file decides, then its suffix,
        then ASE.
    species_names : sequence or mapping of str, optional
        Names (or type numbers) of species 0, 1, ...; types that have numbers only get these names in order. A
        mapping from the file's names or numbers to others codes them in its order. By default type numbers in
        order, A, B, ... by their letter, and other names in the alphabetical order of all that the file has.
    dimension : 2 or 3, optional
        By default what the file says (x and y only, its header), or shows by one z for all particles: they are
        flat in a thin cell, about z = 0 or with a warning, and in one that is open along z; elsewhere they are a
        layer in three dimensions, with a warning.
    box : number, edges, lattice vectors as rows, or None, optional
        In place of the file's cell; None for open space.
    atom_style : str, optional
        Of a LAMMPS data file that does not say it.

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
    ImportError
        A package that the format or its compression needs is not there.

    Warns
    -----
    FileWarning
        What the file leaves open, once for each file.

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
    yield from _frames(readable(path), frames, format, species_names, dimension, box, atom_style, said=set())


def read(
    path: str | os.PathLike,
    frame: int = -1,
    format: str | None = None,
    *,
    species_names: Names = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
    atom_style: str | None = None,
) -> Frame:
    """One frame of a file.

    Parameters
    ----------
    path : path
        A file as for `iterate_trajectory`.
    frame : int
        Which frame; negative numbers count from the last.
    format, species_names, dimension, box, atom_style
        As in `iterate_trajectory`.

    Returns
    -------
    Frame

    Raises
    ------
    IndexError
        The file has fewer frames.
    ValueError, OSError, ImportError
        As in `iterate_trajectory`, which also says what the warnings are.

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
    file = readable(path)
    module, options = _reader(file, format, atom_style)
    counting = {key: value for key, value in options.items() if key != "atom_style"}
    count = None
    k = frame
    if frame < 0:
        count = module.count_frames(file, **counting)
        k = count + frame
    # A frame before the first reads as no frame at all; an empty file then speaks for itself.
    chosen = slice(k, k + 1) if k >= 0 else slice(0, 0)
    found = list(_frames(file, chosen, format, species_names, dimension, box, atom_style, said=set()))
    if not found:
        count = module.count_frames(file, **counting) if count is None else count
        remedy = f"try -{count} to {count - 1}" if count else "try another file"
        raise IndexError(f"expected frame {frame} in {path}, got {count} frames; {remedy}")
    return found[0]


def read_trajectory(
    path: str | os.PathLike,
    frames: slice = slice(None),
    format: str | None = None,
    *,
    species_names: Names = None,
    dimension: int | None = None,
    box: Box = FROM_FILE,
    atom_style: str | None = None,
) -> Frame:
    """All frames of a file, or a slice of them, in one record with a leading axis.

    Parameters
    ----------
    path, frames, format, species_names, dimension, box, atom_style
        As in `iterate_trajectory`.

    Returns
    -------
    Frame
        Every array has the leading axis: positions (frames, particles, dim), species (frames, particles), box
        (frames, dim) or (frames, dim, dim), step (frames,), and what all frames have in their headers.

    Raises
    ------
    ValueError
        The number of particles changes, or as in `iterate_trajectory`.
    OSError, ImportError
        As in `iterate_trajectory`, which also says what the warnings are.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tdaglass import Configuration, io
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "two.lammpstrj"
    >>> io.write(path, Configuration(np.zeros((2, 1, 3)), np.zeros(1, int), np.ones(3)))
    >>> read_trajectory(path).configuration.positions.shape
    (2, 1, 3)
    """
    file, said = readable(path), set[str]()
    found = list(_frames(file, frames, format, species_names, dimension, box, atom_style, said))
    stacked, notes = stack(found, str(path))
    say(notes, said)
    return stacked


def _frames(
    file: Path,
    frames: slice,
    format: str | None,
    species_names: Names,
    dimension: int | None,
    box: Any,
    atom_style: str | None,
    said: set[str],
) -> Iterator[Frame]:
    module, options = _reader(file, format, atom_style)
    step = 1 if frames.step is None else frames.step
    if step < 1:
        raise ValueError(
            f"expected frames in forward order, got {frames}; try reversing the list of frames instead"
        )
    if dimension not in (None, 2, 3):
        raise ValueError(f"expected dimension 2 or 3, got {dimension}; try leaving it to the file")
    counting = {key: value for key, value in options.items() if key != "atom_style"}
    start, stop = frames.start or 0, frames.stop
    if start < 0 or (stop is not None and stop < 0):
        start, stop, _ = frames.indices(module.count_frames(file, **counting))
    empty = True
    for k, found in module.iterate_frames(file, start, stop, step, **options):
        if species_names is None and found.labels.dtype.kind == "U":
            # A name has one code in the whole file, whatever a frame happens to contain.
            kinds = module.kinds_of_particles(file, **counting) | set(found.labels.tolist())
            species_names = default_names(sorted(kinds))
        frame, notes = to_frame(found, f"frame {k} of {file.name}", file.name, species_names, dimension, box)
        say(notes, said)
        empty = False
        yield frame
    if empty and file.stat().st_size == 0:
        raise ValueError(f"expected frames in {file}, got a file of zero bytes; try writing it again")


def _reader(file: Path, format: str | None, atom_style: str | None) -> tuple[ModuleType, dict[str, Any]]:
    module, options = format_to_read(file, format)
    if atom_style is None:
        return module, options
    if module is not lammps_data:
        raise ValueError(
            f"expected atom_style for LAMMPS data files only, got {file.name}; try without it, or "
            "format='lammps-data'"
        )
    return module, {"atom_style": atom_style}
