"""What long computations ask for to survive a kill."""

import random
from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

# A finished part by its name, or to compute and keep it; such as `Run.chunk`.
Keep = Callable[[str, Callable[[], Any]], Any]


def nothing_kept(name: str, compute: Callable[[], Any]) -> Any:
    """A `Keep` that keeps nothing."""
    return compute()


def parts_of(keep: Keep | None, name: str) -> Keep:
    """Where the parts of a longer piece of work are kept: within `keep`, or in it under longer names.

    Examples
    --------
    >>> seen = {}
    >>> keep = parts_of(lambda name, compute: seen.setdefault(name, compute()), "ensemble")
    >>> keep("part-1", lambda: 3), seen
    (3, {'ensemble-part-1': 3})
    """
    if keep is None:
        return nothing_kept
    if isinstance(keep, NestedKeep):
        return keep.within(name)
    return lambda part, compute: keep(f"{name}-{part}", compute)


def discard_parts(keep: Keep | None, name: str) -> None:
    """Parts of a piece of work that is now kept as a whole can go, where `keep` can tell them from others."""
    if isinstance(keep, NestedKeep):
        keep.discard(name)


def for_workers(keep: Keep | None) -> Keep | None:
    """What of `keep` goes along to workers for the parts of their pieces: a `Keep` that can be sent, or None."""
    return keep if isinstance(keep, NestedKeep) else None


@runtime_checkable
class NestedKeep(Protocol):
    """A `Keep` that has room for the parts of its pieces, here and at workers, such as `Run.chunk`."""

    def __call__(self, name: str, compute: Callable[[], Any], /) -> Any:
        """The part of this name."""

    def within(self, name: str) -> Keep:
        """For the parts of the piece of this name; can be pickled."""

    def discard(self, name: str) -> None:
        """Remove the parts of the piece of this name."""


class Taken(Exception):
    """Another process is computing that part now."""


@runtime_checkable
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
