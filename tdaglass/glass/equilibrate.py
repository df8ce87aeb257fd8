"""From a lattice, where particles overlap, to a liquid that can be run with its ordinary time step."""

from typing import Any

from tdaglass.glass.contract import Model
from tdaglass.glass.molecular_dynamics.baths import Bath
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.simulate import DEFAULT_DT, run

STEPS = 1000


def settle_overlaps(
    state: State, model: Model, *, temperature: Bath, dt: float = DEFAULT_DT, **settings: Any
) -> State:
    """A thousand steps of a quarter of the time step, until the bath has taken up what overlaps release.

    Parameters
    ----------
    state : State
        Of one system, or a batch with leading axes; such as `initialize` gives.
    model : Model
    temperature : energy units
        Of the bath: hot, so that the lattice melts.
    dt : time units
        That the liquid will be run with.
    **settings
        Of `run`: skin, engine, progress.

    Returns
    -------
    State

    Examples
    --------
    >>> import jax
    >>> from tdaglass import glass
    >>> model = glass.wahnstrom(n=250)
    >>> lattice = glass.initialize(jax.random.key(0), model, temperature=2.0)
    >>> int(settle_overlaps(lattice, model, temperature=2.0).step)
    1000
    """
    return run(state, model, STEPS, temperature=temperature, dt=dt / 4, **settings)
