"""Quenches for `glass_or_liquid.py`, kept in files: cooled on one machine and its card, analysed on another.

Files have at most 16 MB, and are there as soon as their batch of systems is cooled. A killed command goes on where
it was, within a batch too.

    python experiments/keep_quenches.py --preset paper --quenches 132 --folder quenched
    python experiments/glass_or_liquid.py --preset paper --hidden 0 --quenches quenched
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from command_line import Place, compute, parse, prepare

prepare()

import numpy as np
from glass_or_liquid import cool
from glass_or_liquid_estimate import estimate_of_quenches
from glass_or_liquid_files import write_quenches
from glass_or_liquid_records import MODELS, Cooling
from glass_or_liquid_records import PRESETS as OF_STUDY

from tdaglass import glass


@dataclass(frozen=True)
class Settings:
    """What is cooled, and where it is kept."""

    cooling: Cooling = field(default=Cooling())
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    folder: Path = Path("quenched")
    """Of the files."""
    place: Place = field(default=Place(), compare=False)
    """Where the study is kept and computed."""


PRESETS = {key: Settings(study.cooling, study.preset) for key, study in OF_STUDY.items()}


def main(settings: Settings, executor: Any) -> None:
    cooling = settings.cooling
    engine = glass.describe_engine("auto", MODELS[cooling.system](cooling.n))
    print(f"Simulating with {engine}.")
    if settings.preset == "paper":
        print(estimate_of_quenches(cooling), flush=True)
    # Workers take all batches at once; here, a batch is in its file before the next is begun.
    at_once = cooling.batch if executor is None else cooling.number
    with settings.place.run("quenches", cooling, engine=engine, wait=True) as run:
        for first in range(0, cooling.number, at_once):
            numbers = np.arange(first, min(first + at_once, cooling.number))
            both = cool(cooling, run, executor, numbers)
            write_quenches(settings.folder, cooling, numbers, both, engine)
    print(f"{cooling.number} liquids and glasses are in {settings.folder}")


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__))
