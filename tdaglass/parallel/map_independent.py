"""The one door to independent pieces of work, wherever they are computed."""

from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

from tdaglass import arguments
from tdaglass.checkpoints import Keep, discard_parts, nothing_kept
from tdaglass.parallel.dask_client import as_executor
from tdaglass.parallel.elsewhere import elsewhere
from tdaglass.parallel.errors import PieceError, explain
from tdaglass.parallel.outcome import Outcome, Piece, as_part, here
from tdaglass.parallel.part import Part
from tdaglass.parallel.worker import said
from tdaglass.progress import progress as progress_bar

Item = TypeVar("Item")
# After so many pieces have failed, the rest would most likely fail as well.
_ENOUGH = 10


def map_independent(
    function: Callable[[Item], Any],
    items: Iterable[Item],
    *,
    executor: Any = None,
    keep: Keep | None = None,
    progress: str | None = None,
    names: Callable[[Item], str] | None = None,
    retries: int | None = None,
) -> list:
    """Apply a function to items that do not depend on one another, here or on other processes and machines.

    A piece has the same bits wherever it was computed, in whichever order and by however many workers, as long as
    these have the same kind of processor.

    Parameters
    ----------
    function : callable
        Of one item; returns a pytree. What it carries goes to each worker once: hand over what all pieces share by
        `functools.partial`.
    items : iterable
        Taken one after another as there is room for them: small things, such as numbers and names.
    executor : concurrent.futures.Executor, dask.distributed.Client or Part, optional
        Where: None computes here, one piece after another.
    keep : callable ``(name, compute) -> result``, optional
        Such as `Run.chunk`: pieces are kept as they are finished, and finished ones are not computed again. Parts
        that a piece has kept on its way (`checkpoints.parts_of`) are discarded then.
    progress : str, optional
        Label of a progress bar over all pieces.
    names : callable ``item -> name``, optional
        Under which a piece is kept and named when it fails; by default "piece-0", "piece-1", ...
    retries : int, optional
        How often a piece that failed is tried again: by default once, and not at all in this process, where it
        would fail again.

    Returns
    -------
    list
        Of results in the order of the items, with their arrays in host memory.

    Raises
    ------
    PieceError
        If pieces failed, once all others are done: which, and why.
    OtherVersions
        If a worker has another version of what numbers depend on.
    ValueError
        If the function or an item cannot be sent to a worker.

    Examples
    --------
    >>> from tdaglass.parallel import map_independent
    >>> map_independent(abs, [-1, 2, -3])
    [1, 2, 3]
    """
    tries = _tries(retries, executor)
    failures, results = _Failures(keep, tries), {}
    for outcome in failures.set_aside(_outcomes(function, items, executor, keep, progress, names, tries)):
        results[outcome.piece.index] = outcome.result
    failures.check({} if keep else results)
    return [results[k] for k in range(len(results))]


def stream_independent(
    function: Callable[[Item], Any],
    items: Iterable[Item],
    *,
    executor: Any = None,
    keep: Keep | None = None,
    progress: str | None = None,
    names: Callable[[Item], str] | None = None,
    retries: int | None = None,
) -> Iterator[Any]:
    """As `map_independent`, one result after another, so that a million of them are added up in little memory.

    With `keep`, a result that comes before its turn is read again when it is due; without, it waits in memory.

    Parameters
    ----------
    function, items, executor, keep, progress, names, retries
        See `map_independent`.

    Yields
    ------
    pytree
        Results in the order of the items, up to the first that failed.

    Raises
    ------
    PieceError
        After that, once all others are done.
    OtherVersions, ValueError
        See `map_independent`.

    Examples
    --------
    >>> from tdaglass.parallel import stream_independent
    >>> sum(stream_independent(abs, range(-3, 3)))
    9
    """
    tries = _tries(retries, executor)
    failures, turn = _Failures(keep, tries), 0
    early: dict[int, Callable[[], Any]] = {}
    for outcome in failures.set_aside(_outcomes(function, items, executor, keep, progress, names, tries)):
        piece, result = outcome.piece, outcome.result
        if keep is None or piece.index == turn:
            early[piece.index] = partial(lambda x: x, result)
        else:
            early[piece.index] = partial(keep, piece.name, partial(function, piece.item))
        while turn in early and not failures.reasons:
            yield early.pop(turn)()
            turn += 1
    failures.check({})


def _tries(retries: int | None, executor: Any) -> int:
    if retries is None:
        return 1 if executor is None else 2
    return 1 + arguments.whole(retries, "retries")


class _Failures:
    """Pieces that failed, set aside until all others are done."""

    def __init__(self, keep: Keep | None, tries: int) -> None:
        self.keep, self.tries = keep, tries
        self.reasons: dict[str, str] = {}
        self.first: BaseException | None = None
        self.done = 0
        self.ended = True

    def set_aside(self, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
        """The outcomes that are results."""
        for outcome in outcomes:
            if outcome.error is None:
                self.done += 1
                discard_parts(self.keep, outcome.piece.name)
                yield outcome
                continue
            self.first = self.first or outcome.error
            self.reasons[outcome.piece.name] = said(outcome.error)
            if len(self.reasons) == _ENOUGH:
                self.ended = False
                return

    def check(self, finished: dict[int, Any]) -> None:
        if self.reasons:
            message = explain(
                self.reasons, self.done, self.tries, kept=self.keep is not None, ended=self.ended
            )
            raise PieceError(message, self.reasons, finished) from self.first


def _outcomes(
    function: Callable[[Any], Any],
    items: Iterable[Any],
    executor: Any,
    keep: Keep | None,
    progress: str | None,
    names: Callable[[Any], str] | None,
    tries: int,
) -> Iterator[Outcome]:
    """What becomes of every piece, as they end."""
    pieces = (Piece(k, f"piece-{k}" if names is None else names(item), item) for k, item in enumerate(items))
    keep = keep or nothing_kept
    executor = as_executor(executor)
    if executor is None:
        outcomes = here(function, pieces, keep, tries)
    elif isinstance(executor, Part):
        outcomes = as_part(executor, function, pieces, keep, tries)
    elif isinstance(executor, Executor):
        outcomes = elsewhere(executor, function, pieces, keep, tries)
    else:
        raise ValueError(
            f"expected an executor of concurrent.futures, a client of Dask, a Part or None, got {executor!r}; "
            "try parallel.Processes(2)"
        )
    total = len(items) if isinstance(items, Sized) else None
    return progress_bar(outcomes, progress or "", total=total, enabled=None if progress else False)
