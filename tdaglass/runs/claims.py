"""Claims: files that say which process is computing a piece of work now, and for how long that may be believed.

Nothing that is right rests on them. Pieces are deterministic and their files appear whole, so that two processes
which compute the same piece write the same bytes; a claim only spares the second the work.

- *To claim* is to link a written file to the claim's name, in which one alone succeeds, on NFS as well; where
  there are no links, to create it exclusively, as NFS can since version 3. Claims stand beside the pieces: a
  client of NFS that has made a file in a folder looks up the others there anew.
- *To hold* is to touch it four times in a lease, by one thread of the process for all its claims.
- *Expired* is a claim that nobody has touched for its lease, or whose process was of this machine and is dead.
  Ages are taken by the file server's clock alone, as those of machines differ, and from an opened file, for which
  NFS asks its server; else it may believe what it heard a minute ago.
- *To take over* is to lock the expired claim, to rename it aside and to claim anew. Where there are no locks, or
  its holder comes back to life at this moment, what was renamed may prove to be live, and is put back.

A process that was stopped for longer than its lease loses its claims, goes on when it is let, and breaks nothing.
"""

import errno
import itertools
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tdaglass.checkpoints import Taken
from tdaglass.runs.atomic import is_gone, partial_beside, told_in_words
from tdaglass.runs.lock import alone_with
from tdaglass.runs.writers import is_alive, this_writer

log = logging.getLogger(__name__)

CLAIM = ".claim"
_NO_LINKS = {errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK}
_numbers = itertools.count()


class Claim(NamedTuple):
    """What stands in a claim file.

    Attributes
    ----------
    writer : str
        The process, as `writers.this_writer` names it.
    number : int
        Of the claims of that process.
    process : str
        The process, for people.
    since : str
        When it began, by its own clock, for people.
    lease : float
        For how long after the last touch it is believed, in seconds.
    """

    writer: str
    number: int
    process: str
    since: str
    lease: float


@contextmanager
def claimed(path: Path, lease: float) -> Iterator[None]:
    """Hold a claim while the block runs.

    Parameters
    ----------
    path : Path
        The claim file.
    lease : float
        Seconds for which others believe it after this process was last heard of.

    Raises
    ------
    Taken
        Another process that may be alive holds it.
    OSError
        The folder cannot be written or is full.
    """
    claim = _take(path, lease)
    _heart.hold(path, claim)
    try:
        yield
    finally:
        _heart.let_go(path)
        with suppress(OSError):  # What cannot be removed now expires.
            if _read(path)[0] == claim:
                path.unlink()


def remove_if_expired(path: Path, lease: float) -> None:
    """Remove a claim that nobody holds any more.

    Parameters
    ----------
    path : Path
    lease : float
        Believed of a claim in which nothing stands yet.
    """
    with suppress(Taken):
        _set_aside(path, lease)


def now_at(folder: Path) -> float:
    """The present time by the clock of the file server, in seconds: that of a file touched there."""
    path = partial_beside(folder / "now")
    try:
        path.touch()
        os.utime(path)
        return path.stat().st_mtime
    finally:
        path.unlink(missing_ok=True)


def _take(path: Path, lease: float) -> Claim:
    claim = Claim(
        this_writer(), next(_numbers), f"process {os.getpid()} on {socket.gethostname()}", time.ctime(), lease
    )
    with told_in_words(path):
        try:
            _create(path, claim)
        except FileExistsError:
            _set_aside(path, lease)
            try:
                _create(path, claim)
            except FileExistsError:
                raise Taken(f"{_piece(path)} has just been taken by another process") from None
    return claim


def _create(path: Path, claim: Claim) -> None:
    """Make a claim that is there with all that stands in it, or not at all; FileExistsError where there is one."""
    own = partial_beside(path)
    try:
        _write_new(own, claim)
        try:
            os.link(own, path)
        except FileExistsError:
            # A server's answer may get lost, and the client ask once more.
            if os.stat(own).st_nlink == 1:
                raise
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # A process killed in here leaves a claim without its name, which expires.
            _write_new(path, claim)
    finally:
        own.unlink(missing_ok=True)


