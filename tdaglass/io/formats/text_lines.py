"""Lines of a text file, plain or compressed, with the number of the one that was read last."""

import io
import itertools
import re
import sys

_BOM = b"\xef\xbb\xbf"
# Python also takes 1_000, which no file of numbers means.
# How files write truth values.
TRUTH = {
    "T": True,
    "F": False,
    "True": True,
    "False": False,
    "TRUE": True,
    "FALSE": False,
}
_WHOLE = re.compile(r"[+-]?[0-9]+")


class Lines:
    """A text file that is read line by line; like the file it stands for, it has a place.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    number : int
        Of the line that was read last, counted from 1.
    """

    def __init__(self, file: io.BufferedReader, name: str):
        self._file = file
        self.name = name
        self.number = 0

    def next(self) -> bytes:
        """The next line; nothing at the end of the file."""
        line = self._file.readline()
        if line:
            line = line.removeprefix(_BOM) if self.number == 0 else line
            self.number += 1
        return line

    def next_filled(self) -> bytes:
        """The next line that is not blank; nothing at the end of the file."""
        line = self.next()
        while line and not line.strip():
            line = self.next()
        return line

    def take(self, n: int) -> list[bytes]:
        """The next n lines, or as many as there are."""
        lines = list(itertools.islice(self._file, min(n, sys.maxsize)))
        self.number += len(lines)
        return lines

    def at(self, where: str) -> str:
        """The line that was read last, for a message."""
        return f"{where}, line {max(self.number, 1)}"


def decode(text: bytes, where: str) -> str:
    """Text of a file, or a sentence saying that it is not text."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        if b"\0" in text:
            raise ValueError(
                f"expected text in {where}, got binary data; try format=... if it is another format"
            ) from None
        # Comments in the alphabets of older days: every byte is a letter.
        return text.decode("latin-1")


def count(text: bytes, what: str, where: str) -> int:
    """A number of things, zero or more, or a sentence saying what stands there instead."""
    value = integer(decode(text, where), what, where)
    if value < 0:
        raise ValueError(f"expected {what} in {where}, got {value}; try writing the file again")
    return value


def integer(text: str, what: str, where: str) -> int:
    """A whole number of a header, or a sentence saying what stands there instead."""
    # No count or step has more digits, and Python refuses thousands of them in its own words.
    text = text.strip()
    if not _WHOLE.fullmatch(text) or len(text) > 19:
        raise ValueError(
            f"expected {what} in {where}, got {text[:60]!r}; try format=... if it is another format"
        )
    return int(text)


def number(text: str) -> float | None:
    """A plain number, whole or not; None for anything else."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
