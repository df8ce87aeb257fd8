"""A run folder: settings, finished chunks, arrays, metrics and figures of one experiment.

``runs/<experiment>/<fingerprint of the settings>/`` holds settings.json, metrics.json, arrays.npz, chunks/
and figures/. Work is done in chunks. A chunk is computed once: afterwards, in this process or in any later
one, it is read. Files appear whole or not at all, so a run killed at any moment goes on where it was when
started again, and ends with the same bits as one that was never interrupted.
"""

import json
import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import jax
import numpy as np

from tdaglass.io.atomic import PARTIAL, atomic_write
from tdaglass.io.fingerprint import as_json, fingerprint
from tdaglass.io.lock import acquire, release
from tdaglass.io.provenance import device, git_revision, versions
from tdaglass.io.trees import DamagedFile, load_tree, save_tree
from tdaglass.keep import Keep

log = logging.getLogger(__name__)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Run:
    """One experiment with one set of settings, held by one process at a time; open it with `Run.open`.

    Attributes
    ----------
    folder : Path
        Where everything of this run stands.

    Examples
    --------
    >>> import tempfile
    >>> root = tempfile.mkdtemp()
    >>> with Run.open(root, "doubling", {"n": 3}) as run:
    ...     parts = [run.chunk(f"part-{i}", lambda i=i: np.array([2 * i])) for i in range(3)]
    ...     run.save_metrics({"sum": np.concatenate(parts).sum()})
    >>> with Run.open(root, "doubling", {"n": 3}) as run:
    ...     run.chunk("part-2", lambda: 1 / 0)  # finished: not computed again
    array([4])
    """

    folder: Path
    _lock: list[int] = field(repr=False, compare=False)

    @classmethod
    def open(
        cls,
        root: str | os.PathLike,
        experiment: str,
        settings: Any,
        *,
        engine: str | None = None,
        wait: bool = False,
    ) -> "Run":
        """Begin a run, or take up the one with the same settings.

        Parameters
        ----------
        root : path
            Folder of all runs; made if absent.
        experiment : str
            Letters, digits, dot, dash, underscore.
        settings : dataclass or dict
            All that decides the result. Dataclass fields declared with `field(compare=False)` are recorded
            but do not make another run.
        engine : str, optional
            The engine chosen, for the record.
        wait : bool
            Wait until another process has finished with this run, instead of refusing.

        Returns
        -------
        Run
            A context manager; leaving it, or the end of the process, lets others in.

        Raises
        ------
        BlockingIOError
            Another process is writing this run.
        ValueError
            The experiment's name or the settings cannot be written down.
        OSError
            The folder cannot be made.
        """
        folder = run_folder(root, experiment, settings)
        try:
            for name in ("chunks", "figures"):
                (folder / name).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                error.errno,
                f"expected to make the run folder {folder}, got {error.strerror}; try another root",
            ) from error
        run = cls(folder, [acquire(folder / ".lock", f"run {folder}", wait=wait)])
        try:
            # What a killed process left half-written; the lock says that nobody is writing now.
            for leftover in folder.rglob(f".*{PARTIAL}"):
                leftover.unlink(missing_ok=True)
            run._record(experiment, settings, engine)
        except BaseException:
            run.close()
            raise
        return run

    def close(self) -> None:
        """Let others in."""
        while self._lock:
            release(self._lock.pop())

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def chunk(self, name: str, compute: Callable[[], Any]) -> Any:
        """The chunk of this name: read if it is finished, else computed, written and returned.

        Parameters
        ----------
        name : str
            Letters, digits, dot, dash, underscore; one name, one piece of work.
        compute : callable without arguments
            Must depend on the settings and the name only, random keys included.

        Returns
        -------
        pytree
            What `compute` returned, arrays in host memory with their dtype, typed PRNG keys as such; the same
            whether it was computed or read.

        Raises
        ------
        ValueError
            The name or the result cannot be written down.
        OSError
            The disk is full; chunks finished before are whole.
        """
        path = self._chunk_path(name)
        if path.is_file():
            try:
                return load_tree(path)
            except DamagedFile as error:
                log.warning("%s; computing chunk %s again", error, name)
        started = time.monotonic()
        result = compute()
        if not self._lock:
            raise ValueError(
                f"expected an open run, got {self.folder} closed; try computing inside its with block"
            )
        result = save_tree(path, result)
        log.info("chunk %s of %s took %.1f s", name, self.folder, time.monotonic() - started)
        return result

    def parts_of(self, name: str) -> Keep:
        """Where the parts of a longer piece of work are kept: chunks of its name, a dash and theirs."""
        return lambda part, compute: self.chunk(f"{name}-{part}", compute)

    def is_finished(self, name: str) -> bool:
        """Whether the chunk of this name is on disk."""
        return self._chunk_path(name).is_file()

    def discard(self, prefix: str) -> None:
        """Remove the chunks whose names begin so: parts of a longer piece of work that is now kept as a whole.

        Parameters
        ----------
        prefix : str
            Letters, digits, dot, dash, underscore.
        """
        for path in (self.folder / "chunks").glob(f"{_checked_name(prefix)}*.npz"):
            path.unlink()

    def save_arrays(self, **arrays: Any) -> None:
        """Write arrays.npz: the run's results by name, for `numpy.load`.

        Parameters
        ----------
        **arrays : array

        Raises
        ------
        OSError
            The disk is full.
        """
        with atomic_write(self.folder / "arrays.npz") as file:
            np.savez_compressed(
                file, allow_pickle=False, **{name: np.asarray(a) for name, a in arrays.items()}
            )

    def save_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write metrics.json: the run's figures of merit by name; what is not finite is written as null.

        Parameters
        ----------
        metrics : mapping of str to number, str, array or mapping of them

        Raises
        ------
        OSError
            The disk is full.
        """
        _write_json(self.folder / "metrics.json", _plain(metrics))

    def figure_path(self, name: str) -> Path:
        """Where a figure of this name belongs, suffix included.

        Parameters
        ----------
        name : str
            Such as "propensity.png".

        Returns
        -------
        Path
        """
        return self.folder / "figures" / _checked_name(name)

    def _chunk_path(self, name: str) -> Path:
        return self.folder / "chunks" / f"{_checked_name(name)}.npz"

    def _record(self, experiment: str, settings: Any, engine: str | None) -> None:
        path = self.folder / "settings.json"
        record = {
            "experiment": experiment,
            "fingerprint": self.folder.name,
            "settings": as_json(settings),
            "all_fields": as_json(settings, counted_only=False),
            "versions": versions(),
            "git_revision": git_revision(),
            "device": device(),
            "engine": engine,
        }
        if path.is_file():
            try:
                earlier = json.loads(path.read_text())
            except ValueError:
                log.warning("%s is damaged and is written again", path)
            else:
                if earlier["settings"] != json.loads(json.dumps(record["settings"])):
                    raise ValueError(
                        f"expected the settings of {path}, got others of the same fingerprint; try another "
                        "root"
                    )
                for name in ("versions", "git_revision", "device", "engine"):
                    if earlier.get(name) != record[name]:
                        log.warning(
                            "run %s was begun with %s %s and goes on with %s: finished chunks are kept; "
                            "remove the "
                            "folder to compute all of them alike",
                            self.folder, name, earlier.get(name), record[name],
                        )  # fmt: skip
                return
        _write_json(path, record)


def keep_compiled(root: str | os.PathLike) -> None:
    """Keep compiled programs in ``root/compiled``, so that a study that goes on or is repeated starts at once.

    Where the user has chosen a place for them (JAX_COMPILATION_CACHE_DIR), that place is used.
    """
    if jax.config.jax_compilation_cache_dir is None:  # type: ignore[attr-defined]
        jax.config.update("jax_compilation_cache_dir", str(Path(root) / "compiled"))
        # Small programs too: there are hundreds of them.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def run_folder(root: str | os.PathLike, experiment: str, settings: Any) -> Path:
    """Where the run of an experiment with these settings stands, begun or not.

    Parameters
    ----------
    root : path
    experiment : str
    settings : dataclass or dict

    Returns
    -------
    Path

    Examples
    --------
    >>> run_folder("runs", "hidden_structures", {"n": 500}).parent.as_posix()
    'runs/hidden_structures'
    """
    return Path(root) / _checked_name(experiment) / fingerprint(settings)


def cached(
    root: str | os.PathLike,
    kind: str,
    settings: Any,
    compute: Callable[[], Any],
    *,
    engine: str | None = None,
) -> Any:
    """A result kept under its own settings and shared between experiments, such as simulated configurations.

    Of several processes that ask at once, one computes and the others wait for it.

    Parameters
    ----------
    root : path
        Folder of all runs.
    kind : str
        Such as "configurations".
    settings : dataclass or dict
        All that decides the result.
    compute : callable without arguments
    engine : str, optional
        For the record.

    Returns
    -------
    pytree
        As from `Run.chunk`.

    Raises
    ------
    ValueError, OSError
        As `Run.open` and `Run.chunk`.

    Examples
    --------
    >>> import tempfile
    >>> root = tempfile.mkdtemp()
    >>> cached(root, "squares", {"n": 3}, lambda: np.arange(3) ** 2)
    array([0, 1, 4])
    >>> cached(root, "squares", {"n": 3}, lambda: 1 / 0)
    array([0, 1, 4])
    """
    finished = run_folder(root, kind, settings) / "chunks" / "result.npz"
    if finished.is_file():
        try:
            # A finished file never changes, so reading it needs no lock.
            return load_tree(finished)
        except DamagedFile:
            pass  # `chunk` says so and computes it again, under the lock.
    with Run.open(root, kind, settings, engine=engine, wait=True) as run:
        return run.chunk("result", compute)


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"expected a name of letters, digits, dots, dashes and underscores, got {name!r}; try "
            "replacing the rest"
        )
    return name


def _write_json(path: Path, value: Any) -> None:
    with atomic_write(path, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(child) for name, child in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    array = np.asarray(value)
    if array.dtype.kind not in "biufU":
        raise ValueError(
            f"expected numbers and strings as metrics, got {type(value).__name__}; try float(value)"
        )
    if array.ndim:
        return [_plain(child) for child in array]
    number = array.item()
    return None if isinstance(number, float) and not np.isfinite(number) else number
