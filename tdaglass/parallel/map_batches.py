"""Frames of a trajectory, or any arrays with an axis in front, a batch at a time: here or on other machines."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np

from tdaglass import arguments
from tdaglass.checkpoints import Keep
from tdaglass.parallel.map_independent import map_independent


class Batch(NamedTuple):
    """Some frames: the first, the one after the last, and what belongs to them."""

    first: int
    last: int
    arrays: tuple


def map_batches(
    function: Callable[..., Any],
    *arrays: Any,
    batch: int,
    executor: Any = None,
    keep: Keep | None = None,
    progress: str | None = None,
    name: str = "frames",
    retries: int | None = None,
) -> Any:
    """Apply a function of a batch of frames to all frames, and join what it returns along the leading axis.

    For diagrams, images, Voronoi cells, bond order, or anything else that is said of each frame of a trajectory.
    Batches are cut when their turn comes, so that of a `numpy.memmap` no more is read than workers have in hand.

    Parameters
    ----------
    function : callable
        Of as many batches as there are `arrays`; returns a pytree of arrays with a row for each frame, or a list
        with an entry for each, such as volumes, which have no shape in common.
    *arrays : pytrees of arrays (frames, ...), or lists of frames
        Such as positions and boxes, a `Configuration` of a trajectory, or a list of arrays of different sizes,
        which is cut to shorter lists. None stays None.
    batch : int
        Frames at once, at most: all batches have as many as that, or a few less, so that few programs are
        compiled. What fits a worker's memory, and keeps it busy for a second or more.
    executor, keep, progress, retries
        See `map_independent`.
    name : str
        Batches are kept and named by it: "frames-0-64", "frames-64-128", ...

    Returns
    -------
    pytree or list
        As the function returns it, of all frames, in host memory.

    Raises
    ------
    ValueError
        For arrays of different lengths, or none; results that have not a row for each frame, or whose other axes
        differ between batches.
    PieceError, OtherVersions
        See `map_independent`.

    Examples
    --------
    >>> import numpy as np
    >>> from tdaglass.parallel import map_batches
    >>> frames = np.random.default_rng(0).normal(size=(10, 50, 3))
    >>> map_batches(partial(np.mean, axis=1), frames, batch=4).shape
    (10, 3)

    Persistence diagrams of a trajectory; the same with an executor:

    >>> from tdaglass import topology
    >>> from tdaglass.parallel import checked
    >>> loops = jax.vmap(partial(topology.diagram, dimension=1))
    >>> found = map_batches(checked(loops, topology.check_diagram), frames, batch=5)
    >>> found.birth.shape, int(found.valid.sum(1).min()) > 10
    ((10, 350), True)
    """
    cut = _Cut(arrays, arguments.whole(batch, "batch", least=1))
    results = map_independent(
        partial(_of_batch, function),
        cut,
        executor=executor,
        keep=keep,
        progress=progress,
        names=partial(_name, name),
        retries=retries,
    )
    return joined(results)


class _Cut:
    """Arrays cut to batches, each when it is asked for."""

    def __init__(self, arrays: tuple, batch: int) -> None:
        lengths = {n for x in arrays for n in _lengths(x)}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(
                f"expected arrays with as many frames each, got {sorted(lengths) or 'none'}; try "
                "functools.partial for what is the same in all frames"
            )
        self.arrays = arrays
        self.frames = lengths.pop()
        self.pieces = -(-self.frames // batch)

    def __len__(self) -> int:
        return self.pieces

    def __iter__(self) -> Iterator[Batch]:
        for k in range(self.pieces):
            first, last = (self.frames * j // self.pieces for j in (k, k + 1))
            yield Batch(first, last, tuple(_rows(x, first, last) for x in self.arrays))


def _lengths(x: Any) -> list[int]:
    leaves = [x] if isinstance(x, list) else jax.tree.leaves(x)
    return [len(leaf) if isinstance(leaf, list) or np.ndim(leaf) else 0 for leaf in leaves]


def _rows(x: Any, first: int, last: int) -> Any:
    return x[first:last] if isinstance(x, list) else jax.tree.map(lambda leaf: leaf[first:last], x)


def _name(name: str, batch: Batch) -> str:
    return f"{name}-{batch.first}-{batch.last}"


def _of_batch(function: Callable[..., Any], batch: Batch) -> Any:
    frames, result = batch.last - batch.first, function(*batch.arrays)
    parts = [result] if isinstance(result, list) else jax.tree.leaves(result)
    counts = {len(x) if isinstance(x, list) or np.ndim(x) else 0 for x in parts}
    if counts != {frames}:
        raise ValueError(
            f"expected results with a row for each of {frames} frames, got {sorted(counts - {frames}) or 'none'}; "
            "try jax.vmap of a function of one frame, or a list with an entry for each"
        )
    return result


def joined(results: Sequence[Any]) -> Any:
    """Results of batches, one after another along the leading axis.

    Raises
    ------
    ValueError
        If their other axes differ.

    Examples
    --------
    >>> joined([[1, 2], [3]]), joined([np.zeros((2, 5)), np.ones((1, 5))]).shape
    ([1, 2, 3], (3, 5))
    """
    if isinstance(results[0], list):
        return [one for result in results for one in result]

    def join(*leaves: Any) -> np.ndarray:
        shapes = {np.shape(x)[1:] for x in leaves}
        if len(shapes) > 1:
            raise ValueError(
                f"expected results of the same shape from all batches, got frames of {sorted(shapes)}; try a size "
                "that does not depend on the batch, such as capacity=..., or a list with an entry for each frame"
            )
        return np.concatenate(leaves)

    return jax.tree.map(join, *results)
