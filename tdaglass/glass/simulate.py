"""Running a liquid: constant energy, temperature or pressure, cooling, and recorded trajectories.

Host-level functions around the engines, which run a batch of systems (a `State` with leading axes) as one.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from tdaglass import arguments
from tdaglass.configuration import Configuration
from tdaglass.glass.accept import check_temperature
from tdaglass.glass.contract import Model
from tdaglass.glass.models.composition import check_box
from tdaglass.glass.molecular_dynamics.baths import Bath, Ensemble, Schedule, make_schedule
from tdaglass.glass.molecular_dynamics.engines import KERNELS, Engine, choose_engine
from tdaglass.glass.molecular_dynamics.state import State, check_state
from tdaglass.glass.molecular_dynamics.table_capacity import engine_settings, with_room
from tdaglass.glass.molecular_dynamics.thermo import Thermo, thermo
from tdaglass.progress import progress as progress_bar


class Trajectory(NamedTuple):
    """What `trajectory` recorded, frames leading.

    Attributes
    ----------
    step : (frames,) steps since the start of the recording
    positions : (frames, ..., particles, dim), unwrapped, length units
    box : (frames, ..., dim)
    thermo : Thermo of (frames, ...)
    """

    step: Int[np.ndarray, " frames"]
    positions: Float[np.ndarray, "frames *batch particles dim"]
    box: Float[np.ndarray, "frames *batch dim"]
    thermo: Thermo


def run(
    state: State,
    model: Model,
    steps: int,
    *,
    temperature: Bath | None = None,
    pressure: Bath | None = None,
    dt: float | None = None,
    ensemble: Ensemble = "nvt",
    skin: float | None = None,
    engine: Engine = "auto",
    progress: str | None = None,
) -> State:
    """Make `steps` time steps.

    ``nve`` is velocity Verlet; ``nvt`` adds a Nose-Hoover chain of three links with a period of 100 steps; ``npt``
    is isotropic Martyna-Tobias-Klein dynamics with a second chain, of 1000 steps, on the box. The result does not
    depend on how the steps are divided into calls, on the batch, or on the number of devices: bit for bit.

    Parameters
    ----------
    state : State
        Of one system, or a batch with leading axes.
    model : Model
    steps : int
    temperature : energy units, one number or one for each system of the batch
        Of the bath (``nvt``, ``npt``).
    pressure : energy / length**dim, likewise
        Of the bath (``npt``).
    dt : time units, optional
        None takes the model's: 0.005 in reduced units, 2 fs for metals, 0.5 fs for bond orders.
    ensemble : "nvt", "nve" or "npt"
    skin : length units, optional
        Margin of the neighbour tables; changes the speed, never the result. None chooses it.
    engine : "auto", "jax", "cpu" or "cuda"
        "cpu" and "cuda" are the kernels of a CPU and of NVIDIA's cards (float32; on cards no ``npt``), "jax" runs
        everything everywhere; all solve the same equations, to rounding. "auto" takes the kernels of the device
        that JAX computes on wherever they can run.
    progress : str, optional
        Label of a progress bar; none is shown without it.

    Returns
    -------
    State
        After the steps; positions stay unwrapped.

    Raises
    ------
    ValueError
        For negative steps or temperatures, a missing bath, a box smaller than twice the cut-off.
    SimulationError
        If the dynamics explodes, or the box shrinks below twice the cut-off (``npt``).

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> state = glass.initialize(jax.random.key(0), model, temperature=2.0)
    >>> state = glass.run(state, model, 100, temperature=2.0)
    >>> int(state.step)
    100
    """
    schedule = make_schedule(state, ensemble, temperature, pressure)
    return _run(state, model, steps, schedule, dt, ensemble, skin, engine, progress)


def cool(
    state: State,
    model: Model,
    *,
    start: float,
    stop: float,
    rate: float,
    snapshots: tuple[float, ...] = (),
    dt: float | None = None,
    ensemble: Literal["nvt", "npt"] = "nvt",
    pressure: Bath | None = None,
    skin: float | None = None,
    engine: Engine = "auto",
    progress: str | None = None,
) -> tuple[State, Configuration]:
    """Cool (or heat) at a constant rate, keeping configurations at given temperatures.

    Parameters
    ----------
    start, stop : energy units
        Temperatures of the bath at the beginning and at the end.
    rate : temperature / time, positive
    snapshots : temperatures between `start` and `stop`, in the order in which they are passed

    Returns
    -------
    State
        At `stop`.
    Configuration
        The snapshots, unwrapped, with a leading axis of the length of `snapshots`.

    Raises
    ------
    ValueError
        For a rate that is not positive, or snapshots outside the ramp or out of order.

    See Also
    --------
    run : the other parameters and errors.
    """
    rate = arguments.positive(rate, "cooling rate", "1e-4 (temperature per time)")
    dt = time_step(model, dt)
    for temperature in (start, stop):
        check_temperature(temperature)
    check_snapshots(start, stop, snapshots)
    direction = -1 if stop < start else 1
    distance = [direction * (t - start) for t in (*snapshots, stop)]
    schedule = make_schedule(state, ensemble, start, pressure)
    schedule = schedule._replace(slope=jnp.full_like(schedule.slope, direction * rate * dt))
    stops = [round(d / (rate * dt)) for d in distance]
    configurations = []
    made = 0
    for k, last in enumerate(stops):
        state = _run(state, model, last - made, schedule, dt, ensemble, skin, engine, progress, first=made)
        made = last
        if k < len(snapshots):
            configurations.append(state.configuration)
    if not configurations:
        return state, jax.tree.map(lambda x: x[None][:0], state.configuration)
    return state, jax.tree.map(lambda *x: jnp.stack(x), *configurations)


def check_snapshots(start: float, stop: float, snapshots: tuple[float, ...]) -> None:
    """Raise ValueError, with a remedy, if a ramp does not pass these temperatures in their order."""
    direction = -1 if stop < start else 1
    distance = [direction * (t - start) for t in (*snapshots, stop)]
    if not np.isfinite(distance).all() or distance != sorted(distance) or distance[0] < 0:
        raise ValueError(
            f"expected snapshots between {start} and {stop} in the order they are passed, got {snapshots}; "
            f"try {tuple(sorted(snapshots, reverse=direction < 0))}"
        )


def trajectory(
    state: State,
    model: Model,
    steps: int,
    *,
    every: int,
    temperature: Bath | None = None,
    pressure: Bath | None = None,
    dt: float | None = None,
    ensemble: Ensemble = "nvt",
    skin: float | None = None,
    engine: Engine = "auto",
    progress: str | None = None,
) -> tuple[State, Trajectory]:
    """Run and record unwrapped positions and thermodynamics every `every` steps, the start included.

    The frames are kept in the host's memory. See `run` for the parameters and errors.
    """
    every, steps = arguments.whole(every, "every", least=1), arguments.whole(steps, "steps", least=0)
    if steps % every:
        raise ValueError(f"expected steps as a multiple of every, got {steps} and {every}; try every={steps}")
    schedule = make_schedule(state, ensemble, temperature, pressure)
    frames = []
    made = np.arange(0, steps + 1, every)
    for k in _bar(range(len(made)), progress):
        if k:
            state = _run(state, model, every, schedule, dt, ensemble, skin, engine, None)
        frames.append(frame_of(state, model, int(made[k])))
    return state, jax.tree.map(lambda *x: np.stack(x), *frames)


def frame_of(state: State, model: Model, step: int) -> Trajectory:
    """One frame, in the host's memory."""
    configuration = state.configuration
    positions, box = np.asarray(configuration.positions), np.asarray(configuration.box)
    return Trajectory(np.asarray(step), positions, box, jax.tree.map(np.asarray, measure(state, model)))


