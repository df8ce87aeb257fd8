"""Engine 2: the CPU kernels on the states of engine 1, in single precision at constant energy or temperature."""

from collections.abc import Iterable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from tdaglass import kernels
from tdaglass.glass.baths import Ensemble, Schedule
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.models import PairModel
from tdaglass.glass.state import Chain, State
from tdaglass.space import FixedPoint

DEFAULT_SKIN = 0.3


def why_not(model: PairModel, ensemble: Ensemble, dtype: np.dtype) -> str | None:
    """Why the kernels cannot run this, and what to do about it; None if they can."""
    if kernels.WHY_NOT:
        return kernels.WHY_NOT
    if ensemble == "npt":
        return "the CPU kernels do not run ensemble 'npt'; try engine='jax'"
    if dtype != jnp.float32:
        return f"the CPU kernels run states in float32, got {dtype}; try engine='jax'"
    if model.n_species > kernels.MOST_SPECIES:
        return f"the CPU kernels know {kernels.MOST_SPECIES} species, got {model.n_species}; try engine='jax'"
    return None


def interaction(model: PairModel) -> kernels.Interaction:
    """The tables of a model, as the kernels take them."""
    return kernels.Interaction(
        model.sigma, model.epsilon, model.cutoff, model.masses, model.truncation == "force_shift"
    )


def run(
    flat: State,
    model: PairModel,
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
        flat, reached, status = advance(
            model,
            ensemble,
            dt,
            skin,
            kernels.thread_count(),
            flat,
            schedule,
            jnp.int32(made),
            jnp.int32(target),
        )
        failed = np.flatnonzero(np.asarray(status))
        if len(failed):
            k = failed[0]
            raise SimulationError(
                f"the {ensemble} dynamics of {model.name} stopped in system {k} after {int(reached[k])} "
                f"steps: {kernels.STATUS[int(status[k])]}"
            )
        made = target
    return flat


@partial(jax.jit, static_argnames=("model", "ensemble", "dt", "skin", "threads"))
def advance(
    model: PairModel,
    ensemble: Ensemble,
    dt: float,
    skin: float,
    threads: int,
    states: State,
    schedule: Schedule,
    first: Int[Array, ""],
    last: Int[Array, ""],
) -> tuple[State, Int[Array, " batch"], Int[Array, " batch"]]:
    """Make steps `first` to `last` of a schedule on a batch (the leading axis).

    Returns
    -------
    State
    made, status : (batch,)
        Steps made by each system, and an index of `kernels.STATUS`.
    """
    batch = states.step.shape
    motion = kernels.Motion(*states.position, states.velocity, states.force, *states.thermostat)
    moved, made, status = kernels.advance(
        motion,
        states.species,
        states.box,
        schedule.temperature,
        schedule.slope,
        jnp.broadcast_to(first, batch),
        jnp.broadcast_to(last, batch),
        interaction=interaction(model),
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
    return states, made, status
