"""Progress of long loops on the host, with an estimate of the time that is left."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

# Shorter loops end before a bar says anything useful.
_DELAY = 2.0
_LOG_EVERY = 60.0


def progress(
    items: Iterable[T],
    description: str,
    *,
    total: int | None = None,
    enabled: bool | None = None,
    note: Callable[[], str] | None = None,
) -> Iterator[T]:
    """The items one by one, with a bar and an estimate once two seconds have passed.

    On a terminal the bar is tqdm's, on standard error. Elsewhere, in batch jobs, one line a minute goes to
    the log at level INFO, so that log files stay readable.

    Parameters
    ----------
    items : iterable
    description : str
        What is being done: "replicas", "diagrams".
    total : int, optional
        How many items there are; by default `len(items)` where that is known.
    enabled : bool, optional
        False for silence; True for a bar wherever standard error goes; by default as described.
    note : callable, optional
        What to say beside the count, asked again after each item: the loss so far.

    Yields
    ------
    The items.

    Examples
    --------
    >>> sum(progress(range(3), "squares", enabled=False))
    3
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if enabled is False:
        yield from items
    elif enabled or sys.stderr.isatty():
        yield from _bar(items, description, total, note)
    else:
        yield from _logged(items, description, total, note)


def _bar(
    items: Iterable[T], description: str, total: int | None, note: Callable[[], str] | None
) -> Iterator[T]:
    try:
        from tqdm import tqdm
    except ImportError:
        yield from _logged(items, description, total, note)
        return
    with tqdm(items, desc=description, total=total, delay=_DELAY, dynamic_ncols=True) as bar:
        for item in bar:
            yield item
            if note is not None:
                bar.set_postfix_str(note(), refresh=False)


def _logged(
    items: Iterable[T], description: str, total: int | None, note: Callable[[], str] | None
) -> Iterator[T]:
    started = spoken = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - spoken >= _LOG_EVERY:
            spoken = now
            left = (
                "" if not total else f" of {total}, about {(now - started) * (total / done - 1):.0f} s left"
            )
            log.info("%s: %d%s%s", description, done, left, "" if note is None else f", {note()}")
