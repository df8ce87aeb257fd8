"""Versions of what numbers depend on."""

import platform
from importlib.metadata import PackageNotFoundError, version

import tdaglass

_PACKAGES = ("jax", "jaxlib", "jax-md", "flax", "optax", "numpy", "scipy", "gudhi")


def versions() -> dict[str, str]:
    """Version of Python, of tdaglass and of what its numbers depend on."""
    found = {"tdaglass": tdaglass.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
