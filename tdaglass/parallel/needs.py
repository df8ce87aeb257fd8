"""What a worker must have in common with the process that sends it work, in one record."""

import contextlib
import hashlib
import os
import platform
import socket
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax

import tdaglass
from tdaglass import kernels
from tdaglass.versions import versions

# Settings of JAX that change what is computed.
_DECIDING = (
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_numpy_dtype_promotion",
    "jax_threefry_partitionable",
)


class OtherVersions(RuntimeError):
    """A worker has other versions than the process that sends it work."""


class Needs(NamedTuple):
    """What pieces of work need wherever they run, so that they have the same bits everywhere.

    Attributes
    ----------
    x64 : bool
        Double precision.
    settings : dict
        Those of JAX that change numbers, and the platform where one was asked for.
    threads : int or None
        Of the CPU kernels and of XLA in workers that were given none of their own.
    folders : tuple of str
        From which modules are imported beside the installed ones: that of the script, where it exists.
    compiled : str or None
        Folder of compiled programs, where it exists.
    versions : dict
        Of Python, tdaglass (and its sources) and of what numbers depend on.
    home : tuple
        Machine and process that wrote this.
    """

    x64: bool
    settings: dict[str, object]
    threads: int | None
    folders: tuple[str, ...]
    compiled: str | None
    versions: dict[str, str]
    home: tuple[str, int]

    @classmethod
    def here(cls, threads: int | None = None) -> "Needs":
        """What work sent from this process needs.

        Parameters
        ----------
        threads : int, optional
            Of each worker; by default TDAGLASS_THREADS, or what the worker has.
        """
        asked = os.environ.get("TDAGLASS_THREADS", "")
        settings = {name: getattr(jax.config, name) for name in _DECIDING if hasattr(jax.config, name)}
        wanted = jax.config.jax_platforms  # type: ignore[attr-defined]
        if wanted:
            settings["jax_platforms"] = wanted
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        return cls(
            x64=bool(jax.config.jax_enable_x64),  # type: ignore[attr-defined]
            settings=settings,
            threads=threads or (int(asked) if asked.isdecimal() else None),
            folders=() if script is None else (str(Path(script).resolve().parent),),
            compiled=jax.config.jax_compilation_cache_dir,  # type: ignore[attr-defined]
            versions=deciding_versions(),
            home=_home(),
        )

    @contextlib.contextmanager
    def met(self) -> Iterator[None]:
        """Work goes on here as it would where it comes from.

        Raises
        ------
        OtherVersions
            If something is installed here in another version.
        """
        if _home() != self.home:
            _compare(self.versions)
            self._prepare()
        # Of a thread, not of the process, so that threads of a pool may differ.
        with jax.enable_x64(self.x64):
            yield

    def _prepare(self) -> None:
        for folder in self.folders:
            if folder not in sys.path and Path(folder).is_dir():
                sys.path.append(folder)
        # A worker that was given its share of a machine keeps it.
        if self.threads is not None and "TDAGLASS_THREADS" not in os.environ:
            use_threads(self.threads)
        # What JAX calls back runs in threads of XLA, which know the precision of the process alone.
        if jax.config.jax_enable_x64 != self.x64:  # type: ignore[attr-defined]
            jax.config.update("jax_enable_x64", self.x64)
        for name, value in self.settings.items():
            if getattr(jax.config, name) != value:
                jax.config.update(name, value)
        none_yet = jax.config.jax_compilation_cache_dir is None  # type: ignore[attr-defined]
        if none_yet and self.compiled and Path(self.compiled).is_dir():
            jax.config.update("jax_compilation_cache_dir", self.compiled)
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def use_threads(count: int) -> None:
    """Threads of the CPU kernels in this process, and of XLA, which looks when it computes for the first time."""
    os.environ["TDAGLASS_THREADS"] = os.environ["NPROC"] = str(count)


@cache
def deciding_versions() -> dict[str, str]:
    """Versions that must be the same everywhere; of tdaglass also what its sources are."""
    found = versions()
    # Patches of Python change no numbers, and what is pickled by one is read by the other.
    found["python"] = ".".join(platform.python_version_tuple()[:2])
    package = Path(tdaglass.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return found | {"tdaglass's sources": digest.hexdigest()[:12]}


def processor() -> str:
    """What computes here: the same work on another kind may differ in the last digits."""
    device = jax.local_devices()[0]
    loops = kernels.built_for() or "none"
    return f"{device.device_kind} ({device.platform}), {platform.machine()}, kernels: {loops}"


def _home() -> tuple[str, int]:
    return socket.gethostname(), os.getpid()


def _compare(wanted: dict[str, str]) -> None:
    here = deciding_versions()
    others = [
        f"{name} {here.get(name, 'none')} in place of {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    if others:
        raise OtherVersions(
            f"expected the same versions on all workers, got {', '.join(others)} in {sys.prefix} on "
            f"{socket.gethostname()}; try installing the same there, and starting the workers again"
        )
