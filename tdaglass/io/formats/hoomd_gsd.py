"""GSD, the binary format of HOOMD-blue, through the gsd package.

HOOMD counts positions from the centre of the cell; here, as everywhere in the house, they count from its lower
corner, (a1 + a2 + a3) / 2 away. Positions, velocities, box, and HOOMD's own quantities (diameter, mass, charge,
orientation, angmom, moment_inertia, body) stand in single precision, positions wrapped with image flags, so a
round trip keeps about seven digits of the place in the cell; types with their names, step, and other columns and
the header under `log/` (where HOOMD-blue and OVITO look for them) keep every bit. There is no open space in GSD,
and the first lattice vector is along x, the second in the xy plane.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tdaglass.io.files import plain
from tdaglass.io.formats.cells import (
    as_matrix,
    in_space,
    is_lower_triangular,
    open_axes,
    tilted,
    wrapped,
)
from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".gsd",)
TEXT = False
MAGIC = b"\xdf\x65" * 4
_LOGGED = "particles/"
# HOOMD's own per-particle quantities, with the components that they have in three dimensions.
_OWN = {
    "diameter": 1,
    "mass": 1,
    "charge": 1,
    "body": 1,
    "orientation": 4,
    "angmom": 4,
    "moment_inertia": 3,
}
# A few units in the last place of single precision.
_ROUNDING = 5e-7


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    with plain(path) as bare, _open(bare, "r") as trajectory:
        return len(trajectory)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    with plain(path) as bare, _open(bare, "r") as trajectory:
        names = _type_names(trajectory, path.name)
        for k in range(*slice(start, stop, step).indices(len(trajectory))):
            where = f"frame {k} of {path.name}"
            snapshot, written = _snapshot(trajectory, k, bare.stat().st_size, where)
            yield k, _frame(snapshot, written, names, where, path.name)


def kinds_of_particles(path: Path) -> set[str]:
    """Names of the types: they are collected as the file is opened."""
    return set()


def write_frames(path: Path, frames: Iterable[Frame]) -> Iterator[str]:
    """Write checked frames one after another; yields what is to be said.

    Raises
    ------
    ValueError
        A frame has no box, or one that GSD cannot hold, or a column of text.
    """
    hoomd = _gsd()
    with hoomd.open(name=str(path), mode="w") as trajectory:
        for k, frame in enumerate(frames):
            positions, species, box = host_arrays(frame)
            n, dimension = positions.shape
            if box is None or open_axes(box, dimension).any():
                raise ValueError(
                    "expected a box for a GSD file, periodic along all axes, got "
                    f"{None if box is None else box.tolist()}; try extxyz, which knows open space"
                )
            matrix = as_matrix(box)
            if not is_lower_triangular(matrix):
                raise ValueError(
                    f"expected a first lattice vector along x and a second in the xy plane for a GSD file, got "
                    f"{box.tolist()}; try extxyz or a LAMMPS dump, or turning positions and box together"
                )
            flat = [(0, 0), (0, 3 - dimension)]
            inside, images = wrapped(positions, box)
            centre = matrix.sum(axis=0) / 2
            snapshot = hoomd.Frame()
            snapshot.configuration.step = k if frame.step is None else frame.step
            snapshot.configuration.dimensions = dimension
            snapshot.configuration.box = _hoomd_box(in_space(matrix, 0.0))
            snapshot.particles.N = n
            snapshot.particles.types = list(frame.species_names)
            snapshot.particles.typeid = species
            snapshot.particles.position = np.pad(inside - centre, flat).astype(np.float32)
            snapshot.particles.image = np.pad(images.astype(np.int32), flat)
            if frame.velocities is not None:
                snapshot.particles.velocity = np.pad(frame.velocities, flat).astype(np.float32)
            _write_columns(snapshot, frame.columns, n)
            if frame.time is not None:
                snapshot.log["time"] = np.array([frame.time])
            left_out = _write_header(snapshot, frame.header)
            trajectory.append(snapshot)
            if left_out:
                yield (
                    f"expected numbers as header of a GSD file, got others in {', '.join(left_out)}: left out; "
                    "try extxyz, which keeps text as well"
                )


def _write_columns(snapshot: Any, columns: Mapping[str, np.ndarray], n: int) -> None:
    for name, values in columns.items():
        if values.dtype.kind == "U":
            raise ValueError(
                f"expected numbers in column {name!r} for a GSD file, got text; try extxyz or a LAMMPS dump"
            )
        shape = (n,) if _OWN.get(name) == 1 else (n, _OWN.get(name, 0))
        if name in _OWN and values.shape == shape:
            setattr(snapshot.particles, name, values.astype(np.int32 if name == "body" else np.float32))
        else:
            snapshot.log[_LOGGED + name] = values.astype(np.uint8) if values.dtype.kind == "b" else values


def _write_header(snapshot: Any, header: Mapping[str, Any]) -> list[str]:
    left_out = []
    for name, value in header.items():
        array = np.asarray(value)
        if array.dtype.kind in "fiub" and array.ndim <= 2 and array.size:
            snapshot.log[name] = np.atleast_1d(array.astype(np.uint8) if array.dtype.kind == "b" else array)
        else:
            left_out.append(name)
    return left_out


def _snapshot(trajectory: Any, k: int, size: int, where: str) -> tuple[Any, set[str]]:
    """Frame k as gsd gives it, and which quantities were written: absent ones read as defaults."""
    try:
        here = {name for name in ("configuration/box", *(f"particles/{one}" for one in (*_OWN, "velocity", "N")))
                if any(trajectory.file.chunk_exists(i, name) for i in (k, 0))}  # fmt: skip
        if "particles/N" in here:
            place = k if trajectory.file.chunk_exists(k, "particles/N") else 0
            n = int(trajectory.file.read_chunk(place, "particles/N")[0])
            # A place takes twelve bytes, so a damaged count is known before room is made for it.
            if 12 * n > size:
                raise RuntimeError
        return trajectory[k], here
    except Exception:
        # Whatever the package stumbles over in a damaged file, it says in its own words.
        raise ValueError(
            f"expected a whole {where}, got one that is damaged or was cut short; try an earlier frame"
        ) from None


def _frame(snapshot: Any, written: set[str], names: tuple[str, ...], where: str, name: str) -> FileFrame:
    particles, configuration = snapshot.particles, snapshot.configuration
    dimension = 2 if configuration.dimensions == 2 else 3
    n, notes = int(particles.N), []
    types = tuple(particles.types)
    codes = np.asarray(particles.typeid).astype(np.int64)
    box = np.array(configuration.box, np.float64)
    if (
        box.shape != (6,)
        or not np.isfinite(box).all()
        or np.shape(particles.position) != (n, 3)
        or np.shape(particles.image) != (n, 3)
        or codes.shape != (n,)
        or (n and not 0 <= codes.min() <= codes.max() < len(types))
    ):
        raise ValueError(
            f"expected positions, types and a box that fit together in {where}, got {n} particles of types up to "
            f"{codes.max(initial=0)} with {len(types)} names; try an earlier frame"
        )
    edges, (xy, xz, yz) = box[:3].tolist(), box[3:].tolist()
    if dimension == 2:
        edges, xz, yz = [*edges[:2], 1.0], 0.0, 0.0
    cell = tilted(edges, (xy * edges[1], xz * edges[2], yz * edges[2]))
    corner = cell.sum(axis=0) / 2
    corner[dimension:] = 0.0
    positions = np.asarray(particles.position, np.float64)
    if "configuration/box" not in written and np.any(np.abs(positions) > 0.5):
        notes.append(
            f"expected a cell in {name}, got none; took HOOMD's default of edge 1; try box=(...) with its edge "
            "lengths"
        )
    images = np.asarray(particles.image, np.float64)
    shift = images @ cell if box[3:].any() else images * np.diagonal(cell)
    order = {type_name: code + 1 for code, type_name in enumerate(names)}
    labels = np.array([order[type_name] for type_name in types], np.int64)[codes]
    velocities = particles.velocity if "particles/velocity" in written else None
    columns, header = _logged(snapshot.log, n)
    time = header.get("time")
    if isinstance(time, int | float):
        del header["time"]
    own = {one: np.array(getattr(particles, one)) for one in _OWN if f"particles/{one}" in written}
    return FileFrame(
        positions + corner + shift,
        labels,
        names,
        cell,
        (True, True, dimension == 3),
        dimension,
        None if velocities is None else np.asarray(velocities, np.float64),
        {**own, **columns},
        int(configuration.step),
        float(time) if isinstance(time, int | float) else None,
        None,
        header,
        rounding=_ROUNDING,
        notes=tuple(notes),
    )


def _logged(log: Mapping[str, Any], n: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Columns and header from what was logged, under the last word of its name where no other has that word."""
    columns: dict[str, np.ndarray] = {}
    header: dict[str, Any] = {}
    last = [name.rpartition("/")[2] for name in log]
    for name, values in log.items():
        short = name.rpartition("/")[2]
        short = short if last.count(short) == 1 else name.removeprefix(_LOGGED).replace("/", ".")
        values = np.array(values)
        if name.startswith(_LOGGED) and len(values) == n:
            columns[short] = values
        elif values.dtype.kind in "fiub":
            header[short] = values.item() if values.shape == (1,) else values
    return columns, header


