"""Who finds the collisions: the CPU kernels, or the same in pure JAX, which is twenty to fifty times slower."""

from functools import partial
from typing import Any, Literal

import jax
import numpy as np
from jaxtyping import Array, Int, UInt

from tdaglass import kernels
from tdaglass.glass.errors import SimulationError
from tdaglass.glass.hard_spheres import reference
from tdaglass.glass.hard_spheres.doubles import to_words
from tdaglass.glass.hard_spheres.state import TICK, TICKS_PER_EPOCH, Spheres
from tdaglass.glass.models.hard_spheres import HardSpheres
from tdaglass.kernels.hard_spheres import STATUS, Flights, Meetings
from tdaglass.kernels.molecular_dynamics import Observation, Sums

Engine = Literal["auto", "jax", "cpu"]
# For each particle in a tick, on the average; a dense liquid has less than one.
MOST_EVENTS = 10_000


def choose_engine(engine: Engine) -> Literal["cpu", "jax"]:
    """The engine asked for, or for "auto" the kernels wherever they were built.

    Raises
    ------
    ValueError
        If the kernels were asked for, and are not there.
    """
    if engine not in ("auto", "jax", "cpu"):
        raise ValueError(f"expected engine 'auto', 'jax' or 'cpu', got {engine!r}; try engine='auto'")
    if engine == "cpu" and kernels.WHY_NOT:
        raise ValueError(f"expected hard spheres for engine 'cpu', but {kernels.WHY_NOT}")
    return "jax" if engine == "jax" or kernels.WHY_NOT else "cpu"


def describe_engine(engine: Engine = "auto") -> str:
    """The engine that `choose_engine` chooses, in words for a record.

    Examples
    --------
    >>> describe_engine("jax")
    'JAX, event by event'
    """
    chosen = choose_engine(engine)
    return (
        f"CPU kernels for {kernels.built_for()}, event by event" if chosen == "cpu" else "JAX, event by event"
    )


def advance(
    spheres: Spheres,
    model: HardSpheres,
    last: int,
    *,
    engine: Engine,
    observation: Observation | None = None,
    meetings: int = 0,
    tick: float = TICK,
    growth: float = 0.0,
    ticks_per_epoch: int = TICKS_PER_EPOCH,
    most_events: int = MOST_EVENTS,
) -> tuple[Spheres, Meetings, Sums | None]:
    """A batch (one leading axis) at tick `last`; see `kernels.hard_spheres.advance`.

    Raises
    ------
    SimulationError
        If a system cannot go on; which, and why.
    """
    batch = spheres.tick.shape
    clock = to_words(np.broadcast_to([tick, growth], (*batch, 2)))
    settings: dict[str, Any] = {
        "masses": model.masses,
        "ticks_per_epoch": ticks_per_epoch,
        "most_events": most_events,
        "meetings": meetings,
    }
    stop = np.full(batch, last, np.int32)
    # Loops of the host, whatever else there is; the kernels spread the systems over the processors themselves.
    spheres, clock, stop, observation = jax.device_put(
        (spheres, clock, stop, observation), jax.local_devices(backend="cpu")[0]
    )
    if choose_engine(engine) == "cpu":
        found = _advance_kernels(
            spheres, clock, stop, observation, threads=kernels.thread_count(), **settings
        )
    else:
        found = reference.advance(spheres, clock, stop, **settings)
    flights, made, status, met, sums = found
    _check(model, made, status, tick)
    return spheres._replace(flights=flights, tick=made), met, sums


@partial(jax.jit, static_argnames=("masses", "ticks_per_epoch", "most_events", "meetings", "threads"))
def _advance_kernels(
    spheres: Spheres,
    clock: UInt[Array, "batch 2 2"],
    stop: Int[Array, " batch"],
    observation: Observation | None,
    **settings: Any,
) -> tuple[Flights, Int[Array, " batch"], Int[Array, " batch"], Meetings, Sums | None]:
    flights, species, diameters, box, first = spheres
    return kernels.hard_spheres.advance(
        flights, species, diameters, box, clock, first, stop, observation, **settings
    )


def _check(model: HardSpheres, made: Int[Array, " batch"], status: Int[Array, " batch"], tick: float) -> None:
    failed = np.flatnonzero(np.asarray(status))
    if len(failed):
        k = failed[0]
        raise SimulationError(
            f"the {model.name} stopped in system {k} after {int(made[k]) * tick:.4g} time units: "
            f"{STATUS[int(status[k])]}"
        )
