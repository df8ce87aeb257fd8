"""Pieces on the workers of an executor: a few at a time for each worker, tried again where they fail.

A worker that dies takes the pieces it had with it. Which of them killed it nobody says, so each is tried again
with nothing else running: one that ends its worker then is named. Pieces that a scheduler lost are sent again.
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
_SEVERAL = 32
# A piece that ends its worker so often while it is alone is at fault. Dask has tried it several times by then.
_DEATHS, _DEATHS_OF_DASK = 2, 1
# So often as much as can be on its way may be lost without a single piece finished in between.
_LOSSES = 5


class _Attempt(NamedTuple):
    """A piece on its way, and what has happened to it so far."""

    piece: Piece
    content: bytes
    failures: int = 0
    deaths: int = 0
    with_function: bool = False
    alone: bool = False


def elsewhere(
    executor: Executor, function: Callable[[Any], Any], pieces: Iterator[Piece], keep: Keep, tries: int
) -> Iterator[Outcome]:
    """Pieces in the order in which they end; no more are taken from `pieces` than can be on their way."""
    return _Dispatch(executor, function, keep, tries).outcomes(pieces)


class _Dispatch:
    """Pieces on their way, and what is to be sent again."""

    def __init__(self, executor: Executor, function: Callable[[Any], Any], keep: Keep, tries: int) -> None:
        self.executor, self.keep, self.tries = executor, keep, tries
        self.client = dask_client.client_of(executor)
        self.needs, self.function = Needs.here(), Sent.of(function)
        self.of_dask: Any = None  # the function: workers of Dask have it from one another
        self.begun = 0
        self.ended: SimpleQueue[Future] = SimpleQueue()
        self.running: dict[Future, _Attempt] = {}
        self.again: deque[_Attempt] = deque()
        self.suspects: deque[_Attempt] = deque()
        self.losses = 0
        self.processors: set[str] = set()

    def outcomes(self, pieces: Iterator[Piece]) -> Iterator[Outcome]:
        try:
            while True:
                yield from self.submit_more(pieces)
                if not self.running:
                    break
                future = self.ended.get()
                outcome = self.settle(future, self.running.pop(future))
                if outcome is not None:
                    yield outcome
        finally:
            for future in self.running:
                future.cancel()

    def submit_more(self, pieces: Iterator[Piece]) -> Iterator[Outcome]:
        """Send what there is room for; pieces that are kept need not be sent."""
        if self.suspects:
            if not self.running:
                self.send(self.suspects.popleft()._replace(alone=True))
            return
        room = self.room()
        while len(self.running) < room:
            if self.again:
                self.send(self.again.popleft())
            elif (piece := next(pieces, None)) is None:
                break
            elif (outcome := kept(piece, self.keep)) is not None:
                yield outcome
            else:
                content = dumps(piece.item, f"the item of {piece.name}")
                self.send(_Attempt(piece, content, with_function=self.begun < max(1, self.workers())))
                self.begun += 1

    def workers(self) -> int:
        """How many there are; 0 where the executor does not say."""
        if self.client is not None:
            return dask_client.threads_of(self.client)
        said = (getattr(self.executor, name, None) for name in ("workers", "_max_workers", "num_workers"))
        return next((count for count in said if isinstance(count, int)), 0)

    def room(self) -> int:
        """How many pieces may be on their way."""
        workers = self.workers()
        return 2 * workers if workers and self.client is None else max(_SEVERAL, 3 * workers)

    def send(self, attempt: _Attempt) -> None:
        if self.client is not None:
            self.of_dask = self.of_dask or dask_client.at_workers(self.client, self.function.content)
            content = self.of_dask
        else:
            content = self.function.content if attempt.with_function else None
        try:
            future = self.executor.submit(
                work, tuple(self.needs), self.function.digest, content, attempt.content
            )
        except BrokenExecutor as error:
            raise BrokenExecutor(
                "expected a pool of processes that works, got one that broke when a worker died; try "
                "executor=parallel.Processes(4), which is made anew, and says which piece it was"
            ) from error
        self.running[future] = attempt
        future.add_done_callback(self.ended.put)

    def settle(self, future: Future, attempt: _Attempt) -> Outcome | None:
        """What became of a piece; None where it is to be sent again."""
        error = CancelledError() if future.cancelled() else future.exception()
        if error is None:
            return self.answered(future.result(), attempt)
        if isinstance(error, CancelledError):
            self.lose(attempt)
            return None
        if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
            return self.died(attempt, error)
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("tdaglass"):
            raise OtherVersions(
                "expected tdaglass on all workers, got one that has none, or another version; try installing "
                "the same there, and starting the workers again"
            ) from error
        return self.failed(attempt, error)

    def answered(self, reply: Reply, attempt: _Attempt) -> Outcome | None:
        if reply.kind == "refused":
            raise OtherVersions(reply.reason)
        if reply.kind == "missing":
            self.again.appendleft(attempt._replace(with_function=True))
            return None
        if reply.kind == "failed":
            return self.failed(attempt, cloudpickle.loads(reply.content))
        self.losses = 0
        if reply.processor not in self.processors:
            self.processors.add(reply.processor)
            if len(self.processors) == 2:
                log.warning("workers differ, and so may last digits: %s", "; ".join(sorted(self.processors)))
        result = cloudpickle.loads(reply.content)
        return Outcome(attempt.piece, self.keep(attempt.piece.name, lambda: result))

    def failed(self, attempt: _Attempt, error: BaseException) -> Outcome | None:
        attempt = attempt._replace(failures=attempt.failures + 1)
        if attempt.failures >= self.tries:
            return Outcome(attempt.piece, error=error)
        self.again.append(attempt)
        return None

    def died(self, attempt: _Attempt, error: BaseException) -> Outcome | None:
        attempt = attempt._replace(deaths=attempt.deaths + attempt.alone, with_function=True)
        if attempt.deaths >= (_DEATHS if self.client is None else _DEATHS_OF_DASK):
            reason = RuntimeError(
                "its worker died whenever it had this piece alone: a crash in compiled code, or want of memory"
            )
            reason.__cause__ = error
            return Outcome(attempt.piece, error=reason)
        self.suspects.append(attempt)
        return None

    def lose(self, attempt: _Attempt) -> None:
        """A scheduler is gone, with all that was on its way."""
        self.losses += 1
        if self.losses > _LOSSES * self.room():
            raise dask_client.SchedulerLost(
                f"expected pieces to come back from workers, got none after {_LOSSES} losses of all of them; try "
                "looking at the logs of scheduler and workers, then the same command: what was kept is not "
                "computed again"
            )
        if self.client is not None:
            dask_client.wait_for(self.client)
            self.of_dask = None
        self.again.append(attempt)
