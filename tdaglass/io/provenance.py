"""Where numbers come from: versions, device and revision of the code."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

import tdaglass

_PACKAGES = ("jax", "jaxlib", "jax-md", "flax", "numpy", "scipy", "gudhi")


def versions() -> dict[str, str]:
    """Version of Python, of tdaglass and of what its numbers depend on."""
    found = {"tdaglass": tdaglass.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def device() -> str:
    """Number and kind of the devices that JAX computes on."""
    devices = jax.devices()
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