def measure(state: State, model: Model) -> Thermo:
    """Energies, temperature and pressure of a state (or of each system of a batch)."""
    _check_state(model, state)
    batch, flat = flatten(state)
    settings = engine_settings(model, state, "nve", model.time_step)
    while True:
        record, incomplete, longest = thermo(settings, flat)
        if not incomplete:
            return jax.tree.map(lambda x: x.reshape(batch), record)
        settings = with_room(settings, int(longest), flat.box)


def time_step(model: Model, dt: float | None) -> float:
    """The time step asked for, which must be positive, or the model's."""
    return model.time_step if dt is None else arguments.positive(dt, "time step", f"{model.time_step}")


def _run(
    state: State,
    model: Model,
    steps: int,
    schedule: Schedule,
    dt: float | None,
    ensemble: Ensemble,
    skin: float | None,
    engine: Engine,
    label: str | None,
    first: int = 0,
) -> State:
    """Steps `first` to `first + steps` of a schedule."""
    steps = arguments.whole(steps, "steps", least=0)
    dt = time_step(model, dt)
    if skin is not None:
        skin = arguments.positive(skin, "skin", "skin=None, which chooses it")
    _check_state(model, state)
    batch, flat = flatten(state)
    # Pieces only so that the bar moves: the result does not depend on them.
    pieces = 100 if label else 1
    targets = sorted({first + math.ceil(steps * (k + 1) / pieces) for k in range(pieces)})
    settings = flat, model, schedule, dt, ensemble, skin, first, _bar(targets, label)
    chosen = choose_engine(engine, model, ensemble, state.velocity.dtype)
    if chosen != "jax":
        flat = KERNELS[chosen].run(*settings)
    else:
        from tdaglass.glass.molecular_dynamics.engines import (
            jax_engine,  # with jax-md, which takes seconds to import
        )

        flat = jax_engine.run(*settings)
    return jax.tree.map(lambda x: x.reshape(batch + x.shape[1:]), flat)


def _bar(items: Sequence[int], label: str | None) -> Iterator[int]:
    return progress_bar(items, label or "", enabled=None if label else False)


def flatten(state: State) -> tuple[tuple[int, ...], State]:
    """Batch shape, and the state with that batch as one leading axis."""
    batch = state.step.shape
    return batch, jax.tree.map(lambda x: x.reshape((-1,) + x.shape[len(batch) :]), state)


def _check_state(model: Model, state: State) -> None:
    """Raise ValueError, with a remedy, if a state is not one of the model."""
    check_state(state)
    if state.position.shape[-2:] != (model.n_particles, model.dimension):
        raise ValueError(
            f"expected a state of {model.n_particles} particles in {model.dimension} dimensions for {model.name}, "
            f"got positions of shape {state.position.shape[-2:]}; try the model that it was initialized with"
        )
    check_box(state.box, model.reach)
