"""Who writes: a name for this process that no other on the same file system has, and whether its bearer is dead.

A process is known by its machine, its number and the moment it started, since numbers are used again. A machine is
known by its host name, its boot and its space of process numbers, since containers share the first two.
"""

import hashlib
import os
import re
import socket
from functools import cache
from pathlib import Path


def this_writer() -> str:
    """The name of this process, without dots, such as "node17-5c0e3a91-4711-88123"."""
    return _writer(os.getpid())


@cache
def _writer(pid: int) -> str:
    return f"{_machine()}-{pid}-{_started(pid)}"


def is_alive(writer: str) -> bool | None:
    """Whether the process of that name is alive, as far as this machine can say.

    Parameters
    ----------
    writer : str
        What `this_writer` gave there.

    Returns
    -------
    bool or None
        None of a process on another machine, and of a text that is no writer's name.
    """
    named = re.fullmatch(r"(.+)-(\d+)-(\w+)", writer)
    if not named or named[1] != _machine() or os.name != "posix":
        return None
    pid = int(named[2])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return None
    return _started(pid) in (named[3], "0")


def _machine() -> str:
    # Not cached: a forked child may have entered a container's space of numbers.
    known_by = socket.gethostname()
    for read in (lambda: Path("/proc/sys/kernel/random/boot_id").read_text(), _space_of_numbers):
        try:
            known_by += f" {read()}"
        except OSError:  # Not Linux: there a machine is known by its name.
            continue
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40]
    return f"{host}-{hashlib.sha256(known_by.encode()).hexdigest()[:8]}"


def _space_of_numbers() -> str:
    return os.readlink("/proc/self/ns/pid")


def _started(pid: int) -> str:
    """When a process started, in ticks since the boot; "ended" of one that waits to be buried, "0" if unknown."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "0"
    return "ended" if fields[0] in "ZX" else fields[19]
