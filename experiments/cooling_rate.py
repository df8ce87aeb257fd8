"""Cooling rate: what slow cooling builds in a metallic glass, read from persistence diagrams.

The study of Hirata, Wada, Obayashi and Hiraoka, Commun. Mater. 1, 98 (2020). Glasses are cooled at rates over some
decades. Of the metal atoms the voids, of the metalloid atoms the loops are found, and images of their births and
deaths learned from: a ridge regression tells the logarithm of the rate, and principal components of glasses cooled
repeatedly at a few rates ask whether the rate is what differs most. Cells of which slow or fast glasses have more
are taken back to the atoms: cages of the metal, rings of the metalloid, and the prisms on them, which share
vertices, edges or faces. Pair correlations, Voronoi indices and structure factors of the glasses are the controls.

    python experiments/cooling_rate.py                               ten minutes on two cores
    python experiments/cooling_rate.py --preset paper --executor slurm:FILE    the published size
    python experiments/cooling_rate.py --system iron_phosphorus --potential FeP_mm.eam.fs
    python experiments/cooling_rate.py --data a.xyz b.xyz c.xyz --rates 0.1 0.01 0.001    glasses of others
"""

from functools import partial
from typing import Any

from command_line import compute, parse, prepare

prepare()

from cooling_rate_controls import control
from cooling_rate_glasses import cool, fingerprint, read
from cooling_rate_images import see
from cooling_rate_inverse import regions_of, trace_back
from cooling_rate_learning import count, growth, learn
from cooling_rate_records import PRESETS, Results, Settings
from cooling_rate_report import report
from reporting import assemble

from tdaglass import glass


def main(settings: Settings, executor: Any) -> None:
    cooling = settings.cooling
    identity: Any = settings
    if settings.data:
        glasses = read(settings)
        # Files may hold other glasses another time.
        identity = {"settings": settings, "glasses": fingerprint(glasses)}
    else:
        engine = glass.describe_engine("auto", cooling.model)
        print(f"Simulating with {engine}.")
        with settings.place.run("glasses", cooling.identity, engine=engine, wait=True) as kept:
            glasses = cool(cooling, kept, executor)
    with settings.place.run("cooling_rate", identity) as run:
        seen = see(settings, glasses, run, executor)
        pictures = cooling.of.pictures
        learned = {name: learn(settings, glasses, picture, seen[name]) for name, picture in pictures.items()}
        regions = regions_of(settings, {name: one.coefficients for name, one in learned.items()})
        results = Results(
            glasses=glasses,
            seen=seen,
            learned=learned,
            growth={name: growth(glasses, picture, seen[name]) for name, picture in pictures.items()},
            counted={
                name: count(glasses, picture, seen[name], regions[name]) for name, picture in pictures.items()
            },
            regions=regions,
            inverse=trace_back(settings, glasses, regions, run, executor),
            controls=control(settings, glasses, run, executor),
        )
        assemble(run, partial(report, settings, run, results))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__))
