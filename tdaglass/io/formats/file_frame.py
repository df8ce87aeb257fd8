"""A frame as its file has it, always in three dimensions, and how it becomes the `Frame` that a user sees."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from tdaglass.io.checks import RESERVED, checked
from tdaglass.io.formats.cells import ROUNDING, as_box
from tdaglass.io.formats.dimensions import dimension_of
from tdaglass.io.formats.species import Names, species_codes
from tdaglass.io.frame import Frame, host_configuration

FROM_FILE: Literal["file"] = "file"


class FileFrame(NamedTuple):
    """A frame as the file has it.

    Attributes
    ----------
    positions : (particles, 3)
        Measured from the cell's lower corner, image flags applied.
    labels : (particles,) of str, or of int counted from 1
        Names or numbers of the types.
    names : tuple of str, or None
        Names of the types 1, 2, ... where the file has both.
    cell : (3, 3) or None
        Lattice vectors as rows; None where the file has no cell.
    periodic : (bool, bool, bool)
    dimension : 2, 3 or None
        What the file says of it; None where its numbers have to show.
    velocities, columns, step, time, header
        As in `Frame`, with three components.
    ids : (particles,) int, or None
    zero : float, or None
        Height of z = 0 above the lower corner, where the cell has it inside, as LAMMPS asks for in two dimensions.
    rounding : float
        Part of the longest edge that is rounding where it stands off the diagonal.
    notes : tuple of str
        What is to be said; sentences that are the same in every frame are said once.
    """

    positions: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...] | None
    cell: np.ndarray | None
    periodic: tuple[bool, bool, bool]
    dimension: int | None
    velocities: np.ndarray | None
    columns: Mapping[str, np.ndarray]
    step: int | None = None
    time: float | None = None
    ids: np.ndarray | None = None
    header: Mapping[str, Any] = {}
    zero: float | None = None
    rounding: float = ROUNDING
    notes: tuple[str, ...] = ()


def to_frame(
    found: FileFrame,
    where: str,
    name: str,
    species_names: Names,
    dimension: int | None,
    box: Any,
) -> tuple[Frame, list[str]]:
    """The frame that a user sees: ordered by id, species coded, in its own dimension, checked; and the notes."""
    notes = list(found.notes)
    if dimension is None:
        dimension, more = dimension_of(
            found.dimension,
            found.positions,
            found.cell,
            found.periodic,
            found.zero,
            found.velocities,
            name,
        )
        notes += more
    species, names = species_codes(found.labels, found.names, species_names, where)
    if isinstance(box, str):
        box = as_box(found.cell, found.periodic, dimension, found.rounding, where)
    elif box is not None and np.ndim(box) == 0:
        box = np.full(dimension, box, np.float64)
    order = _order(found.ids, where)
    frame = Frame(
        host_configuration(
            found.positions[order, :dimension], species[order], box, _diameters(found.columns, order)
        ),
        None if found.velocities is None else found.velocities[order, :dimension],
        {_free(name): values[order] for name, values in found.columns.items()},
        found.step,
        found.time,
        names,
        dict(found.header),
    )
    return checked(frame, where), notes


def _free(name: str) -> str:
    """A name for a column that no format takes for something else when it is written."""
    return f"{name}_" if name in RESERVED else name


def _diameters(columns: Mapping[str, np.ndarray], order: Any) -> np.ndarray | None:
    """Diameters of particles that a column gives, or twice its radii; None where none does."""
    for name, factor in (("diameter", 1.0), ("radius", 2.0)):
        values = columns.get(name)
        if values is not None and values.ndim == 1 and values.dtype.kind in "fiu":
            # Some codes write zero for points, and everything that is not a length is left to the column.
            if len(values) and np.all(np.isfinite(values) & (values > 0)):
                return factor * values[order].astype(np.float64)
            return None
    return None


def _order(ids: np.ndarray | None, where: str) -> np.ndarray | slice:
    if ids is None:
        return slice(None)
    order = np.argsort(ids, kind="stable")
    repeated = np.flatnonzero(np.diff(ids[order]) == 0)
    if repeated.size:
        raise ValueError(
            f"expected every particle id once in {where}, got {ids[order][repeated[0]]} twice; "
            "try writing the file again"
        )
    return order
