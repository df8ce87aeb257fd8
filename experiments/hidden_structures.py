"""Hidden structures in supercooled liquids: one snapshot, and which particles will move.

The study of Boattini et al., Nat. Commun. 11, 5479 (2020). A liquid is cooled in equilibrium, or hard spheres are
grown to one packing fraction after another and collide until they are in equilibrium; averaged bond order
parameters describe every particle of a snapshot; an auto-encoder that never saw the dynamics, and two Gaussians in
its bottleneck, sort the particles of the slowest liquid, of hard spheres those of both ends of the series; P_red
is the membership of the looser of the two clusters. It is held against the dynamic propensity of
isoconfigurational ensembles, and both, particle by particle, against the topological clusters that a particle is
part of.

    python experiments/hidden_structures.py                              minutes on two cores
    python experiments/hidden_structures.py --system kob_andersen_3d
    python experiments/hidden_structures.py --system hard_spheres        its control is the packing fraction
    python experiments/hidden_structures.py --preset paper               the published size
    python experiments/hidden_structures.py --data FILE                  configurations of other groups
"""

import hashlib
from functools import partial
from typing import Any

from command_line import compute, parse, prepare

prepare(every_core_a_device=True)

import jax
import numpy as np
from hidden_structures_clusters import classify, correlate_clusters
from hidden_structures_data import liquid_of, load
from hidden_structures_records import (
    PRESETS,
    Analysed,
    Correlations,
    Liquid,
    Scores,
    Settings,
)
from hidden_structures_report import report
from hidden_structures_simulation import simulate
from hidden_structures_substances import SUBSTANCES
from reporting import assemble

from tdaglass import dynamics, glass, learning, parallel, structure
from tdaglass.configuration import Configuration, unstack
from tdaglass.runs import Run

# Of auto-encoder and mixture, the best of which is kept.
STARTS = 10
# Length over which the potential energy is smoothed for comparison, in sigma.
SMOOTHING = 2.0
# Configurations that are described by one piece of work.
BATCH = 16


def describe(settings: Settings, configuration: Configuration) -> tuple[np.ndarray, np.ndarray]:
    """Eight bond order parameters of every particle, averaged over its neighbours; and how many those are."""
    features, counts = [], []
    for positions, _, box in unstack(configuration):
        if settings.cutoff is None:
            neighbors = structure.sann_neighbors(positions, box)
        else:
            neighbors = structure.cutoff_neighbors(positions, box, settings.cutoff)
        order = np.array(structure.bond_order(neighbors, average="invariants"))
        # A particle without neighbours has no order of its own: it takes the mean.
        undefined = np.isnan(order).any(axis=1)
        order[undefined] = order[~undefined].mean(axis=0)
        features.append(order)
        counts.append(np.asarray(neighbors.mask.sum(axis=1)))
    return np.stack(features), np.stack(counts)  # (configurations, particles, 8), (configurations, particles)


