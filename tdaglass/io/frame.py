"""One frame of a file: the configuration and what is known of each particle, as NumPy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tdaglass.configuration import Configuration

# What the formats themselves call positions, velocities and kinds.
RESERVED = frozenset(
    {"id", "type", "element", "species", "Z", "pos", "velo", "vel", "velocity", "velocities"}
    | {
        prefix + axis + suffix
        for axis in "xyz"
        for prefix, suffix in (("", ""), ("", "u"), ("", "s"), ("", "su"))
    }
    | {prefix + axis for axis in "xyz" for prefix in "iv"}
)


class Frame(NamedTuple):
    """What one frame of a file holds; a trajectory is the same record with a leading axis.

    Attributes
    ----------
    configuration : Configuration
        positions (..., particles, dim) float64, unwrapped where the file says so; species (..., particles)
        int32; box (..., dim) float64 or None. Lengths in the file's unit.
    velocities : (..., particles, dim) float64, or None
        The file's unit.
    columns : dict of (..., particles) or (..., particles, components)
        Everything else that the file says of each particle, by name: float64, int64 or bool.
    step : int, (frames,) int64, or None
        Time step of the simulation.
    time : float, (frames,) float64, or None
        The file's unit.
    species_names : tuple of str
        Name of species 0, 1, ...; ("A", "B", ...) where the file does not say.
    """

    configuration: Configuration
    velocities: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = {}
    step: Any = None
    time: Any = None
    species_names: tuple[str, ...] = ()


def letters(count: int) -> tuple[str, ...]:
    """The field's names of the first species: A, B, C, ...

    Examples
    --------
    >>> letters(3)
    ('A', 'B', 'C')
    """
    return tuple(chr(ord("A") + i) if i < 26 else f"S{i}" for i in range(count))


def host_configuration(positions: Any, species: Any, box: Any) -> Configuration:
    """A configuration of NumPy arrays, which stand wherever JAX arrays do."""
    return Configuration(positions, species, box)


def host_arrays(frame: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Positions, species and box of a frame as NumPy arrays."""
    positions, species, box = frame.configuration[:3]
    return np.asarray(positions), np.asarray(species), None if box is None else np.asarray(box)


def column(frame: Frame, name: str) -> np.ndarray:
    """One per-particle column of a frame.

    Parameters
    ----------
    frame : Frame
    name : str

    Returns
    -------
    array (..., particles) or (..., particles, components)

    Raises
    ------
    KeyError
        The frame has no such column; the message says which it has.

    Examples
    --------
    >>> still = Configuration(np.zeros((1, 2)), np.zeros(1, int), None)
    >>> column(Frame(still, columns={"score": np.array([0.5])}), "score")
    array([0.5])
    """
    if name not in frame.columns:
        have = ", ".join(frame.columns) or "none"
        raise KeyError(f"expected a column {name!r}, got the columns: {have}; try one of these")
    return frame.columns[name]


def checked(frame: Frame, where: str) -> Frame:
    """The frame with NumPy arrays of the documented types, or a sentence saying what is wrong with it.

    Parameters
    ----------
    frame : Frame
        One frame, not a trajectory; NumPy or JAX arrays.
    where : str
        What the frame is, for the message: "frame 3 of a.xyz".

    Returns
    -------
    Frame

    Raises
    ------
    ValueError
        A shape, a type or a number cannot be.
    """
    configuration = frame.configuration
    positions = np.asarray(configuration.positions, np.float64)
    if positions.ndim != 2 or positions.shape[-1] not in (2, 3):
        raise ValueError(
            f"expected positions (particles, 2 or 3) in {where}, got {positions.shape}; "
            "try one frame at a time"
        )
    n, dimension = positions.shape
    _refuse_nonfinite(positions, "position", where)
    box = None if configuration.box is None else np.asarray(configuration.box, np.float64)
    if box is not None and (box.shape != (dimension,) or not np.all(np.isfinite(box) & (box > 0))):
        raise ValueError(
            f"expected {dimension} positive box edges in {where}, got {box.tolist()}; "
            "try box=None for open space"
        )
    species = np.asarray(configuration.species)
    if species.shape != (n,) or species.dtype.kind not in "iu" or (n and species.min() < 0):
        raise ValueError(
            f"expected {n} species codes 0, 1, ... in {where}, got {species.dtype} of shape {species.shape}"
            f"{' with negative codes' if species.dtype.kind == 'i' and n and species.min() < 0 else ''}; "
            "try integers counted from 0"
        )
    velocities = frame.velocities
    if velocities is not None:
        velocities = np.asarray(velocities, np.float64)
        if velocities.shape != positions.shape:
            raise ValueError(
                f"expected velocities {positions.shape} in {where}, got {velocities.shape}; try "
                "velocities=None"
            )
        _refuse_nonfinite(velocities, "velocity", where)
    names = tuple(str(name) for name in frame.species_names)
    needed = int(species.max()) + 1 if n else 0
    if names and len(names) < needed:
        raise ValueError(
            f"expected a name for each of the {needed} species in {where}, got {names}; "
            "try naming all of them"
        )
    return Frame(
        host_configuration(positions, species.astype(np.int32), box),
        velocities,
        {name: _checked_column(name, values, n, where) for name, values in frame.columns.items()},
        None if frame.step is None else int(frame.step),
        None if frame.time is None else float(frame.time),
        names or letters(needed),
    )


