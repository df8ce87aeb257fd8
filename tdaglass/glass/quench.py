"""Glasses from independent liquids, cooled at a constant rate: what data sets are made of."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from tdaglass import arguments
from tdaglass.checkpoints import Keep
from tdaglass.configuration import Configuration
from tdaglass.glass.contract import Model
from tdaglass.glass.equilibrate import settle_overlaps
from tdaglass.glass.molecular_dynamics.state import initialize
from tdaglass.glass.resumable import cool_in_parts, run_in_parts
from tdaglass.glass.simulate import DEFAULT_DT, check_snapshots


def quench(
    key: Key[Array, ""],
    model: Model,
    numbers: Int[Array, " systems"],
    *,
    hot: float,
    equilibration: float,
    rate: float,
    snapshots: tuple[float, ...],
    dt: float = DEFAULT_DT,
    keep: Keep | None = None,
    part_steps: int = 50_000,
    progress: bool | None = None,
    **settings: Any,
) -> Configuration:
    """Independent systems from a hot liquid to a glass, seen at some temperatures on the way.

    System number i is the same in whichever company it is cooled: its lattice and its velocities are drawn from
    ``jax.random.fold_in(key, i)``.

    Parameters
    ----------
    key : typed PRNG key
    model : Model
    numbers : (systems,)
        Which systems: ``jnp.arange(8)`` for the first eight.
    hot : energy units
        Temperature at which liquids are equilibrated, and from which they are cooled.
    equilibration : time units
        Spent at it.
    rate : temperature / time
    snapshots : falling temperatures, energy units
        At which configurations are kept; the last is the end of the ramp.
    dt : time units
    keep, part_steps, progress
        As for `run_in_parts`: parts of the way, so that a killed quench goes on where it was. None keeps nothing.
    **settings
        Of `run` and `cool`: ensemble, pressure, skin, engine.

    Returns
    -------
    Configuration
        Unwrapped, (snapshots, systems, ...).

    Raises
    ------
    ValueError
        For no snapshots, or such that are hotter than `hot` or do not fall; as `cool`.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from tdaglass import glass
    >>> model = glass.additive_mixture_2d(n=200)
    >>> glasses = quench(jax.random.key(0), model, jnp.arange(2), hot=3.0, equilibration=0.5, rate=5.0,
    ...                  snapshots=(2.0, 0.5))
    >>> glasses.positions.shape
    (2, 2, 200, 2)
    """
    if not snapshots:
        raise ValueError("expected temperatures to keep configurations at, got none; try snapshots=(0.05,)")
    check_snapshots(hot, snapshots[-1], snapshots)
    arguments.check_key(key)
    dt = arguments.positive(dt, "time step", f"{DEFAULT_DT}")
    keep = keep or (lambda _, compute: compute())
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.asarray(numbers))
    states = jax.vmap(lambda k: initialize(k, model, hot))(keys)
    states = settle_overlaps(states, model, temperature=hot, dt=dt, **settings)
    common = {"keep": keep, "part_steps": part_steps, "dt": dt, "progress": progress, **settings}
    steps = round(equilibration / dt)
    states = run_in_parts(states, model, steps, name="liquid", temperature=hot, **common)
    _, seen = cool_in_parts(
        states, model, start=hot, stop=snapshots[-1], rate=rate, snapshots=snapshots, name="cooling", **common
    )
    return seen
