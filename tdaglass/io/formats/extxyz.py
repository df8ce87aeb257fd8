"""Extended XYZ: the text format that OVITO and ASE open; one line for the frame, one for each particle.

Keeps everything a `Frame` has, bit for bit: positions stand as they are (unwrapped), lattice vectors in any
orientation, columns of floats, integers, truth values and text by name, the header as keys of the comment. Two
dimensions are written as z = 0 with pbc "T T F", an open axis as a cell that encloses the particles with F.
Plain xyz is read too, with columns that nobody names, and with the comments of atooms.

ASE's own reader and writer are not used: the writer keeps eight decimals, the reader knows chemical symbols only
(KeyError at "A") and takes 2.5 times as long (36 MB/s beside 89 MB/s, `benchmarks/README.md`).
"""

from collections.abc import Iterable, Iterator, Sequence
from io import TextIOBase
from pathlib import Path
from typing import Any

import numpy as np

from tdaglass.io.formats.cells import enclosed, in_space, open_axes
from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.formats.text_frames import count_frames_of_text, iterate_text, kinds_of_text, words_of_column
from tdaglass.io.formats.text_lines import Lines, count, decode, number
from tdaglass.io.formats.text_tables import format_table, parse_table
from tdaglass.io.formats.xyz_comment import (
    Comment,
    cell_of_atooms,
    foreign_columns,
    format_header,
    parse_comment,
    properties,
    step_of,
    time_of,
)
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".xyz", ".extxyz")
TEXT = True
_PLAIN = [("species", "S", 1), ("pos", "R", 3)]
_VELOCITY = ("velo", "vel", "velocity", "velocities")


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    return count_frames_of_text(path, _skip)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    return iterate_text(path, start, stop, step, _parse, _skip)


def kinds_of_particles(path: Path) -> set[str]:
    """Names of the species in all frames."""
    return kinds_of_text(path, _kinds)


def write_frames(file: TextIOBase, frames: Iterable[Frame]) -> Iterator[str]:
    """Write checked frames one after another; yields what is to be said."""
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
            tables[name] = ({"f": "R", "i": "I", "b": "L", "U": "S"}[values.dtype.kind], values)
        groups = ":".join(f"{name}:{kind}:{_width(values)}" for name, (kind, values) in tables.items())
        comment = [f"Properties={groups}", f'species_names="{" ".join(frame.species_names)}"']
        comment += [f"dimension={dimension}", *_cell_entries(positions, box)]
        if frame.step is not None:
            comment.append(f"step={frame.step}")
        if frame.time is not None:
            comment.append(f"time={frame.time!r}")
        known = {"step", "timestep"} if frame.step is not None else set()
        known |= {"time"} if frame.time is not None else set()
        entries, left_out = format_header({k: v for k, v in frame.header.items() if k.lower() not in known})
        if left_out:
            yield (
                "expected numbers, truths and text as header of an xyz file, got others in "
                f"{', '.join(left_out)}: left out; try numbers or arrays of them"
            )
        columns = [part for _, values in tables.values() for part in np.atleast_2d(values.T)]
        file.write(f"{n}\n{' '.join(comment + entries)}\n{format_table(columns)}")


def _parse(lines: Lines, where: str) -> FileFrame | None:
    first = lines.next_filled()
    if not first:
        return None
    n = count(first, "a number of particles", lines.at(where))
    comment = _comment(lines, where)
    entries, header = comment.entries, dict(comment.header)
    at_comment = lines.at(where)
    taken = lines.take(n)
    if len(taken) < n:
        raise ValueError(
            f"expected {n} lines in {where}, got {len(taken)} before the file ends: it was cut short; "
            "try an earlier frame, or write the file again"
        )
    fields, notes = _columns(comment, taken, at_comment, lines.name)
    kinds = [kind for _, kind, width in fields for _ in range(width)]
    parts, more = parse_table(taken, kinds, where, lines.name, lines.number - n + 1)
    each = iter(parts)
    table = {
        name: next(each) if width == 1 else np.stack([next(each) for _ in range(width)], axis=-1)
        for name, _, width in fields
    }
    positions = table.pop("pos", None)
    if positions is None or positions.ndim != 2 or positions.shape[1] not in (2, 3):
        raise ValueError(
            f"expected pos:R:3 among the properties of {at_comment}, got {', '.join(table)}; try another file"
        )
    says = entries.get("dimension", entries.get("ndim", ""))
    says = "2" if positions.shape[1] == 2 else says
    cell, origin = _cell(entries, at_comment)
    periodic = _periodic(entries, cell is not None, at_comment)
    if positions.shape[1] == 2:
        periodic = (*periodic[:2], False)
    if cell is None and "pbc" not in entries:
        notes.append(
            f"expected a cell in {lines.name}, got none; took the particles in open space; try box=(...) with "
            "its edge lengths"
        )
    if not {"species", "Z", "type"} & table.keys():
        notes.append(
            f"expected a column species in {lines.name}, got {', '.join(table) or 'pos'}; took all particles as "
            "one species; try writing their names as well"
        )
    labels, names = _labels(table, entries, n)
    velocities = next((table.pop(name) for name in _VELOCITY if _is_vector(table.get(name))), None)
    positions = _in_space(positions)
    return FileFrame(
        positions if origin is None else positions - origin,
        labels,
        names,
        cell,
        periodic,
        int(says) if says in ("2", "3") else None,
        None if velocities is None else _in_space(velocities).astype(np.float64),
        table,
        step_of(header),
        time_of(header),
        _ids(table),
        header,
        notes=(*notes, *more),
    )


def _skip(lines: Lines) -> bool:
    first = lines.next_filled()
    if not first:
        return False
    n = count(first, "a number of particles", lines.at(lines.name))
    for _ in range(n + 1):
        if not lines.next():
            break
    return True


