"""One pass over a trajectory: every frame meets the earlier ones that lie the wanted times before it.

Only frames that may still be asked are held, at most those of the longest time. Pairs of frames are compared in
batches of one size, so that a long trajectory compiles one program.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.dynamics.frames import Snapshot, snapshots
from tdaglass.dynamics.origins import Blocks, add, averages, no_origins
from tdaglass.dynamics.time_correlation import Pair, System, TimeCorrelation, TimeCorrelationFunction

# Numbers in a batch of displacements, which fit the caches of a processor, and pairs of frames at most.
BATCH, PAIRS = 2**17, 64
# Times are the same if they differ by less than this part of the shortest lag.
SAME_TIME = 1e-3

Functions = TimeCorrelationFunction | Sequence[TimeCorrelationFunction]


class Group(NamedTuple):
    """Functions that are asked at the same lags."""

    functions: tuple[TimeCorrelationFunction, ...]
    lags: np.ndarray


class Pass(NamedTuple):
    """What one run has said: its system, and for each group the constants of its functions, and the sums of all.

    The moments of all functions of a group lie behind each other; `shapes` says what they were.
    """

    system: System
    constants: list[tuple[Any, ...]]
    shapes: list[list[tuple[int, ...]]]
    sums: list[Blocks]


class Held(NamedTuple):
    """A frame in the window, with what each function of each group keeps of it."""

    time: float
    positions: np.ndarray
    kept: list[tuple[Any, ...]]


def time_correlations(
    trajectory: Any,
    functions: Functions,
    *,
    lags: Numbers | None = None,
    times: Numbers | None = None,
    time_step: float | None = None,
    species: Numbers | None = None,
    box: Numbers | None = None,
    wrapped: bool = False,
    remove_drift: bool = False,
    every: int = 1,
) -> Any:
    """Functions of two frames of one trajectory, averaged over particles and time origins in one pass.

    Parameters
    ----------
    trajectory : (frames, particles, dim), length units
        An array, a `Configuration` or a frame of `io` with a leading axis, or anything that yields one frame after
        the other, as `io.iterate_trajectory` does. Positions are unwrapped, or `wrapped` says that they are not.
    functions : TimeCorrelationFunction, or a sequence of them
        `MeanSquaredDisplacement()`, `NonGaussian()`, `SelfScattering(q)`, `Scattering(q)`, `Overlap(a)`,
        `Chi4(a)`, `VanHoveSelf(r)`, `VanHoveDistinct(r)`, `FourPointStructure(a, q)`, and `CageRelative` of any
        that looks at single particles.
    lags : time units
        Times between two frames, each of which some pairs of frames have. None, for trajectories in memory: ten a
        decade up to half their length (`logarithmic_lags`) for frames that are equally far apart, the times since
        the first frame for others. The frames of the longest lag are held in memory.
    times : (frames,), time units
        Of the frames, increasing. None: what the frames say, else their steps, else 0, 1, 2, ...
    time_step : time units
        Of a simulation whose frames say their step (or nothing).
    species : (particles,)
        Codes 0, 1, ...; by default those of the frames. Any other grouping of particles will do as well.
    box : number, (dim,), (dim, dim), or one of these for each frame, length units
        By default that of the frames, else open space.
    wrapped : bool
        Unwrap the positions by the nearest image from frame to frame, as `unwrap` does.
    remove_drift : bool
        Take the mean displacement of all particles, each with the same weight, from that of each.
    every : int
        Every how many frames there is a time origin.

    Returns
    -------
    TimeCorrelation, or a tuple of them in the order of `functions`
        In double precision; for each pair of frames with that of JAX.

    Raises
    ------
    ValueError
        For frames that are not of one system, wrapped positions unless `wrapped`, lags that no pair of frames has,
        and what a function cannot be asked.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> walk = np.cumsum(np.random.default_rng(0).normal(size=(200, 80, 3)), axis=0)
    >>> found = dynamics.time_correlations(walk, dynamics.MeanSquaredDisplacement(), lags=[1, 10])
    >>> found.values.round().tolist(), found.origins.tolist()
    ([[3.0, 30.0]], [199, 190])
    """
    return time_correlations_of_runs(
        [trajectory],
        functions,
        lags=lags,
        times=times,
        time_step=time_step,
        species=species,
        box=box,
        wrapped=wrapped,
        remove_drift=remove_drift,
        every=every,
    )


def time_correlations_of_runs(
    trajectories: Any,
    functions: Functions,
    *,
    lags: Numbers | None = None,
    times: Numbers | None = None,
    time_step: float | None = None,
    species: Numbers | None = None,
    box: Numbers | None = None,
    wrapped: bool = False,
    remove_drift: bool = False,
    every: int = 1,
) -> Any:
    """The same, averaged over the origins of several runs of one system; errors are those over the runs.

    Parameters
    ----------
    trajectories : sequence
        Each as for `time_correlations`; an array (runs, frames, particles, dim) is one.
    functions, lags, times, time_step, species, box, wrapped, remove_drift, every
        As for `time_correlations`, the same for all runs.

    Returns
    -------
    TimeCorrelation, or a tuple of them

    Raises
    ------
    ValueError
        As `time_correlations`, and for runs of different systems.

    Examples
    --------
    >>> from tdaglass import dynamics
    >>> walks = np.cumsum(np.random.default_rng(0).normal(size=(4, 50, 20, 3)), axis=1)
    >>> found = dynamics.time_correlations_of_runs(walks, dynamics.MeanSquaredDisplacement(), lags=[1])
    >>> bool(abs(found.values - 3) < 3 * found.errors), found.origins.tolist()
    (True, [196])
    """
    asked = (functions,) if isinstance(functions, TimeCorrelationFunction) else functions
    _require_functions(asked)
    every = arguments.whole(every, "every", least=1)
    wanted = None if lags is None else _checked_lags(lags)
    groups: list[Group] = []
    runs: list[Pass] = []
    for trajectory in trajectories:
        known, stream = snapshots(
            trajectory,
            times=times,
            time_step=time_step,
            species=species,
            box=box,
            wrapped=wrapped,
            displacements=remove_drift or any(f.of_single_particles for f in asked),
        )
        if not groups:
            groups = _groups(asked, wanted, known)
        runs.append(_one_pass(stream, groups, remove_drift, every))
        if not np.array_equal(runs[-1].system.kinds, runs[0].system.kinds):
            raise ValueError(
                "expected runs of one system, got other species or numbers of particles; try one at a time"
            )
    if not runs:
        raise ValueError("expected at least one run, got none; try [trajectory]")
    found: dict[int, TimeCorrelation] = {}
    for g, group in enumerate(groups):
        first = 0
        for f, function in enumerate(group.functions):
            shape = runs[0].shapes[g][f]
            part = slice(first, first := first + math.prod(shape))
            found[id(function)] = _averaged(function, part, shape, g, f, group, runs)
    result = tuple(found[id(function)] for function in asked)
    return result[0] if asked is not functions else result


def _averaged(
    function: TimeCorrelationFunction,
    part: slice,
    shape: tuple[int, ...],
    g: int,
    f: int,
    group: Group,
    runs: list[Pass],
) -> TimeCorrelation:
    """What one function makes of its part of the sums."""
    constants, system = runs[0].constants[g][f], runs[0].system

    def value_fn(moments: np.ndarray) -> np.ndarray:
        return function.value(moments[..., part].reshape(*moments.shape[:-1], *shape), system, constants)

    values, errors, origins = averages([run.sums[g] for run in runs], group.lags, value_fn)
    return TimeCorrelation(
        group.lags.copy(),
        np.swapaxes(values, 0, 1),
        np.swapaxes(errors, 0, 1),
        origins,
        function.grid(constants),
    )


def logarithmic_lags(spacing: float, longest: float, per_decade: int = 10) -> np.ndarray:
    """Times between frames that are equally far apart, so many a decade: whole multiples of their spacing.

    Parameters
    ----------
    spacing : time units
        From frame to frame.
    longest : time units
        At most this.
    per_decade : int
        Fewer where there are not so many multiples.

    Returns
    -------
    (lags,), time units

    Raises
    ------
    ValueError
        For a longest time below the spacing.

    Examples
    --------
    >>> logarithmic_lags(0.5, 10.0, per_decade=4).tolist()
    [0.5, 1.0, 1.5, 3.0, 5.0, 9.0]
    """
    spacing, longest = arguments.length(spacing, "spacing"), arguments.length(longest, "longest lag")
    per_decade = arguments.whole(per_decade, "number of lags a decade", least=1)
    most = math.floor(longest / spacing * (1 + 1e-9))
    if most < 1:
        raise ValueError(
            f"expected a longest lag of at least the spacing, got {longest:g} and {spacing:g}; try {spacing:g}"
        )
    exponents = np.arange(math.floor(math.log10(most) * per_decade) + 1) / per_decade
    return np.unique(np.round(10**exponents).clip(1, most)) * spacing


def _require_functions(asked: Any) -> None:
    if not isinstance(asked, Sequence) or not asked:
        raise ValueError(f"expected functions to average, got {asked!r}; try [dynamics.NonGaussian()]")
    for function in asked:
        if not isinstance(function, TimeCorrelationFunction):
            raise ValueError(
                f"expected functions of two frames, got {function!r}; try dynamics.MeanSquaredDisplacement()"
            )


def _checked_lags(lags: Numbers) -> np.ndarray:
    found = np.atleast_1d(arguments.host(lags, "lags"))
    if found.ndim != 1 or not found.size or not (np.isfinite(found) & (found >= 0)).all():
        raise ValueError(
            f"expected lags of zero or more, got {found.tolist()}; try dynamics.logarithmic_lags"
        )
    if (np.diff(found) <= 0).any():
        raise ValueError(f"expected lags that increase, got {found.tolist()}; try np.unique(lags)")
    return found


def _groups(
    asked: Sequence[TimeCorrelationFunction], wanted: np.ndarray | None, known: list[float] | None
) -> list[Group]:
    if wanted is None and any(function.lags is None for function in asked):
        wanted = _default_lags(known)
    by_lags: dict[tuple[float, ...], list[TimeCorrelationFunction]] = {}
    for function in asked:
        lags = tuple(wanted.tolist()) if function.lags is None and wanted is not None else function.lags
        assert lags is not None
        by_lags.setdefault(tuple(_checked_lags(lags)), []).append(function)
    return [Group(tuple(functions), np.array(lags)) for lags, functions in by_lags.items()]


def _default_lags(known: list[float] | None) -> np.ndarray:
    if known is None:
        raise ValueError(
            "expected lags for frames that come one at a time, got None; try "
            "lags=dynamics.logarithmic_lags(spacing, longest)"
        )
    if len(known) < 2:
        raise ValueError(f"expected two frames or more, got {len(known)}; try io.read_trajectory")
    gaps = np.diff(known)
    if np.ptp(gaps) <= SAME_TIME * gaps.min():
        return logarithmic_lags(gaps.mean(), max((known[-1] - known[0]) / 2, gaps.mean()))
    return np.array(known[1:]) - known[0]


def _one_pass(stream: Iterator[Snapshot], groups: list[Group], remove_drift: bool, every: int) -> Pass:
    """Sums over the pairs of frames of one run."""
    longest = max(group.lags.max() for group in groups)
    positive = np.concatenate([group.lags[group.lags > 0] for group in groups])
    same = SAME_TIME * (positive.min() if positive.size else 1)
    window: list[Held] = []
    run: Pass | None = None
    waiting: list[list[tuple[int, Held, Held]]] = [[] for _ in groups]
    share = None
    for k, frame in enumerate(stream):
        if run is None:
            run = _begin(frame, groups)
            share = jnp.asarray(run.system.kinds / run.system.members[:, None])
        now = Held(
            frame.time,
            frame.positions,
            [
                tuple(f.keep(frame.positions, frame.box, c) for f, c in zip(group.functions, of, strict=True))
                for group, of in zip(groups, run.constants, strict=True)
            ],
        )
        while window and now.time - window[0].time > longest + same:
            window.pop(0)
        if k % every == 0:
            window.append(now)
        origins = np.array([held.time for held in window])
        for g, group in enumerate(groups):
            for lag, origin in _partners(origins, now.time - group.lags, same):
                waiting[g].append((lag, window[origin], now))
            size = _batch_size(run.system)
            while len(waiting[g]) >= size:
                _compare(waiting[g][:size], size, g, group, run, share, remove_drift)
                del waiting[g][:size]
    if run is None:
        raise ValueError("expected at least one frame, got none; try another file or slice")
    for g, group in enumerate(groups):
        if waiting[g]:
            # The rest fills a batch that is compiled already; a short run gets a small one.
            size = _batch_size(run.system) if run.shapes[g] else 1 << (len(waiting[g]) - 1).bit_length()
            _compare(waiting[g], size, g, group, run, share, remove_drift)
        missing = run.sums[g].origins.sum(axis=1) == 0
        if missing.any():
            raise ValueError(
                f"expected frames that are {group.lags[missing][0]:g} apart, got none; try lags that are "
                "differences between the times of the frames, as dynamics.logarithmic_lags gives them"
            )
    return run


def _begin(frame: Snapshot, groups: list[Group]) -> Pass:
    n, dim = frame.positions.shape
    kinds = [np.ones(n)]
    if frame.species is not None:
        kinds += [frame.species == s for s in range(int(frame.species.max()) + 1)]
    table = np.stack(kinds).astype(float)
    members = table.sum(axis=1)
    if not members.all():
        raise ValueError(
            f"expected particles of every species, got none of species {int(members.argmin()) - 1}; "
            "try codes 0, 1, ... without a gap"
        )
    system = System(dim, table, members, frame.box, frame.species)
    constants = [tuple(f.prepare(system) for f in group.functions) for group in groups]
    return Pass(system, constants, [[] for _ in groups], [no_origins(len(group.lags), 0) for group in groups])


def _partners(origins: np.ndarray, wanted: np.ndarray, same: float) -> Iterator[tuple[int, int]]:
    """Lags for which there is an origin at the wanted time, and which."""
    if not len(origins):
        return
    after = np.searchsorted(origins, wanted).clip(0, len(origins) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(np.abs(origins[before] - wanted) < np.abs(origins[after] - wanted), before, after)
    for lag in np.flatnonzero(np.abs(origins[nearest] - wanted) <= same):
        yield int(lag), int(nearest[lag])


def _batch_size(system: System) -> int:
    return int(np.clip(BATCH // (system.kinds.shape[1] * system.dim), 1, PAIRS))


def _compare(
    pairs: list[tuple[int, Held, Held]],
    size: int,
    g: int,
    group: Group,
    run: Pass,
    share: Any,
    remove_drift: bool,
) -> None:
    """Add what these pairs of frames say to the sums of the run."""
    padded = pairs + [pairs[-1]] * (size - len(pairs))
    moved = np.stack([later.positions - earlier.positions for _, earlier, later in padded])
    earlier = jax.tree.map(_stacked, *[origin.kept[g] for _, origin, _ in padded])
    later = jax.tree.map(_stacked, *[now.kept[g] for _, _, now in padded])
    found = _moments(
        group.functions, remove_drift, jnp.asarray(moved), earlier, later, share, run.constants[g]
    )
    flat = np.concatenate([np.asarray(m, float).reshape(size, -1) for m in found], axis=1)
    if not run.shapes[g]:
        run.shapes[g].extend(m.shape[1:] for m in found)
        run.sums[g] = no_origins(len(group.lags), flat.shape[1])
    for (lag, origin, _), moments in zip(pairs, flat, strict=False):
        add(run.sums[g], lag, origin.time, moments)


def _stacked(*arrays: np.ndarray) -> np.ndarray:
    """Arrays of several frames; where some have room for more neighbours, all get it."""
    if len({a.shape for a in arrays}) > 1:
        shape = np.max([a.shape for a in arrays], axis=0)
        arrays = tuple(np.pad(a, [(0, s - n) for s, n in zip(shape, a.shape, strict=True)]) for a in arrays)
    return np.stack(arrays)


@partial(jax.jit, static_argnums=(0, 1))
def _moments(
    functions: tuple[TimeCorrelationFunction, ...],
    remove_drift: bool,
    moved: Array,
    earlier: Any,
    later: Any,
    share: Array,
    constants: Any,
) -> list[Array]:
    """Of every function, the moments of each pair of a batch."""

    def of_pair(moved: Array, earlier: Any, later: Any) -> list[Array]:
        drift = jnp.mean(moved, axis=0) if remove_drift else jnp.zeros_like(moved[0])
        return [
            function.moments(Pair(moved - drift, drift, a, b), share, c)
            for function, a, b, c in zip(functions, earlier, later, constants, strict=True)
        ]

    return jax.vmap(of_pair)(moved, earlier, later)
