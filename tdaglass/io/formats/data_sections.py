"""The parts of a LAMMPS data file: its header, its cell, and its sections with the lines that they have."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tdaglass.io.formats.cells import tilted
from tdaglass.io.formats.text_lines import decode, integer, number

STYLES = {
    "atomic": ("id", "type", "x", "y", "z"),
    "charge": ("id", "type", "charge", "x", "y", "z"),
    "molecular": ("id", "molecule", "type", "x", "y", "z"),
    "full": ("id", "molecule", "type", "charge", "x", "y", "z"),
    "sphere": ("id", "type", "diameter", "density", "x", "y", "z"),
    "dipole": ("id", "type", "charge", "x", "y", "z", "mux", "muy", "muz"),
    "ellipsoid": ("id", "type", "flag", "density", "x", "y", "z"),
}
STYLES |= {"bond": STYLES["molecular"], "angle": STYLES["molecular"]}
IMAGES = ("ix", "iy", "iz")
_VECTORS = ("avec", "bvec", "cvec", "abc origin")


class Section(NamedTuple):
    """The words behind the title's `#`, the lines that are not blank, without comments, and their numbers."""

    hint: str
    lines: list[bytes]
    numbers: list[int]


class Data(NamedTuple):
    """What a data file says before its tables are read.

    Attributes
    ----------
    sections : dict of str to Section
    n_atoms, n_types : int
    low : (3,)
        Lower corner.
    cell : (3, 3)
        Lattice vectors as rows.
    labels : dict of str to int
        Type labels.
    names : tuple of str, or None
        Names of all types, from labels, from the comments behind the masses, or from the title that we write.
    step : int, or None
    header : dict
    """

    sections: dict[str, Section]
    n_atoms: int
    n_types: int
    low: np.ndarray
    cell: np.ndarray
    labels: dict[str, int]
    names: tuple[str, ...] | None
    step: int | None
    header: dict[str, Any]


def parse_sections(content: bytes, where: str) -> Data:
    """Header and sections of the file; blank lines and comments dropped.

    Raises
    ------
    ValueError
        The file ends without a line end where that may be a cut, or has no atoms, types or cell.
    """
    header: list[str] = []
    sections: dict[str, Section] = {}
    comments: dict[str, str] = {}
    current: Section | None = None
    title, *lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True) or [b""]
    is_row = False
    for k, line in enumerate(lines, start=2):
        body, hash_, comment = line.partition(b"#")
        if not body.strip():
            continue
        is_row = False
        if _is_title(body):
            name = " ".join(decode(body, where).split())
            current = Section(decode(comment, where).strip(), [], [])
            sections[name] = current
        elif current is not None:
            # What has a comment behind it is a whole line.
            current.lines.append(body + b"\n" if hash_ else body)
            current.numbers.append(k)
            is_row = True
            if "Masses" in sections and current is sections["Masses"] and comment:
                comments[decode(body.split()[0], where)] = decode(comment, where).strip()
        else:
            header.append(" ".join(decode(body, where).split()))
    if not is_row and not content.endswith((b"\n", b"\r")):
        raise ValueError(
            f"expected a line end at the end of {where}, got none in its header or in a title: it was cut short; "
            "try writing it again"
        )
    n_types = _count(header, "atom types", where)
    labels = _labels(sections.get("Atom Type Labels"), where)
    words = decode(title, where).strip()
    low, cell = _cell(header, where)
    step = re.search(r"timestep = (\d{1,18})\b", words)
    units = re.search(r"units = (\w+)", words)
    return Data(
        sections,
        _count(header, "atoms", where),
        n_types,
        low,
        cell,
        labels,
        _names(labels, comments, words, n_types),
        int(step[1]) if step else None,
        {"units": units[1]} if units else {},
    )


