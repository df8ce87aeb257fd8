"""Engine 2: the CPU kernels on the states of engine 1, in single precision."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Int

from tdaglass import kernels
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import Ensemble, Schedule
from tdaglass.glass.molecular_dynamics.engines.kernel_calls import (
    Loops,
    barostat,
    check_progress,
    interaction,
    moved_states,
    systems,
    why_no_loop,
    with_barostat,
)
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.kernels.molecular_dynamics import MOST_SPECIES, Observation, Sums, advance_at_pressure
from tdaglass.kernels.molecular_dynamics import advance as advance_systems

LOOPS = Loops("the CPU kernels", ("nve", "nvt", "npt"), MOST_SPECIES, "cpu")


def why_not(model: Model, ensemble: Ensemble, dtype: np.dtype) -> str | None:
    """Why the kernels cannot run this, and what to do about it; None if they can."""
    return why_no_loop(LOOPS, model, ensemble, dtype)


def describe() -> str:
    """The kernels in words for a record."""
    return f"CPU kernels for {kernels.built_for()}"


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
    skin = model.skin if skin is None else skin
    # The kernels spread the systems over the processors themselves.
    flat, schedule = jax.device_put((flat, schedule), jax.local_devices(backend="cpu")[0])
    made = first
    for target in targets:
        flat, *progress, _ = advance(
            model, ensemble, dt, skin, kernels.thread_count(), flat, schedule, made, target
        )
        check_progress(model, ensemble, *progress)
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
        model, ensemble, dt, model.skin, threads, states, schedule, first, last, observation
    )
    check_progress(model, ensemble, *progress)
    assert sums is not None
    return states, sums


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
    pairs = interaction(model)
    assert not isinstance(pairs, str), pairs  # `why_not` was asked
    these = systems(states, schedule, first, last)
    settings: Any = {"interaction": pairs, "dt": dt, "skin": skin, "threads": threads}
    if ensemble == "npt":
        assert observation is None
        moved, moved_boxes, made, status = advance_at_pressure(
            these.motion, barostat(states), these.species, these.diameters, these.temperature, these.slope,
            schedule.pressure, these.first, these.last, **settings,
        )  # fmt: skip
        states, sums = with_barostat(states, moved_boxes), None
    else:
        moved, made, status, sums = advance_systems(
            *these, observation, thermostat=ensemble == "nvt", **settings
        )
    return moved_states(states, moved, made - first), made, status, sums
