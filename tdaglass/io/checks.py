"""What a frame must be before it is written or handed out, each with a sentence for what it is instead."""

from typing import Any

import numpy as np

from tdaglass.io.formats.cells import orthorhombic
from tdaglass.io.frame import Frame, host_configuration, letters

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
    box = _checked_box(configuration.box, dimension, where)
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
        host_configuration(
            positions,
            species.astype(np.int32),
            box,
            _checked_diameters(configuration.diameters, n, where),
        ),
        velocities,
        {name: _checked_column(name, values, n, where) for name, values in frame.columns.items()},
        None if frame.step is None else int(frame.step),
        None if frame.time is None else float(frame.time),
        names or letters(needed),
        dict(frame.header),
    )


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
        if kind == "column":
            _check_text(frame, where)
        if len(set(names)) < len(names):
            raise ValueError(f"expected distinct {kind} names in {where}, got {names}; try renaming one")


def _check_text(frame: Frame, where: str) -> None:
    for name, values in frame.columns.items():
        if values.dtype.kind == "U":
            bad = next(
                (text for text in values.ravel().tolist() if len(text.split()) != 1 or text != text.strip()),
                None,
            )
            if bad is not None:
                raise ValueError(
                    f"expected text without blanks in column {name!r} of {where}, got {bad!r}; try underscores"
                )


def _checked_box(given: Any, dimension: int, where: str) -> np.ndarray | None:
    """Edges, or lattice vectors as rows where the cell is not orthorhombic; infinite where it is open."""
    if given is None:
        return None
    box = np.asarray(given, np.float64)
    remedy = "try box=None for open space, or an edge of infinity along an open axis"
    if box.shape not in ((dimension,), (dimension, dimension)) or np.isnan(box).any():
        raise ValueError(
            f"expected {dimension} positive box edges, or as many lattice vectors as rows, in {where}, got "
            f"{box.tolist()}; {remedy}"
        )
    if box.ndim == 2:
        box = orthorhombic(box)
    if box.ndim == 1:
        if not np.all(box > 0):
            raise ValueError(
                f"expected {dimension} positive box edges in {where}, got {box.tolist()}; {remedy}"
            )
        return None if np.isinf(box).all() else box
    closed = ~np.isinf(np.diagonal(box))
    lattice = box[closed][:, closed]
    # A unit of length that is large or small must not decide, so the vectors are compared with their lengths.
    lengths = np.linalg.norm(lattice, axis=1)
    if (
        not np.isfinite(lattice).all()
        or box[~closed][:, closed].any()
        or box[closed][:, ~closed].any()
        or not abs(np.linalg.det(lattice / np.where(lengths > 0, lengths, 1.0)[:, None])) > 1e-6
    ):
        raise ValueError(
            f"expected lattice vectors that span space in {where}, got {box.tolist()}; "
            "try rows that are not in one plane"
        )
    return box


def _checked_diameters(given: Any, n: int, where: str) -> np.ndarray | None:
    if given is None:
        return None
    diameters = np.asarray(given, np.float64)
    if diameters.shape != (n,) or not np.all(np.isfinite(diameters) & (diameters > 0)):
        raise ValueError(
            f"expected {n} positive diameters in {where}, got {diameters.shape} between "
            f"{diameters.min(initial=np.inf):g} and {diameters.max(initial=-np.inf):g}; try diameters=None"
        )
    return diameters


def _checked_column(name: str, values: Any, n: int, where: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape[:1] != (n,) or values.ndim > 2 or (values.ndim == 2 and not values.shape[1]):
        raise ValueError(
            f"expected column {name!r} of shape ({n},) or ({n}, components) in {where}, got {values.shape}; "
            "try one row for each particle"
        )
    if values.dtype.kind not in "fiubU":
        kind = {"c": "complex numbers", "O": "a mixture", "S": "bytes", "M": "dates"}.get(
            values.dtype.kind, "others"
        )
        raise ValueError(
            f"expected text or numbers in column {name!r} of {where}, got {kind}; try float, int, bool or str"
        )
    if values.dtype.kind == "U":
        return values
    return values.astype({"f": np.float64, "i": np.int64, "u": np.int64, "b": np.bool_}[values.dtype.kind])


def _refuse_nonfinite(values: np.ndarray, what: str, where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if bad.size:
        raise ValueError(
            f"expected finite numbers, got {values[bad[0]].tolist()} as {what} of particle {bad[0]} "
            f"in {where} ({bad.size} such particles); try a frame from before the simulation blew up"
        )
