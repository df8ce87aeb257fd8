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

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from command_line import compute, parse, prepare

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

from tdaglass import dynamics, glass, learning, parallel, structure
from tdaglass.configuration import Configuration, unstack
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

# Of auto-encoder and mixture, the best of which is kept.
STARTS = 10
# Length over which the potential energy is smoothed for comparison, in sigma.
SMOOTHING = 2.0
# Configurations that are described by one piece of work.
BATCH = 16

Measured = TypeVar("Measured")


def simulate(settings: Simulation, run: Run, executor: Any) -> list[Liquid]:
    """Liquids in equilibrium at every temperature, and an ensemble from each of their configurations."""
    liquids = equilibrate(settings, run, executor)
    wave_numbers = [first_peak_of_structure(liquid) for liquid in liquids]
    # The coldest, which take longest, first: at the end no worker is left alone with a long one.
    pieces = [(k, c) for k in reversed(range(len(liquids))) for c in range(settings.configurations)]
    found = parallel.map_independent(
        partial(ensemble, settings, run.chunk, liquids, wave_numbers, executor is None),
        pieces,
        executor=executor,
        keep=run.chunk,
        names=partial(name_of_ensemble, settings),
        progress=None if executor is None else "ensembles",
    )
    of = dict(zip(pieces, found, strict=True))
    for piece in pieces:
        run.chunk.discard(name_of_ensemble(settings, piece))
    return [
        observe(settings, liquids[k], temperature, q, [of[k, c] for c in range(settings.configurations)])
        for k, (temperature, q) in enumerate(zip(settings.temperatures, wave_numbers, strict=True))
    ]


def equilibrate(settings: Simulation, run: Run, executor: Any) -> list[Configuration]:
    """Configurations of all temperatures, (configurations, ...) each.

    They are the same to the last bit alone and in company: here all are cooled at once, over the threads, and on
    workers each by itself.
    """
    everybody = range(settings.configurations)
    coldest, steps = settings.temperatures[-1], steps_at(settings, settings.relaxation_times[-1])
    together = run.chunk.is_finished(f"T{coldest:g}-equilibration-{steps}") or (
        executor is None and not run.chunk.is_finished("equilibration-0")
    )
    if together:
        return cool(settings, run.chunk, everybody)
    alone = parallel.map_independent(
        partial(cool_one, settings, run.chunk),
        everybody,
        executor=executor,
        keep=run.chunk,
        names="equilibration-{}".format,
        progress="equilibration",
    )
    for c in everybody:
        run.chunk.discard(f"equilibration-{c}")
    return [jax.tree.map(lambda *x: np.concatenate(x), *of) for of in zip(*alone, strict=True)]


def cool_one(settings: Simulation, keep: Chunks, c: int) -> list[Configuration]:
    """The same for one configuration."""
    return cool(settings, keep.within(f"equilibration-{c}"), [c], progress=False)


def cool(
    settings: Simulation, keep: Chunks, numbers: Sequence[int], *, progress: bool | None = None
) -> list[Configuration]:
    """Cool some configurations in equilibrium from one temperature to the next."""
    model = MODELS[settings.system](settings.n)
    key, _ = jax.random.split(jax.random.key(settings.seed))
    keys = jax.random.split(key, settings.configurations)[np.array(numbers)]
    hot = 2 * settings.temperatures[0]
    states = jax.vmap(lambda k: glass.initialize(k, model, hot))(keys)
    states = glass.settle_overlaps(states, model, temperature=hot, dt=settings.dt)
    reached = []
    for temperature, tau in zip(settings.temperatures, settings.relaxation_times, strict=True):
        states = glass.run_in_parts(
            states,
            model,
            steps_at(settings, tau),
            keep=keep,
            name=f"T{temperature:g}-equilibration",
            temperature=temperature,
            dt=settings.dt,
            progress=progress,
        )
        reached.append(jax.tree.map(np.asarray, states.configuration))
    return reached


def steps_at(settings: Simulation, tau: float) -> int:
    """Of equilibration, where the relaxation time is tau."""
    return round(settings.equilibration * tau / settings.dt)


def name_of_ensemble(settings: Simulation, piece: tuple[int, int]) -> str:
    """Of the ensemble from a configuration at a temperature, both by their number."""
    k, c = piece
    return f"T{settings.temperatures[k]:g}-ensemble-{c}"


