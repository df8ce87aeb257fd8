"""LAMMPS text dumps: `dump ... custom`, the format in which most trajectories of glasses exist.

Reads x, xs, xu or xsu with or without image flags ix, iy, iz, in orthorhombic, triclinic and general cells, and
always gives unwrapped positions where the file allows it, ordered by id. Writes id, type, element, xu, yu, zu (bit
for bit), velocities, and every column; a column of c components is written as name[1] ... name[c], as LAMMPS does.
Of the header the format holds the units only.

ASE's reader is not used: it ignores image flags and fails at columns of text, at names as types and at x y
without z, and its frames have no time; ours is also faster (107 MB/s beside 73 MB/s, `benchmarks/README.md`).
"""

from collections.abc import Iterable, Iterator
from io import TextIOBase
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.io.files import opened
from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.formats.lammps_cells import bounds_for_dump, cell_of_dump, height_of_zero
from tdaglass.io.formats.text_frames import count_frames_of_text, iterate_text, kinds_of_text, words_of_column
from tdaglass.io.formats.text_lines import Lines, count, decode, integer, number
from tdaglass.io.formats.text_tables import format_table, parse_table
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".lammpstrj", ".dump", ".atom", ".lammpsdump")
TEXT = True
_AXES = "xyz"
# The coordinates that a dump may have, what is best first.
_FORMS = ("u", "su", "", "s")
_NUMBERS = frozenset({axis + form for axis in _AXES for form in _FORMS} | {f"v{axis}" for axis in _AXES})
# What follows a bare ITEM: ATOMS in the dumps of before 2010.
_OLD = ("id", "type", "xs", "ys", "zs", "ix", "iy", "iz")


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    return count_frames_of_text(path, _skip)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    units = _units(path)
    for k, found in iterate_text(path, start, stop, step, _parse, _skip):
        # LAMMPS writes the units once, in front of the first frame.
        yield k, found._replace(header={**units, **found.header})


def kinds_of_particles(path: Path) -> set[str]:
    """Names of the types in all frames."""
    return kinds_of_text(path, _kinds)


def write_frames(file: TextIOBase, frames: Iterable[Frame]) -> Iterator[str]:
    """Write checked frames one after another; yields what is to be said."""
    for k, frame in enumerate(frames):
        positions, species, box = host_arrays(frame)
        n, dimension = positions.shape
        bounds = bounds_for_dump(positions, box, f"frame {k}")
        positions = np.pad(positions, [(0, 0), (0, 3 - dimension)])
        table: dict[str, np.ndarray] = {
            "id": np.arange(1, n + 1),
            "type": species + 1,
            "element": np.array(frame.species_names, "U")[species] if n else np.zeros(0, "U1"),
        }
        table |= {f"{axis}u": positions[:, i] for i, axis in enumerate(_AXES)}
        if frame.velocities is not None:
            velocities = np.pad(frame.velocities, [(0, 0), (0, 3 - dimension)])
            table |= {f"v{axis}": velocities[:, i] for i, axis in enumerate(_AXES)}
        for name, values in frame.columns.items():
            values = values.astype(np.int64) if values.dtype.kind == "b" else values
            table |= {name: values} if values.ndim == 1 else _components(name, values)
        left_out = [name for name in frame.header if name != "units"]
        if left_out:
            yield (
                f"expected a header of units only for a LAMMPS dump, got {', '.join(left_out)}: left out; "
                "try extxyz, which keeps all of it"
            )
        if "units" in frame.header and k == 0:
            file.write(f"ITEM: UNITS\n{frame.header['units']}\n")
        file.write(f"ITEM: TIMESTEP\n{k if frame.step is None else frame.step}\n")
        if frame.time is not None:
            file.write(f"ITEM: TIME\n{frame.time!r}\n")
        file.write(f"ITEM: NUMBER OF ATOMS\n{n}\n{bounds}")
        file.write(f"ITEM: ATOMS {' '.join(table)}\n{format_table(list(table.values()))}")


