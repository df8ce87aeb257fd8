"""A frame as its file has it, always in three dimensions, and how it becomes the `Frame` that a user sees."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from tdaglass.io.checks import checked
from tdaglass.io.frame import Frame, host_configuration, letters

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
    cell : (3,) or None
        Edge lengths; None where the file has no cell.
    periodic : (bool, bool, bool)
    planar : bool
        The file says, or its numbers show, that it is two-dimensional.
    velocities, columns, step, time
        As in `Frame`, with three components.
    ids : (particles,) int, or None
    """

    positions: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...] | None
    cell: np.ndarray | None
    periodic: tuple[bool, bool, bool]
    planar: bool
    velocities: np.ndarray | None
    columns: Mapping[str, np.ndarray]
    step: int | None
    time: float | None
    ids: np.ndarray | None


def is_thin(low: np.ndarray, cell: np.ndarray) -> bool:
    """Whether a LAMMPS cell is one of those that hold two-dimensional systems: a thin slice about z = 0.

    LAMMPS files do not say their dimension, and flat systems in a thick cell (a sheet of graphene) have
    three.
    """
    return bool(low[2] < 0 < low[2] + cell[2] and cell[2] <= 1)


def to_frame(
    found: FileFrame,
    where: str,
    species_names: Sequence[str] | None,
    dimension: int | None,
    box: Sequence[float] | np.ndarray | Literal["file"] | None,
) -> Frame:
    """The frame that a user sees: ordered by id, species coded, in its own dimension, and checked."""
    dimension = dimension or (2 if found.planar else 3)
    species, names = species_codes(found.labels, found.names, species_names, where)
    edges = _edges(found, dimension, where) if isinstance(box, str) else box
    order = _order(found.ids, where)
    return checked(
        Frame(
            host_configuration(found.positions[order, :dimension], species[order], edges),
            None if found.velocities is None else found.velocities[order, :dimension],
            {name: values[order] for name, values in found.columns.items()},
            found.step,
            found.time,
            names,
        ),
        where,
    )


def species_codes(
    labels: np.ndarray, names: tuple[str, ...] | None, wanted: Sequence[str] | None, where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes 0, 1, ... of type labels, and the name of each code.

    With `wanted`, a label's code is its place there. Without it, numbered types are coded in order from 0;
    names made of the letters A, B, ... by their place in the alphabet; any other names in alphabetical order.

    Raises
    ------
    ValueError
        A label is not among the wanted names.
    """
    unique, inverse = np.unique(labels, return_inverse=True)
    if wanted is None:
        if labels.dtype.kind != "U":
            if unique.size and unique[0] < 1:
                raise ValueError(
                    f"expected type numbers from 1 in {where}, got {unique[0]}; try renumbering the types"
                )
            return labels - 1, names or letters(int(unique[-1]) if unique.size else 0)
        wanted = default_names(unique.tolist())
    known = {str(name): code for code, name in enumerate(wanted)}
    found = [str(label) for label in unique]
    if names is not None and labels.dtype.kind != "U":
        found = [names[label - 1] if str(label) not in known else str(label) for label in unique]
    unknown = [name for name in found if name not in known]
    if unknown:
        raise ValueError(
            f"expected species {', '.join(known)} in {where}, got {', '.join(unknown)}; "
            f"try species_names={tuple(known) + tuple(unknown)!r} in the order of your codes"
        )
    codes = np.array([known[name] for name in found], np.int32)
    return codes[inverse] if codes.size else np.zeros(len(labels), np.int32), tuple(known)


def default_names(found: Sequence[str]) -> tuple[str, ...]:
    """The order in which unlisted names are coded.

    Examples
    --------
    >>> default_names(["C", "A"]), default_names(["Zr", "Cu"]), default_names(["10", "9"])
    (('A', 'B', 'C'), ('Cu', 'Zr'), ('9', '10'))
    """
    alphabet = letters(26)
    if "A" in found and all(name in alphabet for name in found):
        return alphabet[: alphabet.index(max(found)) + 1]
    return tuple(sorted(found, key=lambda name: (int(name), name) if name.isdecimal() else (np.inf, name)))


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


def _edges(found: FileFrame, dimension: int, where: str) -> np.ndarray | None:
    periodic = found.periodic[:dimension]
    if not any(periodic):
        return None
    if found.cell is None:
        raise ValueError(
            f"expected a cell in {where}, got none; try box=(...) with its {dimension} edge lengths"
        )
    if not all(periodic):
        raise ValueError(
            f"expected a cell periodic in all {dimension} directions or in none in {where}, got "
            f"{found.periodic}; "
            f"try box=(...) to take it as periodic, or box=None to take it as open"
        )
    return found.cell[:dimension]
