"""Energies from holes: what a persistence diagram tells of the energy of amorphous carbon.

The study of Minamitani, Shimizu, Obayashi and Watanabe, J. Chem. Phys. 159, 084101 (2023). Carbon is melted and
quenched at eleven densities, and from the loops of its frames the energy is learned: by ridge regression and by a
convolutional network on histograms of births and deaths. Beside them stand what they compete with: averaged SOAP,
SOAP of each atom with a small network, and SchNet. What is left out is a random fifth of the frames, as published,
then whole runs, then whole densities. Cells that lower and that raise the energy are taken back to rings of atoms.

The published energies are of density functional theory. Here a bond order of Tersoff's form moves the atoms and
gives the energies, and errors are not comparable: the teacher is named wherever one stands.

    python experiments/energies_from_holes.py                       about ten minutes on two cores
    python experiments/energies_from_holes.py --networks            ridge regressions alone
    python experiments/energies_from_holes.py --preset paper        the published size; networks want a GPU
"""

from functools import partial
from typing import Any

from command_line import compute, parse, prepare

prepare()

from energies_from_holes_attention import attention_of
from energies_from_holes_data import describe, engine_of, melt, outside
from energies_from_holes_inverse import distances_around, rings_of
from energies_from_holes_linear import coefficients_of, score_linear
from energies_from_holes_maps import spaces_of
from energies_from_holes_networks import train_networks
from energies_from_holes_records import PRESETS, Described, Frames, Melting, Results, Settings, larger_of
from energies_from_holes_report import report
from reporting import assemble


def main(settings: Settings, executor: Any) -> None:
    print(f"Simulating with {engine_of(settings.melting)}.")
    frames, described = frames_of(settings, settings.melting, executor)
    larger = frames_of(settings, larger_of(settings), executor) if settings.larger else None
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


def frames_of(settings: Settings, melting: Melting, executor: Any) -> tuple[Frames, Described]:
    """Melted and described in a run of their own, which other analyses share."""
    with settings.place.run("carbon_melts", melting, engine=engine_of(melting), wait=True) as run:
        frames = melt(melting, run, executor)
        return frames, describe(settings, frames, run, executor)


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__))
