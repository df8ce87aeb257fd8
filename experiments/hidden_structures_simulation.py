"""The liquids of `hidden_structures.py`: in equilibrium, and how their particles move."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from hidden_structures_records import Liquid, Simulation
from hidden_structures_substances import Substance

from tdaglass import dynamics, parallel, structure
from tdaglass.configuration import Configuration, unstack
from tdaglass.runs import Run
from tdaglass.runs.chunks import Chunks

Measured = TypeVar("Measured")


def simulate(settings: Simulation, run: Run, executor: Any) -> list[Liquid]:
    """Liquids in equilibrium in every state, and an ensemble from each of their configurations."""
    liquids = equilibrate(settings, run, executor)
    pressures = measure_pressures(settings, liquids, run, executor)
    wave_numbers = [first_peak_of_structure(liquid) for liquid in liquids]
    # The slowest, which take longest, first: at the end no worker is left alone with a long one.
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
        observe(
            settings,
            liquids[k],
            k,
            wave_numbers[k],
            [of[k, c] for c in range(settings.configurations)],
            pressures,
        )
        for k in range(len(liquids))
    ]


def models(settings: Simulation) -> list[Any]:
    """Of every state."""
    return [settings.substance.model(settings.n, value) for value in settings.temperatures]


def equilibrate(settings: Simulation, run: Run, executor: Any) -> list[Configuration]:
    """Configurations of all states, (configurations, ...) each.

    They are the same to the last bit alone and in company: here all are prepared at once, over the threads, and on
    workers each by itself.
    """
    everybody = range(settings.configurations)
    *_, (_, slowest, time) = settings.equilibrations()
    together = run.chunk.is_finished(f"{slowest}-{round(time / tick(settings))}") or (
        executor is None and not run.chunk.is_finished("equilibration-0")
    )
    if together:
        return settings.substance.prepare(settings, models(settings), run.chunk, everybody, None)
    alone = parallel.map_independent(
        partial(prepare_one, settings, run.chunk),
        everybody,
        executor=executor,
        keep=run.chunk,
        names="equilibration-{}".format,
        progress="equilibration",
    )
    return [jax.tree.map(lambda *x: np.concatenate(x), *of) for of in zip(*alone, strict=True)]


def prepare_one(settings: Simulation, keep: Chunks, c: int) -> list[Configuration]:
    """The same for one configuration."""
    within = keep.within(f"equilibration-{c}")
    return settings.substance.prepare(settings, models(settings), within, [c], False)


def tick(settings: Simulation) -> float:
    """In which times are counted."""
    return settings.dt if settings.substance.tick is None else settings.substance.tick


def measure_pressures(
    settings: Simulation, liquids: list[Configuration], run: Run, executor: Any
) -> list[np.ndarray] | None:
    """P V / N k T of every configuration of every liquid, where that says how near equilibrium is."""
    measure = settings.substance.pressure
    if measure is None:
        return None
    return parallel.map_independent(
        partial(measure, settings, models(settings), liquids),
        range(len(liquids)),
        executor=executor,
        keep=run.chunk,
        names=lambda k: f"{settings.names()[k]}-pressure",
    )


def name_of_ensemble(settings: Simulation, piece: tuple[int, int]) -> str:
    """Of the ensemble from a configuration of a liquid, both by their number."""
    k, c = piece
    return f"{settings.names()[k]}-ensemble-{c}"


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
    value, tau, substance = settings.temperatures[k], settings.relaxation_times[k], settings.substance
    _, key = jax.random.split(jax.random.key(settings.seed))
    return dynamics.isoconfigurational(
        jax.random.fold_in(key, c),
        substance.model(settings.n, value),
        jax.tree.map(lambda x: jnp.asarray(x[c]), liquids[k]),
        temperature=value if substance.temperature is None else substance.temperature,
        times=np.geomspace(10 * settings.dt, settings.observation * tau, settings.observations),
        replicas=settings.replicas,
        observables=("propensity", "scattering"),
        wave_number=wave_numbers[k],
        dt=settings.dt,
        keep=keep.within(name_of_ensemble(settings, piece)),
        progress=f"{settings.control.symbol} = {value:g}: ensemble {c + 1} of {settings.configurations}"
        if here
        else None,
    )


def observe(
    settings: Simulation,
    configuration: Configuration,
    k: int,
    q: float,
    ensembles: list[dynamics.Isoconfigurational],
    pressures: list[np.ndarray] | None,
) -> Liquid:
    """What the ensembles of a liquid show of its relaxation."""
    substance, value = settings.substance, settings.temperatures[k]
    model = substance.model(settings.n, value)
    times = ensembles[0].times
    compressibility = None
    if pressures is not None and substance.equation_of_state is not None:
        compressibility = pressures[k], substance.equation_of_state(model)
    moved_sq = np.stack([e.squared_displacement.mean(1) for e in ensembles])
    propensity, errors = (
        np.stack([getattr(e, name) for e in ensembles]) for name in ("propensity", "propensity_error")
    )
    scattering = np.stack([scattering_of(substance, e) for e in ensembles])
    return Liquid(
        configuration,
        model if substance.has_energies else None,
        substance.diameters(model),
        substance.control,
        value,
        times,
        propensity,
        dynamics.propensity_ceiling(propensity, errors, configuration.species),
        scattering,
        attempt(partial(dynamics.fit_stretched_exponential, times, scattering)),
        q,
        attempt(partial(diffusion_time, times, moved_sq, model.dimension)),
        compressibility,
    )


def scattering_of(substance: Substance, found: dynamics.Isoconfigurational) -> np.ndarray:
    """The function of all particles from which tau_alpha is read."""
    if substance.scattering == "total":
        return np.asarray(found.total_scattering)
    return np.asarray(found.self_scattering)[:, 0]


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