def _write_new(path: Path, claim: Claim) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(descriptor, json.dumps(claim).encode())
        # Of what it writes a client may know the time by itself; touched, a file has the server's.
        os.utime(path)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _set_aside(path: Path, lease: float) -> None:
    """Remove a claim if it is expired, else raise `Taken`; of several that try, one alone removes it."""
    try:
        with alone_with(path):
            _set_aside_alone(path, lease)
    except BlockingIOError:
        raise Taken(f"{_piece(path)} is just being taken over by another process") from None
    except FileNotFoundError:  # It has gone in the meantime.
        pass


def _set_aside_alone(path: Path, lease: float) -> None:
    now = now_at(path.parent)
    claim, touched = _read(path, lease)
    if is_alive(claim.writer) is not False and now - touched <= claim.lease:
        raise Taken(f"{_piece(path)} is being computed by {claim.process} since {claim.since}")
    aside = partial_beside(path)
    os.rename(path, aside)
    try:
        found = _read(aside, lease)
        if found != (claim, touched):
            # In the meantime its holder has come back to life, or somebody has claimed anew.
            with suppress(OSError):
                os.link(aside, path)
            raise Taken(f"{_piece(path)} is being computed by {found[0].process}")
    finally:
        aside.unlink(missing_ok=True)
    log.info("%s: %s held it since %s and is dead or silent", _piece(path), claim.process, claim.since)


def _read(path: Path, lease: float = 0.0) -> tuple[Claim, float]:
    """A claim, and when it was last touched by the server's clock."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        text, touched = os.read(descriptor, 4096), os.fstat(descriptor).st_mtime
    except OSError as error:
        if is_gone(error):
            raise FileNotFoundError(errno.ENOENT, f"{path} has just been removed") from None
        raise
    finally:
        os.close(descriptor)
    try:
        return Claim(*json.loads(text)), touched
    except (ValueError, TypeError):  # Made, and not yet written.
        return Claim("", 0, "another process", "just now", lease), touched


def _piece(path: Path) -> str:
    return f"{path.name.removeprefix('.').removesuffix(CLAIM)} of {path.parent}"


class _Heart:
    """The one thread of a process that touches all its claims; it ends when there are none."""

    def __init__(self) -> None:
        self._claims: dict[Path, tuple[Claim, float]] = {}  # and when to touch them next
        self._changed = threading.Condition()
        self._wakes: float | None = None

    def hold(self, path: Path, claim: Claim) -> None:
        due = time.monotonic() + claim.lease / 4
        with self._changed:
            self._claims[path] = claim, due
            if self._wakes is None:
                threading.Thread(target=self._beat, name="claims", daemon=True).start()
            elif due < self._wakes:
                self._changed.notify()
            self._wakes = min(due, self._wakes or due)

    def let_go(self, path: Path) -> None:
        with self._changed:
            self._claims.pop(path, None)

    def _beat(self) -> None:
        while True:
            with self._changed:
                if not self._claims:
                    self._wakes = None
                    return
                self._wakes = min(due for _, due in self._claims.values())
                self._changed.wait(max(0.0, self._wakes - time.monotonic()))
                now = time.monotonic()
                late = [(path, claim) for path, (claim, due) in self._claims.items() if due <= now]
            for path, claim in late:
                held = _touch(path, claim)
                with self._changed:
                    # Let go in the meantime, it may be claimed anew.
                    if self._claims.get(path, (None,))[0] != claim:
                        continue
                    if held:
                        self._claims[path] = claim, now + claim.lease / 4
                        continue
                    del self._claims[path]
                log.warning("%s: taken over by another process; both go on, to the same result", _piece(path))


def _touch(path: Path, claim: Claim) -> bool:
    """Renew a claim; whether it is still this process's, as far as that can be seen."""
    try:
        if _read(path)[0] != claim:
            return False
        os.utime(path)
    except FileNotFoundError:  # Another is just looking whether it is the one that it found expired.
        pass
    except OSError as error:
        log.warning("%s: the claim could not be renewed (%s)", _piece(path), error.strerror)
    return True


_heart = _Heart()


def _new_heart_in_child() -> None:
    # Threads do not live on in a forked child, and what its parent claimed is not its own.
    global _heart
    _heart = _Heart()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_new_heart_in_child)
