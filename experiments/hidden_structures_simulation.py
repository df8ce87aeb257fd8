"""The liquids of `hidden_structures.py`: cooled in equilibrium, and how their particles move."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from hidden_structures_records import MODELS, Liquid, Simulation

from tdaglass import dynamics, glass, parallel, structure
from tdaglass.configuration import Configuration, unstack
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

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
