"""A block of replicas of one configuration: an independent piece of an isoconfigurational ensemble.

Replicas of a block run together, split over the local devices, through all segments of time. Observables are added
up while they go on, so that memory does not grow with the number of times.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from tdaglass.checkpoints import Keep, parts_of
from tdaglass.configuration import Configuration
from tdaglass.dynamics.mover import Mover, ObservingMover
from tdaglass.dynamics.observables import Reference, Sums, observe
from tdaglass.progress import progress as progress_bar


class Ensemble(NamedTuple):
    """What all blocks share, and every worker gets once.

    Attributes
    ----------
    key : typed PRNG key
        Replica i has ``fold_in(key, i)``.
    mover : Mover
    configuration : Configuration
        From which all replicas start.
    reference : Reference
    replicas, block : int
        Of all blocks, and of each but the last.
    segments : list of lists of int, ticks
        Moments to observe, cut where states are kept.
    positions : bool
        Whether to hand over the positions of all replicas.
    keep : callable, optional
        Of states between segments.
    progress : str, optional
        Label of a bar over the segments of each block.
    """

    key: Key[Array, ""]
    mover: Mover
    configuration: Configuration
    reference: Reference
    replicas: int
    block: int
    segments: list[list[int]]
    positions: bool
    keep: Keep | None
    progress: str | None

    def name(self, first: int) -> str:
        """Under which the block that begins with a replica is kept."""
        return f"replicas-{first}-{self.end(first)}"

    def end(self, first: int) -> int:
        """The replica after the last of the block that begins with `first`."""
        return min(first + self.block, self.replicas)


class Seen(NamedTuple):
    """Of a block: sums over its replicas, moments leading; and positions (moments, replicas, ...), or None."""

    sums: Sums
    positions: Any


def run_block(ensemble: Ensemble, first: int) -> Seen:
    """All that is seen of the block that begins with a replica.

    Raises
    ------
    ValueError
        Where a mover gives what is no number.
    """
    name, segments = ensemble.name(first), ensemble.segments
    keep = parts_of(ensemble.keep, name)
    keys = jax.vmap(lambda i: jax.random.fold_in(ensemble.key, i))(
        jnp.asarray(np.arange(first, ensemble.end(first)))
    )
    states = origin = ensemble.mover.start(keys, ensemble.configuration)
    seen = []
    label = f"{ensemble.progress}: {name}"
    for moments in progress_bar(segments, label, enabled=None if ensemble.progress else False):
        compute = partial(_segment, ensemble, first, states, origin, moments)
        # After the last one the block is kept.
        last = moments is segments[-1]
        states, *of_segment = compute() if last else keep(f"steps-{moments[-1]}", compute)
        states = jax.tree.map(jnp.asarray, states)
        seen.append(Seen(*of_segment))
    return jax.tree.map(lambda *x: np.concatenate(x), *seen)


def _segment(
    ensemble: Ensemble, first: int, states: Any, origin: Any, moments: list[int]
) -> tuple[Any, Sums, np.ndarray | None]:
    """Go on through some moments (in ticks), observing at each."""
    if not ensemble.positions:
        states, sums = _go_on(ensemble, states, origin, moments)
        _check(ensemble, first, states, origin, sums, moments)
        return states, sums, None
    seen, kept = [], []
    start = np.asarray(ensemble.configuration.positions)
    for moment in moments:
        states, sums = _go_on(ensemble, states, origin, [moment])
        _check(ensemble, first, states, origin, sums, [moment])
        seen.append(sums)
        kept.append(start + np.asarray(ensemble.mover.displacements(states, origin)))
    return states, jax.tree.map(lambda *x: jnp.concatenate(x), *seen), np.stack(kept)


def _go_on(ensemble: Ensemble, states: Any, origin: Any, moments: list[int]) -> tuple[Any, Sums]:
    mover, reference = ensemble.mover, jax.device_put(ensemble.reference, jax.local_devices()[0])
    if isinstance(mover, ObservingMover):
        cage = jnp.where(reference.cage_mask, reference.cage_idx, -1).astype(jnp.int32)
        states, sums = mover.advance_and_observe(states, origin, moments, cage, reference.waves)
        return states, Sums(*sums)
    seen = []
    for moment in moments:
        states = mover.advance(states, moment)
        seen.append(observe(mover.displacements(states, origin), reference))
    return states, jax.tree.map(lambda *x: jnp.stack(x), *seen)


def _check(ensemble: Ensemble, first: int, states: Any, origin: Any, sums: Sums, moments: list[int]) -> None:
    """One replica that is no number would spoil all averages, and nobody could say which it was."""
    finite = np.isfinite(np.asarray(sums.distance)).all(axis=1)
    if finite.all():
        return
    moved = np.asarray(ensemble.mover.displacements(states, origin))
    broken = first + np.flatnonzero(~np.isfinite(moved).all(axis=(1, 2)))
    which = f"replicas {', '.join(map(str, broken))}" if len(broken) else f"one of {ensemble.name(first)}"
    raise ValueError(
        f"expected finite displacements, got others in {which} by tick {moments[int(np.argmin(finite))]}; try a "
        "shorter time step, or another mover"
    )