def ensemble(
    settings: Simulation,
    keep: Chunks,
    liquids: list[Configuration],
    wave_numbers: list[float],
    here: bool,
    piece: tuple[int, int],
) -> dynamics.Isoconfigurational:
    """The isoconfigurational ensemble from one configuration."""
    k, c = piece
    temperature, tau = settings.temperatures[k], settings.relaxation_times[k]
    _, key = jax.random.split(jax.random.key(settings.seed))
    return dynamics.isoconfigurational(
        jax.random.fold_in(key, c),
        MODELS[settings.system](settings.n),
        jax.tree.map(lambda x: jnp.asarray(x[c]), liquids[k]),
        temperature=temperature,
        times=np.geomspace(10 * settings.dt, settings.observation * tau, settings.observations),
        replicas=settings.replicas,
        observables=("propensity", "scattering"),
        wave_number=wave_numbers[k],
        dt=settings.dt,
        keep=keep.within(name_of_ensemble(settings, piece)),
        progress=f"T = {temperature:g}: ensemble {c + 1} of {settings.configurations}" if here else None,
    )


def observe(
    settings: Simulation,
    configuration: Configuration,
    temperature: float,
    q: float,
    ensembles: list[dynamics.Isoconfigurational],
) -> Liquid:
    """What the ensembles of a liquid show of its relaxation."""
    model = MODELS[settings.system](settings.n)
    times = ensembles[0].times
    moved_sq = np.stack([e.squared_displacement.mean(1) for e in ensembles])
    propensity, errors = (
        np.stack([getattr(e, name) for e in ensembles]) for name in ("propensity", "propensity_error")
    )
    scattering = np.stack([np.asarray(e.self_scattering)[:, 0] for e in ensembles])
    return Liquid(
        configuration,
        model,
        np.diagonal(model.table("sigma")),
        temperature,
        times,
        propensity,
        dynamics.propensity_ceiling(propensity, errors, configuration.species),
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
        counts.append(np.asarray(neighbors.mask.sum(axis=1)))
    return np.stack(features), np.stack(counts)  # (configurations, particles, 8), (configurations, particles)


def describe_batch(
    settings: Settings, liquids: list[Configuration], batch: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The same for some configurations of a liquid, from the one of this number."""
    k, first = batch
    some = jax.tree.map(lambda x: x[first : first + BATCH], liquids[k])
    return describe(settings, some)


def fit_species(
    settings: Settings, features: np.ndarray, species: np.ndarray, counts: np.ndarray, code: int
) -> learning.RedClusters:
    """The auto-encoder and the mixture of one species."""
    of = species == code
    return learning.fit_red_clusters(
        jax.random.key(settings.simulation.seed),
        [features[of]],
        [species[of]],
        measure=[-counts[of]],
        variance_explained=settings.variance_explained,
        starts=STARTS,
    )


def sort_particles(settings: Settings, liquids: list[Liquid], run: Run, executor: Any) -> list[np.ndarray]:
    """P_red of every particle of every liquid: one auto-encoder and one mixture for each species.

    They are learned from the coldest liquid alone, and red is its cluster of looser surroundings, with fewer
    neighbours. That its share grows with temperature is then a finding.
    """
    configurations = [liquid.configuration for liquid in liquids]
    # Files of --data may be replaced by others.
    content = b"".join(np.ascontiguousarray(one.positions).tobytes() for one in configurations)
    of_these = hashlib.sha256(content).hexdigest()[:8]
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
    codes = np.unique(species[-1]).tolist()
    fitted = parallel.map_independent(
        partial(fit_species, settings, features[-1], species[-1], counts[-1]),
        codes,
        executor=executor,
        keep=run.chunk,
        names=lambda code: f"clusters-{code}-{of_these}",
        progress="auto-encoders",
    )
    red = learning.RedClusters(
        np.array(codes), tuple(f.clusters[0] for f in fitted), np.concatenate([f.red for f in fitted])
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


def main(settings: Settings, executor: Any) -> None:
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
        with settings.place.run("liquids", simulation, engine=engine, wait=True) as kept:
            liquids = simulate(simulation, kept, executor)
    with settings.place.run("hidden_structures", settings) as run:
        p_red = sort_particles(settings, liquids, run, executor)
        scored = [score(settings, *of) for of in zip(liquids, p_red, strict=True)]
        analysed = [Analysed(*of, correlate(*of)) for of in zip(liquids, scored, strict=True)]
        run.assemble(partial(report, settings, run, analysed))


if __name__ == "__main__":
    compute(main, parse(PRESETS, __doc__, with_data=liquid_of))
