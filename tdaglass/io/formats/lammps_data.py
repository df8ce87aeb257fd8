"""LAMMPS data files: the start of a LAMMPS run (`read_data`), one frame.

Written wrapped into the cell with image flags, in the atom style that has the columns of the frame (atomic
without any; charge, molecular, full, sphere); read in these and dipole, ellipsoid, bond and angle, with type
labels and the names that comments give to masses. Keeps positions (unwrapped to rounding), species with names,
box, velocities, and masses where all particles of a species have the same. Which axes are periodic stands in the
LAMMPS script, not here: all are taken as periodic.

ASE's reader is not used: it takes seven of the eight styles here only if it is told, knows no type labels, and
gives types as chemical elements and planes as space.
"""

from collections.abc import Iterable, Iterator
from io import TextIOBase
from pathlib import Path

import numpy as np

from tdaglass.io.files import opened
from tdaglass.io.formats.cells import as_matrix, in_space, is_lower_triangular, open_axes, wrapped
from tdaglass.io.formats.data_sections import IMAGES, STYLES, Data, Section, columns_of, parse_sections
from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.formats.lammps_cells import check_right_handed, height_of_zero, tilts
from tdaglass.io.formats.text_tables import format_table, parse_table
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".data", ".lmp", ".lammps")
TEXT = True


def count_frames(path: Path) -> int:
    """How many frames the file holds: one, or none where it is empty."""
    return int(path.stat().st_size > 0)


def iterate_frames(
    path: Path, start: int, stop: int | None, step: int, *, atom_style: str | None = None
) -> Iterator[tuple[int, FileFrame]]:
    """The one frame of the file."""
    if path.stat().st_size and 0 in range(start, 1 if stop is None else min(stop, 1), step):
        with opened(path) as file:
            content = file.read()
        yield 0, _parse(content, path.name, atom_style)


def kinds_of_particles(path: Path) -> set[str]:
    """Names of the types: there is one frame, which has them all."""
    return set()


def write_frames(file: TextIOBase, frames: Iterable[Frame]) -> Iterator[str]:
    """Write the one checked frame; yields what is to be said.

    Raises
    ------
    ValueError
        There are several frames, columns of no atom style, no cell or an open axis: none of it fits the format.
    """
    frames = list(frames)
    if len(frames) != 1:
        raise ValueError(
            f"expected one frame for a LAMMPS data file, got {len(frames)}; try a dump or extxyz"
        )
    frame = frames[0]
    positions, species, box = host_arrays(frame)
    n, dimension = positions.shape
    if box is None or open_axes(box, dimension).any():
        raise ValueError(
            "expected a box for a LAMMPS data file, periodic along all axes, got "
            f"{None if box is None else box.tolist()}; try extxyz, which knows open space, or a LAMMPS dump"
        )
    columns = dict(frame.columns)
    masses = _masses(columns, species, max(len(frame.species_names), 1))
    style = next((style for style, names in STYLES.items() if _added(names) == set(columns)), None)
    if style is None or any(values.ndim > 1 for values in columns.values()):
        raise ValueError(
            f"expected columns of one atom style ({_styles()}), or no columns, for a LAMMPS data file, got "
            f"{', '.join(frame.columns)}; try a dump or extxyz"
        )
    inside, images = wrapped(positions, box)
    flat = [(0, 0), (0, 3 - dimension)]
    matrix = in_space(as_matrix(box))
    place = dict(zip("xyz", np.pad(inside, flat).T, strict=True))
    ids = np.arange(1, n + 1)
    table = {"id": ids, "type": species + 1, **columns, **place}
    file.write(f"written by tdaglass; species {' '.join(frame.species_names)}\n\n{n} atoms\n")
    file.write(f"{max(len(frame.species_names), 1)} atom types\n\n{_bounds(matrix, dimension)}")
    if masses is not None:
        file.write("\nMasses\n\n" + format_table([np.arange(1, len(masses) + 1), masses]))
    file.write(f"\nAtoms # {style}\n\n")
    file.write(format_table([*(table[name] for name in STYLES[style]), *np.pad(images, flat).T]))
    if frame.velocities is not None:
        file.write("\nVelocities\n\n" + format_table([ids, *np.pad(frame.velocities, flat).T]))
    left_out = [*frame.header, *(name for name in ("time",) if getattr(frame, name) is not None)]
    if left_out:
        yield (f"expected no header for a LAMMPS data file, got {', '.join(left_out)}: left out; try extxyz")


