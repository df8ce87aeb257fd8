"""Where numbers come from: the settings, and the versions, device and revision of the code that made them."""

import errno
import json
import logging
import subprocess
from pathlib import Path
from typing import Any

import jax

import tdaglass
from tdaglass.runs.fingerprint import as_json, fingerprint
from tdaglass.runs.json_files import write_json
from tdaglass.versions import versions

log = logging.getLogger(__name__)


def record(path: Path, experiment: str, settings: Any, engine: str | None = None) -> None:
    """Write down what a run is and what it was begun with; of one that goes on, tell what has changed since.

    Parameters
    ----------
    path : Path
        settings.json of the run.
    experiment : str
    settings : dataclass or dict
    engine : str, optional

    Raises
    ------
    ValueError
        Other settings stand there.
    """
    here = {
        "experiment": experiment,
        "fingerprint": fingerprint(settings),
        "settings": as_json(settings),
        "all_fields": as_json(settings, counted_only=False),
        "versions": versions(),
        "git_revision": git_revision(),
        "device": device(),
        "engine": engine,
    }
    try:
        earlier = json.loads(_read(path))
    except FileNotFoundError:
        pass
    except ValueError:
        log.warning("%s is damaged and is written again", path)
    else:
        _compare(path, earlier, here)
        return
    write_json(path, here)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        # Another that opens the same run for the first time has just put its own in place.
        return path.read_text()


def _compare(path: Path, earlier: dict[str, Any], here: dict[str, Any]) -> None:
    if earlier["settings"] != json.loads(json.dumps(here["settings"])):
        raise ValueError(
            f"expected the settings of {path}, got others of the same fingerprint; try another root"
        )
    for name in ("versions", "git_revision", "device", "engine"):
        if earlier.get(name) != here[name]:
            log.warning(
                "run %s was begun with %s %s and goes on with %s: finished chunks are kept; remove the folder "
                "to compute all of them alike",
                path.parent, name, earlier.get(name), here[name],
            )  # fmt: skip


def device() -> str:
    """Number and kind of the devices that JAX computes on in this process."""
    devices = jax.local_devices()
    return f"{len(devices)} x {devices[0].device_kind} ({devices[0].platform})"


def git_revision() -> str | None:
    """The revision of the code that runs, "-dirty" if changed since; None outside a checkout."""
    folder = Path(tdaglass.__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        # Installed into somebody else's checkout, the package is not part of its history.
        git("ls-files", "--error-unmatch", "__init__.py")
        return git("describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None
