"""LAMMPS data files: the start of a LAMMPS run (`read_data`), one frame.

Written in atom style atomic, wrapped into the cell with image flags; read in styles atomic, charge,
molecular, bond, angle, full and sphere. Keeps positions (unwrapped to rounding), species, box and velocities;
the charges, molecules and diameters of a foreign file come back as columns. Whether the cell is periodic
stands in the LAMMPS script, not here: it is taken as periodic.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from tdaglass.io.formats.file_frame import FileFrame, is_thin
from tdaglass.io.formats.text_tables import decode, format_table, integer, parse_table
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".data", ".lmp", ".lammps")
TEXT = True
_STYLES = {
    "atomic": ("id", "type", "x", "y", "z"),
    "charge": ("id", "type", "charge", "x", "y", "z"),
    "molecular": ("id", "molecule", "type", "x", "y", "z"),
    "full": ("id", "molecule", "type", "charge", "x", "y", "z"),
    "sphere": ("id", "type", "diameter", "density", "x", "y", "z"),
}
_STYLES |= {"bond": _STYLES["molecular"], "angle": _STYLES["molecular"]}
_IMAGES = ("ix", "iy", "iz")


def count_frames(path: Path) -> int:
    """How many frames the file holds: one, or none where it is empty."""
    return int(path.stat().st_size > 0)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """The one frame of the file."""
    if path.stat().st_size and 0 in range(start, 1 if stop is None else min(stop, 1), step):
        yield 0, _parse(decode(path.read_bytes(), path.name), path.name)


def write_frames(file: TextIO, frames: Iterable[Frame]) -> None:
    """Write the one checked frame.

    Raises
    ------
    ValueError
        There are several frames, columns or no cell, none of which the format holds.
    """
    frames = list(frames)
    if len(frames) != 1:
        raise ValueError(
            f"expected one frame for a LAMMPS data file, got {len(frames)}; try a dump or extxyz"
        )
    frame = frames[0]
    positions, species, box = host_arrays(frame)
    if box is None:
        raise ValueError(
            "expected a box for a LAMMPS data file, got None; try extxyz, which knows open space"
        )
    if frame.columns:
        raise ValueError(
            f"expected no columns for a LAMMPS data file, got {', '.join(frame.columns)}; "
            "try a dump or extxyz"
        )
    n, dimension = positions.shape
    images = np.floor(positions / box)
    wrapped = positions - images * box
    # Rounding can put a particle on the far face: it belongs to the next cell's near face.
    over = wrapped >= box
    wrapped, images = np.where(over, 0.0, wrapped), (images + over).astype(np.int64)
    ids = np.arange(1, n + 1)
    flat = [(0, 0), (0, 3 - dimension)]
    bounds = [(0.0, edge) for edge in box.tolist()] + ([(-0.5, 0.5)] if dimension == 2 else [])
    file.write(f"written by tdaglass; species {' '.join(frame.species_names)}\n\n{n} atoms\n")
    file.write(f"{max(len(frame.species_names), 1)} atom types\n\n")
    for axis, (low, high) in zip("xyz", bounds, strict=True):
        file.write(f"{low!r} {high!r} {axis}lo {axis}hi\n")
    file.write("\nAtoms # atomic\n\n")
    file.write(format_table([ids, species + 1, *np.pad(wrapped, flat).T, *np.pad(images, flat).T]))
    if frame.velocities is not None:
        file.write("\nVelocities\n\n" + format_table([ids, *np.pad(frame.velocities, flat).T]))


def _parse(text: str, where: str) -> FileFrame:
    if not text.endswith("\n"):
        raise ValueError(
            f"expected a line end at the end of {where}, got none: it was cut short; try writing it again"
        )
    header, sections = _sections(text)
    n = _count(header, "atoms", where)
    n_types = _count(header, "atom types", where)
    low, cell = _cell(header, where)
    title, lines = next(((t, body) for t, body in sections if t.split()[0] == "Atoms"), ("", []))
    if len(lines) != n:
        raise ValueError(
            f"expected {n} lines in section Atoms of {where}, got {len(lines)}: it was cut short; try "
            "writing it again"
        )
    names = _columns(title, len(lines[0].split()) if lines else 0, where)
    table = dict(zip(names, parse_table(lines, ["?"] * len(names), where), strict=True))
    ids, types = (table.pop(name).astype(np.int64) for name in ("id", "type"))
    if types.size and types.max() > n_types:
        raise ValueError(
            f"expected types up to {n_types} in {where}, got {types.max()}; try another atom style"
        )
    positions = np.stack([table.pop(axis) for axis in "xyz"], axis=-1).astype(float)
    planar = bool(n) and is_thin(low, cell) and not positions[:, 2].any()
    positions = positions - low
    if "ix" in table:
        images = np.stack([table.pop(name) for name in _IMAGES], axis=-1)
        positions = positions + images * cell
        planar = planar and not images[:, 2].any()
    return FileFrame(
        positions,
        types,
        None,
        cell,
        (True, True, True),
        planar,
        _velocities(sections, ids, where),
        table,
        None,
        None,
        ids,
    )


def _sections(text: str) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """Header lines, and the sections as (title, lines); blank lines and comments dropped."""
    header: list[str] = []
    sections: list[tuple[str, list[str]]] = []
    for line in text.splitlines()[1:]:
        body = line.split("#")[0].strip()
        if not body:
            continue
        if body[0].isalpha():
            sections.append((line.strip(), []))
        elif sections:
            sections[-1][1].append(body)
        else:
            header.append(body)
    return header, sections


def _count(header: list[str], what: str, where: str) -> int:
    for line in header:
        number, _, words = line.partition(" ")
        if words.strip() == what:
            return integer(number, f"a number of {what}", where)
    raise ValueError(
        f"expected a header line 'N {what}' in {where}, got none; try format=... if it is another format"
    )


def _cell(header: list[str], where: str) -> tuple[np.ndarray, np.ndarray]:
    bounds: dict[str, list[float]] = {}
    for line in header:
        words = line.split()
        if words[-1] in ("xhi", "yhi", "zhi", "yz"):
            bounds[words[-1]] = [float(word) for word in words if not word[0].isalpha()]
    if any(bounds.get("yz", [])) or "avec" in " ".join(header):
        raise ValueError(
            f"expected an orthorhombic cell in {where}, got tilt factors {bounds.get('yz')}; "
            "try an orthorhombic supercell: triclinic cells are not supported"
        )
    missing = [f"{axis}lo {axis}hi" for axis in "xyz" if len(bounds.get(f"{axis}hi", [])) != 2]
    if missing:
        raise ValueError(
            f"expected the cell's {', '.join(missing)} in {where}, got none; try writing the file again"
        )
    low, high = np.array([bounds[f"{axis}hi"] for axis in "xyz"]).T
    return low, high - low


def _columns(title: str, n_fields: int, where: str) -> tuple[str, ...]:
    style = title.partition("#")[2].strip() or "atomic"
    names = _STYLES.get(style)
    if names is None:
        raise ValueError(
            f"expected atom style {', '.join(_STYLES)} in {where}, got {style!r}; "
            "try `atom_style atomic` or a dump"
        )
    if n_fields not in (0, len(names), len(names) + 3):
        raise ValueError(
            f"expected {len(names)} fields of atom style {style}, with or without three image flags, "
            f"in {where}, got {n_fields}; try naming the style in the section line: 'Atoms # full'"
        )
    return names + _IMAGES if n_fields == len(names) + 3 else names


def _velocities(sections: list[tuple[str, list[str]]], ids: np.ndarray, where: str) -> np.ndarray | None:
    lines = next((body for title, body in sections if title.split()[0] == "Velocities"), None)
    if lines is None:
        return None
    if len(lines) != len(ids):
        raise ValueError(
            f"expected {len(ids)} lines in section Velocities of {where}, got {len(lines)}: "
            "it was cut short; try writing it again"
        )
    # Spheres carry angular velocities after the three components.
    kinds = ["I"] + ["R"] * (len(lines[0].split()) - 1 if lines else 3)
    owner, *components = parse_table(lines, kinds, where)
    place = {owner_id: row for row, owner_id in enumerate(owner.tolist())}
    if set(place) != set(ids.tolist()):
        raise ValueError(
            f"expected a velocity for every particle of {where}, got other ids; try writing it again"
        )
    return np.stack(components[:3], axis=-1)[[place[i] for i in ids.tolist()]]
