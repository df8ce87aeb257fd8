"""Energies by another teacher than the source's own: any calculator of ASE, frame by frame."""

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError, CalculatorSetupError, InputError
from energies_from_holes_frames import Frames, Source

from tdaglass import parallel
from tdaglass.checkpoints import Keep


@dataclass(frozen=True)
class Labels:
    """Who says the energies, where it is not the source itself."""

    teacher: str = ""
    """A calculator of ASE by its import path, such as tblite.ase:TBLite; by default the source's own energies."""
    teacher_settings: tuple[str, ...] = ()
    """Its keyword arguments: method=GFN1-xTB verbosity=0, or one JSON object."""

    def __post_init__(self) -> None:
        if self.teacher and not all(self.path):
            raise ValueError(
                f"expected a teacher as MODULE:CLASS, got {self.teacher!r}; try --teacher tblite.ase:TBLite"
            )
        if self.teacher_settings and not self.teacher:
            raise ValueError(
                f"expected a teacher beside its settings, got settings {' '.join(self.teacher_settings)} alone; "
                "try --teacher tblite.ase:TBLite"
            )
        # What cannot be read is said before anything is simulated.
        _ = self.keywords

    @property
    def path(self) -> tuple[str, str]:
        """Module and class."""
        module, colon, name = self.teacher.partition(":")
        if not colon:
            module, _, name = self.teacher.rpartition(".")
        return module, name

    @property
    def keywords(self) -> Mapping[str, Any]:
        """Of the calculator."""
        if len(self.teacher_settings) == 1 and self.teacher_settings[0].lstrip().startswith("{"):
            try:
                return dict(json.loads(self.teacher_settings[0]))
            except ValueError:
                raise ValueError(
                    f"expected a JSON object as settings of the teacher, got {self.teacher_settings[0]!r}; try "
                    "--teacher-settings method=GFN1-xTB"
                ) from None
        found = {}
        for word in self.teacher_settings:
            key, equals, text = word.partition("=")
            if not equals or not key.isidentifier():
                raise ValueError(
                    f"expected settings of the teacher as key=value, got {word!r}; try --teacher-settings "
                    "method=GFN1-xTB"
                )
            try:
                found[key] = json.loads(text)
            except ValueError:
                found[key] = text
        return found

    @property
    def title(self) -> str:
        """Its class, and what it was told."""
        settings = ", ".join(f"{key}={value}" for key, value in self.keywords.items() if key != "verbosity")
        return self.path[1] + (f"({settings})" if settings else "")


class Relabelled(NamedTuple):
    """What decides energies by another teacher."""

    source: Source
    labels: Labels


class Said(NamedTuple):
    """What a teacher says of one frame; NaN where it does not."""

    energy: np.ndarray  # () eV for each atom
    forces: np.ndarray  # (atoms, 3) eV / angstrom
    stress: np.ndarray  # (3, 3) eV / angstrom^3


def relabelled(labels: Labels, frames: Frames, keep: Keep, executor: Any) -> Frames:
    """All frames with the teacher's energies, and forces and stresses if it says them without being asked.

    Every frame is kept as it is finished. One of which the teacher says nothing, as its equations did not
    converge, has an energy of NaN.

    Raises
    ------
    ImportError
        The teacher is not there.
    ValueError
        It does not take the settings, or says nothing of any frame.
    """
    calculator(labels)
    said = parallel.map_independent(
        partial(say, labels, frames),
        range(len(frames.run)),
        executor=executor,
        keep=keep,
        names=lambda i: f"frame-{i}",
        progress=f"energies by {labels.title}",
    )
    energy = np.array([float(one.energy) for one in said])
    if not np.isfinite(energy).any():
        raise ValueError(
            f"expected energies by {labels.title}, got none of {len(energy)} frames; try other --teacher-settings"
        )
    forces = np.full(frames.positions.shape, np.nan, np.float32)
    for row, one in zip(forces, said, strict=True):
        row[: len(one.forces)] = one.forces
    stress = np.stack([one.stress for one in said])
    return frames._replace(energy=energy, forces=forces, stress=stress)


def say(labels: Labels, frames: Frames, i: int) -> Said:
    """Of one frame, by a calculator of its own: one that went on from the frame before would say other bits."""
    atoms = atoms_of(frames, i)
    atoms.calc = calculator(labels)
    n = len(atoms)
    try:
        energy = atoms.get_potential_energy()
    except (CalculatorSetupError, InputError) as error:
        raise ValueError(
            f"expected a frame that {labels.title} can say something of, got one of {n} atoms of which it says: "
            f"{first_line(error)}; try other --teacher-settings"
        ) from error
    except CalculatorError:
        return Said(np.array(np.nan), np.zeros((0, 3), np.float32), np.full((3, 3), np.nan, np.float32))
    results = atoms.calc.results
    forces = np.asarray(results.get("forces", np.zeros((0, 3))), np.float32)
    stress = np.full((3, 3), np.nan, np.float32)
    if np.size(results.get("stress")) == 6:
        stress = atoms.get_stress(voigt=False).astype(np.float32)
    return Said(np.array(float(energy) / n), forces, stress)


def atoms_of(frames: Frames, i: int) -> Atoms:
    """One frame as ASE has it, without what fills it up; open axes have no period."""
    positions, box = frames.system(i)
    lattice = np.diag(box) if box.ndim == 1 else box
    periodic = np.isfinite(lattice.diagonal())
    cell = np.where(np.isfinite(lattice), lattice, 0)
    return Atoms(
        numbers=np.full(len(positions), frames.number[i]), positions=positions, cell=cell, pbc=periodic
    )


def calculator(labels: Labels) -> Any:
    """A new one.

    Raises
    ------
    ImportError
        There is no such module, or nothing of that name in it.
    ValueError
        It does not take the settings.
    """
    module, name = labels.path
    try:
        kind = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        package = (error.name or module).partition(".")[0]
        raise ImportError(
            f"expected the teacher {labels.teacher}, got no module {error.name}; try pip install {package}"
        ) from None
    except AttributeError:
        raise ImportError(
            f"expected a calculator {name} in {module}, got none; try --teacher MODULE:CLASS"
        ) from None
    try:
        return kind(**labels.keywords)
    except (TypeError, ValueError, CalculatorError) as error:
        raise ValueError(
            f"expected settings that {labels.teacher} takes, got {dict(labels.keywords)}, of which it says: "
            f"{first_line(error)}; try others with --teacher-settings"
        ) from error


def first_line(error: Exception) -> str:
    """Of what another code says."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
