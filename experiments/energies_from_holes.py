"""Energies from holes: what a persistence diagram tells of the energy of amorphous carbon.

The study of Minamitani, Shimizu, Obayashi and Watanabe, J. Chem. Phys. 159, 084101 (2023). Carbon is melted and
quenched at eleven densities, and from the loops of its frames the energy is learned: by ridge regression and by a
convolutional network on histograms of births and deaths. Beside them stand what they compete with: averaged SOAP,
SOAP of each atom with a small network, and SchNet. What is left out is a random fifth of the frames, as published,
then whole runs, then whole densities. Cells that lower and that raise the energy are taken back to rings of atoms.

The published energies are of density functional theory. Here a bond order of Tersoff's form moves the atoms and
gives the energies, and errors are not comparable: the teacher is named wherever one stands. Frames may be sheets
of graphene or those of files instead, and energies those of any calculator of ASE.

    python experiments/energies_from_holes.py                       about ten minutes on two cores
    python experiments/energies_from_holes.py --networks            ridge regressions alone
    python experiments/energies_from_holes.py --preset paper        the published size; networks want a GPU
    python experiments/energies_from_holes.py --system graphene     sheets of 680 atoms, tested on 2,720
    python experiments/energies_from_holes.py --data FILE.extxyz    frames and energies of other people
    python experiments/energies_from_holes.py --n 64 --teacher tblite.ase:TBLite --teacher-settings method=GFN1-xTB
"""

from functools import partial
from typing import Any

import numpy as np
from command_line import compute, parse, prepare

prepare()

from energies_from_holes_attention import attention_of
from energies_from_holes_data import describe, outside
from energies_from_holes_frames import Frames, Source
from energies_from_holes_inverse import distances_around, rings_of
from energies_from_holes_labels import Labels, Relabelled, relabelled
from energies_from_holes_linear import coefficients_of, score_linear
from energies_from_holes_maps import spaces_of
from energies_from_holes_networks import train_networks
from energies_from_holes_records import PRESETS, Described, Results, Settings
from energies_from_holes_report import report
from reporting import assemble


def main(settings: Settings, executor: Any) -> None:
    source = settings.source
    if source.engine is not None:
        print(f"Simulating with {source.engine}.")
    frames, described = frames_of(settings, source, executor)
    more = source.larger(settings.larger) if settings.larger else None
    larger = None if more is None else frames_of(settings, more, executor)
    with settings.place.run("energies_from_holes", settings) as run:
        scores, curves = score_linear(settings, frames, described, larger, run, executor)
        trained = train_networks(settings, frames, described, larger, run, executor)
        coefficients = run.chunk("coefficients", lambda: coefficients_of(settings, frames, described))
        rings = rings_of(settings, frames, coefficients, run, executor)
        results = Results(
            frames=frames,
            outside=outside(settings, described.pairs),
            scores=scores | trained.scores,
            curves=curves,
            coefficients=coefficients,
            spaces=spaces_of(settings, frames, described, trained.schnet, run, executor),
            rings=rings,
            distances=distances_around(frames, rings),
            attention=attention_of(settings, frames, described, trained.cnn),
        )
        assemble(run, partial(report, settings, run, results))


def frames_of(settings: Settings, source: Source, executor: Any) -> tuple[Frames, Described]:
    """Made or read, and described in a run of their own, which other analyses and other teachers share."""
    with settings.place.run(source.folder, source, engine=source.engine, wait=True) as run:
        frames = source.gather(run.chunk, executor)
        described = describe(settings, frames, run, executor)
    if settings.labels.teacher:
        frames, described = taught(settings, source, frames, described, executor)
    return frames, described


def taught(
    settings: Settings, source: Source, frames: Frames, described: Described, executor: Any
) -> tuple[Frames, Described]:
    """With the energies of --teacher, in a run of their own; frames of which it says nothing are left out."""
    labels: Labels = settings.labels
    with settings.place.run("energies_by_teachers", Relabelled(source, labels), wait=True) as run:
        frames = relabelled(labels, frames, run.chunk, executor)
    said = np.isfinite(frames.energy)
    if not said.all():
        print(f"{labels.title} says nothing of {np.sum(~said)} frames of {len(said)}, which are left out")
        frames, described = frames.at(said), Described(*(x[said] for x in described))
    return frames, described


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, with_data=lambda _: {"system": "files"}))
