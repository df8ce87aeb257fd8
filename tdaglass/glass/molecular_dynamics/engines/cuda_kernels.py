"""Engine 3: the block kernel on CUDA cards, in single precision at constant energy or temperature.

A run is cut into launches of about a second, between which it can be interrupted; a launch that finds more
neighbours than its lists have room for is made again with more. Neither changes a bit.
"""

import logging
import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Int

from tdaglass.glass.contract import Model
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.molecular_dynamics.baths import Ensemble, Schedule
from tdaglass.glass.molecular_dynamics.engines.devices import mesh_of
from tdaglass.glass.molecular_dynamics.engines.kernel_calls import (
    DEFAULT_SKIN,
    check_progress,
    interaction,
    moved_states,
    systems,
    why_no_loop,
)
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.molecular_dynamics.table_capacity import expected_room, room_for
from tdaglass.kernels import blocks
from tdaglass.kernels.molecular_dynamics import Observation, Sums

logger = logging.getLogger(__name__)

# Displays have watchdogs, and users Ctrl-C.
LAUNCH_SECONDS = 1.0
# Of one block, as measured on an H100; the next launches go by what the first took.
PARTICLE_STEPS_PER_SECOND = 3e7

# Room in lists that turned out to be needed, so that the next call starts with it.
_known_room: dict[tuple[Model, float], int] = {}


def why_not(model: Model, ensemble: Ensemble, dtype: np.dtype) -> str | None:
    """Why no card can run this, and what to do about it; None if one can."""
    why = why_no_loop("the CUDA kernels", blocks.MOST_SPECIES, model, ensemble, dtype) or blocks.why_no_card()
    if why:
        return why
    pairs = interaction(model)
    assert not isinstance(pairs, str)
    found = (
        blocks.why_no_block(pairs, model.n_particles, model.dimension, card) for card in set(blocks.cards())
    )
    return next(filter(None, found), None)


def describe() -> str:
    """The kernels in words for a record."""
    cards = blocks.cards()
    count = f"{len(cards)} x " if len(cards) > 1 else ""
    return f"CUDA kernels on {count}{cards[0].name}"


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
    flat, schedule = _on_cards((flat, schedule), mesh_of(len(flat.step), blocks.BACKEND))
    for after, _ in _launches(model, ensemble, dt, skin, flat, schedule, first, targets):
        flat = after
    return flat


def run_and_observe(
    states: State,
    model: Model,
    observation: Observation,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
) -> tuple[State, Sums]:
    """From the present step of a batch of replicas up to the last moment of an observation.

    Returns
    -------
    State
    Sums
        Over the replicas, moments leading; neither the launches nor the cards change a bit of them.
    """
    first, moments = int(states.step[0]), np.asarray(observation[0])
    if (np.diff(moments, prepend=first) <= 0).any():
        raise ValueError(
            f"expected increasing moments after step {first}, got {moments.tolist()}; try sorting them"
        )
    mesh = mesh_of(len(states.step), blocks.BACKEND)
    states, schedule = _on_cards((states, schedule), mesh)
    observation = _on_cards(observation, mesh, replicated=True)
    total: Any = None
    settings = model, ensemble, dt, DEFAULT_SKIN
    last = [int(moments[-1])]
    for after, sums in _launches(*settings, states, schedule, first, last, observation):
        # Of the moments that are not in this launch there are zeros.
        found = [blocks.whole_numbers(x) for x in sums]
        total = found if total is None else [x + y for x, y in zip(total, found, strict=True)]
        states = after
    return states, blocks.sums_of(total, _unit_of_length(model))


def _unit_of_length(model: Model) -> float:
    """Of what is observed; the same on all cards."""
    pairs = interaction(model)
    assert not isinstance(pairs, str)
    return blocks.make_plan(pairs, model.n_particles, model.dimension, card=blocks.cards()[0]).length


def _on_cards(arrays: Any, mesh: Mesh | None, replicated: bool = False) -> Any:
    if mesh is None:
        return jax.device_put(arrays, jax.local_devices(backend=blocks.BACKEND)[0])
    spec = PartitionSpec() if replicated else PartitionSpec(mesh.axis_names[0])
    return jax.device_put(arrays, NamedSharding(mesh, spec))