def _parse(lines: Lines, where: str) -> FileFrame | None:
    header = _header(lines, where)
    if header is None:
        return None
    n = _count(header, lines, where)
    if "BOX" not in header:
        raise ValueError(f"expected ITEM: BOX BOUNDS in {where}, got none; try writing the dump again")
    low, cell, periodic = cell_of_dump(header.pop("FLAGS"), header.pop("BOX"), where)
    names = header.pop("ATOMS")
    taken = lines.take(n)
    if len(taken) < n:
        raise ValueError(
            f"expected {n} lines in {where}, got {len(taken)} before the file ends: it was cut short; "
            "try an earlier frame, or write the dump again"
        )
    if not names and taken:
        names = _OLD[: len(taken[0].split())]
    if len(set(names)) < len(names):
        raise ValueError(
            f"expected every column once in {where}, got {' '.join(names)}; try dumping each one once"
        )
    kinds = [_kind(name) for name in names]
    parts, notes = parse_table(taken, kinds, where, lines.name, lines.number - n + 1)
    table = dict(zip(names, parts, strict=True))
    positions, flat = _positions(table, low, cell, periodic, where)
    labels, type_names, said = _labels(table, n, lines.name)
    velocities = [table.pop(f"v{axis}", None) for axis in _AXES]
    ids = table.pop("id", None)
    for axis in _AXES:
        table.pop(f"i{axis}", None)
    time = header.pop("TIME", [""])[0]
    step = header.pop("TIMESTEP", [None])[0]
    return FileFrame(
        positions,
        labels,
        type_names,
        cell,
        periodic,
        2 if flat else None,
        np.stack([np.zeros(n) if v is None else v for v in velocities], axis=-1).astype(float)
        if any(v is not None for v in velocities)
        else None,
        _grouped(table),
        None if step is None else integer(step, "ITEM: TIMESTEP", where),
        number(time),
        ids,
        {name.lower(): _value(values[0]) for name, values in header.items()},
        zero=height_of_zero(low, cell),
        notes=(*notes, *said),
    )


def _kind(name: str) -> str:
    if name in ("id", "ix", "iy", "iz"):
        return "I"
    if name in ("element", "typelabel"):
        return "S"
    return "R" if name in _NUMBERS else "*" if name == "type" else "."


def _skip(lines: Lines) -> bool:
    header = _header(lines, lines.name)
    if header is None:
        return False
    for _ in range(_count(header, lines, lines.name)):
        if not lines.next():
            break
    return True


def _kinds(lines: Lines) -> set[str] | None:
    header = _header(lines, lines.name)
    if header is None:
        return None
    taken = lines.take(_count(header, lines, lines.name))
    name = next((name for name in ("typelabel", "element", "type") if name in header["ATOMS"]), None)
    if name is None:
        return {"A"}
    return words_of_column(taken, header["ATOMS"].index(name), lines.name)


def _header(lines: Lines, where: str) -> dict[str, Any] | None:
    """Sections of a frame up to its atoms: section name to lines; "BOX" with the flags of the bounds beside it."""
    header: dict[str, Any] = {}
    line = lines.next_filled()
    if not line:
        return None
    while True:
        text = decode(line, lines.at(where)).strip()
        if not text.startswith("ITEM:"):
            cut = "the file ends: it was cut short" if not line else f"{text[:60]!r}"
            raise ValueError(
                f"expected a line 'ITEM: ...' in {lines.at(where)}, got {cut}; try an earlier frame or format=... "
                "if it is another format"
            )
        section = " ".join(text.removeprefix("ITEM:").split())
        if section.split()[:1] == ["ATOMS"]:
            header["ATOMS"] = section.split()[1:]
            return header
        if section.startswith("BOX BOUNDS"):
            header["FLAGS"] = section.split()[2:]
            header["BOX"] = _next(lines, 3, f"the cell of {where}")
        else:
            header[section] = _next(lines, 1, f"{section} of {where}")
        line = lines.next_filled()


def _next(lines: Lines, n: int, where: str) -> list[str]:
    taken = [lines.next_filled() for _ in range(n)]
    if not all(taken) or not taken[-1].endswith((b"\n", b"\r")):
        raise ValueError(
            f"expected {n} lines as {where}, got the end of the file: it was cut short; try an earlier frame"
        )
    return [decode(line, lines.at(where)).strip() for line in taken]


