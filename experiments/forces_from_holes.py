"""Forces from holes: particles moved by an energy that is learned from persistence diagrams.

Minamitani, Shimizu, Obayashi and Watanabe (J. Chem. Phys. 159, 084101, 2023) learn energies of carbon from
diagrams. The derivative of a diagram in the positions makes forces of such an energy. Here it is linear in blurred
persistence images, and so forces are linear in the same coefficients: both are learned in one ridge regression.
Then particles move by them at constant energy, and what that energy does shows what a diagram's forces are: smooth
between changes of its simplices, with jumps where two pairs exchange partners. A pair potential, learned in the
same way, stands beside it.

    python experiments/forces_from_holes.py                        a Lennard-Jones liquid in two dimensions
    python experiments/forces_from_holes.py --system carbon        64 atoms of carbon; the teacher is a bond order
"""

from functools import partial
from typing import Any

from command_line import compute, parse, prepare

# Jumps of an energy are looked for, and ridges are weak.
prepare(double_precision=True)

import numpy as np
from forces_from_holes_changes import changes_along, jumps_at
from forces_from_holes_data import frames_of
from forces_from_holes_learning import foretell, learn
from forces_from_holes_models import Description, Holes, Pairs, Together
from forces_from_holes_motion import move
from forces_from_holes_records import PRESETS, Learned, Results, Settings
from forces_from_holes_report import report
from reporting import assemble

from tdaglass import parallel


def descriptions(settings: Settings) -> dict[str, Description]:
    """What energies are learned from."""
    holes = Holes(settings.dimensions, settings.grids, settings.sigmas)
    bare = Holes(settings.dimensions, settings.grids, settings.sigmas, power=0)
    pairs = Pairs(settings.least, settings.cutoff, settings.gaussians)
    return {"holes": holes, "holes-bare": bare, "pairs": pairs, "both": Together((pairs, holes))}


def main(settings: Settings, executor: Any) -> None:
    with settings.place.run("forces_from_holes", settings) as run:
        frames = frames_of(settings, run, executor)
        seen = descriptions(settings)
        names = list(seen)
        pieces = {"executor": executor, "keep": run.chunk}
        taught = parallel.map_independent(
            partial(learn_one, settings, frames),
            names,
            names="learned-{}".format,
            progress="learning",
            **pieces,
        )
        models: dict[str, Learned] = {}
        for name, (with_forces, energies_alone) in zip(names, taught, strict=True):
            models |= {name: with_forces, f"{name}-energies": energies_alone}
        scores = {
            name: run.chunk(
                f"foretold-{name}", partial(foretell, settings, frames, seen[name.partition("-en")[0]], model)
            )
            for name, model in models.items()
        }
        movers = {name: (seen[name], models[name]) for name in names}
        runs = [
            (name, dt) for name in ("teacher", "holes", "holes-bare", "pairs") for dt in settings.time_steps
        ]
        moved = parallel.map_independent(
            partial(move_one, settings, frames, movers),
            runs,
            names=lambda one: f"moved-{one[0]}-{one[1]:g}",
            progress="NVE runs",
            **pieces,
        )
        motions = dict(zip(runs, moved, strict=True))
        changes, jumps = run.chunk("changes", partial(look_closely, settings, frames, movers, motions))
        results = Results(frames, models, scores, motions, changes, jumps)
        assemble(run, partial(report, settings, run, results))


def learn_one(settings: Settings, frames: Any, name: str) -> tuple[Learned, Learned]:
    """From energies and forces, and from energies alone."""
    return learn(settings, frames, descriptions(settings)[name])


def move_one(settings: Settings, frames: Any, movers: dict, one: tuple[str, float]) -> Any:
    """NVE runs of one model with one time step."""
    name, dt = one
    description, model = movers.get(name, (None, None))
    return move(settings, frames, description, model, dt)


def look_closely(settings: Settings, frames: Any, movers: dict, motions: dict) -> Any:
    """How often the diagram changes on the way of the finest run, and jumps with and without the weight."""
    dt = min(settings.time_steps)
    track = motions["holes", dt].track
    changes, steps = changes_along(settings, frames, track, dt)
    jumps = {}
    for name in ("holes", "holes-bare"):
        description, model = movers[name]
        jumps[name] = jumps_at(settings, frames, description, model, track, np.asarray(steps))
    return changes, jumps


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, by=("system",)))
