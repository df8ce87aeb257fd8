"""Amorphous carbon, melted and quenched at several densities, and diamonds: a source of frames."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import jax
import numpy as np
from carbon_melt_quench import DENSITIES, DIAMOND_DENSITIES, at_density, diamonds, melt_quench
from carbon_melt_quench import PUBLISHED as SCHEDULE
from energies_from_holes_frames import Frames, Groups, nowhere, one_after_another

from tdaglass import glass, parallel
from tdaglass.checkpoints import Keep, parts_of
from tdaglass.glass import units
from tdaglass.glass.models import BondOrderModel

Potential = Literal["erhart_albe", "tersoff_1989", "lindsay_broido"]
CARBON = 6
# Root mean square errors, meV for each atom, random 80/20 splits; teacher: density functional theory.
PUBLISHED = {"histogram": 59.2, "cnn": 40.7, "schnet": 30.5, "soap_network": 16.4}


class ByPotential:
    """A source whose atoms are moved, and whose energies are said, by a bond order."""

    potential: Potential

    @property
    def teacher(self) -> str:
        """The bond order."""
        return self.potential

    @property
    def teacher_in_words(self) -> str:
        """What kind it is of."""
        return f"{self.potential}, a bond order of Tersoff's form"


@dataclass(frozen=True)
class Melting(ByPotential):
    """All that decides the frames and their labels, which are kept and shared by all analyses of them."""

    potential: Potential = "erhart_albe"
    """Parameters of the bond order that moves the atoms; its energies are the labels without a --teacher."""
    n: int = 216
    """Atoms."""
    densities: tuple[float, ...] = DENSITIES
    """In g/cm3."""
    melts: int = 2
    """Independent runs at each density."""
    frames: tuple[int, int, int, int] = (15, 50, 13, 50)
    """Of a run: while it is held at 9000 K, cooled to 5000 K, held there, and cooled to 300 K."""
    diamonds: int = 0
    """Frames of warm diamond at each of its densities; published are 560 of seven densities."""
    diamond_densities: tuple[float, ...] = DIAMOND_DENSITIES
    """In g/cm3."""
    seed: int = 0
    """Of all random numbers."""

    def __post_init__(self) -> None:
        if len(self.densities) < 2 or len(set(self.densities)) < len(self.densities):
            raise ValueError(
                f"expected two different densities or more, got {self.densities}; try --densities 1.5 2.5 3.5"
            )
        if min(self.melts, *self.frames) < 1 or self.n < 64:
            raise ValueError(
                f"expected at least 64 atoms, a run, and a frame of every stage, got {self.n}, {self.melts}, "
                f"{self.frames}; try --n 216 --melts 2 --frames 15 50 13 50"
            )
        if self.diamonds < 0 or (self.diamonds and not self.diamond_densities):
            raise ValueError(
                f"expected frames of diamond and densities for them, got {self.diamonds} and "
                f"{self.diamond_densities}; try --diamonds 80 --diamond-densities 3.3 3.5 3.7"
            )

    @property
    def folder(self) -> str:
        """Of the runs that keep its frames."""
        return "carbon_melts"

    @property
    def title(self) -> str:
        """What the frames are."""
        return f"amorphous carbon{' and diamond' if self.diamonds else ''}, {self.n} atoms"

    @property
    def engine(self) -> str:
        """Who moves the atoms."""
        return glass.describe_engine("auto", self.model)

    @property
    def runs(self) -> int:
        """Of melts and of diamonds."""
        return len(self.densities) * self.melts + (len(self.diamond_densities) if self.diamonds else 0)

    @property
    def published(self) -> dict[str, float]:
        """Of melts as these."""
        return PUBLISHED

    @property
    def groups(self) -> Groups:
        """Densities."""
        return Groups("densities", r"density $/\,(\mathrm{g/cm^3})$")

    @property
    def closed(self) -> bool:
        """Loops go through faces of the cell."""
        return True

    def larger(self, n: int) -> "Melting":
        """One run of more atoms at each density, a quarter of the frames, from other random numbers."""
        early, ramp, held, late = (max(1, frames // 4) for frames in self.frames)
        return replace(
            self, n=n, melts=1, frames=(early, ramp, held, late), diamonds=self.diamonds // 4,
            seed=self.seed + 1,
        )  # fmt: skip

    def gather(self, keep: Keep, executor: Any) -> Frames:
        """All runs, those of one density after another; then diamonds."""
        melted = melts_of(self, keep, executor)
        if not self.diamonds:
            return melted
        warm = [
            kept(keep, f"diamond-{k}", partial(diamonds_at, self, k))
            for k in range(len(self.diamond_densities))
        ]
        return one_after_another([melted, *warm])

    @property
    def model(self) -> BondOrderModel:
        """At the first density."""
        return at_density(glass.tersoff(self.potential, counts=(self.n,)), self.densities[0])

    @property
    def schedule(self) -> tuple[tuple[float, float, float, int], ...]:
        """The published one, with these frames."""
        seen = (0, *self.frames)
        return tuple((*stage[:3], frames) for stage, frames in zip(SCHEDULE, seen, strict=True))


def kept(keep: Keep, name: str, compute: Callable[[], Frames]) -> Frames:
    """`keep` says nothing of what it keeps."""
    return keep(name, compute)


def melts_of(melting: Melting, keep: Keep, executor: Any) -> Frames:
    """All runs, those of one density after another."""
    found = parallel.map_independent(
        partial(melt_once, melting, keep),
        range(melting.melts),
        executor=executor,
        keep=keep,
        names=lambda k: f"melt-{k}",
        progress=f"melts of {melting.n} atoms",
    )
    densities = len(melting.densities)
    positions, box, energy, temperature = (np.stack(x) for x in zip(*(one[:4] for one in found), strict=True))
    stage = found[0][4]
    melts, frames = len(found), len(stage)

    def in_rows(x: np.ndarray) -> np.ndarray:
        """(melts, frames, densities, ...) to (frames of all runs, ...)."""
        return np.moveaxis(x, 2, 0).reshape(densities * melts * frames, *x.shape[3:])

    run_of = np.repeat(np.arange(densities * melts), frames)
    return Frames(
        in_rows(positions),
        in_rows(box),
        in_rows(energy),
        in_rows(temperature),
        np.asarray(melting.densities)[run_of // melts],
        run_of,
        run_of % melts,
        np.tile(stage, densities * melts),
        np.full(len(run_of), melting.n),
        np.full(len(run_of), CARBON),
        **nowhere(len(run_of)),
    )


def melt_once(melting: Melting, keep: Keep, k: int) -> tuple[np.ndarray, ...]:
    """One run at each density: positions, edges, energies, temperatures (frames, densities, ...), stages."""
    _, seen, stage = melt_quench(
        jax.random.fold_in(jax.random.key(melting.seed), k),
        melting.model,
        melting.densities,
        melting.schedule,
        keep=parts_of(keep, f"melt-{k}"),
        progress=False,
    )
    energy = np.asarray(seen.thermo.potential_energy, float) / melting.n
    if not np.isfinite(energy).all():
        raise ValueError(
            f"expected energies of melted carbon, got none that is finite in run {k}; try another --seed"
        )
    temperature = np.asarray(seen.thermo.temperature, float) / units.KELVIN
    return np.asarray(seen.positions, np.float32), np.asarray(seen.box), energy, temperature, stage


def diamonds_at(melting: Melting, k: int) -> Frames:
    """Warm diamond of one density: a run of its own."""
    density = melting.diamond_densities[k]
    model, seen = diamonds(
        jax.random.fold_in(jax.random.key(melting.seed), 1000 + k),
        melting.potential,
        melting.n,
        density,
        melting.diamonds,
    )
    frames, n = melting.diamonds, model.n_particles
    return Frames(
        np.asarray(seen.positions, np.float32),
        np.asarray(seen.box),
        np.asarray(seen.thermo.potential_energy, float) / n,
        np.asarray(seen.thermo.temperature, float) / units.KELVIN,
        np.full(frames, density),
        np.zeros(frames, int),
        np.zeros(frames, int),
        np.full(frames, -1),
        np.full(frames, n),
        np.full(frames, CARBON),
        **nowhere(frames),
    )
