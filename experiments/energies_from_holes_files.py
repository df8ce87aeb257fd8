"""Frames with energies from files of users, such as ab initio sets in extended XYZ: a source of frames.

The files may hold systems of any sizes, in any cell or in open space. Forces and stresses are kept where a file
has them. Which frames belong to one run decides what may be left out together: those of one file with one
configuration type, or of one file where it does not say types.
"""

import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ase.data import atomic_masses, atomic_numbers
from energies_from_holes_frames import Frames, Groups, as_lattices, filled_up

from tdaglass import io
from tdaglass.checkpoints import Keep
from tdaglass.glass import units
from tdaglass.space import volume

# Names under which total energies, forces and types stand in public sets, looked for in this order.
ENERGY = ("energy", "Energy", "dft_energy", "DFT_energy", "REF_energy", "ref_energy", "free_energy")
FORCES = ("forces", "force", "dft_forces", "DFT_forces", "REF_forces", "ref_forces", "dft_force")
STRESS = ("stress", "dft_stress", "REF_stress")
VIRIAL = ("virial", "virials", "dft_virial", "dft_virials", "REF_virial")
KIND = ("config_type", "config-type", "configtype")


@dataclass(frozen=True)
class Files:
    """All that decides the frames and their labels, which are kept and shared by all analyses of them."""

    data: tuple[Path, ...] = ()
    """Files of frames with total energies in their headers, eV and angstrom: extended XYZ, or any other that is
    read."""
    energies_of: str = "the files' own"
    """Who says the energies, such as "LDA": named wherever one stands."""
    energy_key: str = ""
    """Under which the total energy stands in the header; by default energy, and names that public sets have."""
    kind_key: str = ""
    """Of the header: frames of a file with the same words are a run; by default config_type, if there is one."""
    density_step: float = 0.5
    """Frames are grouped by density in steps of it, g/cm3."""
    least: int = 16
    """Frames of fewer atoms, such as dimers, are left out."""
    seed: int = 0
    """Of all random numbers."""
    digests: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        if self.least < 2 or not self.density_step > 0:
            raise ValueError(
                f"expected at least two atoms and a positive step of densities, got {self.least} and "
                f"{self.density_step}; try --least 16 --density-step 0.5"
            )
        # A file of the same name that says something else makes another run.
        object.__setattr__(self, "digests", tuple(digest_of(path) for path in self.data))

    @property
    def folder(self) -> str:
        """Of the runs that keep what is seen of its frames."""
        return "labelled_frames"

    @property
    def title(self) -> str:
        """What the frames are."""
        return ", ".join(path.name for path in self.data)

    @property
    def teacher(self) -> str:
        """As the user says."""
        return self.energies_of

    @property
    def teacher_in_words(self) -> str:
        """As the user says."""
        return self.energies_of

    @property
    def engine(self) -> None:
        """Nothing is moved."""

    @property
    def runs(self) -> None:
        """Files and types are counted when they are read."""

    @property
    def published(self) -> dict[str, float]:
        """Nothing that is of frames as these and of a named model."""
        return {}

    @property
    def groups(self) -> Groups:
        """Densities."""
        return Groups("densities", r"density $/\,(\mathrm{g/cm^3})$")

    @property
    def closed(self) -> bool:
        """Loops go through faces of the cell, where there are any."""
        return True

    def larger(self, n: int) -> None:
        """What there is has been given."""

    def gather(self, keep: Keep, executor: Any) -> Frames:
        """All frames, run by run; reading takes seconds and is not kept."""
        frames, names = self.read()
        counts = Counter(names[k] for k in frames.run.tolist())
        for name in names:
            print(f"run {name}: {counts[name]} frames")
        return frames

    def read(self) -> tuple[Frames, list[str]]:
        """All frames, and the names of their runs.

        Raises
        ------
        ValueError
            For no frames, frames without an energy, and several elements.
        """
        if not self.data:
            raise ValueError("expected files of labelled frames, got none; try --data FILE.extxyz")
        found = [one for path in self.data for one in read_file(self, path)]
        kept = [one for one in found if len(one.positions) >= self.least]
        if len(kept) < 2:
            raise ValueError(
                f"expected frames of at least {self.least} atoms, got {len(kept)} among {len(found)} in "
                f"{self.title}; try --least, or other files"
            )
        numbers = sorted({one.number for one in kept})
        if len(numbers) > 1:
            raise ValueError(
                f"expected atoms of one element, got atomic numbers {numbers} in {self.title}; try frames of one"
            )
        if len(kept) < len(found):
            print(f"left out {len(found) - len(kept)} frames of fewer than {self.least} atoms")
        names = list(dict.fromkeys(one.run for one in kept))
        kept.sort(key=lambda one: names.index(one.run))
        return joined(self, kept, names), names


