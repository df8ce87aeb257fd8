"""LAMMPS text dumps: `dump ... custom`, the format in which most trajectories of glasses exist.

Reads x, xs, xu or xsu with or without image flags ix, iy, iz and always gives unwrapped positions where the
file allows it, ordered by id. Writes id, type, element, xu, yu, zu (bit for bit), velocities, and every
column; a column of c components is written as name[1] ... name[c], as LAMMPS does. ASE's reader is not used:
it drops columns that it does not know, and image flags.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from tdaglass.io.formats.file_frame import FileFrame, is_thin
from tdaglass.io.formats.text_frames import count_frames_of_text, iterate_text
from tdaglass.io.formats.text_tables import decode, format_table, integer, parse_table, take_lines
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".lammpstrj", ".dump")
TEXT = True
_AXES = "xyz"


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    return count_frames_of_text(path, _skip)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    return iterate_text(path, start, stop, step, _parse, _skip)


def write_frames(file: TextIO, frames: Iterable[Frame]) -> None:
    """Write checked frames one after another."""
    for k, frame in enumerate(frames):
        positions, species, box = host_arrays(frame)
        n, dimension = positions.shape
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
        file.write(f"ITEM: TIMESTEP\n{k if frame.step is None else frame.step}\n")
        if frame.time is not None:
            file.write(f"ITEM: TIME\n{frame.time!r}\n")
        file.write(f"ITEM: NUMBER OF ATOMS\n{n}\n{_bounds(positions, box, dimension)}")
        file.write(f"ITEM: ATOMS {' '.join(table)}\n{format_table(list(table.values()))}")


def _parse(file: BinaryIO, where: str) -> FileFrame | None:
    header = _header(file, where)
    if header is None:
        return None
    n = integer(header.get("NUMBER OF ATOMS", [""])[0], "ITEM: NUMBER OF ATOMS", where)
    low, cell, periodic = _cell(header, where)
    names = header["ATOMS"]
    kinds = ["S" if name == "element" else "?" for name in names]
    lines = take_lines(file, n, where)
    table = dict(zip(names, parse_table(lines, kinds, where), strict=True))
    positions, planar = _positions(table, low, cell, periodic, where)
    labels, type_names = _labels(table, where)
    velocities = [table.pop(f"v{axis}", None) for axis in _AXES]
    moving = [v for v in velocities if v is not None]
    ids = table.pop("id", None)
    for axis in _AXES:
        table.pop(f"i{axis}", None)
    time = header.get("TIME")
    return FileFrame(
        positions,
        labels,
        type_names,
        cell,
        periodic,
        planar and is_thin(low, cell),
        np.stack([np.zeros(n) if v is None else v for v in velocities], axis=-1).astype(float)
        if moving
        else None,
        _grouped(table),
        integer(header.get("TIMESTEP", ["0"])[0], "ITEM: TIMESTEP", where),
        None if time is None else float(time[0]),
        None if ids is None else ids.astype(np.int64),
    )


def _skip(file: BinaryIO) -> bool:
    header = _header(file, "the file")
    if header is None:
        return False
    for _ in range(integer(header.get("NUMBER OF ATOMS", [""])[0], "ITEM: NUMBER OF ATOMS", "the file")):
        if not file.readline():
            break
    return True


def _header(file: BinaryIO, where: str) -> dict[str, list[str]] | None:
    """Sections of a frame up to its atoms: section name to lines; "BOX" holds the flags of the bounds too."""
    header: dict[str, list[str]] = {}
    line = file.readline()
    if not line.strip():
        return None
    while True:
        text = decode(line, where).strip()
        if not text.startswith("ITEM: "):
            cut = "the file ends: it was cut short" if not line else f"{text[:60]!r}"
            raise ValueError(
                f"expected a line 'ITEM: ...' in {where}, got {cut}; try an earlier frame or format=... "
                "if it is another format"
            )
        section = text.removeprefix("ITEM: ")
        if section.startswith("ATOMS"):
            header["ATOMS"] = section.split()[1:]
            return header
        if section.startswith("BOX BOUNDS"):
            header["FLAGS"] = section.split()[2:]
            header["BOX"] = take_lines(file, 3, f"the cell of {where}")
        else:
            header[section] = take_lines(file, 1, f"{section} of {where}")
        line = file.readline()


def _cell(header: dict[str, list[str]], where: str) -> tuple[np.ndarray, np.ndarray, tuple[bool, bool, bool]]:
    if "BOX" not in header:
        raise ValueError(f"expected ITEM: BOX BOUNDS in {where}, got none; try writing the dump again")
    rows = [line.split() for line in header["BOX"]]
    try:
        numbers = [[float(word) for word in row] for row in rows]
    except ValueError:
        raise ValueError(
            f"expected numbers as cell of {where}, got {rows}; try writing the dump again"
        ) from None
    if any(len(row) not in (2, 3) or any(row[2:]) for row in numbers) or "abc" in header["FLAGS"]:
        raise ValueError(
            f"expected an orthorhombic cell in {where}, got {' '.join(header['FLAGS'])} with rows {numbers}; "
            "try an orthorhombic supercell: triclinic cells are not supported"
        )
    low = np.array([row[0] for row in numbers])
    edges = np.array([row[1] for row in numbers]) - low
    flags = [flag for flag in header["FLAGS"] if flag not in ("xy", "xz", "yz")] or ["pp"] * 3
    return low, edges, tuple(flag.startswith("p") for flag in flags[:3])  # type: ignore[return-value]


def _positions(
    table: dict[str, np.ndarray],
    low: np.ndarray,
    cell: np.ndarray,
    periodic: tuple[bool, bool, bool],
    where: str,
) -> tuple[np.ndarray, bool]:
    """Unwrapped positions, from the corner of a periodic cell, and whether every z in the file is zero."""
    for suffix in ("u", "su", "", "s"):
        if f"x{suffix}" in table and f"y{suffix}" in table:
            break
    else:
        raise ValueError(
            f"expected columns x y z, xu yu zu, xs ys zs or xsu ysu zsu in {where}, got {' '.join(table)}; "
            "try dumping one of these"
        )
    parts = [table.pop(axis + suffix, None) for axis in _AXES]
    n = len(parts[0])  # type: ignore[arg-type]
    file_z = parts[2]
    centre = low[2] + cell[2] / 2
    scaled = suffix.startswith("s")
    planar = file_z is None or not np.any((low[2] + file_z * cell[2]) if scaled else file_z)
    if file_z is None:
        parts[2] = np.full(n, 0.5 if scaled else centre)
    positions = np.stack(parts, axis=-1).astype(float)  # type: ignore[arg-type]
    corner = np.where(periodic, low, 0.0)
    positions = positions * cell + (low - corner) if scaled else positions - corner
    if "u" not in suffix:
        flags = [table.pop(f"i{axis}", None) for axis in _AXES]
        if any(flag is not None for flag in flags):
            images = np.stack([np.zeros(n) if flag is None else flag for flag in flags], axis=-1)
            positions = positions + images * cell
            planar = planar and not images[:, 2].any()
    for suffix in ("u", "su", "", "s"):
        for axis in _AXES:
            table.pop(axis + suffix, None)
    return positions, planar


def _labels(table: dict[str, np.ndarray], where: str) -> tuple[np.ndarray, tuple[str, ...] | None]:
    types, elements = table.pop("type", None), table.pop("element", None)
    if types is None and elements is None:
        raise ValueError(
            f"expected a column type or element in {where}, got {' '.join(table)}; try dumping one"
        )
    if types is None:
        return elements, None  # type: ignore[return-value]
    types = types.astype(np.int64)
    if elements is None:
        return types, None
    # A name for each type number; types that no particle has keep their number as name.
    pairs = set(zip(types.tolist(), elements.tolist(), strict=True))
    by_type = dict(pairs)
    if len(by_type) < len(pairs) or len(set(by_type.values())) < len(by_type):
        return types, None
    return types, tuple(by_type.get(t, str(t)) for t in range(1, max(by_type, default=0) + 1))


def _grouped(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns name[1], name[2], ... joined to one of shape (particles, components)."""
    groups: dict[str, list[np.ndarray]] = {}
    for name, values in table.items():
        base, bracket, _ = name.partition("[")
        groups.setdefault(base if bracket else name, []).append(values)
    return {name: parts[0] if len(parts) == 1 else np.stack(parts, axis=-1) for name, parts in groups.items()}


def _components(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}[{i + 1}]": values[:, i] for i in range(values.shape[1])}


def _bounds(positions: np.ndarray, box: np.ndarray | None, dimension: int) -> str:
    if box is not None:
        rows = [(0.0, edge) for edge in box.tolist()] + ([(-0.5, 0.5)] if dimension == 2 else [])
        flags = "pp pp pp"
    else:
        low, high = (
            (positions.min(axis=0), positions.max(axis=0)) if len(positions) else (np.zeros(3), np.ones(3))
        )
        # An open cell encloses the particles; LAMMPS wants a thickness in every direction.
        rows = [(float(a), float(b) if b > a else float(a) + 1.0) for a, b in zip(low, high, strict=True)]
        rows[2] = (-0.5, 0.5) if dimension == 2 else rows[2]
        flags = "ff ff pp" if dimension == 2 else "ff ff ff"
    return f"ITEM: BOX BOUNDS {flags}\n" + "".join(f"{low!r} {high!r}\n" for low, high in rows)
