"""Hidden structures in supercooled liquids: one snapshot, and which particles will move.

The study of Boattini et al., Nat. Commun. 11, 5479 (2020), for Lennard-Jones liquids. A liquid is cooled in
equilibrium; averaged bond order parameters describe every particle of a snapshot; an auto-encoder that never saw
the dynamics, and two Gaussians in its bottleneck, sort the particles of the coldest liquid; P_red is the
membership of the looser of the two clusters. It is held against the dynamic propensity of isoconfigurational
ensembles.

    python experiments/hidden_structures.py                              minutes on two cores
    python experiments/hidden_structures.py --system kob_andersen_3d
    python experiments/hidden_structures.py --preset paper               the published size
    python experiments/hidden_structures.py --data FILE                  configurations of other groups
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from command_line import parse, prepare, sentences

prepare(every_core_a_device=True)

import jax
import jax.numpy as jnp
import numpy as np
from hidden_structures_data import liquid_of, load
from hidden_structures_records import (
    MODELS,
    PRESETS,
    Analysed,
    Correlations,
    Liquid,
    Scores,
    Settings,
    Simulation,
)
from hidden_structures_report import report

from tdaglass import dynamics, glass, learning, runs, structure
from tdaglass.configuration import Configuration, unstack

# Of auto-encoder and mixture, the best of which is kept.
STARTS = 10
# Length over which the potential energy is smoothed for comparison, in sigma.
SMOOTHING = 2.0

Measured = TypeVar("Measured")


def simulate(settings: Simulation, run: runs.Run) -> list[Liquid]:
    """Cool a batch of liquids in equilibrium from one temperature to the next; an ensemble from each of them."""
    model = MODELS[settings.system](settings.n)
    key, key_ensembles = jax.random.split(jax.random.key(settings.seed))
    keys = jax.random.split(key, settings.configurations)
    hot = 2 * settings.temperatures[0]
    states = jax.vmap(lambda k: glass.initialize(k, model, hot))(keys)
    states = glass.settle_overlaps(states, model, temperature=hot, dt=settings.dt)

    liquids = []
    for temperature, tau in zip(settings.temperatures, settings.relaxation_times, strict=True):
        name = f"T{temperature:g}"
        steps = round(settings.equilibration * tau / settings.dt)
        states = glass.run_in_parts(
            states,
            model,
            steps,
            keep=run.chunk,
            name=f"{name}-equilibration",
            temperature=temperature,
            dt=settings.dt,
        )
        liquids.append(observe(settings, run, key_ensembles, model, states.configuration, temperature, tau))
    return liquids


def observe(
    settings: Simulation,
    run: runs.Run,
    key: jax.Array,
    model: glass.PairModel,
    configuration: Configuration,
    temperature: float,
    tau: float,
) -> Liquid:
    """An isoconfigurational ensemble from each configuration, and the relaxation of the liquid that they show."""
    q = first_peak_of_structure(configuration)
    ensembles = [
        dynamics.isoconfigurational(
            jax.random.fold_in(key, c),
            model,
            one,
            temperature=temperature,
            times=np.geomspace(10 * settings.dt, settings.observation * tau, settings.observations),
            replicas=settings.replicas,
            observables=("propensity", "scattering"),
            wave_number=q,
            dt=settings.dt,
            keep=run.parts_of(f"T{temperature:g}-ensemble-{c}"),
            progress=f"T = {temperature:g}: ensemble {c + 1} of {settings.configurations}",
        )
        for c, one in enumerate(unstack(configuration))
    ]
    times = ensembles[0].times
    moved_sq = np.stack([e.squared_displacement.mean(1) for e in ensembles])
    scattering = np.stack([np.asarray(e.self_scattering)[:, 0] for e in ensembles])
    return Liquid(
        jax.tree.map(np.asarray, configuration),
        model,
        np.diagonal(model.table("sigma")),
        temperature,
        times,
        np.stack([e.propensity for e in ensembles]),
        None,
        scattering,
        attempt(partial(dynamics.fit_stretched_exponential, times, scattering)),
        q,
        attempt(partial(diffusion_time, times, moved_sq, model.dimension)),
    )


def diffusion_time(times: np.ndarray, moved_sq: np.ndarray, dimension: int) -> float:
    """Time to diffuse one sigma_AA, from the last third of a decade of the ensembles."""
    diffusion = dynamics.diffusion(times, moved_sq, dimension, start=times[-1] / 3)
    return dynamics.diffusion_time(diffusion.coefficient, 1.0, dimension)


def attempt(measure: Callable[[], Measured]) -> Measured | None:
    """What was measured, or None and a warning where the run was too short for it."""
    try:
        return measure()
    except ValueError as error:
        logging.getLogger(__name__).warning("%s", error)
        return None


def first_peak_of_structure(configuration: Configuration) -> float:
    """Wave number of the first peak of S(q), averaged over the configurations."""
    box = np.asarray(configuration.box)[0]
    vectors = structure.wave_vectors(box, 9.0, q_min=5.0, per_shell=200)
    edges = np.arange(5.0, 9.01, 0.25)
    factors = [
        structure.structure_factor(one.positions, jnp.asarray(one.box), vectors, edges=edges)
        for one in unstack(configuration)
    ]
    q, s = (np.mean([np.asarray(getattr(f, name)) for f in factors], axis=0) for name in ("q", "s"))
    return float(structure.first_peak(jnp.asarray(q), jnp.asarray(s)))


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
        counts.append(neighbors.mask.sum(axis=1))
    return np.stack(features), np.stack(counts)  # (configurations, particles, 8), (configurations, particles)


def sort_particles(settings: Settings, liquids: list[Liquid]) -> list[np.ndarray]:
    """P_red of every particle of every liquid: one auto-encoder and one mixture for each species.

    They are learned from the coldest liquid alone, and red is its cluster of looser surroundings, with fewer
    neighbours. That its share grows with temperature is then a finding.
    """
    key = jax.random.key(settings.simulation.seed)
    features, counts = zip(*[describe(settings, liquid.configuration) for liquid in liquids], strict=True)
    species = [np.asarray(liquid.configuration.species) for liquid in liquids]
    red = learning.fit_red_clusters(
        key,
        features[-1:],
        species[-1:],
        measure=[-counts[-1]],
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


def main(settings: Settings) -> None:
    runs.keep_compiled(settings.root)
    if settings.data:
        liquids = load(settings)
    else:
        simulation = settings.simulation
        if simulation.system not in MODELS:
            raise ValueError(
                f"expected a liquid to simulate, got {simulation.system}; try --data or {[*MODELS]}"
            )
        engine = glass.describe_engine("auto", MODELS[simulation.system](simulation.n))
        print(f"Simulating with {engine}.")
        with runs.Run.open(settings.root, "liquids", simulation, engine=engine, wait=True) as kept:
            liquids = simulate(simulation, kept)
    with runs.Run.open(settings.root, "hidden_structures", settings) as run:
        p_red = sort_particles(settings, liquids)
        scored = [score(settings, *of) for of in zip(liquids, p_red, strict=True)]
        analysed = [Analysed(*of, correlate(*of)) for of in zip(liquids, scored, strict=True)]
        report(settings, run, analysed)


if __name__ == "__main__":
    settings = parse(PRESETS, __doc__, with_data=liquid_of)
    with sentences():
        main(settings)
