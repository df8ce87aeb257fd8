"""Pieces on the workers of an executor: a few in flight for each worker, tried again where they fail.

A worker that dies takes the pieces it had with it. Which of them killed it nobody says, so each is tried again
with nothing else in flight: one that ends its worker then is named. Pieces that a scheduler lost are sent again.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from queue import SimpleQueue
from typing import Any, NamedTuple

import cloudpickle

from tdaglass.checkpoints import Keep
from tdaglass.parallel import dask_client
from tdaglass.parallel.needs import Needs, OtherVersions
from tdaglass.parallel.outcome import Outcome, Piece, kept
from tdaglass.parallel.worker import Reply, Sent, dumps, work

log = logging.getLogger(__name__)

# Enough to keep workers busy while replies travel, and for a cluster to see that it should grow.
_FEWEST_IN_FLIGHT = 32
# A piece that ends its worker so often while it is alone is at fault.
_DEATHS = 2
# So often everything in flight may be lost without a single piece finished in between.
_LOSSES = 5


class _Flight(NamedTuple):
    """A piece on its way, and what has happened to it so far."""

    piece: Piece
    content: bytes
    failures: int = 0
    deaths: int = 0
    with_function: bool = False


def elsewhere(
    executor: Executor, function: Callable[[Any], Any], pieces: Iterator[Piece], keep: Keep, tries: int
) -> Iterator[Outcome]:
    """Pieces in the order in which they end; no more are taken from `pieces` than can be in flight."""
    return _Sky(executor, function, keep, tries).outcomes(pieces)


class _Sky:
    """Everything that is in flight, and what is to be sent again."""

    def __init__(self, executor: Executor, function: Callable[[Any], Any], keep: Keep, tries: int) -> None:
        self.executor, self.keep, self.tries = executor, keep, tries
        self.client = dask_client.client_of(executor)
        self.needs, self.function = Needs.here(), Sent.of(function)
        self.content: Any = None
        self.landed: SimpleQueue[Future] = SimpleQueue()
        self.flying: dict[Future, _Flight] = {}
        self.again: deque[_Flight] = deque()
        self.suspects: deque[_Flight] = deque()
        self.losses = 0
        self.processors: set[str] = set()

    def outcomes(self, pieces: Iterator[Piece]) -> Iterator[Outcome]:
        try:
            while True:
                yield from self.take_off(pieces)
                if not self.flying:
                    break
                future = self.landed.get()
                outcome = self.land(future, self.flying.pop(future))
                if outcome is not None:
                    yield outcome
        finally:
            for future in self.flying:
                future.cancel()

    def take_off(self, pieces: Iterator[Piece]) -> Iterator[Outcome]:
        """Send what there is room for; pieces that are kept need not be sent."""
        if self.suspects:
            if not self.flying:
                self.send(self.suspects.popleft())
            return
        room = self.room()
        while len(self.flying) < room:
            if self.again:
                self.send(self.again.popleft())
            elif (piece := next(pieces, None)) is None:
                break
            elif (outcome := kept(piece, self.keep)) is not None:
                yield outcome
            else:
                self.send(_Flight(piece, dumps(piece.item, f"the item of {piece.name}")))

    def room(self) -> int:
        if self.client is not None:
            return max(_FEWEST_IN_FLIGHT, 2 * dask_client.threads_of(self.client))
        workers = getattr(self.executor, "workers", None) or getattr(self.executor, "_max_workers", None)
        return 2 * workers if isinstance(workers, int) else _FEWEST_IN_FLIGHT

    def send(self, flight: _Flight) -> None:
        if self.client is not None:
            # Workers of Dask have it from one another.
            self.content = self.content or dask_client.at_workers(self.client, self.function.content)
        content = self.function.content if flight.with_function else self.content
        try:
            future = self.executor.submit(
                work, tuple(self.needs), self.function.digest, content, flight.content
            )
        except BrokenExecutor as error:
            raise BrokenExecutor(
                "expected a pool of processes that works, got one that broke when a worker died; try "
                "executor=parallel.Processes(4), which is made anew, and says which piece it was"
            ) from error
        self.flying[future] = flight
        future.add_done_callback(self.landed.put)

    def land(self, future: Future, flight: _Flight) -> Outcome | None:
        """What became of a piece; None where it is to be sent again."""
        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            return self.answered(future.result(), flight)
        if isinstance(error, CancelledError):
            self.lose(flight)
            return None
        if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
            return self.died(flight, error)
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("tdaglass"):
            raise OtherVersions(
                "expected tdaglass on all workers, got one that has none, or another version; try installing the same "
                "there, and starting the workers again"
            ) from error
        return self.failed(flight, error)

    def answered(self, reply: Reply, flight: _Flight) -> Outcome | None:
        if reply.kind == "refused":
            raise OtherVersions(reply.reason)
        if reply.kind == "missing":
            self.again.appendleft(flight._replace(with_function=True))
            return None
        if reply.kind == "failed":
            return self.failed(flight, cloudpickle.loads(reply.content))
        self.losses = 0
        if reply.processor not in self.processors:
            self.processors.add(reply.processor)
            if len(self.processors) == 2:
                log.warning("workers differ, and so may last digits: %s", "; ".join(sorted(self.processors)))
        result = cloudpickle.loads(reply.content)
        return Outcome(flight.piece, self.keep(flight.piece.name, lambda: result))

    def failed(self, flight: _Flight, error: BaseException) -> Outcome | None:
        flight = flight._replace(failures=flight.failures + 1)
        if flight.failures >= self.tries:
            return Outcome(flight.piece, error=error)
        self.again.append(flight)
        return None

    def died(self, flight: _Flight, error: BaseException) -> Outcome | None:
        alone = not self.flying
        flight = flight._replace(deaths=flight.deaths + alone, with_function=False)
        if flight.deaths >= _DEATHS:
            reason = RuntimeError(
                "its worker died whenever it had this piece alone: a crash in compiled code, or want of memory"
            )
            reason.__cause__ = error
            return Outcome(flight.piece, error=reason)
        self.suspects.append(flight)
        return None

    def lose(self, flight: _Flight) -> None:
        """A scheduler is gone, with all that was in flight."""
        if not self.flying:
            self.losses += 1
        if self.losses > _LOSSES:
            raise dask_client.SchedulerLost(
                f"expected pieces to come back from workers, got none after {_LOSSES} losses of all of them; try "
                "looking at the logs of scheduler and workers, then the same command: what was kept is not "
                "computed again"
            )
        if self.client is not None:
            dask_client.wait_for(self.client)
            self.content = None
        self.again.append(flight)
