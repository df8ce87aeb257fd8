"""Engine 2: the CPU kernels on the states of engine 1, in single precision at constant energy or temperature."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from tdaglass import kernels
from tdaglass.glass.engine import Schedule
from tdaglass.glass.integrators import Ensemble
from tdaglass.glass.models import PairModel
from tdaglass.glass.state import Chain, State
from tdaglass.space import FixedPoint

DEFAULT_SKIN = 0.3


def why_not(model: PairModel, state: State, ensemble: Ensemble) -> str | None:
    """Why the kernels cannot run this, and what to do about it; None if they can."""
    if kernels.WHY_NOT:
        return kernels.WHY_NOT
    if ensemble == "npt":
        return "the CPU kernels do not run ensemble 'npt'; try engine='jax'"
    if state.velocity.dtype != jnp.float32:
        return f"the CPU kernels run states in float32, got {state.velocity.dtype}; try engine='jax'"
    if model.n_species > kernels.MOST_SPECIES:
        return f"the CPU kernels know {kernels.MOST_SPECIES} species, got {model.n_species}; try engine='jax'"
    return None


def interaction(model: PairModel) -> kernels.Interaction:
    """The tables of a model, as the kernels take them."""
    return kernels.Interaction(
        model.sigma, model.epsilon, model.cutoff, model.masses, model.truncation == "force_shift"
    )


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
