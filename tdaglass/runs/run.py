"""A run folder: settings, finished chunks, arrays, metrics and figures of one experiment.

``runs/<experiment>/<fingerprint of the settings>/`` holds settings.json, metrics.json, arrays.npz, tables,
chunks/ and figures/. Work is done in chunks. A chunk is computed once: afterwards, in this process or in any later
one, it is read. Files appear whole or not at all, so a run killed at any moment goes on where it was when
started again, and ends with the same bits as one that was never interrupted.
"""

import csv
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tdaglass.checkpoints import Keep
from tdaglass.runs.atomic import PARTIAL, atomic_write
from tdaglass.runs.fingerprint import fingerprint
from tdaglass.runs.json_files import plain, write_json
from tdaglass.runs.lock import acquire, release
from tdaglass.runs.provenance import record
from tdaglass.runs.trees import DamagedFile, load_tree, save_tree

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
            record(folder / "settings.json", experiment, settings, engine)
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
        write_json(self.folder / "metrics.json", plain(metrics))

    def save_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write a table of comma-separated values, for spreadsheets and pandas.

        Parameters
        ----------
        name : str
            Suffix included, such as "curves.csv".
        columns : sequence of str
            Their names: the first line.
        rows : iterable of sequences, as long as `columns`

        Raises
        ------
        ValueError
            A row is of another length.
        OSError
            The disk is full.
        """
        with atomic_write(self.folder / _checked_name(name), "w") as file:
            table = csv.writer(file)
            table.writerow(columns)
            for row in rows:
                if len(row) != len(columns):
                    raise ValueError(
                        f"expected {len(columns)} values ({', '.join(columns)}) in each row of {name}, got "
                        f"{list(row)}; try one for each column"
                    )
                table.writerow(row)

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


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"expected a name of letters, digits, dots, dashes and underscores, got {name!r}; try "
            "replacing the rest"
        )
    return name
