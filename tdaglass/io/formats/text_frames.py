"""Text files that are one frame after another: some of their frames, and how many there are."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from tdaglass.io.formats.file_frame import FileFrame

# Reads the next frame, which it is told the name of; None at the end of the file.
Parse = Callable[[BinaryIO, str], FileFrame | None]
# Passes over the next frame; False at the end of the file.
Skip = Callable[[BinaryIO], bool]


def iterate_text(
    path: Path, start: int, stop: int | None, step: int, parse: Parse, skip: Skip
) -> Iterator[tuple[int, FileFrame]]:
    """Frames `start`, `start + step`, ... below `stop`, each read when it is asked for."""
    with open(path, "rb") as file:
        for k in itertools.count():
            if stop is not None and k >= stop:
                return
            if k < start or (k - start) % step:
                if not skip(file):
                    return
                continue
            frame = parse(file, f"frame {k} of {path.name}")
            if frame is None:
                return
            yield k, frame


def count_frames_of_text(path: Path, skip: Skip) -> int:
    """How many frames a file holds, a truncated last one counted."""
    with open(path, "rb") as file:
        return sum(1 for _ in iter(lambda: skip(file), False))
