"""Engine 2: the CPU kernels on the states of engine 1, in single precision at constant energy or temperature."""

from collections.abc import Iterable
from functools import partial, singledispatch
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from tdaglass import kernels
from tdaglass.glass.contract import Model
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.models import PairLiquid, PairModel, PolydisperseModel
from tdaglass.glass.molecular_dynamics.baths import Ensemble, Schedule
from tdaglass.glass.molecular_dynamics.state import Chain, State
from tdaglass.glass.potentials import InversePower, LennardJones
from tdaglass.kernels.molecular_dynamics import (
    MOST_POWERS,
    MOST_SPECIES,
    STATUS,
    Interaction,
    Motion,
    Observation,
    Sums,
    Table,
)
from tdaglass.kernels.molecular_dynamics import advance as advance_motion
from tdaglass.space import FixedPoint

DEFAULT_SKIN = 0.3


def why_not(model: Model, ensemble: Ensemble, dtype: np.dtype) -> str | None:
    """Why the kernels cannot run this, and what to do about it; None if they can."""
    if kernels.WHY_NOT:
        return kernels.WHY_NOT
    if ensemble == "npt":
        return "the CPU kernels do not run ensemble 'npt'; try engine='jax'"
    if dtype != jnp.float32:
        return f"the CPU kernels run states in float32, got {dtype}; try engine='jax'"
    if model.n_species > MOST_SPECIES:
        return f"the CPU kernels know {MOST_SPECIES} species, got {model.n_species}; try engine='jax'"
    found = interaction(model)
    return found if isinstance(found, str) else None


@singledispatch
def interaction(model: Model) -> Interaction | str:
    """How the particles of a model interact, as the kernels take it; or why there is no loop for them."""
    return f"the CPU kernels have no loop for models like {type(model).__name__}; try engine='jax'"


@interaction.register
def _(model: PairModel) -> Interaction | str:
    return _in_a_known_form(model, sigma=model.sigma, epsilon=model.epsilon, cutoff=model.cutoff)


@interaction.register
def _(model: PolydisperseModel) -> Interaction | str:
    def of_all(value: float) -> Table:
        return ((value,) * model.n_species,) * model.n_species

    return _in_a_known_form(
        model,
        sigma=of_all(1.0),
        epsilon=of_all(model.epsilon),
        cutoff=of_all(model.cutoff),
        diameters=(model.smallest, model.largest),
        non_additivity=model.non_additivity,
    )


def _in_a_known_form(model: PairLiquid, **tables: Any) -> Interaction | str:
    potential = model.potential
    common = {**tables, "masses": model.masses, "truncation": model.truncation}
    # Not what is derived from them: that may have energies of its own.
    if type(potential) is LennardJones:
        return Interaction(form="lennard_jones", **common)
    if type(potential) is InversePower and potential.exponent <= MOST_POWERS:
        return Interaction(form="inverse_power", exponent=potential.exponent, **common)
    return f"the CPU kernels have no loop for {potential}; try engine='jax'"


def run(
    flat: State,
    model: Model,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
    skin: float | None,
    first: int,
    targets: Iterable[int],
) -> State:
    """From step `first` of a schedule up to every target; the batch is the leading axis."""
    skin = DEFAULT_SKIN if skin is None else skin
    # The kernels spread the systems over the processors themselves.
    flat, schedule = jax.device_put((flat, schedule), jax.local_devices(backend="cpu")[0])
    made = first
    for target in targets:
        flat, *progress, _ = advance(
            model, ensemble, dt, skin, kernels.thread_count(), flat, schedule, made, target
        )
        _check_progress(model, ensemble, *progress)
        made = target
    return flat


def run_and_observe(
    states: State,
    model: Model,
    observation: Observation,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
) -> tuple[State, Sums]:
    """From the present step of a batch of replicas up to the last moment of an observation, in one call.

    Returns
    -------
    State
    Sums
        Over the replicas, moments leading.
    """
    arrays = states, schedule, observation
    states, schedule, observation = jax.device_put(arrays, jax.local_devices(backend="cpu")[0])
    first, last = int(states.step[0]), int(observation[0][-1])
    threads = kernels.thread_count()
    states, *progress, sums = advance(
        model, ensemble, dt, DEFAULT_SKIN, threads, states, schedule, first, last, observation
    )
    _check_progress(model, ensemble, *progress)
    assert sums is not None
    return states, sums


def _check_progress(
    model: Model, ensemble: Ensemble, made: Int[Array, " batch"], status: Int[Array, " batch"]
) -> None:
    failed = np.flatnonzero(np.asarray(status))
    if len(failed):
        k = failed[0]
        raise SimulationError(
            f"the {ensemble} dynamics of {model.name} stopped in system {k} after {int(made[k])} "
            f"steps: {STATUS[int(status[k])]}"
        )


@partial(jax.jit, static_argnames=("model", "ensemble", "dt", "skin", "threads"))
def advance(
    model: Model,
    ensemble: Ensemble,
    dt: float,
    skin: float,
    threads: int,
    states: State,
    schedule: Schedule,
    first: int | Int[Array, ""],
    last: int | Int[Array, ""],
    observation: Observation | None = None,
) -> tuple[State, Int[Array, " batch"], Int[Array, " batch"], Sums | None]:
    """Make steps `first` to `last` of a schedule on a batch (the leading axis), observing replicas if asked to.

    Returns
    -------
    State
    made, status : (batch,)
        Steps made by each system, and an index of `STATUS`.
    Sums, or None
    """
    batch, pairs = states.step.shape, interaction(model)
    assert not isinstance(pairs, str), pairs  # `why_not` was asked
    motion = Motion(*states.position, states.velocity, states.force, *states.thermostat)
    moved, made, status, sums = advance_motion(
        motion,
        states.species,
        states.diameters,
        states.box,
        schedule.temperature,
        schedule.slope,
        jnp.broadcast_to(jnp.asarray(first, jnp.int32), batch),
        jnp.broadcast_to(jnp.asarray(last, jnp.int32), batch),
        observation,
        interaction=pairs,
        thermostat=ensemble == "nvt",
        dt=dt,
        skin=skin,
        threads=threads,
    )
    states = states._replace(
        position=FixedPoint(moved.fraction, moved.image),
        velocity=moved.velocity,
        force=moved.force,
        thermostat=Chain(moved.chain_position, moved.chain_momentum),
        step=states.step + made - first,
    )
    return states, made, status, sums
