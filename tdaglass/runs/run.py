"""A run folder: settings, finished chunks, arrays, metrics and figures of one experiment.

``runs/<experiment>/<fingerprint of the settings>/`` holds settings.json, metrics.json, arrays.npz, tables,
chunks/ and figures/. Work is done in chunks. A chunk is computed once: afterwards, in this process or in any later
one, it is read. Files appear whole or not at all, so a run killed at any moment goes on where it was when
started again, and ends with the same bits as one that was never interrupted. Several processes may share a run, on
any number of machines with the same file system: `claims` says how.
"""

import csv
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tdaglass.runs.atomic import atomic_write
from tdaglass.runs.chunks import Chunks
from tdaglass.runs.fingerprint import fingerprint
from tdaglass.runs.json_files import plain, write_json
from tdaglass.runs.leftovers import remove_leftovers
from tdaglass.runs.lock import acquire, release
from tdaglass.runs.names import checked_name
from tdaglass.runs.provenance import record

_REPORT = "report"


@dataclass(frozen=True)
class Run:
    """One experiment with one set of settings, held by one process, or shared by several; open it with `Run.open`.

    Attributes
    ----------
    folder : Path
        Where everything of this run stands.
    chunk : Chunks
        Its pieces of work: ``run.chunk(name, compute)`` computes one once and reads it ever after.

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
    chunk: Chunks
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
        shared: bool = False,
        lease: float = 120.0,
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
            Wait until others have finished with this run, instead of refusing.
        shared : bool
            Hold it together with all processes that open it so, on any machine that has the folder. None
            computes a chunk that another is computing.
        lease : float
            In a shared run, seconds for which the others believe that a process which they cannot see is alive,
            after they last heard of it. Two minutes are twice what a client of NFS may be behind its server.

        Returns
        -------
        Run
            A context manager; leaving it, or the end of the process, lets others in.

        Raises
        ------
        BlockingIOError
            Another process is writing this run, and one of the two does not share it.
        ValueError
            The experiment's name or the settings cannot be written down; the lease is not positive.
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
        lock: list[int] = []
        chunks = Chunks((folder / "chunks").absolute(), lease if shared else None, _held=lock)
        lock.append(acquire(folder / ".lock", f"run {folder}", wait=wait, shared=shared))
        run = cls(folder, chunks, lock)
        try:
            remove_leftovers(folder, lease)
            record(folder / "settings.json", experiment, settings, engine)
        except BaseException:
            run.close()
            raise
        return run

    def close(self) -> None:
        """Let others in."""
        if self._lock and self.chunk.lease is not None:
            # Others may have been killed since; no later call may come.
            remove_leftovers(self.folder, self.chunk.lease)
        while self._lock:
            release(self._lock.pop())

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parts_of(self, name: str) -> Chunks:
        """Where the parts of a longer piece of work are kept, until `Run.chunk.discard` removes them."""
        return self.chunk.within(name)

    def assemble(self, write: Callable[[], None]) -> bool:
        """Write the report: arrays, metrics, tables and figures.

        Of several processes that share the run one alone writes it. The others wait, and do it if that one is
        killed.

        Parameters
        ----------
        write : callable without arguments

        Returns
        -------
        bool
            Whether it was written here.
        """
        if self.chunk.lease is None:
            # Who has the run alone may have come for the report, whose code has changed.
            self.chunk.path(_REPORT).unlink(missing_ok=True)

        written = False

        def report() -> None:
            nonlocal written
            write()
            written = True

        self.chunk(_REPORT, report)
        return written

    @property
    def is_assembled(self) -> bool:
        """Whether the report has been written, so that nothing is left to do for one of many that share a run."""
        return self.chunk.is_finished(_REPORT)

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
        with atomic_write(self.folder / checked_name(name), "w") as file:
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
        return self.folder / "figures" / checked_name(name)


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
    return Path(root) / checked_name(experiment) / fingerprint(settings)
