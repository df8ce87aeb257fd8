"""Text files that are one frame after another: some of their frames, and how many there are."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tdaglass.io.files import opened
from tdaglass.io.formats.file_frame import FileFrame
from tdaglass.io.formats.text_lines import Lines, decode

# Reads the next frame, which it is told the name of; None at the end of the file.
Parse = Callable[[Lines, str], FileFrame | None]
# Passes over the next frame; False at the end of the file.
Skip = Callable[[Lines], bool]
# Names of the kinds of particles in the next frame; None at the end of the file.
Kinds = Callable[[Lines], set[str] | None]


def iterate_text(
    path: Path, start: int, stop: int | None, step: int, parse: Parse, skip: Skip
) -> Iterator[tuple[int, FileFrame]]:
    """Frames `start`, `start + step`, ... below `stop`, each read when it is asked for."""
    with opened(path) as file:
        lines = Lines(file, path.name)
        for k in itertools.count():
            if stop is not None and k >= stop:
                return
            if k < start or (k - start) % step:
                if not skip(lines):
                    return
                continue
            frame = parse(lines, f"frame {k} of {path.name}")
            if frame is None:
                return
            yield k, frame


def count_frames_of_text(path: Path, skip: Skip) -> int:
    """How many frames a file holds, a truncated last one counted."""
    with opened(path) as file:
        lines = Lines(file, path.name)
        return sum(1 for _ in iter(lambda: skip(lines), False))


def kinds_of_text(path: Path, kinds: Kinds) -> set[str]:
    """Names of the kinds of particles in all frames, up to the first that is damaged."""
    found: set[str] = set()
    with opened(path) as file:
        lines = Lines(file, path.name)
        try:
            while (one := kinds(lines)) is not None:
                found |= one
        except ValueError:
            # Whoever gets as far as that frame is told what is wrong with it.
            pass
    return found


def words_of_column(taken: Sequence[bytes], place: int, where: str) -> set[str]:
    """The different words that stand in one column of a table.

    Raises
    ------
    ValueError
        A line has fewer.
    """
    if place == 0:
        found = {line.partition(b" ")[0] for line in taken}
        # What is separated by something else than one blank takes the longer way.
        if not any(len(word.split()) != 1 or word != word.strip() for word in found):
            return {decode(word, where) for word in found}
    try:
        return {decode(word, where) for word in {line.split(None, place + 1)[place] for line in taken}}
    except IndexError:
        raise ValueError(
            f"expected {place + 1} fields in each line of {where}, got fewer; try another file"
        ) from None