def _parse(content: bytes, where: str, atom_style: str | None) -> FileFrame:
    data = parse_sections(content, where)
    atoms = data.sections.get("Atoms", Section("", [], []))
    n = data.n_atoms
    if len(atoms.lines) != n:
        raise ValueError(
            f"expected {n} lines in section Atoms of {where}, got {len(atoms.lines)}: it was cut short; try "
            "writing it again"
        )
    names = columns_of(atoms, atom_style, where)
    kinds = ["*" if name == "type" else "I" if name in ("id", *IMAGES) else "?" for name in names]
    parts, notes = parse_table(atoms.lines, kinds, f"section Atoms of {where}", where, atoms.numbers)
    table = dict(zip(names, parts, strict=True))
    ids, types = table.pop("id"), _types(table.pop("type"), data.labels, data.n_types, where)
    positions = np.stack([table.pop(axis) for axis in "xyz"], axis=-1).astype(float) - data.low
    if "ix" in table:
        images = np.stack([table.pop(name) for name in IMAGES], axis=-1)
        tilted = data.cell[~np.eye(3, dtype=bool)].any()
        positions = positions + (images @ data.cell if tilted else images * np.diagonal(data.cell))
    table = {name: values for name, values in table.items() if name != "flag"}
    masses = _column_of_masses(data.sections.get("Masses"), types, data, where)
    if masses is not None:
        table["mass"] = masses
    velocities, more = _velocities(data.sections.get("Velocities"), ids, where)
    return FileFrame(
        positions,
        types,
        data.names,
        data.cell,
        (True, True, True),
        None,
        velocities,
        table,
        data.step,
        None,
        ids,
        data.header,
        zero=height_of_zero(data.low, data.cell),
        notes=(*notes, *more),
    )


def _types(types: np.ndarray, labels: dict[str, int], n_types: int, where: str) -> np.ndarray:
    if types.dtype.kind == "U":
        unknown = [name for name in np.unique(types).tolist() if name not in labels]
        if unknown:
            raise ValueError(
                f"expected types among the labels {', '.join(labels) or '(none)'} in {where}, got "
                f"{', '.join(unknown)}; try a section 'Atom Type Labels', or another atom_style=..."
            )
        types = np.array([labels[name] for name in types.tolist()], np.int64)
    elif types.dtype.kind == "f":
        raise ValueError(
            f"expected types as whole numbers in {where}, got {types[0]}; try another atom_style=..."
        )
    if types.size and types.max() > n_types:
        raise ValueError(
            f"expected types up to {n_types} in {where}, got {types.max()}; try another atom_style=..."
        )
    return types


def _column_of_masses(
    section: Section | None, types: np.ndarray, data: Data, where: str
) -> np.ndarray | None:
    if section is None:
        return None
    (owner, mass), _ = parse_table(
        section.lines, ["*", "R"], f"section Masses of {where}", where, section.numbers
    )
    labels: dict[str, int] = data.labels
    by_type = {labels.get(str(t), t): m for t, m in zip(owner.tolist(), mass.tolist(), strict=True)}
    missing = sorted(set(types.tolist()) - by_type.keys())
    if missing:
        raise ValueError(
            f"expected a mass for each type in section Masses of {where}, got none for {missing[0]}; try adding it"
        )
    return np.array([by_type[t] for t in types.tolist()], np.float64)


def _masses(columns: dict[str, np.ndarray], species: np.ndarray, n_types: int) -> np.ndarray | None:
    """Masses of the types, taken out of the columns; None where particles of a species differ."""
    mass = columns.get("mass")
    if mass is None or mass.ndim > 1 or mass.dtype.kind not in "fi":
        return None
    masses = np.ones(n_types)
    masses[species] = mass
    if not np.array_equal(masses[species], mass):
        return None
    del columns["mass"]
    return masses


def _added(names: tuple[str, ...]) -> set[str]:
    """What an atom style has beside id, type and place."""
    return set(names) - {"id", "type", "x", "y", "z"}


def _styles() -> str:
    return "; ".join(f"{style}: {', '.join(sorted(_added(names)))}" for style, names in STYLES.items())


def _bounds(matrix: np.ndarray, dimension: int) -> str:
    low = -0.5 if dimension == 2 else 0.0
    if not is_lower_triangular(matrix):
        check_right_handed(matrix, "the frame")
        rows = [
            f"{' '.join(map(repr, row))} {name}vec" for row, name in zip(matrix.tolist(), "abc", strict=True)
        ]
        return "".join(f"{row}\n" for row in (*rows, f"0.0 0.0 {low!r} abc origin"))
    ends = [(0.0, edge) for edge in np.diagonal(matrix).tolist()]
    ends[2] = (low, ends[2][1] + low)
    text = "".join(f"{a!r} {b!r} {axis}lo {axis}hi\n" for axis, (a, b) in zip("xyz", ends, strict=True))
    tilt = tilts(matrix)
    return text + (f"{' '.join(map(repr, tilt))} xy xz yz\n" if any(tilt) else "")


def _velocities(section: Section | None, ids: np.ndarray, where: str) -> tuple[np.ndarray | None, list[str]]:
    if section is None:
        return None, []
    if len(section.lines) != len(ids):
        raise ValueError(
            f"expected {len(ids)} lines in section Velocities of {where}, got {len(section.lines)}: "
            "it was cut short; try writing it again"
        )
    # Spheres carry angular velocities after the three components.
    fields = len(section.lines[0].split()) if section.lines else 4
    (owner, *components), notes = parse_table(
        section.lines,
        ["I"] + ["R"] * max(fields - 1, 3),
        f"section Velocities of {where}",
        where,
        section.numbers,
    )
    place = {owner_id: row for row, owner_id in enumerate(owner.tolist())}
    if set(place) != set(ids.tolist()):
        raise ValueError(
            f"expected a velocity for every particle of {where}, got other ids; try writing it again"
        )
    return np.stack(components[:3], axis=-1)[[place[i] for i in ids.tolist()]], notes
