"""A trajectory in one record: taken apart into its frames, and put together from them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tdaglass.configuration import Configuration
from tdaglass.io.frame import Frame, host_configuration


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
    count, _, dimension = positions.shape

    def at(values: Any, i: int, ranks: int) -> Any:
        # What all frames share may be given once, without the leading axis.
        return None if values is None else values[i] if np.ndim(values) > ranks else values

    configuration = frame.configuration
    # A matrix for all frames looks like edges for each of them, unless their number tells.
    shared = np.shape(configuration.box) == (dimension, dimension) and count != dimension
    return [
        frame._replace(
            configuration=Configuration(
                positions[i],
                at(configuration.species, i, 1),
                at(configuration.box, i, 2 if shared else 1),
                at(configuration.diameters, i, 1),
            ),
            velocities=at(frame.velocities, i, 2),
            columns={name: values[i] for name, values in frame.columns.items()},
            step=at(frame.step, i, 0),
            time=at(frame.time, i, 0),
            header={
                name: value[i] if isinstance(value, np.ndarray | list) and len(value) == count else value
                for name, value in frame.header.items()
            },
        )
        for i in range(count)
    ]


def stack(frames: Sequence[Frame], where: str) -> tuple[Frame, list[str]]:
    """One record with a leading axis from frames of equal particle count, and what is to be said of it.

    Raises
    ------
    ValueError
        There is no frame, or the counts, boxes or columns differ in kind.
    """
    if not frames:
        raise ValueError(f"expected at least one frame in {where}, got none; try another file or slice")
    shapes = sorted({frame.configuration.positions.shape for frame in frames})
    if len({shape[1] for shape in shapes}) > 1:
        raise ValueError(
            f"expected all frames of {where} in as many dimensions, got flat ones among others; "
            "try dimension=3, or dimension=2"
        )
    if len(shapes) > 1:
        raise ValueError(
            f"expected as many particles in every frame of {where}, got {[shape[0] for shape in shapes]}; "
            "try iterate_trajectory, which gives one frame at a time"
        )
    header, notes = _stacked_header([frame.header for frame in frames], where)
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    stacked = Frame(
        host_configuration(
            np.stack([frame.configuration.positions for frame in frames]),
            np.stack([frame.configuration.species for frame in frames]),
            _stack_alike(_alike_boxes([frame.configuration.box for frame in frames]), "box", where),
            _stack_alike([frame.configuration.diameters for frame in frames], "diameters", where),
        ),
        _stack_alike([frame.velocities for frame in frames], "velocities", where),
        {
            name: _stack_alike([frame.columns.get(name) for frame in frames], f"column {name!r}", where)
            for name in names
        },
        _stack_alike([frame.step for frame in frames], "step", where),
        _stack_alike([frame.time for frame in frames], "time", where),
        max((frame.species_names for frame in frames), key=len),
        header,
    )
    return stacked, notes


def _alike_boxes(boxes: list[Any]) -> list[Any]:
    """Edges beside matrices become matrices: a sheared cell passes through the orthorhombic one."""
    if {np.ndim(box) for box in boxes if box is not None} == {1, 2}:
        return [box if box is None or box.ndim == 2 else _diagonal(box) for box in boxes]
    return boxes


def _diagonal(edges: np.ndarray) -> np.ndarray:
    matrix = np.zeros((len(edges), len(edges)))
    np.fill_diagonal(matrix, edges)
    return matrix


def _stack_alike(values: Iterable, what: str, where: str) -> Any:
    values = list(values)
    present = [value is not None for value in values]
    if not any(present):
        return None
    if not all(present) or len({np.shape(value) for value in values}) > 1:
        missing = f"none in frame {present.index(False)}" if not all(present) else "other shapes in some"
        raise ValueError(
            f"expected {what} in every frame of {where}, got {missing}; "
            "try iterate_trajectory, which gives one frame at a time"
        )
    return np.stack(values)


def _stacked_header(headers: list[Mapping[str, Any]], where: str) -> tuple[dict[str, Any], list[str]]:
    names = dict.fromkeys(name for header in headers for name in header)
    stacked: dict[str, Any] = {}
    left_out = []
    for name in names:
        values = [header.get(name) for header in headers]
        if any(value is None for value in values) or len({np.shape(value) for value in values}) > 1:
            left_out.append(name)
        elif all(isinstance(value, bool | int | float | str | np.ndarray | np.generic) for value in values):
            stacked[name] = np.stack([np.asarray(value) for value in values])
        else:
            stacked[name] = values
    notes = []
    if left_out:
        notes.append(
            f"expected {', '.join(left_out)} in the header of every frame of {where}, got them in some only, or "
            "in several shapes: left out; try iterate_trajectory, which keeps what each frame says"
        )
    return stacked, notes