def split(frame: Frame) -> list[Frame]:
    """The frames of a trajectory held in one record; a single frame gives a list of one."""
    positions = frame.configuration.positions
    if positions.ndim == 2:
        return [frame]
    if positions.ndim != 3:
        raise ValueError(
            f"expected positions (particles, dim) or (frames, particles, dim), got {positions.shape}; "
            "try reshaping the batch to one leading axis"
        )
    count = positions.shape[0]

    def at(values: Any, i: int, ranks: int) -> Any:
        # What all frames share may be given once, without the leading axis.
        return None if values is None else values[i] if np.ndim(values) > ranks else values

    configuration = frame.configuration
    return [
        frame._replace(
            configuration=Configuration(
                positions[i], at(configuration.species, i, 1), at(configuration.box, i, 1)
            ),
            velocities=at(frame.velocities, i, 2),
            columns={name: values[i] for name, values in frame.columns.items()},
            step=at(frame.step, i, 0),
            time=at(frame.time, i, 0),
        )
        for i in range(count)
    ]


def stack(frames: Sequence[Frame], where: str) -> Frame:
    """One record with a leading axis from frames of equal particle count.

    Raises
    ------
    ValueError
        There is no frame, or the counts, boxes or columns differ in kind.
    """
    if not frames:
        raise ValueError(f"expected at least one frame in {where}, got none; try another file or slice")
    counts = sorted({frame.configuration.positions.shape for frame in frames})
    if len(counts) > 1:
        raise ValueError(
            f"expected as many particles in every frame of {where}, got {counts}; "
            "try iterate_trajectory, which gives one frame at a time"
        )
    return Frame(
        host_configuration(
            np.stack([frame.configuration.positions for frame in frames]),
            np.stack([frame.configuration.species for frame in frames]),
            _stack_alike([frame.configuration.box for frame in frames], "box", where),
        ),
        _stack_alike([frame.velocities for frame in frames], "velocities", where),
        {
            name: _stack_alike([frame.columns.get(name) for frame in frames], f"column {name!r}", where)
            for name in frames[0].columns
        },
        _stack_alike([frame.step for frame in frames], "step", where),
        _stack_alike([frame.time for frame in frames], "time", where),
        max((frame.species_names for frame in frames), key=len),
    )


def _stack_alike(values: Iterable, what: str, where: str) -> Any:
    values = list(values)
    present = [value is not None for value in values]
    if not any(present):
        return None
    if not all(present):
        raise ValueError(
            f"expected {what} in every frame of {where}, got none in frame {present.index(False)}; "
            "try iterate_trajectory, which gives one frame at a time"
        )
    return np.stack(values)


def check_names(frame: Frame, where: str) -> None:
    """Refuse names that a file could not give back: blanks and punctuation, or a meaning of their own.

    Raises
    ------
    ValueError
        A column or a species has such a name.
    """
    for kind, names in (("column", tuple(frame.columns)), ("species", frame.species_names)):
        for name in names:
            if not name or any(c.isspace() or c in ":\"'=[]{}/" for c in name):
                raise ValueError(
                    f"expected a {kind} name without blanks and punctuation in {where}, got {name!r}; "
                    "try letters, digits and underscores"
                )
            if kind == "column" and name in RESERVED:
                raise ValueError(
                    f"expected a column name with no meaning in {where}, got {name!r}; try another name"
                )
        if len(set(names)) < len(names):
            raise ValueError(f"expected distinct {kind} names in {where}, got {names}; try renaming one")


def _checked_column(name: str, values: Any, n: int, where: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape[:1] != (n,) or values.ndim > 2 or (values.ndim == 2 and not values.shape[1]):
        raise ValueError(
            f"expected column {name!r} of shape ({n},) or ({n}, components) in {where}, got {values.shape}; "
            "try one row for each particle"
        )
    if values.dtype.kind not in "fiub":
        raise ValueError(
            f"expected numbers in column {name!r} of {where}, got {values.dtype}; try float, int or bool"
        )
    return values.astype({"f": np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}[values.dtype.kind])


def _refuse_nonfinite(values: np.ndarray, what: str, where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        raise ValueError(
            f"expected finite numbers, got {values[bad[0]].tolist()} as {what} of particle {bad[0]} "
            f"in {where} ({bad.size} such particles); try a frame from before the simulation blew up"
        )
