"""What every source of frames hands to `energies_from_holes.py`: configurations, energies, and whose they are."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tdaglass.checkpoints import Keep


class Frames(NamedTuple):
    """All frames, run by run and in order of time; what has no atoms in it is filled up with zeros."""

    positions: np.ndarray  # (frames, atoms, 3) angstrom
    box: np.ndarray  # (frames, 3) edges, infinite where open, or (frames, 3, 3) lattice vectors, angstrom
    energy: np.ndarray  # (frames,) the teacher's, eV for each atom
    temperature: np.ndarray  # (frames,) K; NaN where nobody says
    group: np.ndarray  # (frames,) what runs are prepared at, such as a density: see `Source.groups`
    run: np.ndarray  # (frames,) which run it is of, over all groups
    melt: np.ndarray  # (frames,) number of the run among those of its group; -1 where groups share runs
    stage: np.ndarray  # (frames,) of the schedule; -1 where there is none
    atoms: np.ndarray  # (frames,) atoms
    number: np.ndarray  # (frames,) atomic number of all atoms
    forces: np.ndarray  # (frames, atoms, 3) eV / angstrom, NaN where nobody says; (frames, 0, 3) if nowhere
    stress: np.ndarray  # (frames, 3, 3) eV / angstrom^3, as ASE has its sign; NaN where nobody says

    @property
    def last(self) -> np.ndarray:
        """The last frame of each run."""
        return np.append(np.flatnonzero(np.diff(self.run)), len(self.run) - 1)

    @property
    def of_one_size(self) -> bool:
        """Whether nothing is filled up."""
        return bool((self.atoms == self.atoms[0]).all())

    def system(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions and cell of one frame, in double precision."""
        return self.positions[i, : self.atoms[i]].astype(float), self.box[i].astype(float)

    def in_its_space(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        """The same; of a flat sheet that nothing is above or below, in its plane."""
        positions, box = self.system(i)
        if box.ndim == 1 and np.isinf(box[2]) and np.ptp(positions[:, 2]) == 0:
            return positions[:, :2], box[:2]
        return positions, box

    def at(self, which: np.ndarray) -> "Frames":
        """Some of them, their runs numbered anew."""
        some = Frames(*(values[which] for values in self))
        return some._replace(run=np.unique(some.run, return_inverse=True)[1])

    def light(self) -> "Frames":
        """Without positions and forces, which are many times what is learned from."""
        return self._replace(positions=self.positions[:0], forces=self.forces[:0])


class Groups(NamedTuple):
    """What frames are grouped by."""

    plural: str  # "densities"
    label: str  # of an axis
    logarithmic: bool = False


class Source(Protocol):
    """Frozen settings that decide frames and their labels; what one makes is kept in a folder of its own."""

    @property
    def folder(self) -> str:
        """Of the runs that keep its frames."""

    @property
    def title(self) -> str:
        """What the frames are, for tables and captions."""

    @property
    def teacher(self) -> str:
        """Who says the energies: a name."""

    @property
    def teacher_in_words(self) -> str:
        """The same in a few words."""

    @property
    def engine(self) -> str | None:
        """Who moves the atoms; None where they are read."""

    @property
    def seed(self) -> int:
        """Of all random numbers, of those that analyses draw, too."""

    @property
    def runs(self) -> int | None:
        """Independent runs; None where only the files say it."""

    @property
    def published(self) -> dict[str, float]:
        """Errors on random frames by model, meV for each atom, of density functional theory."""

    @property
    def groups(self) -> Groups:
        """What runs differ by."""

    @property
    def closed(self) -> bool:
        """Whether loops are sought in the cell, with its images; otherwise as if the frame stood alone."""

    def larger(self, n: int) -> "Source | None":
        """Fewer frames of more atoms; None where there are none to be had."""

    def gather(self, keep: Keep, executor: Any) -> Frames:
        """All of them."""


def nowhere(frames: int) -> dict[str, np.ndarray]:
    """Forces and stresses where nobody says them."""
    return {
        "forces": np.zeros((frames, 0, 3), np.float32),
        "stress": np.full((frames, 3, 3), np.nan, np.float32),
    }


def filled_up(arrays: Sequence[np.ndarray], most: int, value: float = 0.0) -> np.ndarray:
    """Arrays (..., atoms, 3) with as many atoms."""
    free = [[(0, 0)] * (x.ndim - 2) + [(0, most - x.shape[-2]), (0, 0)] for x in arrays]
    padded = [np.pad(x, pad, constant_values=value) for x, pad in zip(arrays, free, strict=True)]
    return np.concatenate(padded) if arrays[0].ndim == 3 else np.stack(padded)


def one_after_another(parts: Sequence[Frames]) -> Frames:
    """Frames of several sources in one record; runs are counted on."""
    most = max(part.positions.shape[1] for part in parts)
    before = np.cumsum([0, *(int(part.run[-1]) + 1 for part in parts[:-1])])
    lattices = any(part.box.ndim == 3 for part in parts)
    box = [as_lattices(part.box) if lattices else part.box for part in parts]
    forces = [np.zeros((len(part.run), 0, 3), np.float32) for part in parts]
    if any(part.forces.shape[1] for part in parts):
        forces = [filled_up([part.forces], most, np.nan) for part in parts]
    simple = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("energy", "temperature", "group", "melt", "stage", "atoms", "number", "stress")
    }
    return Frames(
        positions=filled_up([part.positions for part in parts], most),
        box=np.concatenate(box),
        run=np.concatenate([part.run + shift for part, shift in zip(parts, before, strict=True)]),
        forces=np.concatenate(forces),
        **simple,
    )


def as_lattices(box: np.ndarray) -> np.ndarray:
    """Edges (frames, 3) as lattice vectors (frames, 3, 3)."""
    if box.ndim == 3:
        return box
    lattices = np.zeros((*box.shape, 3), box.dtype)
    lattices[:, range(3), range(3)] = box
    return lattices
