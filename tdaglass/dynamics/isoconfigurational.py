"""Isoconfigurational ensembles: many runs from one configuration, each with fresh velocities.

What is the same in all runs is due to the structure. Replicas run in blocks (`replica_block.py`), which are
independent pieces of work, here or on other processes and machines; their sums are added in order as they come, so
that memory does not grow with the number of replicas. What moves them is a `Mover`. Replica i has its own random
key and gives the same trajectory in whichever block it runs.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Key

from tdaglass import arguments, glass
from tdaglass.checkpoints import Keep, for_workers
from tdaglass.configuration import Configuration
from tdaglass.dynamics.mover import Mover
from tdaglass.dynamics.observables import OBSERVABLES, Observable, Sums, make_reference
from tdaglass.dynamics.replica_block import Ensemble, Seen, run_block
from tdaglass.glass.accept import accept
from tdaglass.glass.molecular_dynamics.engines import Engine
from tdaglass.parallel import stream_independent
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
    dt: float | None = None,
    ensemble: Literal["nvt", "nve"] = "nvt",
    wave_number: float | None = None,
    cage: Neighbors | None = None,
    block: int = 32,
    segment_steps: int = 200_000,
    positions: bool = False,
    engine: Engine = "auto",
    mover: Mover | None = None,
    executor: Any = None,
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
    dt : time units, optional
        None takes the model's, as `glass.run`.
    ensemble : "nvt" or "nve"
    wave_number : 1 / length
        For scattering: the first peak of S(q). Wave vectors of the box within half a shell of it are used.
    cage : Neighbors
        Whose displacements are subtracted for "cage_relative"; by default the SANN neighbours.
    block : int
        Replicas that run at once, and make a piece of work; choose what fits the memory of a worker.
    segment_steps : int
        Steps between two states of a block that are kept.
    positions : bool
        Keep the unwrapped positions of all replicas at all times, in host memory.
    engine : "auto", "jax", "cpu" or "cuda"
        See `glass.run`.
    mover : Mover, optional
        What moves the replicas, with a temperature and a time step of its own; those given here are then not
        looked at. None takes `glass.choose_mover`.
    executor : optional
        Where blocks run: see `parallel.map_independent`. None runs them here, one after another.
    keep : callable ``(name, compute) -> result``
        Such as `Run.chunk`: returns a finished piece of work by its name or computes and stores it, so that a
        killed ensemble goes on where it was. Kept are blocks, and of blocks of several segments the states
        between them, until the block is done. Workers keep states where they find the folder of the run.
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
    PieceError
        If blocks failed, of an explosion, or of a mover that gave what is no number: which, and why.

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
    segments = _segments(ticks, segment_steps)
    blocks = range(0, replicas, block)  # by their first replicas
    # Of a few long blocks the bars of each say more than one over all of them.
    within = executor is None and len(segments) > len(blocks)
    shared = Ensemble(
        key,
        mover,
        configuration,
        reference,
        replicas,
        block,
        segments,
        positions,
        keep if executor is None else for_workers(keep),
        progress if within else None,
    )
    found = stream_independent(
        partial(run_block, shared),
        blocks,
        executor=executor,
        keep=keep,
        progress=None if within else progress,
        names=shared.name,
    )
    sums, where = _added(shared, zip(blocks, found, strict=True))
    moments = np.asarray(ticks) * mover.tick
    return _averages(sums, where, moments, replicas, observables, wave_number)


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


def _added(shared: Ensemble, blocks: Iterable[tuple[int, Seen]]) -> tuple[Sums, np.ndarray | None]:
    """Sums over all replicas, in the order of the blocks, of which one is in memory at a time; and positions."""
    sums, where = None, None
    for first, (of_block, positions) in blocks:
        of_block = jax.tree.map(lambda x: x.astype(float), of_block)
        sums = of_block if sums is None else jax.tree.map(np.add, sums, of_block)
        if positions is not None:
            if where is None:
                times, _, *rest = positions.shape
                where = np.empty((times, shared.replicas, *rest), positions.dtype)
            where[:, first : shared.end(first)] = positions
    assert sums is not None
    return sums, where


def _averages(
    sums: Sums,
    where: np.ndarray | None,
    times: Float[np.ndarray, " times"],
    replicas: int,
    observables: Sequence[Observable],
    wave_number: float | None,
) -> Isoconfigurational:
    mean = jax.tree.map(lambda x: x / replicas, sums)

    def error(of_mean: np.ndarray, of_square: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(of_square - of_mean**2, 0) / (replicas - 1))

    scattering_error = error(mean.scattering, mean.scattering_sq)
    scattered, caged = "scattering" in observables, "cage_relative" in observables
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
        positions=where,
    )
