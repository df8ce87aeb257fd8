"""The formats by name, and that of a file: by what stands in it, by its suffix, or by ASE's own wisdom."""

import re
from pathlib import Path
from types import ModuleType
from typing import Any

from tdaglass.io.files import opened, suffix_of
from tdaglass.io.formats import any_ase, extxyz, hoomd_gsd, lammps_data, lammps_dump

FORMATS: dict[str, ModuleType] = {
    "extxyz": extxyz,
    "lammps-dump": lammps_dump,
    "lammps-data": lammps_data,
    "gsd": hoomd_gsd,
}
_DATA = re.compile(rb"^[ \t]*\d+[ \t]+atoms[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_EDGES = re.compile(rb"^[^\n]*(?:\bxlo[ \t]+xhi\b|\bavec\b)", re.MULTILINE)
_COUNT = re.compile(rb"\s*\d+[ \t]*\r?\n")


def format_to_read(path: Path, format: str | None) -> tuple[ModuleType, dict[str, Any]]:
    """The module that reads a file, and what it is to be told.

    Parameters
    ----------
    path : Path
    format : str, optional
        A key of `FORMATS`, "ase", or ASE's name of a format; by default what stands in the file decides, then its
        suffix, then ASE.

    Raises
    ------
    ValueError
        There is no such format, or nobody knows the file's; the message lists all.
    """
    if format is not None:
        if format in FORMATS:
            return FORMATS[format], {}
        if format == "ase" or any_ase.is_known(format):
            return any_ase, {"ase_format": None if format == "ase" else format}
        raise ValueError(
            f"expected a format among {', '.join(FORMATS)}, or one of ASE's, got {format!r}; try one of these"
        )
    module = _by_content(path) or _by_suffix(path)
    if module is not None:
        return module, {}
    if path.stat().st_size == 0:
        raise ValueError(f"expected frames in {path}, got a file of zero bytes; try writing it again")
    found = any_ase.recognised(path)
    if found is None:
        raise ValueError(
            f"expected one of the suffixes {_suffixes()}, or a format that ASE knows, got {path.name!r}; try "
            f"format= one of {', '.join(FORMATS)}, or ASE's name of it"
        )
    return any_ase, {"ase_format": found}


def format_to_write(path: Path, format: str | None) -> ModuleType:
    """The format of this name; without one, that which the suffix of the file means.

    Raises
    ------
    ValueError
        There is no format of this name or suffix; the message lists all.

    Examples
    --------
    >>> format_to_write(Path("glass.dump"), None).SUFFIXES[:2]
    ('.lammpstrj', '.dump')
    """
    if format is not None:
        if format not in FORMATS:
            raise ValueError(
                f"expected a format among {', '.join(FORMATS)}, got {format!r}; try one of these, or ASE's "
                "writers with io.to_ase(frame)"
            )
        return FORMATS[format]
    module = _by_suffix(path)
    if module is None:
        raise ValueError(
            f"expected one of the suffixes {_suffixes()}, got {path.name!r}; try format= one of "
            f"{', '.join(FORMATS)}, or ASE's writers with io.to_ase(frame)"
        )
    return module


def _suffixes() -> str:
    return ", ".join(suffix for module in FORMATS.values() for suffix in module.SUFFIXES)


def _by_suffix(path: Path) -> ModuleType | None:
    suffix = suffix_of(path)
    return next((module for module in FORMATS.values() if suffix in module.SUFFIXES), None)


def _by_content(path: Path) -> ModuleType | None:
    """The format that the first lines are of; None where they could be of several, or of none of ours."""
    with opened(path) as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf")
    if start.startswith(hoomd_gsd.MAGIC):
        return hoomd_gsd
    if start.lstrip().startswith(b"ITEM:"):
        return lammps_dump
    if _DATA.search(start) and _EDGES.search(start):
        return lammps_data
    # A number by itself in the first line, and nothing that ASE's other formats have there.
    if _COUNT.match(start) and b"\0" not in start:
        return extxyz
    return None
