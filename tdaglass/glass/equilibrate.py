"""From a lattice, where particles overlap, to a liquid that can be run with its ordinary time step."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass.glass.contract import Model
from tdaglass.glass.energy import forces
from tdaglass.glass.molecular_dynamics.baths import Bath
from tdaglass.glass.molecular_dynamics.minimize import minimize
from tdaglass.glass.molecular_dynamics.state import State
from tdaglass.glass.simulate import flatten, run, time_step
from tdaglass.space import from_positions

STEPS = 1000
# Energy / length. Lattices of species stay below a thousand; of continuous diameters they may not, and no time
# step is short enough for the worst of them.
LARGEST_FORCE = 4000.0
# The same in eV / angstrom, for atoms on a lattice feel tens; the kernels of embedded atoms count pairs up to 512.
LARGEST_FORCE_OF_ATOMS = 100.0


def settle_overlaps(
    state: State, model: Model, *, temperature: Bath, dt: float | None = None, **settings: Any
) -> State:
    """A thousand steps of a quarter of the time step, until the bath has taken up what overlaps release.

    Where forces are too large even for these, as between the largest of many sizes, particles are first led
    apart by `minimize`.

    Parameters
    ----------
    state : State
        Of one system, or a batch with leading axes; such as `initialize` gives.
    model : Model
    temperature : energy units
        Of the bath: hot, so that the lattice melts.
    dt : time units, optional
        That the liquid will be run with; None takes the model's.
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
    batch, flat = flatten(state)
    largest = np.linalg.norm(np.asarray(flat.force), axis=-1).max(axis=-1)
    most = LARGEST_FORCE_OF_ATOMS if model.units == "metal" else LARGEST_FORCE
    for k in np.flatnonzero(largest > most):
        one = _led_apart(jax.tree.map(lambda x, k=k: x[k], flat), model, most / 4)
        flat = jax.tree.map(lambda all_of_them, x, k=k: all_of_them.at[k].set(x), flat, one)
    state = jax.tree.map(lambda x: x.reshape((*batch, *x.shape[1:])), flat)
    return run(state, model, STEPS, temperature=temperature, dt=time_step(model, dt) / 4, **settings)


def _led_apart(state: State, model: Model, tolerance: float) -> State:
    apart, _ = minimize(model, state.configuration, tolerance=tolerance)
    position = from_positions(jnp.asarray(apart.positions), state.box)
    return state._replace(position=position, force=forces(model, apart))
