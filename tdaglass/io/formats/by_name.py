"""The formats by name, and the one that a file's suffix means."""

from pathlib import Path
from types import ModuleType

from tdaglass.io.formats import extxyz, hoomd_gsd, lammps_data, lammps_dump

FORMATS: dict[str, ModuleType] = {
    "extxyz": extxyz,
    "lammps-dump": lammps_dump,
    "lammps-data": lammps_data,
    "gsd": hoomd_gsd,
}


def format_of(path: Path, format: str | None) -> ModuleType:
    """The format of this name; without one, that which the suffix of the file means.

    Raises
    ------
    ValueError
        There is no format of this name or suffix; the message lists all.

    Examples
    --------
    >>> format_of(Path("glass.dump"), None).SUFFIXES
    ('.lammpstrj', '.dump')
    """
    if format is None:
        suffix = path.suffix.lower()
        for module in FORMATS.values():
            if suffix in module.SUFFIXES:
                return module
        known = ", ".join(suffix for module in FORMATS.values() for suffix in module.SUFFIXES)
        raise ValueError(
            f"expected one of the suffixes {known}, got {path.name!r}; try format= one of "
            f"{', '.join(FORMATS)}"
        )
    if format not in FORMATS:
        raise ValueError(f"expected a format among {', '.join(FORMATS)}, got {format!r}; try one of these")
    return FORMATS[format]