def _launches(
    model: Model,
    ensemble: Ensemble,
    dt: float,
    skin: float,
    states: State,
    schedule: Schedule,
    first: int,
    targets: Iterable[int],
    observation: Observation | None = None,
) -> Iterator[tuple[State, Any]]:
    """The states after each launch on the way to the last target, and what it observed, for each card."""
    mesh = mesh_of(len(states.step), blocks.BACKEND)
    room = _expected_room(model, skin, states)
    made, steps = first, _expected_steps(states)
    for target in targets:
        while made < target:
            began, last = time.monotonic(), min(target, made + steps)
            launch = partial(advance, model, ensemble, dt, skin, room, mesh, states, schedule)
            moved, reached, status, longest, sums = _wait(launch, made, last, observation)
            if (np.asarray(status) == blocks.LIST_FULL).any():
                room = _with_room(model, skin, room, int(np.asarray(longest).max()))
                continue
            check_progress(model, ensemble, reached, status)
            # The first launch of its kind takes longer, as it is compiled.
            factor = LAUNCH_SECONDS / max(time.monotonic() - began, 1e-3)
            steps = max(1, round((last - made) * min(max(factor, 1 / 4), 4)))
            states, made = moved, last
            yield states, sums


def _expected_steps(states: State) -> int:
    """Steps of the first launch."""
    batch, n = states.velocity.shape[:2]
    systems_of_each = math.ceil(batch / sum(card.multiprocessors for card in blocks.cards()))
    return max(1, int(LAUNCH_SECONDS / 2 * PARTICLE_STEPS_PER_SECOND / (systems_of_each * n)))


def _expected_room(model: Model, skin: float, states: State) -> int:
    room = max(expected_room(model, states.box, skin), _known_room.get((model, skin), 0))
    return min(room, blocks.MOST_ROOM)


def _with_room(model: Model, skin: float, room: int, longest: int) -> int:
    if longest > blocks.MOST_ROOM or longest <= room:
        raise SimulationError(
            f"expected lists of {blocks.MOST_ROOM} neighbours at most, got a particle with {longest} others "
            "within reach; try a smaller skin, a lower density, or engine='jax'"
        )
    room = min(room_for(longest), blocks.MOST_ROOM)
    logger.info("lists of the CUDA kernels grow to %d neighbours", room)
    _known_room[model, skin] = room
    return room


def _wait(launch: Callable[..., Any], *arguments: Any) -> tuple[State, Any, Any, Any, Any]:
    """What a launch returns, when it is done; SimulationError, with a remedy, where the card could not run it."""
    try:
        return jax.block_until_ready(launch(*arguments))
    except RuntimeError as error:
        said = str(error)
        if "RESOURCE_EXHAUSTED" in said:
            said = "there is not enough memory on the card for these systems; try fewer at once"
        elif found := re.search(r"tdaglass: (.*)", said):
            said = found[1]
        elif isinstance(error, jax.errors.JaxRuntimeError):
            raise
        raise SimulationError(said if "; try" in said else f"{said}; try engine='jax'") from error


@partial(jax.jit, static_argnames=("model", "ensemble", "dt", "skin", "room", "mesh"))
def advance(
    model: Model,
    ensemble: Ensemble,
    dt: float,
    skin: float,
    room: int,
    mesh: Mesh | None,
    states: State,
    schedule: Schedule,
    first: int | Int[Array, ""],
    last: int | Int[Array, ""],
    observation: Observation | None = None,
) -> tuple[State, Int[Array, " batch"], Int[Array, " batch"], Int[Array, " batch"], Any]:
    """Make steps `first` to `last` of a schedule on a batch (the leading axis), observing replicas if asked to.

    Returns
    -------
    State
    made, status, longest : (batch,)
        See `blocks.advance`.
    ExactSums with an axis for the cards in front, or None
    """
    pairs = interaction(model)
    assert not isinstance(pairs, str), pairs  # `why_not` was asked

    def share(
        states: State, schedule: Schedule, first: Array, last: Array, observation: Observation | None
    ) -> tuple[State, Array, Array, Array, Any]:
        moved, made, status, longest, sums = blocks.advance(
            *systems(states, schedule, first, last),
            observation,
            interaction=pairs,
            thermostat=ensemble == "nvt",
            dt=dt,
            skin=skin,
            room=room,
        )
        sums = jax.tree.map(lambda x: x[None], sums)
        return moved_states(states, moved, made - first), made, status, longest, sums

    if mesh is not None:
        split, same = PartitionSpec(mesh.axis_names[0]), PartitionSpec()
        specs = (split, split, same, same, same)
        share = jax.shard_map(share, mesh=mesh, in_specs=specs, out_specs=split, check_vma=False)
    return share(states, schedule, jnp.int32(first), jnp.int32(last), observation)