def columns_of(atoms: Section, atom_style: str | None, where: str) -> tuple[str, ...]:
    """Names of the columns of section Atoms, from the style that is asked for or that stands in its title.

    Raises
    ------
    ValueError
        The style is unknown, or the lines have another number of fields.
    """
    hint = (atom_style or atoms.hint or "atomic").split()
    style = hint[0] if hint else "atomic"
    names = STYLES.get(style)
    if names is None:
        raise ValueError(
            f"expected atom style {', '.join(STYLES)} in {where}, got {style!r}; "
            "try atom_style=... with one of these, `atom_style atomic` in LAMMPS, or a dump"
        )
    n_fields = len(atoms.lines[0].split()) if atoms.lines else 0
    if n_fields not in (0, len(names), len(names) + 3):
        raise ValueError(
            f"expected {len(names)} fields of atom style {style}, with or without three image flags, in line "
            f"{atoms.numbers[0]} of {where}, got {n_fields}; try atom_style=... with the style of the LAMMPS "
            f"script ({', '.join(STYLES)})"
        )
    return names + IMAGES if n_fields == len(names) + 3 else names


def _is_title(body: bytes) -> bool:
    """Whether a line names a section: words of letters, as no line of a table or of the header has."""
    return all(word.isalpha() for word in body.split()) and body.lstrip()[:1].isupper()


def _count(header: Sequence[str], what: str, where: str) -> int:
    for line in header:
        first, _, words = line.partition(" ")
        if words.strip() == what:
            value = integer(first, f"a number of {what}", where)
            if value < 0:
                raise ValueError(f"expected a number of {what} in {where}, got {value}; try writing it again")
            return value
    raise ValueError(
        f"expected a header line 'N {what}' in {where}, got none; try format=... if it is another format"
    )


def _cell(header: Sequence[str], where: str) -> tuple[np.ndarray, np.ndarray]:
    found: dict[str, list[float]] = {}
    for line in header:
        for words in ("xlo xhi", "ylo yhi", "zlo zhi", "xy xz yz", *_VECTORS):
            if line.endswith(f" {words}"):
                values = [number(word) for word in line.removesuffix(words).split()]
                wanted = 2 if words.endswith("hi") else 3
                if len(values) != wanted or any(value is None or not np.isfinite(value) for value in values):
                    raise ValueError(
                        f"expected {wanted} numbers before {words} in {where}, got {line!r}; try writing it again"
                    )
                found[words] = values  # type: ignore[assignment]
    if all(words in found for words in _VECTORS):
        return np.array(found["abc origin"]), np.array([found[words] for words in _VECTORS[:3]])
    missing = [f"{axis}lo {axis}hi" for axis in "xyz" if f"{axis}lo {axis}hi" not in found]
    if missing:
        raise ValueError(
            f"expected the cell's {', '.join(missing)} in {where}, got none; try writing the file again"
        )
    low, high = np.array([found[f"{axis}lo {axis}hi"] for axis in "xyz"]).T
    return low, tilted((high - low).tolist(), found.get("xy xz yz", [0.0, 0.0, 0.0]))


def _labels(section: Section | None, where: str) -> dict[str, int]:
    if section is None:
        return {}
    pairs = [decode(line, where).split() for line in section.lines]
    for words, line in zip(pairs, section.numbers, strict=True):
        if len(words) != 2:
            raise ValueError(
                f"expected a number and a label in line {line} of {where}, got {' '.join(words)!r}; "
                "try labels without blanks"
            )
    return {label: integer(k, "a type number", where) for k, label in pairs}


def _names(
    labels: dict[str, int], comments: dict[str, str], title: str, n_types: int
) -> tuple[str, ...] | None:
    ours = title.partition("written by tdaglass; species ")[2].split()
    by_type = {str(code): label for label, code in labels.items()} or comments
    names = tuple(by_type.get(str(k + 1), "") for k in range(min(n_types, 10_000)))
    if not by_type:
        names = tuple(ours) if len(ours) == n_types else ()
    plain = all(name and len(name.split()) == 1 for name in names)
    return names if names and plain and len(set(names)) == len(names) == n_types else None