def _count(header: dict[str, Any], lines: Lines, where: str) -> int:
    text = header.pop("NUMBER OF ATOMS", [""])[0]
    return count(text.encode(), "ITEM: NUMBER OF ATOMS", lines.at(where))


def _units(path: Path) -> dict[str, str]:
    with opened(path) as file:
        lines = Lines(file, path.name)
        if lines.next_filled().strip() == b"ITEM: UNITS":
            return {"units": decode(lines.next().strip(), path.name)}
    return {}


def _value(text: str) -> Any:
    value = number(text)
    return (
        text if value is None else int(value) if text.lstrip("+-").isdecimal() and len(text) < 19 else value
    )


def _positions(
    table: dict[str, np.ndarray],
    low: np.ndarray,
    cell: np.ndarray,
    periodic: tuple[bool, bool, bool],
    where: str,
) -> tuple[np.ndarray, bool]:
    """Unwrapped positions, from the corner of a periodic cell, and whether the file has x and y only."""
    for form in _FORMS:
        if f"x{form}" in table and f"y{form}" in table:
            break
    else:
        raise ValueError(
            f"expected columns x y z, xu yu zu, xs ys zs or xsu ysu zsu in {where}, got {' '.join(table)}; "
            "try dumping one of these"
        )
    parts = [table.get(axis + form) for axis in _AXES]
    n = len(parts[0])  # type: ignore[arg-type]
    flat = parts[2] is None
    scaled = form.startswith("s")
    if flat:
        parts[2] = np.full(n, 0.5 if scaled else low[2] + cell[2, 2] / 2)
    positions = np.stack(parts, axis=-1).astype(float)  # type: ignore[arg-type]
    # Along open axes a cell has no corner to count from.
    corner = np.where(periodic, low, 0.0)
    tilted = cell[~np.eye(3, dtype=bool)].any()
    if scaled:
        positions = (positions @ cell if tilted else positions * np.diagonal(cell)) + (low - corner)
    else:
        positions = positions - corner
    if "u" not in form:
        flags = [table.get(f"i{axis}") for axis in _AXES]
        if any(flag is not None for flag in flags):
            images = np.stack([np.zeros(n) if flag is None else flag for flag in flags], axis=-1)
            positions = positions + (images @ cell if tilted else images * np.diagonal(cell))
    for axis in _AXES:
        for form in _FORMS:
            table.pop(axis + form, None)
    return positions, flat


def _labels(
    table: dict[str, np.ndarray], n: int, name: str
) -> tuple[np.ndarray, tuple[str, ...] | None, list[str]]:
    types, names = table.pop("type", None), table.pop("typelabel", None)
    elements = table.pop("element", None)
    names = elements if names is None else names
    if types is None and names is None:
        return (
            np.ones(n, np.int64),
            None,
            [
                f"expected a column type, typelabel or element in {name}, got {' '.join(table) or 'none'}; took "
                "all particles as one species; try dumping type as well"
            ],
        )
    if types is None or types.dtype.kind == "U":
        return (names if types is None else types), None, []  # type: ignore[return-value]
    types = types.astype(np.int64)
    if names is None:
        return types, None, []
    # A name for each type number; types that no particle has keep their number as name.
    pairs = set(zip(types.tolist(), names.tolist(), strict=True))
    by_type = dict(pairs)
    last = max(by_type, default=0)
    if len(by_type) < len(pairs) or len(set(by_type.values())) < len(by_type) or last > 10_000:
        return types, None, []
    return types, tuple(by_type.get(t, str(t)) for t in range(1, last + 1)), []


def _grouped(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns name[1], name[2], ... joined to one of shape (particles, components)."""
    groups: dict[str, list[np.ndarray]] = {}
    for name, values in table.items():
        base, bracket, _ = name.partition("[")
        groups.setdefault(base if bracket else name, []).append(values)
    return {name: parts[0] if len(parts) == 1 else np.stack(parts, axis=-1) for name, parts in groups.items()}


def _components(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}[{i + 1}]": values[:, i] for i in range(values.shape[1])}
