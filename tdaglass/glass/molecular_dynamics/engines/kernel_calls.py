"""What the CPU and the CUDA kernels have in common: the models that they have loops for, states as their arrays,
and what is said of a system that stopped.
"""

from functools import singledispatch
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from tdaglass import kernels
from tdaglass.glass.contract import Model
from tdaglass.glass.errors import SimulationError, box_too_small
from tdaglass.glass.models import BondOrderModel, EmbeddedAtomModel, PairLiquid, PairModel, PolydisperseModel
from tdaglass.glass.molecular_dynamics.baths import Ensemble, Schedule
from tdaglass.glass.molecular_dynamics.state import Chain, State
from tdaglass.glass.potentials import InversePower, LennardJones
from tdaglass.kernels.bond_order import BondOrders
from tdaglass.kernels.embedded_atoms import MOST_SPECIES as MOST_EMBEDDED
from tdaglass.kernels.embedded_atoms import EmbeddedAtoms
from tdaglass.kernels.molecular_dynamics import (
    BAD_BOX,
    MOST_POWERS,
    STATUS,
    Barostat,
    ForceField,
    Interaction,
    Motion,
    Table,
)
from tdaglass.space import FixedPoint


class Loops(NamedTuple):
    """What kernels have loops for.

    Attributes
    ----------
    name : in a sentence
    ensembles : those that they run
    most_species : int
    platform : "cpu" or "cuda"
    """

    name: str
    ensembles: tuple[Ensemble, ...]
    most_species: int
    platform: str


def why_no_loop(loops: Loops, model: Model, ensemble: Ensemble, dtype: np.dtype) -> str | None:
    """Why kernels cannot run this, and what to do about it; None if they can."""
    these = loops.name
    if kernels.WHY_NOT:
        return kernels.WHY_NOT
    if ensemble not in loops.ensembles:
        return f"{these} do not run ensemble {ensemble!r}; try engine='jax'"
    if dtype != jnp.float32:
        return f"{these} run states in float32, got {dtype}; try engine='jax'"
    if model.n_species > loops.most_species:
        return f"{these} know {loops.most_species} species, got {model.n_species}; try engine='jax'"
    found = interaction(model)
    if not isinstance(found, str) and loops.platform not in found.platforms:
        found = f"no loop for models like {type(model).__name__}"
    return f"{these} have {found}; try engine='jax'" if isinstance(found, str) else None


@singledispatch
def interaction(model: Model) -> ForceField | str:
    """How the particles of a model interact, as the kernels take it; or what they have no loop for."""
    return f"no loop for models like {type(model).__name__}"


@interaction.register
def _(model: PairModel) -> Interaction | str:
    return _in_a_known_form(model, sigma=model.sigma, epsilon=model.epsilon, cutoff=model.cutoff)


@interaction.register
def _(model: BondOrderModel) -> BondOrders | str:
    if model.n_species > 1:
        return f"no loop for bond orders of {model.n_species} elements"
    entry = model.entries[0]
    if entry.lambda_3 or not (entry.beta and entry.attraction):
        return "no loop for bond orders that know of the lengths of other bonds, or of none"
    # All but m and lambda_3, in their order.
    return BondOrders((float(entry.gamma), *map(float, entry[3:])), model.masses)


@interaction.register
def _(model: EmbeddedAtomModel) -> EmbeddedAtoms | str:
    if model.n_species > MOST_EMBEDDED:
        return f"loops for embedded atoms of up to {MOST_EMBEDDED} elements, got {model.n_species}"
    potential = model.potential
    tables = potential.tables
    return EmbeddedAtoms(
        *potential.splines, tables.density_spacing, tables.spacing, potential.cutoff, model.masses
    )


def observed(model: Model) -> bool:
    """Whether kernels look at replicas of a model on their way."""
    found = interaction(model)
    return not isinstance(found, str) and found.observed


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
    return f"no loop for {potential}"


class Systems(NamedTuple):
    """A batch as the kernels take it, in their order."""

    motion: Motion
    species: Int[Array, "batch particles"]
    diameters: Float[Array, "batch particles"]
    box: Float[Array, "batch dim"]
    temperature: Float[Array, " batch"]
    slope: Float[Array, " batch"]
    first: Int[Array, " batch"]
    last: Int[Array, " batch"]


def systems(
    states: State, schedule: Schedule, first: int | Int[Array, ""], last: int | Int[Array, ""]
) -> Systems:
    """States that are to make steps `first` to `last` of a schedule."""

    def of_each(steps: int | Array) -> Array:
        return jnp.broadcast_to(jnp.asarray(steps, jnp.int32), states.step.shape)

    return Systems(
        Motion(*states.position, states.velocity, states.force, *states.thermostat),
        states.species,
        states.diameters,
        states.box,
        schedule.temperature,
        schedule.slope,
        of_each(first),
        of_each(last),
    )


def barostat(states: State) -> Barostat:
    """The boxes of states at constant pressure."""
    return Barostat(states.box, states.box_momentum, *states.barostat)


def with_barostat(states: State, moved: Barostat) -> State:
    """The states in boxes that have moved."""
    chain = Chain(moved.chain_position, moved.chain_momentum)
    return states._replace(box=moved.box, box_momentum=moved.momentum, barostat=chain)


def moved_states(states: State, moved: Motion, steps: Int[Array, " batch"]) -> State:
    """The states after so many steps."""
    return states._replace(
        position=FixedPoint(moved.fraction, moved.image),
        velocity=moved.velocity,
        force=moved.force,
        thermostat=Chain(moved.chain_position, moved.chain_momentum),
        step=states.step + steps,
    )


def check_progress(
    model: Model,
    ensemble: Ensemble,
    made: Int[Array | np.ndarray, " batch"],
    status: Int[Array | np.ndarray, " batch"],
) -> None:
    """Raise SimulationError, with a remedy, for the first system that stopped."""
    failed = np.flatnonzero(np.asarray(status))
    if len(failed):
        k = failed[0]
        if ensemble == "npt" and int(status[k]) == BAD_BOX:
            raise box_too_small(model, int(made[k]))
        raise SimulationError(
            f"the {ensemble} dynamics of {model.name} stopped in system {k} after {int(made[k])} "
            f"steps: {STATUS[int(status[k])]}"
        )
