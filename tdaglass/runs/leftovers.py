"""What killed processes leave in a run folder, and how it goes."""

import os
from pathlib import Path

from tdaglass.runs.atomic import PARTIAL
from tdaglass.runs.claims import CLAIM, now_at, remove_if_expired
from tdaglass.runs.writers import is_alive

# Of other machines nothing else can be seen; nobody writes a file for so long without touching it.
_SILENCE = 3600.0


def remove_leftovers(folder: Path, lease: float) -> None:
    """Remove what dead processes left half-written, and their claims; files of the living stay.

    Parameters
    ----------
    folder : Path
        Searched with all folders in it.
    lease : float
        Seconds, of a claim in which nothing stands yet.
    """
    now = None
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            if not name.startswith("."):
                continue
            if name.endswith(CLAIM):
                remove_if_expired(path, lease)
            elif name.endswith(PARTIAL):
                alive = is_alive(name.removesuffix(PARTIAL).rpartition(".")[2])
                if alive is None:
                    now = now or now_at(folder)
                    alive = _age(path, now) < _SILENCE
                if not alive:
                    path.unlink(missing_ok=True)


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:  # Written to its end in the meantime.
        return 0.0
