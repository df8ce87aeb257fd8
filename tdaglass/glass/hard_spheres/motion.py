"""Running hard spheres: on by some time, in parts that are kept, or collision by collision."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from tdaglass import arguments
from tdaglass.checkpoints import Keep
from tdaglass.glass.hard_spheres.doubles import from_words
from tdaglass.glass.hard_spheres.engines import MOST_EVENTS, Engine, advance
from tdaglass.glass.hard_spheres.state import TICK, Spheres
from tdaglass.glass.models.hard_spheres import HardSpheres
from tdaglass.progress import progress as progress_bar

MOST_TICKS = 2**31 - 1


class Collisions(NamedTuple):
    """Who met whom, in order.

    Attributes
    ----------
    times : (collisions,), time units since the beginning
    pairs : (collisions, 2), the smaller index first
    """

    times: Float[np.ndarray, " collisions"]
    pairs: Int[np.ndarray, "collisions 2"]


def run(
    spheres: Spheres,
    model: HardSpheres,
    time: float,
    *,
    engine: Engine = "auto",
    most_events: int = MOST_EVENTS,
    progress: str | None = None,
) -> Spheres:
    """Let hard spheres move for some time, at constant energy.

    The result does not depend on how the time is divided into calls, on the batch, or on the number of threads:
    bit for bit.

    Parameters
    ----------
    spheres : Spheres
        One system, or a batch with leading axes.
    model : HardSpheres
    time : time units
        Rounded to whole ticks of 0.01.
    engine : "auto", "jax" or "cpu"
        "cpu" are the CPU kernels, "jax" the same in pure JAX, twenty to fifty times slower; both in double
        precision. "auto" takes the kernels where they were built.
    most_events : int
        For each particle in a tick, on the average; more stop the run, as where spheres are jammed.
    progress : str, optional
        Label of a progress bar; none is shown without it.

    Returns
    -------
    Spheres

    Raises
    ------
    ValueError
        For a negative time, or spheres of another model.
    SimulationError
        If there are too many collisions.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.4)
    >>> spheres = glass.initialize(jax.random.key(0), model, 1.0)
    >>> spheres = glass.hard_spheres.run(spheres, model, 2.0)
    >>> float(spheres.time)
    2.0
    """
    ticks, made = whole_ticks(time), _tick_of(spheres, model)
    if made + ticks > MOST_TICKS:
        raise ValueError(
            f"expected less than {MOST_TICKS * TICK:.3g} time units in all, got {time}; try fewer"
        )
    pieces = 100 if progress else 1
    targets = sorted({made + ticks * (k + 1) // pieces for k in range(pieces)})
    batch = spheres.tick.shape
    flat = jax.tree.map(lambda x: x.reshape((-1,) + x.shape[len(batch) :]), spheres)
    for target in progress_bar(targets, progress or "", enabled=None if progress else False):
        flat, *_ = advance(flat, model, target, engine=engine, most_events=most_events)
    return jax.tree.map(lambda x: x.reshape(batch + x.shape[1:]), flat)


def run_in_parts(
    spheres: Spheres,
    model: HardSpheres,
    time: float,
    *,
    keep: Keep,
    name: str,
    part: float = 1000.0,
    progress: bool | None = None,
    **settings: Any,
) -> Spheres:
    """The same as `run`, every part of the way kept under its own name.

    Parameters
    ----------
    spheres, model, time
        As for `run`.
    keep : callable ``(name, compute) -> result``
        Such as `Run.chunk`: returns the part of that name if it is finished, else computes and stores it.
    name : str
        Of the run; parts are called after it and the ticks made.
    part : time units
        Between two states kept.
    progress : bool, optional
        Whether to show a bar; None leaves it to the terminal.
    **settings
        Of `run`: engine, most_events.

    Returns
    -------
    Spheres

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.4)
    >>> parts = {}
    >>> end = run_in_parts(glass.initialize(jax.random.key(0), model, 1.0), model, 1.0, part=0.5, name="hard",
    ...                    keep=lambda name, compute: parts.setdefault(name, compute()))
    >>> list(parts)
    ['hard-50', 'hard-100']
    """
    ticks, of_part = whole_ticks(time), max(whole_ticks(part), 1)
    made = 0
    for end in progress_bar([*range(of_part, ticks, of_part), ticks], name, enabled=progress):

        def compute(spheres: Spheres = spheres, todo: int = end - made) -> Spheres:
            return run(spheres, model, todo * TICK, **settings)

        spheres = jax.tree.map(jnp.asarray, keep(f"{name}-{end}", compute))
        made = end
    return spheres


def collisions(
    spheres: Spheres, model: HardSpheres, count: int, *, time: float = 1.0, engine: Engine = "auto"
) -> Collisions:
    """The next collisions of one system, one by one.

    Parameters
    ----------
    spheres : Spheres
        One system.
    model : HardSpheres
    count : int
        How many, or fewer if the time is over before.
    time : time units
    engine : "auto", "jax" or "cpu"

    Returns
    -------
    Collisions

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.binary_hard_spheres(64, 0.4)
    >>> met = collisions(glass.initialize(jax.random.key(0), model, 1.0), model, 10)
    >>> met.pairs.shape, bool((met.times[1:] >= met.times[:-1]).all())
    ((10, 2), True)
    """
    target = _tick_of(spheres, model) + whole_ticks(time)
    one = jax.tree.map(lambda x: x[None], spheres)
    _, met, _ = advance(one, model, target, engine=engine, meetings=arguments.whole(count, "count", least=1))
    pairs = np.asarray(met.pair[0])
    there = pairs[:, 0] >= 0
    return Collisions(from_words(met.time[0])[there], pairs[there])


def whole_ticks(time: float) -> int:
    """Of `TICK`, rounded; ValueError for a time that is negative or no number."""
    value = arguments.number(time, "time")
    if not 0 <= value <= MOST_TICKS * TICK:
        raise ValueError(f"expected a time of 0 to {MOST_TICKS * TICK:.3g}, got {time}; try 100.0")
    return round(value / TICK)


def _tick_of(spheres: Spheres, model: HardSpheres) -> int:
    """Of all systems of a batch, if they are of the model."""
    if not isinstance(spheres, Spheres) or not isinstance(model, HardSpheres):
        raise ValueError(
            f"expected Spheres and HardSpheres, got {type(spheres).__name__} and {type(model).__name__}; try "
            "glass.initialize(key, glass.binary_hard_spheres(1000, 0.5))"
        )
    if spheres.flights.image.shape[-2:] != (model.n_particles, model.dimension):
        raise ValueError(
            f"expected {model.n_particles} particles in {model.dimension} dimensions for {model.name}, got "
            f"positions of shape {spheres.flights.image.shape[-2:]}; try the model that they were initialized with"
        )
    ticks = np.unique(np.asarray(spheres.tick))
    if len(ticks) != 1:
        raise ValueError(
            f"expected a batch at one time, got ticks {ticks.tolist()}; try one system after the other"
        )
    return int(ticks[0])
