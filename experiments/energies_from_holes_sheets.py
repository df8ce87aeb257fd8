"""Amorphous graphene, melted in its plane and cooled at several rates: a source of frames."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import numpy as np
from energies_from_holes_frames import Frames, Groups, nowhere, one_after_another
from energies_from_holes_melts import CARBON, ByPotential, Potential
from graphene_melt_quench import quench_sheets, sheet

from tdaglass import glass, parallel
from tdaglass.checkpoints import Keep, parts_of


@dataclass(frozen=True)
class Sheets(ByPotential):
    """All that decides the frames and their labels, which are kept and shared by all analyses of them."""

    potential: Potential = "erhart_albe"
    """Parameters of the bond order that moves the atoms; its energies are the labels without a --teacher."""
    n: int = 680
    """Atoms of a nearly square sheet."""
    rates: tuple[float, ...] = (1600.0, 400.0, 100.0)
    """Cooling rates, kelvins for a picosecond."""
    sheets: int = 6
    """Independent runs at each rate."""
    frames: tuple[int, int] = (8, 40)
    """Of a run: while it is held at 9000 K, and while it is cooled to 300 K."""
    closed: bool = False
    """Loops go through the faces of the cell; as published they do not."""
    seed: int = 0
    """Of all random numbers."""

    def __post_init__(self) -> None:
        if len(self.rates) < 2 or len(set(self.rates)) < len(self.rates) or min(self.rates) <= 0:
            raise ValueError(
                f"expected two different cooling rates or more, got {self.rates}; try --rates 1600 400 100"
            )
        if min(self.sheets, *self.frames) < 1:
            raise ValueError(
                f"expected a sheet, and a frame of every stage, got {self.sheets}, {self.frames}; try --sheets 6 "
                "--frames 8 40"
            )

    @property
    def folder(self) -> str:
        """Of the runs that keep its frames."""
        return "graphene_sheets"

    @property
    def title(self) -> str:
        """What the frames are."""
        return f"amorphous graphene, flat, {self.n} atoms"

    @property
    def engine(self) -> str:
        """Who moves the atoms."""
        return glass.describe_engine("auto", sheet(self.potential, self.n)[0])

    @property
    def runs(self) -> int:
        """Over all rates."""
        return len(self.rates) * self.sheets

    @property
    def published(self) -> dict[str, float]:
        """Nothing that is of frames as these and of a named model."""
        return {}

    @property
    def groups(self) -> Groups:
        """Rates."""
        return Groups("cooling rates", r"cooling rate $/\,(\mathrm{K/ps})$", logarithmic=True)

    def larger(self, n: int) -> "Sheets":
        """One sheet of more atoms at each rate, a quarter of the frames, from other random numbers."""
        held, cooled = (max(1, frames // 4) for frames in self.frames)
        return replace(self, n=n, sheets=1, frames=(held, cooled), seed=self.seed + 1)

    def gather(self, keep: Keep, executor: Any) -> Frames:
        """All sheets, those of one rate after another."""
        return one_after_another(
            parallel.map_independent(
                partial(sheets_at, self, keep),
                range(len(self.rates)),
                executor=executor,
                keep=keep,
                names=lambda k: f"rate-{k}",
                progress=f"rates of sheets of {self.n} atoms",
            )
        )


def sheets_at(source: Sheets, keep: Keep, k: int) -> Frames:
    """All sheets of one rate, one after another."""
    model, flat = sheet(source.potential, source.n)
    held, cooled = source.frames
    seen, stage, temperature = quench_sheets(
        jax.random.fold_in(jax.random.key(source.seed), k),
        model,
        flat,
        sheets=source.sheets,
        rate=source.rates[k],
        held=held,
        cooled=cooled,
        keep=parts_of(keep, f"rate-{k}"),
        progress=False,
    )

    def in_rows(x: Any) -> np.ndarray:
        """(frames, sheets, ...) to (sheets times frames, ...)."""
        return np.moveaxis(np.asarray(x), 1, 0).reshape(source.sheets * len(stage), *np.shape(x)[2:])

    positions, box = in_rows(seen.positions).astype(np.float32), in_rows(seen.box)
    # Nothing is above and below a sheet.
    box[:, 2] = np.inf
    energy = in_rows(seen.thermo.potential_energy).astype(float) / source.n
    if not np.isfinite(energy).all():
        raise ValueError(
            f"expected energies of a melted sheet, got none that is finite at {source.rates[k]:g} K/ps; try "
            "another --potential or --seed"
        )
    run = np.repeat(np.arange(source.sheets), len(stage))
    return Frames(
        positions,
        box,
        energy,
        in_rows(temperature),
        np.full(len(run), source.rates[k]),
        run,
        run,
        np.tile(stage, source.sheets),
        np.full(len(run), source.n),
        np.full(len(run), CARBON),
        **nowhere(len(run)),
    )
