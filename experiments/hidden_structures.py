"""Hidden structures in supercooled liquids: one snapshot, and which particles will move.

The study of Boattini et al., Nat. Commun. 11, 5479 (2020), for Lennard-Jones liquids. A liquid is cooled in
equilibrium; averaged bond order parameters describe every particle of a snapshot; an auto-encoder that never saw
the dynamics, and two Gaussians in its bottleneck, sort the particles; P_red is the membership of the cluster that
grows as the liquid is heated. It is held against the dynamic propensity of isoconfigurational ensembles.

    python experiments/hidden_structures.py                              minutes on two cores
    python experiments/hidden_structures.py --system kob_andersen_3d
    python experiments/hidden_structures.py --preset paper               the published size
    python experiments/hidden_structures.py --data FILE                  configurations of other groups
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

# Of compiled programs that it reads again, XLA reports hints of its own as missing from the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jax

# Every core is a device: the replicas of an ensemble are split over them. To be said before jax-md is imported.
jax.config.update("jax_num_cpu_devices", len(os.sched_getaffinity(0)))

import jax.numpy as jnp
import numpy as np
import tyro
from hidden_structures_report import report
from scipy.stats import pearsonr, spearmanr

from tdaglass import dynamics, glass, io, learning, runs, structure
from tdaglass.configuration import Configuration

# Of auto-encoder and mixture, the best of which is kept.
STARTS = 10
# Length over which the potential energy is smoothed for comparison, in sigma.
SMOOTHING = 2.0

System = Literal["wahnstrom", "kob_andersen_3d"]
MODELS: dict[str, Callable[[int], glass.PairModel]] = {
    "wahnstrom": glass.wahnstrom,
    "kob_andersen_3d": glass.kob_andersen_3d,
}


@dataclass(frozen=True)
class Settings:
    """Everything that decides the result; lengths, energies and times in Lennard-Jones units."""

    system: System = "wahnstrom"
    """Liquid to simulate, or whose energies to compute for --data."""
    preset: Literal["default", "paper"] = "default"
    """Size of the study: minutes on two cores, or as published."""
    data: Path | None = None
    """Analyse these configurations (public data set, extxyz, LAMMPS, GSD) instead of simulating."""
    n: int = 1000
    """Particles."""
    temperatures: tuple[float, ...] = (1.0, 0.85, 0.75)
    """From hot to cold, epsilon / k_B."""
    relaxation_times: tuple[float, ...] = (5.5, 14.0, 50.0)
    """Rough alpha-relaxation time at each temperature; sets the length of runs, the result is measured."""
    equilibration: float = 12.0
    """Equilibration at each temperature, in relaxation times."""
    observation: float = 3.0
    """Longest time of the ensembles, in relaxation times."""
    configurations: int = 4
    """Independent liquids per temperature."""
    replicas: int = 32
    """Isoconfigurational runs of each configuration."""
    observations: int = 24
    """Times at which the ensembles are observed, evenly spaced in their logarithm."""
    dt: float = 0.005
    """Time step."""
    cutoff: float | None = 1.7
    """Neighbours within this distance; None: solid-angle nearest neighbours (SANN)."""
    variance_explained: float = 0.75
    """Fraction of the variance that the bottleneck of the auto-encoder must explain."""
    radius: float = 2.0
    """P_red is averaged over the particles within this distance, in units of the largest sigma."""
    seed: int = 0
    """Of all random numbers."""
    root: Path = field(default=Path("runs"), compare=False)
    """Folder of all runs."""


KOB_ANDERSEN = Settings(
    system="kob_andersen_3d",
    temperatures=(1.0, 0.8, 0.6),
    relaxation_times=(1.5, 4.0, 20.0),
    n=500,
    observation=4.0,
    cutoff=1.2,
    configurations=2,
)
PRESETS = {
    ("wahnstrom", "default"): Settings(),
    ("wahnstrom", "paper"): Settings(
        preset="paper",
        n=2000,
        temperatures=(1.0, 0.9, 0.8, 0.75, 0.7),
        relaxation_times=(4.0, 11.0, 25.0, 70.0, 200.0),
        cutoff=None,
        configurations=10,
        replicas=64,
    ),
    ("kob_andersen_3d", "default"): KOB_ANDERSEN,
    ("kob_andersen_3d", "paper"): replace(
        KOB_ANDERSEN,
        preset="paper",
        n=4096,
        temperatures=(0.8, 0.6, 0.55, 0.5),
        relaxation_times=(4.0, 20.0, 50.0, 150.0),
        configurations=10,
        replicas=64,
    ),
}


class Liquid(NamedTuple):
    """Configurations of one liquid at one temperature, and how their particles move (where that is known)."""

    configuration: Configuration  # (configurations, ...)
    temperature: float | None
    times: np.ndarray | None  # (times,)
    propensity: np.ndarray | None  # (configurations, times, particles)
    relaxation: dynamics.StretchedExponential | None = None
    wave_number: float | None = None
    diffusion_time: float | None = None


class Scores(NamedTuple):
    """What the structure says of each particle, (configurations, particles)."""

    p_red: np.ndarray
    averaged: np.ndarray
    energy: np.ndarray | None  # smoothed potential energy


class Correlations(NamedTuple):
    """Of a score with the propensity, (configurations, species, times)."""

    spearman: np.ndarray
    pearson: np.ndarray


SIMULATION = (
    *("system", "n", "temperatures", "relaxation_times", "equilibration", "observation", "configurations"),
    *("replicas", "observations", "dt", "seed"),
)


def simulation_of(settings: Settings) -> dict[str, Any]:
    """The settings on which simulated liquids depend: they are kept, and shared by all analyses of them."""
    return {name: getattr(settings, name) for name in SIMULATION}


def simulate(settings: Settings, run: runs.Run) -> list[Liquid]:
    """Cool a batch of liquids in equilibrium from one temperature to the next; an ensemble from each of them."""
    model = MODELS[settings.system](settings.n)
    key, key_ensembles = jax.random.split(jax.random.key(settings.seed))
    keys = jax.random.split(key, settings.configurations)
    hot = 2 * settings.temperatures[0]
    states = jax.vmap(lambda k: glass.initialize(k, model, hot))(keys)
    # The lattice overlaps a little: short steps until the thermostat has taken up what that releases.
    states = glass.run(states, model, 1000, temperature=hot, dt=settings.dt / 4)

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
    settings: Settings,
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
        for c, one in enumerate(one_by_one(configuration))
    ]
    times = ensembles[0].times
    moved_sq = np.stack([e.squared_displacement.mean(1) for e in ensembles])
    scattering = np.stack([np.asarray(e.self_scattering)[:, 0] for e in ensembles])
    return Liquid(
        jax.tree.map(np.asarray, configuration),
        temperature,
        times,
        np.stack([e.propensity for e in ensembles]),
        attempt(partial(dynamics.fit_stretched_exponential, times, scattering)),
        q,
        attempt(partial(diffusion_time, times, moved_sq, model.dimension)),
    )


def diffusion_time(times: np.ndarray, moved_sq: np.ndarray, dimension: int) -> float:
    """Time to diffuse one sigma_AA, from the last third of a decade of the ensembles."""
    diffusion = dynamics.diffusion(times, moved_sq, dimension, start=times[-1] / 3)
    return dynamics.diffusion_time(diffusion.coefficient, 1.0, dimension)


def attempt(measure: Callable[[], Any]) -> Any:
    """What was measured, or None and a warning where the run was too short for it."""
    try:
        return measure()
    except ValueError as error:
        logging.getLogger(__name__).warning("%s", error)
        return None


def one_by_one(configuration: Configuration) -> Iterator[Configuration]:
    """The configurations of a batch."""
    for c in range(len(configuration.positions)):
        yield Configuration(*(jnp.asarray(np.asarray(x)[c]) for x in configuration))


def first_peak_of_structure(configuration: Configuration) -> float:
    """Wave number of the first peak of S(q), averaged over the configurations."""
    box = np.asarray(configuration.box)[0]
    vectors = structure.wave_vectors(box, 9.0, q_min=5.0, per_shell=200)
    edges = np.arange(5.0, 9.01, 0.25)
    factors = [
        structure.structure_factor(one.positions, jnp.asarray(one.box), vectors, edges=edges)
        for one in one_by_one(configuration)
    ]
    q, s = (np.mean([np.asarray(getattr(f, name)) for f in factors], axis=0) for name in ("q", "s"))
    return float(structure.first_peak(jnp.asarray(q), jnp.asarray(s)))


def load(path: Path) -> list[Liquid]:
    """Configurations of a public data set, or of any trajectory file with or without a column `propensity`."""
    if path.suffix in {suffix for form in io.FORMATS.values() for suffix in form.SUFFIXES}:
        frame = io.read_trajectory(path)
        moved = frame.columns.get("propensity")
        propensity = None if moved is None else np.asarray(moved)[:, None]
        return [Liquid(frame.configuration, None, None, propensity)]
    data = io.load_dataset(path)
    return [Liquid(data.configuration, data.temperature, data.times, data.propensity)]


def describe(settings: Settings, configuration: Configuration) -> tuple[np.ndarray, np.ndarray]:
    """Eight bond order parameters of every particle, averaged over its neighbours; and how many those are."""
    features, counts = [], []
    for positions, _, box in one_by_one(configuration):
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
    """P_red of every particle of every liquid: one auto-encoder and one mixture for each species."""
    key = jax.random.key(settings.seed)
    features, counts = zip(*[describe(settings, liquid.configuration) for liquid in liquids], strict=True)
    p_red = [np.zeros(f.shape[:2]) for f in features]
    for s in np.unique(liquids[0].configuration.species):
        of = [np.asarray(liquid.configuration.species) == s for liquid in liquids]
        samples = [f[mask] for f, mask in zip(features, of, strict=True)]
        clusters = learning.fit_clusters(
            jax.random.fold_in(key, int(s)),
            jnp.asarray(np.concatenate(samples)),
            variance_explained=settings.variance_explained,
            starts=STARTS,
        )
        members = [learning.cluster_membership(clusters, jnp.asarray(x)) for x in samples]
        if len(liquids) > 1:
            temperatures = jnp.array([liquid.temperature for liquid in liquids])
            red = learning.growing_component(temperatures, jnp.stack([m.mean(0) for m in members]))
        else:
            # One temperature: red is the cluster of looser surroundings, with fewer neighbours.
            red = learning.richer_component(members[0], -jnp.asarray(counts[0][of[0]], jnp.float32))
        for p, mask, member in zip(p_red, of, members, strict=True):
            p[mask] = member[:, red]
    return p_red


def score(settings: Settings, liquid: Liquid, p_red: np.ndarray) -> Scores:
    """P_red, its average over the surroundings, and for comparison the smoothed potential energy."""
    model = MODELS[settings.system](liquid.configuration.species.shape[1])
    averaged, energy = np.zeros_like(p_red), np.zeros_like(p_red)
    radius = settings.radius * model.table("sigma").max()
    for c, one in enumerate(one_by_one(liquid.configuration)):
        averaged[c] = structure.local_average(jnp.asarray(p_red[c]), one.positions, one.box, radius)
        energy[c] = structure.exponential_average(
            glass.particle_energies(model, one), one.positions, one.box, SMOOTHING
        )
    return Scores(p_red, averaged, energy)


def correlate(values: np.ndarray, liquid: Liquid) -> Correlations:
    """Correlation of a score with the propensity at each time, within each species of each configuration."""
    species, propensity = np.asarray(liquid.configuration.species), np.asarray(liquid.propensity)
    kinds = np.unique(species)
    shape = (len(values), len(kinds), propensity.shape[1])
    spearman, pearson = np.zeros(shape), np.zeros(shape)
    for c, s, t in np.ndindex(shape):
        of = species[c] == kinds[s]
        x, y = values[c, of], propensity[c, t, of]
        spearman[c, s, t], pearson[c, s, t] = spearmanr(x, y)[0], pearsonr(x, y)[0]
    return Correlations(spearman, pearson)


def main(settings: Settings) -> None:
    runs.keep_compiled(settings.root)
    if settings.data:
        liquids = load(settings.data)
    else:
        engine = glass.describe_engine("auto", MODELS[settings.system](settings.n))
        print(f"Simulating with {engine}.")
        with runs.Run.open(
            settings.root, "liquids", simulation_of(settings), engine=engine, wait=True
        ) as kept:
            liquids = simulate(settings, kept)
    with runs.Run.open(settings.root, "hidden_structures", settings) as run:
        p_red = sort_particles(settings, liquids)
        scores = [score(settings, liquid, p) for liquid, p in zip(liquids, p_red, strict=True)]
        correlations = [
            {name: correlate(values, liquid) for name, values in s._asdict().items() if values is not None}
            if liquid.propensity is not None
            else {}
            for liquid, s in zip(liquids, scores, strict=True)
        ]
        report(settings, run, liquids, scores, correlations)


def parse() -> Settings:
    """Settings from the command line: system and preset choose the defaults of everything else."""

    @dataclass(frozen=True)
    class Choice:
        system: System = "wahnstrom"
        preset: Literal["default", "paper"] = "default"
        data: Path | None = None

    chosen, _ = tyro.cli(Choice, return_unknown_args=True, add_help=False)
    # Public glassy-dynamics data are Kob-Andersen liquids.
    system = "kob_andersen_3d" if chosen.data else chosen.system
    return tyro.cli(Settings, default=PRESETS[system, chosen.preset], description=__doc__)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    main(parse())