def describe_batch(
    settings: Settings, liquids: list[Configuration], batch: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The same for some configurations of a liquid, from the one of this number."""
    k, first = batch
    some = jax.tree.map(lambda x: x[first : first + BATCH], liquids[k])
    return describe(settings, some)


def fingerprint(liquids: list[Liquid]) -> str:
    """Of the configurations: files of --data may be replaced by others."""
    content = b"".join(np.ascontiguousarray(one.configuration.positions).tobytes() for one in liquids)
    return hashlib.sha256(content).hexdigest()[:8]


def sort_particles(
    settings: Settings, liquids: list[Liquid], of_these: str, run: Run, executor: Any
) -> list[np.ndarray]:
    """P_red of every particle of every liquid: one auto-encoder and one mixture for each species.

    They are learned from the slowest liquid alone, and red is its cluster of looser surroundings, with fewer
    neighbours. That its share is larger in faster liquids is then a finding. Or from both ends together: which of
    the clusters is red is still said by neighbours, but that the ends differ in it is no longer a surprise.
    """
    configurations = [liquid.configuration for liquid in liquids]
    batches = [
        (k, first) for k, one in enumerate(configurations) for first in range(0, len(one.positions), BATCH)
    ]
    described = parallel.map_independent(
        partial(describe_batch, settings, configurations),
        batches,
        executor=executor,
        keep=run.chunk,
        names=lambda batch: "bond-order-{}-{}-".format(*batch) + of_these,
        progress="bond order",
    )
    of_liquids = [
        [found for (k, _), found in zip(batches, described, strict=True) if k == number]
        for number in range(len(liquids))
    ]
    features, counts = (
        [np.concatenate([found[which] for found in of]) for of in of_liquids] for which in (0, 1)
    )
    species = [np.asarray(one.species) for one in configurations]
    ends = [-1] if settings.learned_from == "slowest" or len(liquids) == 1 else [0, -1]
    red = learning.fit_red_clusters(
        jax.random.key(settings.simulation.seed),
        [np.concatenate([features[k] for k in ends])],
        [np.concatenate([species[k] for k in ends])],
        measure=[-np.concatenate([counts[k] for k in ends])],
        executor=executor,
        keep=run.chunk,
        name=f"clusters-{of_these}",
        progress="auto-encoders",
        variance_explained=settings.variance_explained,
        starts=STARTS,
    )
    return [learning.p_red(red, f, s) for f, s in zip(features, species, strict=True)]


def score(settings: Settings, liquid: Liquid, p_red: np.ndarray) -> Scores:
    """P_red, its average over the surroundings, and for comparison the smoothed potential energy."""
    averaged = np.zeros_like(p_red)
    energy = None if liquid.model is None else np.zeros_like(p_red)
    radius = settings.radius * liquid.diameters.max()
    for c, one in enumerate(unstack(liquid.configuration)):
        averaged[c] = structure.local_average(p_red[c], one.positions, one.box, radius)
        if liquid.model is not None and energy is not None:
            energies = glass.particle_energies(liquid.model, one)
            energy[c] = structure.exponential_average(energies, one.positions, one.box, SMOOTHING)
    return Scores(p_red, averaged, energy)


def correlate(liquid: Liquid, scores: Scores) -> Correlations:
    """Of every score with the propensity, where that is known."""
    if liquid.propensity is None:
        return {}
    return {
        name: dynamics.correlation_with_propensity(values, liquid.propensity, liquid.configuration.species)
        for name, values in scores._asdict().items()
        if values is not None
    }


def analyse(
    settings: Settings, liquid: Liquid, p_red: np.ndarray, counts: dict[float, np.ndarray]
) -> Analysed:
    """Scores of a liquid's particles, what these foretell, and what goes with them."""
    scores = score(settings, liquid, p_red)
    correlations = correlate(liquid, scores)
    return Analysed(liquid, scores, correlations, correlate_clusters(liquid, scores, correlations, counts))


def main(settings: Settings, executor: Any) -> None:
    if settings.data:
        liquids = load(settings)
    else:
        simulation = settings.simulation
        if simulation.system not in SUBSTANCES:
            raise ValueError(
                f"expected a liquid to simulate, got {simulation.system}; try --data or {[*SUBSTANCES]}"
            )
        substance = simulation.substance
        engine = substance.describe_engine(substance.model(simulation.n, simulation.temperatures[-1]))
        print(f"Simulating with {engine}.")
        with settings.place.run("liquids", simulation, engine=engine, wait=True) as kept:
            liquids = simulate(simulation, kept, executor)
    with settings.place.run("hidden_structures", settings) as run:
        of_these = fingerprint(liquids)
        p_red = sort_particles(settings, liquids, of_these, run, executor)
        counts = classify(settings, liquids, of_these, run, executor)
        analysed = [analyse(settings, *of) for of in zip(liquids, p_red, counts, strict=True)]
        assemble(run, partial(report, settings, run, analysed))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, with_data=liquid_of))
