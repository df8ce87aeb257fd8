"""Long runs and ramps in parts that are kept as they are finished, so that a killed one goes on where it was."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass.checkpoints import Keep
from tdaglass.configuration import Configuration
from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.simulate import check_snapshots, cool, run, time_step
from tdaglass.progress import progress as progress_bar


def run_in_parts(
    state: State,
    model: Model,
    steps: int,
    *,
    keep: Keep,
    name: str,
    part_steps: int = 50_000,
    progress: bool | None = None,
    **settings: Any,
) -> State:
    """The state after `steps` steps, as `run` gives it, every part of the way kept under its own name.

    Parameters
    ----------
    state, model, steps
        As for `run`.
    keep : callable ``(name, compute) -> result``
        Such as `Run.chunk`: returns the part of that name if it is finished, else computes and stores it.
    name : str
        Of the run; parts are called after it and the steps made.
    part_steps : int
        Steps between two states kept.
    progress : bool, optional
        Whether to show a bar; None leaves it to the terminal.
    **settings
        Of `run`: temperature, pressure, dt, ensemble, skin, engine.

    Returns
    -------
    State

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> start = glass.initialize(jax.random.key(0), model, temperature=2.0)
    >>> parts = {}
    >>> end = glass.run_in_parts(start, model, 20, part_steps=10, temperature=2.0, name="hot",
    ...                          keep=lambda name, compute: parts.setdefault(name, compute()))
    >>> list(parts)
    ['hot-10', 'hot-20']
    """
    ends = [*range(part_steps, steps, part_steps), steps]
    made = 0
    for end in progress_bar(ends, name, enabled=progress):

        def compute(state: State = state, todo: int = end - made) -> State:
            return run(state, model, todo, **settings)

        state = jax.tree.map(jnp.asarray, keep(f"{name}-{end}", compute))
        made = end
    return state


def cool_in_parts(
    state: State,
    model: Model,
    *,
    start: float,
    stop: float,
    rate: float,
    snapshots: tuple[float, ...] = (),
    keep: Keep,
    name: str,
    part_steps: int = 50_000,
    dt: float | None = None,
    progress: bool | None = None,
    **settings: Any,
) -> tuple[State, Configuration]:
    """Cool as `cool` does, every part of the ramp kept under its own name.

    The result depends on `part_steps`, in the last digit of the temperatures only; it does not depend on where a
    killed run was taken up again.

    Parameters
    ----------
    state, model, start, stop, rate, snapshots, dt
        As for `cool`.
    keep, name, part_steps, progress
        As for `run_in_parts`.
    **settings
        Of `cool`: ensemble, pressure, skin, engine.

    Returns
    -------
    State
        At `stop`.
    Configuration
        The snapshots, with a leading axis of the length of `snapshots`.

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> liquid = glass.initialize(jax.random.key(0), model, temperature=2.0)
    >>> parts = {}
    >>> _, seen = glass.cool_in_parts(liquid, model, start=2.0, stop=1.0, rate=10.0, snapshots=(1.5, 1.0),
    ...                               part_steps=15, name="ramp",
    ...                               keep=lambda name, compute: parts.setdefault(name, compute()))
    >>> list(parts), seen.positions.shape
    (['ramp-15', 'ramp-20'], (2, 250, 3))
    """
    check_snapshots(start, stop, snapshots)
    dt = time_step(model, dt)
    per_step = rate * dt * (-1 if stop < start else 1)
    steps = round((stop - start) / per_step)
    ends = [*range(part_steps, steps, part_steps), steps]
    passed_at = [round((t - start) / per_step) for t in snapshots]
    made, seen = 0, []
    for end in progress_bar(ends, name, enabled=progress):
        last = end == ends[-1]
        ramp = (start + made * per_step, stop if last else start + end * per_step)
        # Rounded, a temperature at a seam could lie outside.
        here = tuple(
            float(np.clip(t, min(ramp), max(ramp)))
            for t, k in zip(snapshots, passed_at, strict=True)
            if made <= k < end or (last and k == end)
        )

        def compute(
            state: State = state, ramp: tuple[float, float] = ramp, here: tuple[float, ...] = here
        ) -> tuple[State, Configuration]:
            return cool(
                state, model, start=ramp[0], stop=ramp[1], rate=rate, snapshots=here, dt=dt, **settings
            )

        state, of_part = jax.tree.map(jnp.asarray, keep(f"{name}-{end}", compute))
        seen.append(of_part)
        made = end
    return state, jax.tree.map(lambda *x: jnp.concatenate(x), *seen)
