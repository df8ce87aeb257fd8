"""A piece of work, and what became of it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from tdaglass.checkpoints import Keep, SharedKeep
from tdaglass.parallel.part import Part, take_turns
from tdaglass.parallel.worker import computed


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


def as_part(
    part: Part, function: Callable[[Any], Any], pieces: Iterable[Piece], keep: Keep, tries: int
) -> Iterator[Outcome]:
    """Pieces that several jobs do together.

    Raises
    ------
    ValueError
        If the pieces are not kept where the others see them.
    """
    if not isinstance(keep, SharedKeep):
        raise ValueError(
            "expected a place where all parts keep their pieces, got none; try keep=run.chunk of "
            "runs.Run.open(..., shared=True)"
        )
    listed = [*pieces]
    yield from take_turns(part, len(listed), lambda k: tried(function, listed[k], keep.attempt, tries))


def here(
    function: Callable[[Any], Any], pieces: Iterable[Piece], keep: Keep, tries: int
) -> Iterator[Outcome]:
    """Pieces one after another in this process."""
    for piece in pieces:
        yield tried(function, piece, keep, tries)


def tried(function: Callable[[Any], Any], piece: Piece, keep: Keep, tries: int) -> Outcome:
    """A piece computed here, or read; tried again where it fails."""
    failure: BaseException | None = None

    def compute() -> Any:
        nonlocal failure
        try:
            return computed(function, piece.item)
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
