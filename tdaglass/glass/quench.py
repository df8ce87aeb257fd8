"""Glasses from independent liquids, cooled at a constant rate: what data sets are made of."""

import zlib
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from tdaglass import arguments
from tdaglass.checkpoints import Keep, for_workers, nothing_kept, parts_of
from tdaglass.configuration import Configuration
from tdaglass.glass.contract import Model
from tdaglass.glass.equilibrate import settle_overlaps
from tdaglass.glass.molecular_dynamics.state import initialize
from tdaglass.glass.resumable import cool_in_parts, run_in_parts
from tdaglass.glass.simulate import check_snapshots, time_step
from tdaglass.parallel import check_finite, stream_independent


def quench(
    key: Key[Array, ""],
    model: Model,
    numbers: Int[Array, " systems"],
    *,
    hot: float,
    equilibration: float,
    rate: float,
    snapshots: tuple[float, ...],
    dt: float | None = None,
    batch: int | None = None,
    executor: Any = None,
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
    dt : time units, optional
        None takes the model's, as `run`.
    batch : int, optional
        Systems that are cooled together, and make a piece of work. None takes all of them, and with an executor
        one by one.
    executor : optional
        Where batches are cooled: see `parallel.map_independent`. None cools them here, one after another.
    keep, part_steps, progress
        As for `run_in_parts`: parts of the way, so that a killed quench goes on where it was; with batches also
        each of these, whose parts can go once it is done. None keeps nothing.
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
    PieceError
        If batches failed: which, and why.

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
    dt = time_step(model, dt)
    way = {
        "hot": hot, "equilibration": equilibration, "rate": rate, "snapshots": snapshots, "dt": dt,
        "part_steps": part_steps, **settings,
    }  # fmt: skip
    if batch is None and executor is None:
        return _cooled(key, model, jnp.asarray(numbers), keep=keep or nothing_kept, progress=progress, **way)
    chosen = np.asarray(numbers).tolist()
    if not chosen:
        raise ValueError("expected the numbers of systems, got none; try jnp.arange(8)")
    at_once = 1 if batch is None else arguments.whole(batch, "batch", least=1)
    batches = [tuple(chosen[k : k + at_once]) for k in range(0, len(chosen), at_once)]
    found = stream_independent(
        partial(_piece, key, model, keep if executor is None else for_workers(keep), way),
        batches,
        executor=executor,
        keep=keep,
        progress=None if progress is False else "quenches",
        names=_name,
    )
    return jax.tree.map(lambda *x: jnp.asarray(np.concatenate(x, axis=1)), *found)


def _name(numbers: tuple[int, ...]) -> str:
    """Of a batch: another for others."""
    first, last = numbers[0], numbers[-1]
    if numbers == tuple(range(first, last + 1)):
        return f"systems-{first}-{last}"
    return f"systems-{zlib.crc32(str(numbers).encode()):08x}"


def _piece(
    key: Key[Array, ""], model: Model, keep: Keep | None, way: dict[str, Any], numbers: tuple[int, ...]
) -> Configuration:
    """A batch of systems, on whichever worker."""
    parts = parts_of(keep, _name(numbers))
    glasses = _cooled(key, model, jnp.asarray(numbers), keep=parts, progress=False, **way)
    check_finite(glasses)
    return glasses


def _cooled(
    key: Key[Array, ""],
    model: Model,
    numbers: Int[Array, " systems"],
    *,
    hot: float,
    equilibration: float,
    rate: float,
    snapshots: tuple[float, ...],
    dt: float,
    **common: Any,
) -> Configuration:
    """Systems cooled together."""
    parts = {name: common.pop(name) for name in ("keep", "part_steps", "progress")}
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(numbers)
    states = jax.vmap(lambda k: initialize(k, model, hot))(keys)
    states = settle_overlaps(states, model, temperature=hot, dt=dt, **common)
    steps = round(equilibration / dt)
    states = run_in_parts(states, model, steps, name="liquid", temperature=hot, dt=dt, **parts, **common)
    _, seen = cool_in_parts(
        states, model, start=hot, stop=snapshots[-1], rate=rate, snapshots=snapshots, name="cooling", dt=dt,
        **parts, **common,
    )  # fmt: skip
    return seen
