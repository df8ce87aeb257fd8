"""Chunks of work in a folder: each is computed once, by whichever process comes first, and read ever after."""

import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tdaglass.checkpoints import Taken, pauses
from tdaglass.runs.atomic import is_gone, told_in_words
from tdaglass.runs.claims import CLAIM, claimed
from tdaglass.runs.names import checked_name
from tdaglass.runs.trees import DamagedFile, in_host_memory, load_tree, save_tree

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Chunks:
    """Where chunks are kept; `Run.chunk` is one. It can be pickled and used on every machine that has the folder.

    Called with a name and a function, it returns the chunk of that name: read if it is finished, else computed,
    written and returned. Where a pickled one finds no such folder, on a machine without the file system of the
    run, it computes and writes nothing.

    Attributes
    ----------
    folder : Path
        The files of these chunks.
    lease : float or None
        Several processes work here at once, and none computes what another does; each is believed to be alive
        for this many seconds after it was last heard of (`claims`). None: no other works here.
    home : Path or None
        Of the parts of a longer piece, whose folder is made when the first of them is written: the folder that
        must be there before.

    Raises
    ------
    ValueError
        The lease is not positive.

    Examples
    --------
    >>> import tempfile
    >>> chunks = Chunks(Path(tempfile.mkdtemp()))
    >>> chunks("a", lambda: 2 * 21)
    42
    >>> chunks("a", lambda: 1 / 0)  # finished: not computed again
    42
    """

    folder: Path
    lease: float | None = None
    home: Path | None = None
    # The locks of the run that is held here; unknown to those who got a pickled one.
    _held: list[int] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.lease is not None and not self.lease > 0:
            raise ValueError(f"expected a positive lease in seconds, got {self.lease}; try 120")

    def __reduce__(self) -> tuple[Any, ...]:
        return Chunks, (self.folder.absolute(), self.lease, self.home and self.home.absolute())

    def __call__(self, name: str, compute: Callable[[], Any]) -> Any:
        """The chunk of this name; if another process is computing it, waits for it, or for its end.

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
            The name or the result cannot be written down, or the run is closed.
        OSError
            The disk is full; chunks finished before are whole.
        """
        for pause in pauses():
            try:
                return self.attempt(name, compute)
            except Taken as taken:
                log.info("%s; waiting", taken)
                time.sleep(pause)
        raise AssertionError("pauses have no end")

    def attempt(self, name: str, compute: Callable[[], Any]) -> Any:
        """The same without waiting.

        Raises
        ------
        Taken
            Another process is computing this chunk.
        """
        path = self.path(name)
        claim = path.with_name(f".{name}{CLAIM}")
        if (kept := self._kept(path)) is not None:
            if self.lease is not None:
                # Of one that was killed between writing and letting go; it may not be ours to remove.
                with suppress(OSError):
                    claim.unlink()
            return kept[0]
        if self.lease is None or self._is_elsewhere():
            return self._computed(path, compute)
        with claimed(claim, self.lease):
            # It may have been finished between our look and our claim.
            kept = self._kept(path)
            return self._computed(path, compute) if kept is None else kept[0]

    def within(self, name: str) -> "Chunks":
        """The chunks that are parts of a longer piece of work of this name, which one process computes."""
        return Chunks(
            self.folder / f"{checked_name(name)}.parts", home=self.home or self.folder, _held=self._held
        )

    def path(self, name: str) -> Path:
        """The file of the chunk of this name, written or not."""
        return self.folder / f"{checked_name(name)}.npz"

    def is_finished(self, name: str) -> bool:
        """Whether the chunk of this name is on disk."""
        return self.path(name).is_file()

    def discard(self, name: str) -> None:
        """Remove the parts of a longer piece of work that is now kept as a whole; there may be none."""
        # Others may be removing it too, and one that was ousted and is back writing there: what it leaves goes the
        # next time. Python's own ignoring of errors leaves out some.
        with suppress(OSError):
            shutil.rmtree(self.within(name).folder, ignore_errors=True)

    def _kept(self, path: Path) -> tuple[Any] | None:
        try:
            return (load_tree(path),)
        except DamagedFile as error:
            log.warning("%s; computing chunk %s again", error, path.stem)
            return None
        except OSError as error:
            if not is_gone(error):
                raise
            # If another has just put the same bytes in its place, they are there when this chunk is claimed.
            return None

    def _computed(self, path: Path, compute: Callable[[], Any]) -> Any:
        self._check_open()
        started = time.monotonic()
        result = compute()
        self._check_open()
        if self._is_elsewhere():
            return in_host_memory(result)
        try:
            result = self._written(path, result)
        except OSError as error:
            if not is_gone(error):
                raise
            # Its folder of parts was discarded, or its half-written file taken for a dead one's: once more.
            result = self._written(path, result)
        log.info("chunk %s of %s took %.1f s", path.stem, path.parent, time.monotonic() - started)
        return result

    def _written(self, path: Path, result: Any) -> Any:
        if self.home is not None:
            with told_in_words(path):
                path.parent.mkdir(parents=True, exist_ok=True)
        return save_tree(path, result)

    def _is_elsewhere(self) -> bool:
        return self._held is None and not (self.home or self.folder).is_dir()

    def _check_open(self) -> None:
        if self._held is not None and not self._held:
            raise ValueError(
                f"expected an open run, got {self.folder} closed; try computing inside its with block"
            )
