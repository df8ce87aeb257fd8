"""Running a liquid: constant energy, temperature or pressure, cooling, and recorded trajectories.

Host-level functions around the compiled engine. A batch of systems (a `State` with leading axes) runs as one
program, split over the local devices where their number divides it. Neighbour tables that overflow stop the
engine before a step is taken with them; the capacity grows here, outside jit, and the run goes on from where
it stopped.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float, Int

from tdaglass import kernels
from tdaglass.configuration import Configuration
from tdaglass.glass import engine as jax_engine
from tdaglass.glass import native
from tdaglass.glass.engine import (
    BOX_TOO_SMALL,
    INCOMPLETE_TABLE,
    RUNNING,
    Schedule,
    Settings,
    Thermo,
)
from tdaglass.glass.integrators import Ensemble
from tdaglass.glass.models import PairModel
from tdaglass.glass.potentials import check_box
from tdaglass.glass.state import State, check_temperature
from tdaglass.progress import progress as progress_bar
from tdaglass.space import Grid, choose_grid

logger = logging.getLogger(__name__)

Engine = Literal["auto", "native", "jax"]
Bath = float | Float[Array, "*batch"] | Float[np.ndarray, "*batch"]

DEFAULT_DT = 0.005
DEFAULT_SKIN = 0.3
# A table for all replicas takes longer to build and is read faster than tables of their own; that pays until it is
# about three times as long as they are, which is twice the room they are given.
SHARED_SKIN = 0.45
SHARED_LIMIT = 2


class SimulationError(RuntimeError):
    """A simulation that cannot go on; the message says what to change."""


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
    model: PairModel,
    steps: int,
    *,
    temperature: Bath | None = None,
    pressure: Bath | None = None,
    dt: float = DEFAULT_DT,
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
    model : PairModel
    steps : int
    temperature : energy units, one number or one for each system of the batch
        Of the bath (``nvt``, ``npt``).
    pressure : energy / length**dim, likewise
        Of the bath (``npt``).
    dt : time units
    ensemble : "nvt", "nve" or "npt"
    skin : length units, optional
        Margin of the neighbour tables; changes the speed, never the result. None chooses it.
    engine : "auto", "native" or "jax"
        "native" are the CPU kernels (float32, ``nve`` and ``nvt``), "jax" runs everything everywhere; both solve
        the same equations, to rounding.
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
    schedule = _schedule(state, ensemble, temperature, pressure)
    return _run(state, model, steps, schedule, dt, ensemble, skin, engine, progress)


def cool(
    state: State,
    model: PairModel,
    *,
    start: float,
    stop: float,
    rate: float,
    snapshots: tuple[float, ...] = (),
    dt: float = DEFAULT_DT,
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
    if not rate > 0:
        raise ValueError(f"expected a positive cooling rate, got {rate}; try 1e-4 (temperature per time)")
    check_temperature(stop)
    direction = -1 if stop < start else 1
    distance = [direction * (t - start) for t in (*snapshots, stop)]
    if distance != sorted(distance) or distance[0] < 0:
        raise ValueError(
            f"expected snapshots between {start} and {stop} in the order they are passed, got {snapshots}; "
            f"try {tuple(sorted(snapshots, reverse=direction < 0))}"
        )
    schedule = _schedule(state, ensemble, start, pressure)
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


def trajectory(
    state: State,
    model: PairModel,
    steps: int,
    *,
    every: int,
    temperature: Bath | None = None,
    pressure: Bath | None = None,
    dt: float = DEFAULT_DT,
    ensemble: Ensemble = "nvt",
    skin: float | None = None,
    engine: Engine = "auto",
    progress: str | None = None,
) -> tuple[State, Trajectory]:
    """Run and record unwrapped positions and thermodynamics every `every` steps, the start included.

    The frames are kept in the host's memory. See `run` for the parameters and errors.
    """
    if every < 1 or steps < 0 or steps % every:
        raise ValueError(f"expected steps as a multiple of every, got {steps} and {every}; try every={steps}")
    schedule = _schedule(state, ensemble, temperature, pressure)
    frames = []
    made = np.arange(0, steps + 1, every)
    for k in _bar(range(len(made)), progress):
        if k:
            state = _run(state, model, every, schedule, dt, ensemble, skin, engine, None)
        configuration = state.configuration
        record = (configuration.positions, configuration.box, measure(state, model))
        frames.append(jax.tree.map(np.asarray, record))
    positions, box, thermo = jax.tree.map(lambda *x: np.stack(x), *frames)
    return state, Trajectory(made, positions, box, thermo)


def measure(state: State, model: PairModel) -> Thermo:
    """Energies, temperature and pressure of a state (or of each system of a batch)."""
    _check_state(model, state)
    batch, flat = _flatten(state)
    settings = engine_settings(model, state, "nve", DEFAULT_DT)
    while True:
        thermo, incomplete, longest = jax_engine.thermo(settings, flat)
        if not incomplete:
            return jax.tree.map(lambda x: x.reshape(batch), thermo)
        settings = with_room(settings, int(longest), flat.box)


def _run(
    state: State,
    model: PairModel,
    steps: int,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
    skin: float | None,
    engine: Engine,
    label: str | None,
    first: int = 0,
) -> State:
    """Steps `first` to `first + steps` of a schedule."""
    if steps < 0:
        raise ValueError(f"expected zero or more steps, got {steps}; try steps=1000")
    if not dt > 0:
        raise ValueError(f"expected a positive time step, got {dt}; try {DEFAULT_DT}")
    _check_state(model, state)
    batch, flat = _flatten(state)
    # Pieces only so that the bar moves: the result does not depend on them.
    pieces = 100 if label else 1
    end = first + steps
    targets = sorted({first + math.ceil(steps * (k + 1) / pieces) for k in range(pieces)})
    if choose_engine(engine, model, state, ensemble) == "native":
        flat = _run_native(flat, model, schedule, dt, ensemble, skin, first, _bar(targets, label))
        return jax.tree.map(lambda x: x.reshape(batch + x.shape[1:]), flat)
    settings = separate = engine_settings(model, state, ensemble, dt, skin)
    if _could_share_a_table(settings, flat):
        settings = engine_settings(model, state, ensemble, dt, skin, shared_table=True)
    mesh = _mesh(len(flat.step))
    shares = 1 if mesh is None else mesh.size
    if mesh is not None:
        split = NamedSharding(mesh, PartitionSpec(mesh.axis_names[0]))
        flat, schedule = jax.device_put((flat, schedule), split)
    made = np.full(shares, first, np.int32)
    for target in _bar(targets, label):
        while made.min() < target:
            flat, progress = jax_engine.advance(
                settings, mesh, flat, schedule, jnp.asarray(made), jnp.full(shares, target, jnp.int32)
            )
            made, status = np.asarray(progress.made), np.asarray(progress.status)
            if (status == INCOMPLETE_TABLE).any():
                # Replicas that have drifted too far apart for one table get tables of their own.
                longest = int(progress.longest.max())
                settings = separate if settings.shared_table else with_room(settings, longest, flat.box)
            elif (status == BOX_TOO_SMALL).any():
                raise SimulationError(
                    f"expected box edges of at least twice the longest cut-off ({2 * model.longest_cutoff:.4g}), "
                    f"but {model.name} shrank below after {int(made.min())} of {end} steps; try more particles, "
                    "or a lower pressure"
                )
            elif (status != RUNNING).any():
                raise SimulationError(
                    f"expected particles to move less than half the skin in a step, but the {ensemble} dynamics "
                    f"of {model.name} exploded after {int(made.min())} of {end} steps; try a time step below "
                    f"{dt:g}, or glass.minimize before the run"
                )
    return jax.tree.map(lambda x: x.reshape(batch + x.shape[1:]), flat)


def choose_engine(
    engine: Engine, model: PairModel, state: State, ensemble: Ensemble
) -> Literal["native", "jax"]:
    """The engine that runs a state: the one that was asked for, or for "auto" the one that suits it.

    Raises
    ------
    ValueError
        If "native" was asked for and cannot run it; the message says why.
    """
    if engine not in ("auto", "native", "jax"):
        raise ValueError(f"expected engine 'auto', 'native' or 'jax', got {engine!r}; try engine='auto'")
    if engine != "native":
        return "jax"
    reason = native.why_not(model, state, ensemble)
    if reason:
        raise ValueError(f"expected a simulation for engine 'native', but {reason}")
    return "native"


def _run_native(
    flat: State,
    model: PairModel,
    schedule: Schedule,
    dt: float,
    ensemble: Ensemble,
    skin: float | None,
    first: int,
    targets: Iterator[int],
) -> State:
    """The steps up to every target on the CPU kernels."""
    skin = native.DEFAULT_SKIN if skin is None else skin
    if not skin > 0:
        raise ValueError(f"expected a positive skin, got {skin}; try {native.DEFAULT_SKIN}")
    # The kernels spread the systems over the processors themselves.
    flat, schedule = jax.device_put((flat, schedule), jax.local_devices(backend="cpu")[0])
    made = first
    for target in targets:
        flat, reached, status = native.advance(
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
                f"the {ensemble} dynamics of {model.name} stopped in system {k} after {int(reached[k])} of "
                f"{target} steps: {kernels.STATUS[int(status[k])]}"
            )
        made = target
    return flat


def _bar(items: Sequence[int], label: str | None) -> Iterator[int]:
    return progress_bar(items, label or "", enabled=None if label else False)


def _flatten(state: State) -> tuple[tuple[int, ...], State]:
    """Batch shape, and the state with that batch as one leading axis."""
    batch = state.step.shape
    return batch, jax.tree.map(lambda x: x.reshape((-1,) + x.shape[len(batch) :]), state)


def _could_share_a_table(settings: Settings, flat: State) -> bool:
    """Whether a batch is of several systems that could be replicas of one."""
    species = np.asarray(flat.species)
    return settings.grid is None and len(species) > 1 and bool((species == species[0]).all())


def _check_state(model: PairModel, state: State) -> None:
    """Raise ValueError, with a remedy, if a state is not one of the model."""
    if state.position.shape[-2:] != (model.n_particles, model.dimension):
        raise ValueError(
            f"expected a state of {model.n_particles} particles in {model.dimension} dimensions for {model.name}, "
            f"got positions of shape {state.position.shape[-2:]}; try the model that it was initialized with"
        )
    check_box(model, state.box)


def _schedule(state: State, ensemble: Ensemble, temperature: Bath | None, pressure: Bath | None) -> Schedule:
    if ensemble not in ("nve", "nvt", "npt"):
        raise ValueError(f"expected ensemble 'nve', 'nvt' or 'npt', got {ensemble!r}; try 'nvt'")
    if ensemble != "nve" and temperature is None:
        raise ValueError(f"expected a temperature for ensemble {ensemble!r}, got None; try temperature=1.0")
    if ensemble == "npt" and pressure is None:
        raise ValueError("expected a pressure for ensemble 'npt', got None; try pressure=1.0")
    check_temperature(0.0 if temperature is None else temperature)
    batch, dtype = state.step.shape, state.velocity.dtype

    def each(value: Bath | None) -> Array:
        value = jnp.asarray(0.0 if value is None else value, dtype)
        return jnp.broadcast_to(value, batch).reshape(-1)

    return Schedule(each(temperature), jnp.zeros_like(each(None)), each(pressure))


# Slots that turned out to be needed, so that the next call starts with them.
_known_capacity: dict[tuple[PairModel, float], int] = {}


def engine_settings(
    model: PairModel,
    state: State,
    ensemble: Ensemble,
    dt: float,
    skin: float | None = None,
    *,
    shared_table: bool = False,
) -> Settings:
    """Settings of the compiled engine, with room for the neighbours expected at the density."""
    if skin is None:
        skin = SHARED_SKIN if shared_table else DEFAULT_SKIN
    if not skin > 0:
        raise ValueError(f"expected a positive skin, got {skin}; try {DEFAULT_SKIN}")
    box = np.asarray(state.box, dtype=np.float64).reshape(-1, model.dimension)
    reach = model.longest_cutoff + skin
    ball = math.pi * reach**2 if model.dimension == 2 else 4 / 3 * math.pi * reach**3
    expected = model.n_particles / float(np.prod(box, axis=1).min()) * ball
    capacity = min(8 * math.ceil((1.3 * expected + 8) / 8), model.n_particles)
    capacity = max(capacity, _known_capacity.get((model, skin), 0))
    if shared_table:
        capacity = min(SHARED_LIMIT * capacity, model.n_particles)
    return Settings(model, ensemble, dt, skin, capacity, _grid(model, skin, state.box), shared_table)


def _grid(model: PairModel, skin: float, box: Float[Array, "*batch dim"]) -> Grid | None:
    smallest = np.asarray(box, dtype=np.float64).reshape(-1, model.dimension).min(0)
    return choose_grid(model.n_particles, tuple(smallest), model.longest_cutoff + skin)


def with_room(settings: Settings, longest: int, box: Float[Array, "*batch dim"]) -> Settings:
    """Settings with room for what was found, and some more; `box` is the present one."""
    grid = settings.grid
    if longest <= settings.capacity and grid is not None:
        renewed = _grid(settings.model, settings.skin, box)
        unchanged = renewed is not None and renewed.shape == grid.shape
        # Cells that a changed box has outdated are cut anew; otherwise one of them was full.
        grid = grid._replace(capacity=math.ceil(1.3 * grid.capacity)) if unchanged else renewed
    capacity = max(settings.capacity, min(8 * math.ceil((1.1 * longest + 4) / 8), settings.model.n_particles))
    logger.info("neighbour tables grow from %d to %d slots", settings.capacity, capacity)
    _known_capacity[settings.model, settings.skin] = capacity
    return settings._replace(capacity=capacity, grid=grid)


def _mesh(n_systems: int) -> Mesh | None:
    """The local devices to split a batch over; None where one device runs it all."""
    devices = jax.local_devices()
    shares = max(k for k in range(1, len(devices) + 1) if n_systems % k == 0)
    return Mesh(np.array(devices[:shares]), ("systems",)) if shares > 1 else None
