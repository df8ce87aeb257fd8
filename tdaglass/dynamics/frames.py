"""A user's trajectory, in whatever shape it comes, as frames one at a time: time, positions, cell.

A trajectory is an array (frames, particles, dim), a `Configuration` or a frame of `io` with a leading axis, or
anything that yields one frame after the other. Positions are kept in double precision on the host: those that are
unwrapped may be far away, and only their differences go to the device.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tdaglass import arguments
from tdaglass.arguments import Numbers
from tdaglass.dynamics.images import Snapshot, not_wrapped, unwrapped


def snapshots(
    trajectory: Any,
    *,
    times: Numbers | None = None,
    time_step: Any = None,
    species: Numbers | None = None,
    box: Numbers | None = None,
    wrapped: bool = False,
    displacements: bool = True,
) -> tuple[list[float] | None, Iterator[Snapshot]]:
    """The frames of a trajectory, checked one by one, and their times where they are known beforehand.

    The arguments are those of `time_correlations`; `displacements` says whether it matters where particles have
    gone.
    """
    raw, sized = _frames(trajectory)
    given = None if times is None else _times(times)
    box = None if box is None else arguments.doubles(box, "box")
    time_step = None if time_step is None else arguments.positive(time_step, "time step")
    known = None
    if sized:
        raw = list(raw)
        if given is not None and len(given) != len(raw):
            raise ValueError(
                f"expected a time for each of {len(raw)} frames, got {len(given)}; try one for each, or None"
            )
        known = [_time(frame, k, given, time_step) for k, frame in enumerate(raw)]

    def checked() -> Iterator[Snapshot]:
        before: Snapshot | None = None
        for k, frame in enumerate(raw):
            now = _snapshot(frame, k, _time(frame, k, given, time_step), species, box, before)
            yield now
            before = now

    stream = unwrapped(checked()) if wrapped else not_wrapped(checked()) if displacements else checked()
    return known, stream


def unwrap(trajectory: Any, box: Numbers | None = None) -> np.ndarray:
    r"""Positions that go on where a particle leaves through a face, by the nearest image from frame to frame.

    In units of the lattice vectors each step is the one within a half; in a cell that changes, what goes on is the
    position in these units.

    Parameters
    ----------
    trajectory : (frames, particles, dim), `Configuration` or frames of `io`, length units
        Wrapped, without image flags; any that `time_correlations` takes.
    box : number, (dim,), (dim, dim), or one of these for each frame, length units
        By default that of the frames.

    Returns
    -------
    (frames, particles, dim) float64, length units
        Beginning with the positions of the first frame.

    Raises
    ------
    ValueError
        Without a cell, and where a particle goes further than 0.4 of the cell in one step, which leaves open
        where it went.

    Examples
    --------
    >>> unwrap([[[0.8, 0.5]], [[0.1, 0.5]]], box=1.0).round(3).tolist()
    [[[0.8, 0.5]], [[1.1, 0.5]]]
    """
    _, stream = snapshots(trajectory, box=box, wrapped=True)
    positions = [frame.positions for frame in stream]
    if not positions:
        raise ValueError("expected at least one frame, got none; try another file or slice")
    return np.stack(positions)


def _frames(trajectory: Any) -> tuple[Iterable[Any], bool]:
    """Single frames, and whether there are finitely many that lie in memory."""
    if isinstance(trajectory, str | bytes) or hasattr(trajectory, "__fspath__"):
        raise ValueError(f"expected frames, got a path {str(trajectory)!r}; try io.iterate_trajectory(path)")
    if hasattr(trajectory, "configuration") or hasattr(trajectory, "positions"):
        inner = getattr(trajectory, "configuration", trajectory)
        _require_frames(np.shape(inner.positions))
        return [_at(trajectory, k) for k in range(len(inner.positions))], True
    if isinstance(trajectory, np.ndarray | jax.Array):
        if isinstance(trajectory, jax.core.Tracer):
            raise ValueError(
                "expected frames whose values are known, got a trace; try it outside jit and vmap"
            )
        _require_frames(trajectory.shape)
        return np.asarray(trajectory), True
    try:
        iterator = iter(trajectory)
    except TypeError:
        raise ValueError(
            f"expected frames, got {type(trajectory).__name__}; try an array (frames, particles, dim)"
        ) from None
    return iterator, isinstance(trajectory, Sequence)


def _require_frames(shape: tuple[int, ...]) -> None:
    if len(shape) == 4:
        raise ValueError(
            f"expected one trajectory (frames, particles, dim), got shape {shape}; "
            "try time_correlations_of_runs for several"
        )
    if len(shape) != 3:
        raise ValueError(
            f"expected a trajectory (frames, particles, dim), got shape {shape}; try io.read_trajectory"
        )


def _at(trajectory: Any, k: int) -> Any:
    """Frame k of a record with a leading axis; what all frames share may be there once."""
    inner = getattr(trajectory, "configuration", trajectory)

    def of(values: Any, ranks: int) -> Any:
        return None if values is None else values[k] if np.ndim(values) > ranks else values

    # As the record says: the axes in front of the cell are those of the positions, or there are none.
    per_frame = np.ndim(inner.box) == 3 or (
        np.ndim(inner.box) == 2 and len(inner.box) == len(inner.positions)
    )
    configuration = inner._replace(
        positions=inner.positions[k],
        species=of(inner.species, 1),
        box=inner.box[k] if per_frame else inner.box,
        diameters=None,
    )
    if inner is trajectory:
        return configuration
    return trajectory._replace(
        configuration=configuration, step=of(trajectory.step, 0), time=of(trajectory.time, 0)
    )


def _snapshot(
    frame: Any,
    k: int,
    time: float,
    species: Numbers | None,
    box: np.ndarray | None,
    before: Snapshot | None,
) -> Snapshot:
    inner = getattr(frame, "configuration", frame)
    positions = _positions(getattr(inner, "positions", inner), k)
    if before is not None:
        if positions.shape != before.positions.shape:
            raise ValueError(
                f"expected the same particles in every frame, got {before.positions.shape} and then "
                f"{positions.shape} in frame {k}; try the frames of one run"
            )
        if not time > before.time:
            raise ValueError(
                f"expected times that increase, got {before.time:g} and then {time:g} in frame {k}; "
                "try leaving out frames that are there twice"
            )
    own = getattr(inner, "species", None) if species is None else species
    if species is not None and before is not None:
        codes = before.species
    else:
        codes = None if own is None else np.asarray(arguments.labels(own, len(positions)))
    if before is not None and codes is not before.species and not _alike(codes, before.species):
        raise ValueError(
            f"expected every particle to keep its species, got others in frame {k}; "
            "try particles sorted by their ids"
        )
    cell = getattr(inner, "box", None) if box is None else _of_frame(box, k, positions.shape[1])
    return Snapshot(time, positions, codes, None if cell is None else _cell(cell, positions, before))


def _alike(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return a is not None and b is not None and np.array_equal(a, b)


def _positions(x: Any, k: int) -> np.ndarray:
    """Of one frame, in double precision."""
    array = arguments.doubles(x, "positions")
    if array.ndim != 2 or array.shape[1] not in (2, 3) or not len(array):
        raise ValueError(
            f"expected frames of positions (particles, 2 or 3), got shape {array.shape} in frame {k}; "
            "try an array (frames, particles, dim)"
        )
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        raise ValueError(
            f"expected finite positions, got {array[bad][0]} for particle {int(bad.argmax())} in frame {k}; "
            "try the frames before it"
        )
    return array


def _of_frame(box: np.ndarray, k: int, dim: int) -> Any:
    """The cell of frame k where there is one for each; a matrix (dim, dim) is one for all."""
    shape = box.shape
    if len(shape) == 3 or (len(shape) == 2 and shape != (dim, dim)):
        if k >= shape[0]:
            raise ValueError(f"expected a box for each frame, got {shape[0]}; try one box for all")
        return box[k]
    return box


def _cell(box: Any, positions: np.ndarray, before: Snapshot | None) -> np.ndarray | None:
    """Edges or lattice vectors in double precision; what was checked in the frame before is not checked again."""
    if before is not None and before.box is not None and np.array_equal(box, before.box):
        return before.box
    array = arguments.doubles(box, "box")
    checked = arguments.cell(array, jnp.zeros((1, positions.shape[1])))
    if checked is None:
        return None
    if array.ndim == 2 and checked.ndim == 1:
        array = np.diagonal(array)
    return np.broadcast_to(array, checked.shape)


def _times(times: Numbers) -> np.ndarray:
    array = arguments.doubles(times, "times")
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(
            f"expected a finite time for each frame, got shape {array.shape}; try times=None, or a list"
        )
    return array


def _time(frame: Any, k: int, given: np.ndarray | None, time_step: float | None) -> float:
    if given is not None:
        if k >= len(given):
            raise ValueError(f"expected a time for each frame, got {len(given)}; try times=None")
        return float(given[k])
    step, time = getattr(frame, "step", None), getattr(frame, "time", None)
    if time_step is not None:
        return (k if step is None else int(step)) * time_step
    return float(next((x for x in (time, step) if x is not None), k))
