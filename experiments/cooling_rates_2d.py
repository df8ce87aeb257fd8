"""Cooling rates in two dimensions: what goes together in glasses that are cooled more and more slowly.

The published study of `glass_or_liquid.py` cools its glasses at 8.33e-5. Here liquids are cooled at several rates.
Of every glass it is asked how its free area goes with how well it is packed, and where networks look that were
taught by some of the others: by as many at every rate, each by other ones. The liquids that the glasses come from,
passed on the way, are the control.

    python experiments/cooling_rates_2d.py                       half an hour on one core
    python experiments/cooling_rates_2d.py --system kob_andersen_2d
    python experiments/cooling_rates_2d.py --kept FOLDER         and the published rate, from `keep_quenches.py`
"""

from functools import partial
from typing import Any

from command_line import compute, parse, prepare

prepare()

import jax
import numpy as np
from cooling_rates_2d_records import PRESETS, AtRate, Settings, Taught
from cooling_rates_2d_report import report
from glass_or_liquid import cool
from glass_or_liquid_fields import describe, surroundings
from glass_or_liquid_files import read_quenches
from glass_or_liquid_records import GLASS, KINDS, LIQUID
from glass_or_liquid_records import Settings as Study
from glass_or_liquid_report import compare
from glass_or_liquid_training import network_of, right, train
from reporting import assemble

from tdaglass import glass, parallel
from tdaglass.configuration import Configuration
from tdaglass.runs.chunks import Chunks
from tdaglass.statistics import correlation

Studies = dict[float, Study]  # by the cooling rate


def chosen(both: Configuration, numbers: np.ndarray) -> Configuration:
    """Of the liquids and glasses (2, quenches, ...) those with these numbers."""
    return jax.tree.map(lambda x: x[:, numbers], both)


def around(studies: Studies, both: dict[float, Configuration], rate: float) -> np.ndarray:
    """How area and packing go together, (2, quenches): in liquids, then in glasses."""
    found = []
    for kind in (LIQUID, GLASS):
        of_kind = jax.tree.map(lambda x, kind=kind: x[kind], both[rate])
        found.append(correlation(*surroundings(studies[rate], of_kind)).pearson)
    return np.stack(found)


def teach(
    settings: Settings,
    studies: Studies,
    keep: Chunks,
    both: dict[float, Configuration],
    here: bool,
    piece: tuple[float, int],
) -> Taught:
    """A network taught by some quenches at a rate, and what it says of the others."""
    rate, k = piece
    study, all_of_rate = studies[rate], both[rate]
    order = np.random.default_rng([settings.seed, k]).permutation(study.cooling.number)
    taught, unseen = (np.sort(numbers) for numbers in np.split(order, [settings.taught]))
    trained = train(study, keep.within(name_of(piece)), chosen(all_of_rate, taught), None, here, k)
    told, with_area, with_packing = np.full((3, len(KINDS), study.cooling.number), np.nan)
    to_test = chosen(all_of_rate, unseen)
    told[:, unseen] = right(study, [trained], to_test)[0].reshape(len(KINDS), -1)
    tested = [jax.tree.map(lambda x, kind=kind: x[kind], to_test) for kind in (LIQUID, GLASS)]
    for kind in (LIQUID, GLASS):
        pearson = {
            pair: values[0, 0]
            for pair, values in compare(describe(study, network_of(study), [trained], tested, kind)).items()
        }
        with_area[kind, unseen] = pearson["grad_cam", "area"]
        with_packing[kind, unseen] = pearson["grad_cam", "packing"]
    return Taught(told, with_area, with_packing)


def name_of(piece: tuple[float, int]) -> str:
    """Of a network, by the rate and its number."""
    rate, k = piece
    return f"rate-{rate:g}-training-{k + 1}"


def main(settings: Settings, executor: Any) -> None:
    place = settings.place
    engine = glass.describe_engine("auto", settings.model)
    print(f"Simulating with {engine}.")
    both: dict[float, Configuration] = {}
    identity: Any = settings
    kept = 0
    if settings.kept is not None:
        cooling = settings.published
        both[cooling.rate], by = read_quenches(settings.kept, cooling)
        positions = both[cooling.rate].positions
        # Others may lie in the same folder another time.
        identity, kept = {"settings": settings, "quenches": positions}, positions.shape[1]
        print(f"{kept} quenches of {settings.kept} were cooled with {by}.")
    studies = settings.studies(kept)
    pieces = settings.pieces(studies)
    for rate in settings.rates:
        cooling = studies[rate].cooling
        with place.run("quenches", cooling, engine=engine, wait=True) as cooled:
            both[rate] = jax.tree.map(np.asarray, cool(cooling, cooled, executor))
    with place.run("cooling_rates_2d", identity, engine=engine) as run:
        among = parallel.map_independent(
            partial(around, studies, both),
            studies,
            executor=executor,
            keep=run.chunk,
            names=lambda rate: f"rate-{rate:g}",
            progress="fields",
        )
        taught = parallel.map_independent(
            partial(teach, settings, studies, run.chunk, both, executor is None),
            pieces,
            executor=executor,
            keep=run.chunk,
            names=name_of,
            progress=None if executor is None else "trainings",
        )
        found = []
        for rate, packing_with_area in zip(studies, among, strict=True):
            of_rate = [one for (r, _), one in zip(pieces, taught, strict=True) if r == rate]
            of_networks = Taught(*map(np.stack, zip(*of_rate, strict=True))) if of_rate else None
            found.append(AtRate(rate, studies[rate].cooling.n, packing_with_area, of_networks))
        assemble(run, partial(report, settings, run, found))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, by=("system",)))
