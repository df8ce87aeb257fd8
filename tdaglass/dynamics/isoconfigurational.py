"""Isoconfigurational ensembles: many runs from one configuration, each with fresh velocities.

What is the same in all runs is due to the structure. Observables are added up while the runs go on, so that
memory grows neither with the number of replicas nor with that of times; replicas run in blocks, split over the
local devices. What moves them is a `Mover`. Replica i has its own random key and gives the same trajectory in
whichever block it runs.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from tdaglass import arguments, glass
from tdaglass.checkpoints import Keep
from tdaglass.configuration import Configuration
from tdaglass.dynamics.mover import Mover, ObservingMover
from tdaglass.dynamics.observables import OBSERVABLES, Observable, Sums, make_reference, observe
from tdaglass.glass.accept import accept
from tdaglass.progress import progress as progress_bar
from tdaglass.structure import Neighbors


class Isoconfigurational(NamedTuple):
    r"""Averages over replicas; standard errors are those of the mean over replicas.

    Attributes
    ----------
    times : (times,), time units
        Rounded to whole steps.
    replicas : int
    propensity, propensity_error : (times, particles), length
        Mean distance gone, :math:`\langle |r_i(t) - r_i(0)| \rangle`.
    squared_displacement : (times, particles), length**2
    cage_relative : (times, particles), length**2, or None
        :math:`\langle |d_i - \overline{d_j}|^2 \rangle`, the bar over i and its cage.
    wave_number : float, or None
        Mean length of the wave vectors used for scattering, 1 / length.
    self_scattering, self_scattering_error : (times, 1 + species), or None
        Self-intermediate scattering function: all particles, then each species.
    total_scattering, total_scattering_error : (times,), or None
        Intermediate scattering function of all particles, divided by its value at time zero.
    positions : (times, replicas, particles, dim), length, or None
        Unwrapped; only on request.
    """

    times: Float[np.ndarray, " times"]
    replicas: int
    propensity: Float[np.ndarray, "times particles"]
    propensity_error: Float[np.ndarray, "times particles"]
    squared_displacement: Float[np.ndarray, "times particles"]
    cage_relative: Float[np.ndarray, "times particles"] | None
    wave_number: float | None
    self_scattering: Float[np.ndarray, "times kinds"] | None
    self_scattering_error: Float[np.ndarray, "times kinds"] | None
    total_scattering: Float[np.ndarray, " times"] | None
    total_scattering_error: Float[np.ndarray, " times"] | None
    positions: Float[np.ndarray, "times replicas particles dim"] | None


def isoconfigurational(
    key: Key[Array, ""],
    model: glass.Model,
    configuration: Configuration,
    *,
    temperature: float | None = None,
    times: Sequence[float] | Float[np.ndarray, " times"],
    replicas: int = 32,
    observables: Observable | Sequence[Observable] = OBSERVABLES,
    dt: float = 0.005,
    ensemble: Literal["nvt", "nve"] = "nvt",
    wave_number: float | None = None,
    cage: Neighbors | None = None,
    block: int = 32,
    segment_steps: int = 200_000,
    positions: bool = False,
    engine: Literal["auto", "native", "jax"] = "auto",
    mover: Mover | None = None,
    keep: Keep | None = None,
    progress: str | None = None,
) -> Isoconfigurational:
    """Run replicas of one configuration and average their motion.

    Parameters
    ----------
    key : typed PRNG key
        Replica i draws its velocities from ``jax.random.fold_in(key, i)``.
    model : Model
    configuration : Configuration
        One system, periodic.
    temperature : energy units
        Of the velocities, and of the bath for "nvt".
    times : increasing, time units
        When to observe; rounded to whole steps.
    replicas : int
    observables : any of "propensity" (always recorded), "cage_relative", "scattering"
    dt : time units
    ensemble : "nvt" or "nve"
    wave_number : 1 / length
        For scattering: the first peak of S(q). Wave vectors of the box within half a shell of it are used.
    cage : Neighbors
        Whose displacements are subtracted for "cage_relative"; by default the SANN neighbours.
    block : int
        Replicas that run at once; choose what fits the memory.
    segment_steps : int
        Steps between two calls of `keep`.
    positions : bool
        Keep the unwrapped positions of all replicas at all times, in host memory.
    engine : "auto", "native" or "jax"
        See `glass.run`.
    mover : Mover, optional
        What moves the replicas, with a temperature and a time step of its own; those given here are then not
        looked at. None takes `glass.choose_mover`.
    keep : callable ``(name, compute) -> result``
        Such as `Run.chunk`: returns a finished piece of work by its name or computes and stores it, so that a
        killed ensemble goes on where it was.
    progress : str, optional
        Label of a progress bar.

    Returns
    -------
    Isoconfigurational

    Raises
    ------
    ValueError
        If times do not increase or fall on the same step, replicas are too few, or the configuration does not
        fit the model.

    References
    ----------
    A. Widmer-Cooper, P. Harrowell, H. Fynewever, Phys. Rev. Lett. 93, 135701 (2004); cage-relative: S. Mazoyer et
    al., EPL 88, 66004 (2009), as used by Oyama et al., Front. Phys. 10, 1007861 (2022).

    Examples
    --------
    >>> import jax
    >>> from tdaglass import dynamics, glass
    >>> model = glass.wahnstrom(n=250)
    >>> start = glass.run(glass.initialize(jax.random.key(0), model, 2.0), model, 400, temperature=2.0)
    >>> ensemble = dynamics.isoconfigurational(
    ...     jax.random.key(1), model, start.configuration, temperature=2.0, times=[0.1, 0.5], replicas=4,
    ...     observables=["propensity"])
    >>> ensemble.propensity.shape
    (2, 250)
    """
    arguments.check_key(key)
    configuration = accept(model, configuration)
    if mover is None:
        if temperature is None:
            raise ValueError("expected a temperature or a mover, got neither; try temperature=1.0")
        mover = glass.choose_mover(
            model, configuration, temperature=temperature, dt=dt, ensemble=ensemble, engine=engine
        )
    ticks = _whole_ticks(times, mover.tick)
    observables = (observables,) if isinstance(observables, str) else tuple(observables)
    unknown = set(observables) - set(OBSERVABLES)
    if unknown:
        raise ValueError(
            f"expected observables among {OBSERVABLES}, got {sorted(unknown)}; try leaving them out"
        )
    replicas, block = arguments.whole(replicas, "replicas"), arguments.whole(block, "block")
    segment_steps = arguments.whole(segment_steps, "segment_steps", least=1)
    if wave_number is not None:
        wave_number = arguments.positive(wave_number, "wave number")
    if replicas < 2 or block < 1:
        raise ValueError(
            f"expected at least two replicas, got {replicas} in blocks of {block}; try replicas=32"
        )
    if "scattering" in observables and wave_number is None:
        raise ValueError(
            "expected a wave number for scattering, got None; try structure.first_peak of the structure factor"
        )
    reference, wave_number = make_reference(model, configuration, observables, wave_number, cage)
    reference = jax.device_put(reference, jax.local_devices()[0])

    def start(first: int, last: int) -> Any:
        keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(jnp.arange(first, last))
        return mover.start(keys, configuration)

    def go_on(states: Any, origin: Any, moments: list[int]) -> tuple[Any, Sums]:
        if isinstance(mover, ObservingMover):
            cage = jnp.where(reference.cage_mask, reference.cage_idx, -1).astype(jnp.int32)
            states, sums = mover.advance_and_observe(states, origin, moments, cage, reference.waves)
            return states, Sums(*sums)
        seen = []
        for moment in moments:
            states = mover.advance(states, moment)
            seen.append(observe(mover.displacements(states, origin), reference))
        return states, jax.tree.map(lambda *x: jnp.stack(x), *seen)

    def segment(states: Any, origin: Any, moments: list[int]) -> tuple[Any, Sums, np.ndarray | None]:
        """Go on through some moments (in ticks), observing at each."""
        if not positions:
            return *go_on(states, origin, moments), None
        seen, kept = [], []
        for moment in moments:
            states, sums = go_on(states, origin, [moment])
            seen.append(sums)
            moved = mover.displacements(states, origin)
            kept.append(np.asarray(configuration.positions) + np.asarray(moved))
        return states, jax.tree.map(lambda *x: jnp.concatenate(x), *seen), np.stack(kept)

    keep = keep or (lambda _, compute: compute())
    blocks = [(a, min(a + block, replicas)) for a in range(0, replicas, block)]
    pieces = _segments(ticks, segment_steps)
    work = [(b, p) for b in blocks for p in pieces]
    done: list[tuple[Sums, Any]] = []
    states = origin = start(*blocks[0])
    for (first, last), moments in progress_bar(work, progress or "", enabled=None if progress else False):
        if first > 0 and moments is pieces[0]:
            states = origin = start(first, last)

        def compute(
            states: Any = states, origin: Any = origin, moments: list[int] = moments
        ) -> tuple[Any, Sums, Any]:
            return segment(states, origin, moments)

        name = f"replicas-{first}-{last}-steps-{moments[-1]}"
        states, sums, kept = keep(name, compute)
        states = jax.tree.map(jnp.asarray, states)
        done.append((sums, kept))
    return _averages(done, len(blocks), np.asarray(ticks) * mover.tick, replicas, observables, wave_number)


def _whole_ticks(times: Any, tick: float) -> list[int]:
    wanted = arguments.doubles(times, "times")
    if wanted.ndim != 1 or not len(wanted) or not np.isfinite(wanted).all():
        raise ValueError(f"expected a list of finite times, got {times}; try np.geomspace(0.1, 100, 10)")
    ticks = np.round(wanted / tick).astype(int)
    if ticks[0] < 1 or (np.diff(ticks) < 1).any():
        raise ValueError(
            f"expected increasing times that are at least one step of {tick} apart, got {wanted.tolist()}; "
            "try fewer short times"
        )
    return ticks.tolist()


def _segments(ticks: list[int], longest: int) -> list[list[int]]:
    """The moments to observe, cut into pieces of about `longest` ticks."""
    pieces: list[list[int]] = [[]]
    begun = 0
    for moment in ticks:
        if pieces[-1] and moment - begun > longest:
            begun = pieces[-1][-1]
            pieces.append([])
        pieces[-1].append(moment)
    return pieces


def _averages(
    done: list[tuple[Sums, Any]],
    n_blocks: int,
    times: Float[np.ndarray, " times"],
    replicas: int,
    observables: Sequence[Observable],
    wave_number: float | None,
) -> Isoconfigurational:
    per_block = len(done) // n_blocks
    by_block = [done[b * per_block : (b + 1) * per_block] for b in range(n_blocks)]
    whole = [
        jax.tree.map(lambda *x: np.concatenate(x).astype(float), *[s for s, _ in block]) for block in by_block
    ]
    sums: Sums = jax.tree.map(lambda *x: sum(x[1:], x[0]), *whole)
    mean = jax.tree.map(lambda x: x / replicas, sums)

    def error(of_mean: np.ndarray, of_square: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(of_square - of_mean**2, 0) / (replicas - 1))

    scattering_error = error(mean.scattering, mean.scattering_sq)
    scattered, caged = "scattering" in observables, "cage_relative" in observables
    kept = done[0][1] is not None
    return Isoconfigurational(
        times=times,
        replicas=replicas,
        propensity=mean.distance,
        propensity_error=error(mean.distance, mean.distance_sq),
        squared_displacement=mean.distance_sq,
        cage_relative=mean.cage_sq if caged else None,
        wave_number=wave_number,
        self_scattering=mean.scattering[:, :-1] if scattered else None,
        self_scattering_error=scattering_error[:, :-1] if scattered else None,
        total_scattering=mean.scattering[:, -1] if scattered else None,
        total_scattering_error=scattering_error[:, -1] if scattered else None,
        positions=np.concatenate([np.concatenate([k for _, k in block]) for block in by_block], axis=1)
        if kept
        else None,
    )
