"""Every other format (POSCAR, CONTCAR, XDATCAR, cif, pdb, gro, traj, ...), through ASE.

Lengths come in ASE's unit, the ångström, whatever the file's: ASE turns GROMACS's nanometres into them.
"""

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from tdaglass.io.ase_atoms import file_frame_of
from tdaglass.io.files import plain
from tdaglass.io.formats.file_frame import FileFrame

SUFFIXES: tuple[str, ...] = ()
TEXT = True


def is_known(format: str) -> bool:
    """Whether ASE reads a format of this name; without ASE, none."""
    try:
        from ase.io.formats import ioformats
    except ImportError:
        return False
    return format in ioformats and bool(ioformats[format].can_read)


def recognised(path: Path) -> str | None:
    """ASE's name of the format of a file, from its name or what stands in it; None where it knows none."""
    formats = _ase("formats", path.name)
    with plain(path) as bare:
        try:
            found = formats.filetype(str(bare), read=True, guess=False)
        except Exception:
            return None
    return found if is_known(found) else None


def count_frames(path: Path, *, ase_format: str | None = None) -> int:
    """How many frames the file holds."""
    return sum(1 for _ in iterate_frames(path, 0, None, 1, ase_format=ase_format))


def iterate_frames(
    path: Path, start: int, stop: int | None, step: int, *, ase_format: str | None = None
) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order."""
    ase_io = _ase(None, path.name)
    with plain(path) as bare, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ASE's own, of which users of this package cannot make anything
        frames = _sentences(ase_io.iread(str(bare), index=":", format=ase_format), path.name)
        for k, atoms in itertools.islice(enumerate(frames), start, stop, step):
            yield k, file_frame_of(atoms, path.name)


def kinds_of_particles(path: Path, *, ase_format: str | None = None) -> set[str]:
    """Names of the species in all frames."""
    return {
        str(label)
        for _, found in iterate_frames(path, 0, None, 1, ase_format=ase_format)
        for label in set(found.labels.tolist())
    }


def _sentences(frames: Iterator[Any], name: str) -> Iterator[Any]:
    try:
        yield from frames
    except Exception:
        # Whatever its readers stumble over in a damaged file, they say in their own words.
        raise ValueError(
            f"expected a whole file of a format that ASE reads, got {name}, which is damaged or of another one; "
            "try format=... with its name, or writing it again"
        ) from None


def _ase(part: str | None, name: str) -> ModuleType:
    try:
        import ase.io
        import ase.io.formats
    except ImportError:
        raise ImportError(f"expected the ase package to read {name}, got none; try pip install ase") from None
    return ase.io.formats if part else ase.io
