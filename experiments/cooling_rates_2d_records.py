"""The settings of `cooling_rates_2d.py`, and what its steps hand on to the report."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import glass_or_liquid_records as glass_or_liquid
import numpy as np
from command_line import Place
from glass_or_liquid_records import MODELS, PUBLISHED_COOLING, Cooling, System

from tdaglass import glass

# Mini-batches of a training: those of the default study.
STEPS = 160


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths, energies and times in Lennard-Jones units."""

    system: System = "additive_mixture_2d"
    """Mixture to cool."""
    n: int = 500
    """Particles."""
    rates: tuple[float, ...] = (1e-2, 3e-3, 1e-3, 3e-4)
    """Of cooling, temperature per time."""
    quenches: tuple[int, ...] = (32, 32, 24, 12)
    """Independent liquids that are cooled at each rate."""
    kept: Path | None = None
    """Folder of quenches that `keep_quenches.py` has kept, of the published size and rate: one rate more."""
    batch: int = 4
    """Of them at once; a finished batch is kept."""
    hot: float = 4.0
    """Temperature from which they are cooled, epsilon / k_B."""
    liquid: float = 2.0
    """Temperature at which the liquid is taken, epsilon / k_B, as published: cooled fast it is no longer one."""
    taught: int = 8
    """Quenches that teach a network, at every rate the same number; it is asked about all others. Where there are
    none, there are no networks."""
    trainings: int = 6
    """At each rate, from different seeds and by different quenches."""
    seed: int = 0
    """Of all random numbers."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""

    def __post_init__(self) -> None:
        if len(self.rates) != len(self.quenches):
            raise ValueError(
                f"expected a number of quenches for each of {len(self.rates)} rates, got {len(self.quenches)}; "
                f"try --quenches {' '.join(['16'] * len(self.rates))}"
            )
        if self.kept is not None and PUBLISHED_COOLING.rate in self.rates:
            raise ValueError(
                f"expected other rates than the published {PUBLISHED_COOLING.rate:g} beside --kept, got it among "
                f"{self.rates}; try without it"
            )

    @property
    def model(self) -> glass.PairModel:
        """What is cooled."""
        return MODELS[self.system](self.n)

    def studies(self, kept: int) -> dict[float, glass_or_liquid.Settings]:
        """Those of the study at each rate, the kept quenches, so many, last."""
        found = {}
        for rate, quenches in zip(self.rates, self.quenches, strict=True):
            found[rate] = self.study(
                Cooling(
                    system=self.system,
                    n=self.n,
                    quenches=quenches,
                    batch=self.batch,
                    hot=self.hot,
                    liquid=self.liquid,
                    rate=rate,
                    seed=self.seed,
                ),
                glass_or_liquid.Settings.cells,
            )
        if kept:
            cooling = replace(self.published, quenches=kept)
            found[cooling.rate] = self.study(cooling, glass_or_liquid.PUBLISHED.cells)
        return found

    @property
    def published(self) -> Cooling:
        """Of kept quenches."""
        return replace(PUBLISHED_COOLING, system=self.system, liquid=self.liquid)

    def study(self, cooling: Cooling, cells: int) -> glass_or_liquid.Settings:
        """That of some glasses, whose trainings have as many steps whatever teaches them."""
        batch_size = min(glass_or_liquid.Settings.batch_size, 2 * self.taught)
        epochs = math.ceil(STEPS / (2 * self.taught // batch_size))
        return glass_or_liquid.Settings(
            cooling, cells=cells, epochs=epochs, batch_size=batch_size, keep_every=epochs
        )

    def pieces(self, studies: dict[float, glass_or_liquid.Settings]) -> list[tuple[float, int]]:
        """Networks, each by its rate and its number."""
        return [
            (rate, k)
            for rate, study in studies.items()
            for k in range(self.trainings if study.cooling.number > self.taught else 0)
        ]


PRESETS: dict[tuple[str, ...], Settings] = {
    ("additive_mixture_2d",): Settings(),
    ("kob_andersen_2d",): Settings(system="kob_andersen_2d", liquid=0.8),
}


class Taught(NamedTuple):
    """What networks say, (trainings, 2, quenches): of liquids, then of glasses; NaN of those that taught them."""

    told: np.ndarray  # 1 where it is told rightly what it is
    with_area: np.ndarray  # Pearson's coefficient of Grad-CAM with the Voronoi area
    with_packing: np.ndarray  # and with 1 - Theta


class AtRate(NamedTuple):
    """What was found at one cooling rate."""

    rate: float
    n: int  # particles
    packing_with_area: np.ndarray  # (2, quenches) Pearson's coefficient of 1 - Theta with the area
    taught: Taught | None  # where there were enough quenches

    def arrays(self) -> dict[str, np.ndarray]:
        """All of them by name."""
        return {"packing_with_area": self.packing_with_area} | (self.taught._asdict() if self.taught else {})
