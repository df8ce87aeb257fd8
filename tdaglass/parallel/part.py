"""One of several batch jobs that do the pieces of one computation together, without a coordinator.

What they know of each other stands in the folder where pieces are kept (`checkpoints.SharedKeep`, such as
`Run.chunk` of a run opened `shared`). Each begins with a range of pieces of its own, so that they seldom ask for
the same; then it does whatever is left of the others', whose jobs may have been killed or never started.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tdaglass.checkpoints import Taken, pauses

Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """Job `index` of `count`, counted from 1, as in ``--part 2/16``.

    Raises
    ------
    ValueError
        There is no such job.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            n = max(self.count, 1)
            raise ValueError(
                f"expected a part from 1/{n} to {n}/{n}, got {self.index}/{self.count}; try counting parts "
                f"from 1, as in an array of jobs 1-{n}"
            )

    @classmethod
    def parse(cls, text: str) -> "Part":
        """A part from what a user writes.

        Parameters
        ----------
        text : str

        Returns
        -------
        Part

        Raises
        ------
        ValueError
            It is not of the form index/count.

        Examples
        --------
        >>> Part.parse("2/16")
        Part(index=2, count=16)
        """
        numbers = re.fullmatch(r"\s*([0-9]+)\s*/\s*([0-9]+)\s*", text)
        if not numbers:
            raise ValueError(
                f"expected a part such as 2/16, the second job of sixteen, got {text!r}; try 1/1"
            )
        return cls(int(numbers[1]), int(numbers[2]))


def in_turn(part: Part, count: int) -> Iterator[int]:
    """In which order a job looks at the pieces.

    Its own range comes first, from its beginning. The ranges of the jobs after it follow, in a circle, each from
    its end: there its own job arrives last.

    Parameters
    ----------
    part : Part
    count : int
        Number of pieces.

    Yields
    ------
    int
        Each piece once.

    Examples
    --------
    >>> list(in_turn(Part(2, 3), 9))
    [3, 4, 5, 8, 7, 6, 2, 1, 0]
    """
    for step in range(part.count):
        job = (part.index - 1 + step) % part.count
        pieces = range(job * count // part.count, (job + 1) * count // part.count)
        yield from pieces if step == 0 else reversed(pieces)


def take_turns(part: Part, count: int, attempt: Callable[[int], Result]) -> Iterator[Result]:
    """All pieces, of which this job computes those that no other job does.

    A piece is read if it is finished; computed if nobody is at it; and looked at again later, at growing pauses,
    while a job that may be alive computes it. All jobs end with all pieces.

    Parameters
    ----------
    part : Part
    count : int
        Number of pieces.
    attempt : callable
        Reads or computes the piece of a number, or raises `Taken`.

    Yields
    ------
    What `attempt` returns, in the order in which it is had.
    """
    waiting: Iterable[int] = in_turn(part, count)
    pause = pauses()
    while True:
        taken = []
        for piece in waiting:
            try:
                result = attempt(piece)
            except Taken:
                taken.append(piece)
                continue
            pause = pauses()
            yield result
        if not taken:
            return
        time.sleep(next(pause))
        waiting = taken
