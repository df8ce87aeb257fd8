"""A long run in parts that are kept as they are finished, so that a killed run goes on where it was."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from tdaglass.glass.models import PairModel
from tdaglass.glass.simulate import run
from tdaglass.glass.state import State
from tdaglass.progress import progress as progress_bar

Keep = Callable[[str, Callable[[], Any]], Any]


def run_in_parts(
    state: State,
    model: PairModel,
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
