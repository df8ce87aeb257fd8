"""One writer at a time: a lock that the operating system releases when its holder ends, however it ends."""

import os
import socket
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock; runs there are not guarded against a second writer.
    fcntl = None  # type: ignore[assignment]


def acquire(path: Path, purpose: str, *, wait: bool = False) -> int:
    """Lock a file and return the descriptor that holds the lock.

    Parameters
    ----------
    path : Path
        The lock file; made if absent, never removed, since removing it would let two holders in.
    purpose : str
        What is locked, for the message.
    wait : bool
        Wait for the present holder instead of refusing.

    Returns
    -------
    int
        File descriptor, for `release`.

    Raises
    ------
    BlockingIOError
        Another process holds the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    if fcntl is None:
        return descriptor
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
        os.close(descriptor)
        raise BlockingIOError(
            f"{purpose} is being written by {holder}; try again when it has ended, or name another folder"
        ) from None
    except BaseException:
        os.close(descriptor)
        raise
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}".encode(), 0)
    return descriptor


def release(descriptor: int) -> None:
    """Give the lock back."""
    os.close(descriptor)