def _kinds(lines: Lines) -> set[str] | None:
    first = lines.next_filled()
    if not first:
        return None
    n = count(first, "a number of particles", lines.name)
    comment = _comment(lines, lines.name)
    taken = lines.take(n)
    fields, _ = _columns(comment, taken, lines.name, lines.name)
    before = 0
    for name, _, width in fields:
        if name == "species" or (name in ("Z", "type") and not any(f[0] == "species" for f in fields)):
            break
        before += width
    else:
        return {"A"}
    names = words_of_column(taken, before, lines.name)
    # A file that lists its species codes them by its own list.
    return set() if names <= set(comment.entries.get("species_names", "").split()) else names


def _comment(lines: Lines, where: str) -> Comment:
    line = lines.next()
    if not line:
        raise ValueError(
            f"expected a comment line in {where}, got the end of the file: it was cut short; try an earlier frame"
        )
    comment = parse_comment(decode(line, lines.at(where)))
    if comment.extended and not comment.whole:
        raise ValueError(
            f"expected every quote closed in {lines.at(where)}, got one that is not; try writing the file again"
        )
    return comment


def _columns(
    comment: Comment, taken: Sequence[bytes], where: str, name: str
) -> tuple[list[tuple[str, str, int]], list[str]]:
    """Names, kinds and widths of the columns, from the comment or from what plain files have; and the notes."""
    entries = comment.entries
    if "properties" in entries:
        return properties(entries["properties"], where), []
    if "columns" in entries:
        edges = cell_of_atooms(entries) or []
        dimension = 2 if entries.get("ndim", str(len(edges))) == "2" else 3
        return foreign_columns(entries["columns"], dimension), []
    extra = len(taken[0].split()) - 4 if taken else 0
    if extra <= 0:
        return list(_PLAIN), []
    names = [f"column{i + 5}" for i in range(extra)]
    return [*_PLAIN, *((one, ".", 1) for one in names)], [
        f"expected names for the columns behind x y z in {name}, got none; kept them as {', '.join(names[:6])}"
        f"{', ...' if extra > 6 else ''}; try Properties=species:S:1:pos:R:3:... in its comment lines"
    ]


def _labels(table: dict[str, np.ndarray], entries: Any, n: int) -> tuple[np.ndarray, tuple[str, ...] | None]:
    labels = table.pop("species", None)
    for other in ("Z", "type"):
        if labels is None and other in table and table[other].ndim == 1 and table[other].dtype.kind in "iU":
            labels = table.pop(other).astype(str)
    labels = np.full(n, "A") if labels is None else labels
    labels = labels if labels.ndim == 1 else labels[:, 0]
    listed = tuple(entries.get("species_names", "").split())
    if listed and len(set(listed)) == len(listed) and set(labels.tolist()) <= set(listed):
        # The file lists its species, so a code without particles keeps its place.
        codes = {name: code + 1 for code, name in enumerate(listed)}
        return np.array([codes[label] for label in labels.tolist()], np.int64), listed
    return labels, None


def _is_vector(values: np.ndarray | None) -> bool:
    return values is not None and values.ndim == 2 and values.shape[1] in (2, 3) and values.dtype.kind in "fi"


def _ids(table: dict[str, np.ndarray]) -> np.ndarray | None:
    ids = table.get("id")
    return table.pop("id") if ids is not None and ids.ndim == 1 and ids.dtype.kind == "i" else None


def _cell(entries: Any, where: str) -> tuple[np.ndarray | None, np.ndarray | None]:
    if "lattice" in entries:
        lattice = np.array(_numbers(entries["lattice"], 9, "Lattice", where)).reshape(3, 3)
    elif (edges := cell_of_atooms(entries)) is not None:
        lattice = np.zeros((3, 3))
        np.fill_diagonal(lattice, [*edges, 1.0][:3])
    else:
        return None, None
    origin = np.array(_numbers(entries.get("origin", "0 0 0"), 3, "Origin", where))
    return lattice, origin if origin.any() else None


def _periodic(entries: Any, has_cell: bool, where: str) -> tuple[bool, bool, bool]:
    words = entries.get("pbc", "T T T" if has_cell else "F F F").replace(",", " ").split()
    flags = tuple(word[:1].upper() in "T1" for word in words)
    if len(flags) != 3:
        raise ValueError(f'expected three flags in pbc of {where}, got {words}; try pbc="T T T"')
    return flags


def _numbers(text: str, n: int, what: str, where: str) -> list[float]:
    values = [number(word) for word in text.replace(",", " ").split()]
    if len(values) != n or any(value is None or not np.isfinite(value) for value in values):
        raise ValueError(
            f"expected {n} numbers as {what} in {where}, got {text[:200]!r}; try writing it again"
        )
    return values  # type: ignore[return-value]


def _cell_entries(positions: np.ndarray, box: np.ndarray | None) -> list[str]:
    dimension = positions.shape[1]
    if box is None:
        return ['pbc="F F F"']
    is_open = [*open_axes(box, dimension).tolist(), True][:3]
    # Positions along open axes are counted from no corner: the cell only has their extent.
    _, matrix = enclosed(positions, box)
    lattice = " ".join(map(repr, in_space(matrix).ravel().tolist()))
    return [f'Lattice="{lattice}"', f'pbc="{" ".join("TF"[flag] for flag in is_open)}"']


def _in_space(vectors: np.ndarray) -> np.ndarray:
    return np.pad(vectors, [(0, 0), (0, 3 - vectors.shape[1])])


def _width(values: np.ndarray) -> int:
    return 1 if values.ndim == 1 else values.shape[1]
