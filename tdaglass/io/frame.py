"""One frame of a file, or a trajectory: configurations and what is known of each particle, as NumPy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tdaglass.configuration import Configuration


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
