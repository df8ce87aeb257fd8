"""Extended XYZ: the text format that OVITO and ASE open; one line for the frame, one for each particle.

Keeps everything a `Frame` has, bit for bit: positions stand as they are (unwrapped), columns of floats,
integers and truth values by name. Two dimensions are written as z = 0 with pbc "T T F". ASE's own reader and
writer are not used: the writer keeps eight decimals and the reader knows chemical symbols only.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np

from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.formats.text_frames import count_frames_of_text, iterate_text
from tdaglass.io.formats.text_tables import decode, format_table, integer, parse_table, take_lines
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".xyz", ".extxyz")
TEXT = True
_ENTRY = re.compile(r"""([^\s="']+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|[^\s"']+)""")
_VELOCITY = ("velo", "vel", "velocity", "velocities")


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    return count_frames_of_text(path, _skip)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    return iterate_text(path, start, stop, step, _parse, _skip)


def write_frames(file: TextIO, frames: Iterable[Frame]) -> None:
    """Write checked frames one after another."""
    for frame in frames:
        positions, species, box = host_arrays(frame)
        n, dimension = positions.shape
        tables: dict[str, tuple[str, np.ndarray]] = {
            "species": ("S", np.array(frame.species_names, "U")[species] if n else np.zeros(0, "U1")),
            "pos": ("R", _in_space(positions)),
        }
        if frame.velocities is not None:
            tables["velo"] = ("R", _in_space(frame.velocities))
        for name, values in frame.columns.items():
            tables[name] = ({"f": "R", "i": "I", "b": "L"}[values.dtype.kind], values)
        properties = ":".join(f"{name}:{kind}:{_width(values)}" for name, (kind, values) in tables.items())
        header = [f"Properties={properties}", f'species_names="{" ".join(frame.species_names)}"']
        header.append(f"dimension={dimension}")
        if box is None:
            header.append('pbc="F F F"')
        else:
            edges = [*box.tolist(), 1.0][:3]
            lattice = np.diag(edges).ravel().tolist()
            header.append(f'Lattice="{" ".join(map(repr, lattice))}" pbc="T T {"FT"[dimension - 2]}"')
        if frame.step is not None:
            header.append(f"step={frame.step}")
        if frame.time is not None:
            header.append(f"time={frame.time!r}")
        columns = [part for _, values in tables.values() for part in np.atleast_2d(values.T)]
        file.write(f"{n}\n{' '.join(header)}\n{format_table(columns)}")


def _parse(file: BinaryIO, where: str) -> FileFrame | None:
    first = file.readline()
    if not first.strip():
        return None
    n = integer(decode(first, where), "a number of particles", where)
    entries = _entries(take_lines(file, 1, f"the header of {where}")[0])
    fields = _properties(entries.get("properties", "species:S:1:pos:R:3"), where)
    kinds = [kind for _, kind, width in fields for _ in range(width)]
    parts = iter(parse_table(take_lines(file, n, where), kinds, where))
    table = {
        name: next(parts) if width == 1 else np.stack([next(parts) for _ in range(width)], axis=-1)
        for name, _, width in fields
    }
    positions = table.pop("pos", None)
    if positions is None or positions.ndim != 2 or positions.shape[1] != 3:
        raise ValueError(
            f"expected pos:R:3 among the properties of {where}, got {list(table)}; try another file"
        )
    cell, origin = _cell(entries, where)
    periodic = _periodic(entries, cell is not None, where)
    flat = periodic == (True, True, False) and not positions[:, 2].any()
    labels = table.pop("species", None)
    if labels is None:
        labels = table.pop("Z", None)
        labels = np.full(n, "A") if labels is None else labels.astype(str)
    velocities = next((table.pop(name) for name in _VELOCITY if name in table), None)
    ids = table.pop("id", None)
    names = entries.get("species_names", "").split()
    if names and set(np.unique(labels)) <= set(names):
        # The file lists its species, so a code without particles keeps its place.
        codes = {name: code + 1 for code, name in enumerate(names)}
        labels = np.array([codes[label] for label in labels.tolist()], np.int64)
    step, time = entries.get("step", entries.get("timestep")), entries.get("time")
    return FileFrame(
        positions if origin is None else positions - origin,
        labels,
        tuple(names) if labels.dtype.kind != "U" else None,
        cell,
        periodic,
        entries["dimension"] == "2" if "dimension" in entries else flat,
        velocities,
        table,
        None if step is None else integer(step, "a whole step", where),
        None if time is None else _numbers(time, 1, "time", where)[0],
        ids,
    )


def _skip(file: BinaryIO) -> bool:
    first = file.readline()
    if not first.strip():
        return False
    n = integer(decode(first, "the file"), "a number of particles", "the file")
    for _ in range(n + 1):
        if not file.readline():
            break
    return True


def _entries(comment: str) -> dict[str, str]:
    return {key.lower(): value.strip("\"'{}[]") for key, value in _ENTRY.findall(comment)}


def _properties(text: str, where: str) -> list[tuple[str, str, int]]:
    parts = text.split(":")
    fields = [
        (name, kind, integer(width, "a number of components", where))
        for name, kind, width in zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    ]
    if len(parts) % 3 or any(kind not in "SRIL" or width < 1 for _, kind, width in fields):
        raise ValueError(
            f"expected Properties=name:kind:width:... with kinds S, R, I, L in {where}, got {text!r}; "
            "try writing the file again"
        )
    return fields


def _cell(entries: dict[str, str], where: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    if "lattice" not in entries:
        return None, None
    lattice = np.array(_numbers(entries["lattice"], 9, "Lattice", where)).reshape(3, 3)
    if np.any(lattice - np.diag(np.diag(lattice))):
        raise ValueError(
            f"expected an orthorhombic cell in {where}, got Lattice={entries['lattice']!r}; "
            "try an orthorhombic supercell: triclinic cells are not supported"
        )
    origin = np.array(_numbers(entries.get("origin", "0 0 0"), 3, "Origin", where))
    return np.diag(lattice), origin if origin.any() else None


def _periodic(entries: dict[str, str], has_cell: bool, where: str) -> tuple[bool, bool, bool]:
    words = entries.get("pbc", "T T T" if has_cell else "F F F").replace(",", " ").split()
    flags = tuple(word[:1].upper() in "T1" for word in words)
    if len(flags) != 3:
        raise ValueError(f'expected three flags in pbc of {where}, got {words}; try pbc="T T T"')
    return flags


def _numbers(text: str, count: int, what: str, where: str) -> list[float]:
    try:
        values = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        values = []
    if len(values) != count:
        raise ValueError(f"expected {count} numbers as {what} in {where}, got {text!r}; try writing it again")
    return values


def _in_space(vectors: np.ndarray) -> np.ndarray:
    return np.pad(vectors, [(0, 0), (0, 3 - vectors.shape[1])])


def _width(values: np.ndarray) -> int:
    return 1 if values.ndim == 1 else values.shape[1]
