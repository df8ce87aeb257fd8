"""GSD, the binary format of HOOMD-blue, through the gsd package.

Positions, velocities and box stand in single precision, wrapped with image flags, so a round trip keeps about
seven digits of the place in the cell; types with their names, step, and columns under `log/particles/` (where
HOOMD-blue and OVITO look for them) keep every bit. There is no open space in GSD.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.frame import Frame, host_arrays

SUFFIXES = (".gsd",)
TEXT = False
_LOGGED = "particles/"


def count_frames(path: Path) -> int:
    """How many frames the file holds."""
    with _open(path, "r") as trajectory:
        return len(trajectory)


def iterate_frames(path: Path, start: int, stop: int | None, step: int) -> Iterator[tuple[int, FileFrame]]:
    """Frames in file order, each read when it is asked for."""
    with _open(path, "r") as trajectory:
        for k in range(*slice(start, stop, step).indices(len(trajectory))):
            where = f"frame {k} of {path.name}"
            try:
                # Absent quantities read as defaults, so whether velocities were written is asked of the file
                # itself.
                moving = any(trajectory.file.chunk_exists(i, "particles/velocity") for i in (k, 0))
                yield k, _frame(trajectory[k], moving, where)
            except (RuntimeError, OSError, KeyError) as error:
                raise ValueError(
                    f"expected a whole {where}, got an unreadable one ({error}): it was cut short; "
                    "try an earlier frame"
                ) from None


def write_frames(path: Path, frames: Iterable[Frame]) -> None:
    """Write checked frames one after another.

    Raises
    ------
    ValueError
        A frame has no box.
    """
    hoomd = _gsd()
    with hoomd.open(name=str(path), mode="w") as trajectory:
        for k, frame in enumerate(frames):
            positions, species, box = host_arrays(frame)
            if box is None:
                raise ValueError(
                    "expected a box for a GSD file, got None; try extxyz, which knows open space"
                )
            n, dimension = positions.shape
            flat = [(0, 0), (0, 3 - dimension)]
            images = np.rint(positions / box)
            snapshot = hoomd.Frame()
            snapshot.configuration.step = k if frame.step is None else frame.step
            snapshot.configuration.dimensions = dimension
            snapshot.configuration.box = [*box.tolist(), 0.0][:3] + [0.0, 0.0, 0.0]
            snapshot.particles.N = n
            snapshot.particles.types = list(frame.species_names)
            snapshot.particles.typeid = species
            snapshot.particles.position = np.pad(positions - images * box, flat).astype(np.float32)
            snapshot.particles.image = np.pad(images.astype(np.int32), flat)
            if frame.velocities is not None:
                snapshot.particles.velocity = np.pad(frame.velocities, flat).astype(np.float32)
            for name, values in frame.columns.items():
                snapshot.log[_LOGGED + name] = values.astype(np.uint8) if values.dtype.kind == "b" else values
            if frame.time is not None:
                snapshot.log["time"] = np.array([frame.time])
            trajectory.append(snapshot)


def _frame(snapshot: Any, moving: bool, where: str) -> FileFrame:
    particles, configuration = snapshot.particles, snapshot.configuration
    box = np.array(configuration.box, np.float64)
    if box[3:].any():
        raise ValueError(
            f"expected an orthorhombic cell in {where}, got tilt factors {box[3:].tolist()}; "
            "try an orthorhombic supercell: triclinic cells are not supported"
        )
    types = tuple(particles.types)
    time = snapshot.log.get("time")
    return FileFrame(
        particles.position.astype(np.float64) + particles.image * box[:3],
        particles.typeid.astype(np.int64) + 1,
        types,
        box[:3],
        (True, True, True),
        configuration.dimensions == 2,
        particles.velocity.astype(np.float64) if moving else None,
        {
            name.removeprefix(_LOGGED): np.array(values)
            for name, values in snapshot.log.items()
            if name.startswith(_LOGGED) and len(values) == particles.N
        },
        int(configuration.step),
        None if time is None else float(time[0]),
        None,
    )


def _open(path: Path, mode: str) -> Any:
    try:
        return _gsd().open(name=str(path), mode=mode)
    except RuntimeError as error:
        raise ValueError(
            f"expected a GSD file, got {path.name}, which is not one or is damaged ({error}); "
            "try format=... if it is another format"
        ) from None


def _gsd() -> ModuleType:
    try:
        import gsd.hoomd
    except ImportError:
        raise ImportError("expected the gsd package for GSD files, got none; try pip install gsd") from None
    return gsd.hoomd
