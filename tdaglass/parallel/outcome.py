"""A piece of work, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from tdaglass.checkpoints import Keep, SharedKeep
from tdaglass.parallel.part import Part, run_part
from tdaglass.parallel.worker import in_host_memory


class Piece(NamedTuple):
    """One of many: its place among the items, its name, and the item."""

    index: int  # type: ignore[assignment]
    name: str
    item: Any


class Outcome(NamedTuple):
    """What became of a piece: a result, or an error."""

    piece: Piece
    result: Any = None
    error: BaseException | None = None


class _Absent(Exception):
    """A piece is not kept yet."""


def kept(piece: Piece, keep: Keep) -> Outcome | None:
    """The piece as it was kept, or None."""

    def absent() -> Any:
        raise _Absent

    try:
        return Outcome(piece, keep(piece.name, absent))
    except _Absent:
        return None


def here(
    function: Callable[[Any], Any], pieces: Iterable[Piece], keep: Keep, tries: int
) -> Iterator[Outcome]:
    """Pieces one after another in this process."""
    for piece in pieces:
        yield tried(function, piece, keep, tries)


def of_part(
    part: Part, function: Callable[[Any], Any], pieces: Sequence[Piece], keep: Keep
) -> Iterator[Outcome]:
    """Pieces that this job computes, and those that the other jobs of an array do."""
    if not isinstance(keep, SharedKeep):
        raise ValueError(
            f"expected a folder in which {part.count} jobs meet, got none; try keep=run.chunk of a run opened with "
            "shared=True"
        )

    def compute_of(k: int) -> Callable[[], Any]:
        return lambda: in_host_memory(function(pieces[k].item))

    for k, result, error in run_part(part, [piece.name for piece in pieces], compute_of, keep):
        yield Outcome(pieces[k], result, error)


def tried(function: Callable[[Any], Any], piece: Piece, keep: Keep, tries: int) -> Outcome:
    """A piece computed here, or read; tried again where it fails."""
    failure: BaseException | None = None

    def compute() -> Any:
        nonlocal failure
        try:
            return in_host_memory(function(piece.item))
        except Exception as error:
            failure = error
            raise

    for _ in range(tries):
        try:
            return Outcome(piece, keep(piece.name, compute))
        except Exception as error:
            if error is not failure:
                raise  # of the disk, not of the piece
    return Outcome(piece, error=failure)