class Labelled(NamedTuple):
    """One frame of a file."""

    run: str
    number: int  # atomic
    positions: np.ndarray
    box: np.ndarray  # (3, 3), infinite where open
    energy: float  # for each atom
    temperature: float
    forces: np.ndarray | None
    stress: np.ndarray


def digest_of(path: Path) -> str:
    """Of what a file says."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_file(source: Files, path: Path) -> Iterator[Labelled]:
    """All frames of a file.

    Raises
    ------
    ValueError
        For a frame without an energy, of several elements, or in two dimensions.
    """
    with warnings.catch_warnings():
        # That a cluster has no cell is seen from its box.
        warnings.simplefilter("ignore", io.FileWarning)
        for k, frame in enumerate(io.iterate_trajectory(path, dimension=3)):
            where = f"frame {k} of {path.name}"
            if len(frame.configuration.positions):
                yield labelled(source, frame, path, where)


def labelled(source: Files, frame: io.Frame, path: Path, where: str) -> Labelled:
    """What one frame says; see `read_file`."""
    header, n = frame.header, len(frame.configuration.positions)
    keys = (source.energy_key,) if source.energy_key else ENERGY
    energy = next((header[key] for key in keys if key in header), None)
    if not isinstance(energy, int | float | np.number) or not np.isfinite(energy):
        raise ValueError(
            f"expected a total energy as {' or '.join(keys[:2])} in the header of {where}, got "
            f"{'none' if energy is None else energy} among {', '.join(header) or 'nothing'}; try --energy-key NAME"
        )
    present = sorted({frame.species_names[code] for code in np.unique(frame.configuration.species)})
    if len(present) != 1 or present[0] not in atomic_numbers:
        raise ValueError(
            f"expected atoms of one element, got {', '.join(present)} in {where}; try frames of one element, "
            "named by its symbol"
        )
    words = (source.kind_key,) if source.kind_key else KIND
    kind = next((str(header[key]) for key in words if key in header), "")
    forces = next((frame.columns[key] for key in FORCES if key in frame.columns), None)
    temperature = header.get("temperature", np.nan)
    box = frame.configuration.box
    lattice = as_lattices(np.full((1, 3), np.inf) if box is None else np.asarray(box)[None])[0]
    return Labelled(
        f"{path.name}, {kind}" if kind else path.name,
        atomic_numbers[present[0]],
        np.asarray(frame.configuration.positions),
        lattice,
        float(energy) / n,
        float(temperature) if isinstance(temperature, int | float) else np.nan,
        None if forces is None or np.shape(forces) != (n, 3) else np.asarray(forces, np.float32),
        stress_of(header, lattice),
    )


def stress_of(header: Any, lattice: np.ndarray) -> np.ndarray:
    """(3, 3) in ASE's sign, from the stress, or the virial, which is minus stress times volume; NaN without."""
    unknown = np.full((3, 3), np.nan)
    stress = next((header[key] for key in STRESS if key in header), None)
    scale = 1.0
    if stress is None and np.isfinite(lattice.diagonal()).all():
        stress = next((header[key] for key in VIRIAL if key in header), None)
        scale = -1 / float(volume(lattice))
    if stress is None:
        return unknown
    values = np.asarray(stress, float)
    if values.shape == (6,):
        xx, yy, zz, yz, xz, xy = values
        values = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    return scale * values.reshape(3, 3) if values.size == 9 else unknown


def joined(source: Files, found: list[Labelled], names: list[str]) -> Frames:
    """In one record."""
    frames = len(found)
    count = np.array([len(one.positions) for one in found])
    most = int(count.max())
    box = np.stack([one.box for one in found])
    mass = atomic_masses[found[0].number] / units.GRAM_PER_CUBIC_CENTIMETRE * units.GRAM_PER_MOLE
    # Of open space nobody can say a density.
    density = np.array(
        [
            n * mass / float(volume(one.box)) if np.isfinite(one.box.diagonal()).all() else 0.0
            for n, one in zip(count, found, strict=True)
        ]
    )
    forces = np.zeros((frames, 0, 3), np.float32)
    if any(one.forces is not None for one in found):
        unknown = [np.full((n, 3), np.nan, np.float32) for n in count]
        forces = filled_up(
            [none if one.forces is None else one.forces for one, none in zip(found, unknown, strict=True)],
            most,
            np.nan,
        )
    edges = np.where(np.eye(3, dtype=bool), 0, box)
    return Frames(
        positions=filled_up([one.positions for one in found], most),
        box=box if np.any(edges) else np.diagonal(box, axis1=1, axis2=2).copy(),
        energy=np.array([one.energy for one in found]),
        temperature=np.array([one.temperature for one in found]),
        group=source.density_step * np.round(density / source.density_step),
        run=np.array([names.index(one.run) for one in found]),
        melt=np.full(frames, -1),
        stage=np.full(frames, -1),
        atoms=count,
        number=np.full(frames, found[0].number),
        forces=forces,
        stress=np.stack([one.stress for one in found]).astype(np.float32),
    )
