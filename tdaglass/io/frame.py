"""One frame of a file, or a trajectory: configurations and what is known of each particle, as NumPy arrays."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tdaglass.configuration import Configuration


class Frame(NamedTuple):
    """What one frame of a file holds; a trajectory is the same record with a leading axis.

    Attributes
    ----------
    configuration : Configuration
        positions (..., particles, dim) float64, unwrapped where the file says so, from the cell's lower corner;
        species (..., particles) int32; box (..., dim) edges, of infinity along open axes, or (..., dim, dim)
        lattice vectors as rows, float64, or None; diameters (..., particles) float64 where the file has them.
        Lengths in the file's unit.
    velocities : (..., particles, dim) float64, or None
        The file's unit.
    columns : dict of (..., particles) or (..., particles, components)
        Everything else that the file says of each particle, by name: float64, int64, bool or text.
    step : int, (frames,) int64, or None
        Time step of the simulation.
    time : float, (frames,) float64, or None
        The file's unit.
    species_names : tuple of str
        Name of species 0, 1, ...; ("A", "B", ...) where the file does not say.
    header : dict of str to number, array, truth value or text
        Everything else that the file says of the frame, by name: energy, stress, virial, units, ...; of a
        trajectory with a leading axis, and only what all its frames have.
    """

    configuration: Configuration
    velocities: np.ndarray | None = None
    columns: Mapping[str, np.ndarray] = {}
    step: Any = None
    time: Any = None
    species_names: tuple[str, ...] = ()
    header: Mapping[str, Any] = {}


def letters(count: int) -> tuple[str, ...]:
    """The field's names of the first species: A, B, C, ...

    Examples
    --------
    >>> letters(3)
    ('A', 'B', 'C')
    """
    return tuple(chr(ord("A") + i) if i < 26 else f"S{i}" for i in range(count))


def host_configuration(positions: Any, species: Any, box: Any, diameters: Any = None) -> Configuration:
    """A configuration of NumPy arrays, which stand wherever JAX arrays do."""
    return Configuration(positions, species, box, diameters)


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
