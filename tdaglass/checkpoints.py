"""What long computations ask for to survive a kill."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Protocol

# A finished part by its name, or to compute and keep it; such as `Run.chunk`.
Keep = Callable[[str, Callable[[], Any]], Any]


class Taken(Exception):
    """Another process is computing that part now."""


class SharedKeep(Protocol):
    """A `Keep` of several processes at once, such as `Run.chunk` of a run opened `shared`."""

    def __call__(self, name: str, compute: Callable[[], Any], /) -> Any:
        """The part of this name; waits for another process that is computing it."""

    def attempt(self, name: str, compute: Callable[[], Any], /) -> Any:
        """The part of this name; raises `Taken` where another process is computing it."""


def pauses() -> Iterator[float]:
    """Seconds to wait before one looks again at what is `Taken`: from half a second to five, without end.

    Those that wait for the same do not look at the same moment.
    """
    longest = 0.5
    while True:
        yield longest * random.uniform(0.5, 1.0)
        longest = min(1.5 * longest, 5.0)