def _type_names(trajectory: Any, name: str) -> tuple[str, ...]:
    """Names of the types of all frames, in the order of their first appearance: frames may list different ones."""
    found: dict[str, None] = {}
    try:
        for k in range(len(trajectory)):
            if k == 0 or trajectory.file.chunk_exists(k, "particles/types"):
                if trajectory.file.chunk_exists(k, "particles/types"):
                    table = trajectory.file.read_chunk(k, "particles/types")
                    rows = [bytes(row.tobytes()).rstrip(b"\0").decode() for row in table]
                    found |= dict.fromkeys(rows)
                else:
                    found["A"] = None
    except Exception:
        raise ValueError(
            f"expected names of types in {name}, got a damaged table of them; try fetching the file again"
        ) from None
    return tuple(found)


def _hoomd_box(matrix: np.ndarray) -> list[float]:
    """Edges, and tilts as parts of the edge that they lean over."""
    x, y, z = np.diagonal(matrix).tolist()
    return [x, y, z, matrix[1, 0] / y, matrix[2, 0] / z if z else 0.0, matrix[2, 1] / z if z else 0.0]


def _open(path: Path, mode: str) -> Any:
    hoomd = _gsd()
    try:
        return hoomd.open(name=str(path), mode=mode)
    except Exception:
        raise ValueError(
            f"expected a GSD file, got {path.name}, which is not one or is damaged; "
            "try format=... if it is another format"
        ) from None


def _gsd() -> ModuleType:
    try:
        import gsd.hoomd
    except ImportError:
        raise ImportError("expected the gsd package for GSD files, got none; try pip install gsd") from None
    return gsd.hoomd
