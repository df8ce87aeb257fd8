"""Tables of numbers and names in text files: read whole columns at a time, written so that no bit is lost."""

import itertools
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np

# Fixed-width fields let NumPy's C parser read names and numbers in one pass; longer names are refused, not
# cut.
_NAME_WIDTH = 24
_TRUTH = {
    "T": True,
    "F": False,
    "True": True,
    "False": False,
    "TRUE": True,
    "FALSE": False,
    "1": True,
    "0": False,
}


def take_lines(file: BinaryIO, n: int, where: str) -> list[str]:
    """The next n lines, or a sentence saying that the file ends too early."""
    lines = list(itertools.islice(file, n))
    # A line without its end is a number that may have lost its last digits.
    whole = len(lines) - (1 if lines and not lines[-1].endswith(b"\n") else 0)
    if whole < n:
        raise ValueError(
            f"expected {n} lines in {where}, got {whole} whole ones before the file ends: it was cut short; "
            "try an earlier frame, or write the file again (a whole file ends with a line end)"
        )
    return decode(b"".join(lines), where).splitlines()


def decode(text: bytes, where: str) -> str:
    """Text of a file, or a sentence saying that it is not text."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ValueError(
            f"expected text in {where}, got binary data; try format=... if it is another format"
        ) from None


def integer(text: str, what: str, where: str) -> int:
    """A whole number of a header, or a sentence saying what stands there instead."""
    try:
        return int(text)
    except ValueError:
        raise ValueError(
            f"expected {what} in {where}, got {text.strip()[:60]!r}; try format=... if it is another format"
        ) from None


def parse_table(lines: Sequence[str], kinds: Sequence[str], where: str) -> list[np.ndarray]:
    """Columns of a table of blank-separated fields.

    Parameters
    ----------
    lines : sequence of str
    kinds : sequence of str
        For each column "S" (name), "R" (float64), "I" (int64), "L" (bool) or "?": int64 where every entry
        is written as a whole number, float64 otherwise.
    where : str

    Returns
    -------
    list of (rows,) arrays

    Raises
    ------
    ValueError
        A row has too few or too many fields, or a field is of another kind.
    """
    if not lines:
        return [np.zeros(0, {"S": "U1", "I": "i8", "L": "?"}.get(kind, "f8")) for kind in kinds]
    first = lines[0].split()
    guessed = [
        ("I" if field.lstrip("+-").isdecimal() else "R") if kind == "?" else kind
        for kind, field in itertools.zip_longest(kinds, first[: len(kinds)], fillvalue="")
    ]
    try:
        try:
            table = _load(lines, guessed)
        except ValueError:
            settled = ["R" if kind == "?" else kind for kind in kinds]
            if settled == guessed:
                raise
            table = _load(lines, settled)
    except ValueError as error:
        raise ValueError(
            f"expected {len(kinds)} fields of kinds {' '.join(kinds)} in each line of {where}, "
            f"got something else ({error}); try another format=... or write the file again"
        ) from None
    if table.shape != (len(lines),):
        raise ValueError(
            f"expected {len(lines)} particle lines in {where}, got {table.shape[0]} (others are blank); "
            "try writing the file again"
        )
    return [_settle(table[f"f{i}"], kind, where) for i, kind in enumerate(guessed)]


def format_table(columns: Sequence[np.ndarray]) -> str:
    """Lines of blank-separated fields; every float is written so that reading gives the same bits."""
    return "".join(f"{' '.join(row)}\n" for row in zip(*map(_fields, columns), strict=True))


def _load(lines: Sequence[str], kinds: Sequence[str]) -> np.ndarray:
    kind_type = {"S": f"U{_NAME_WIDTH}", "R": np.float64, "I": np.int64, "L": "U6"}
    dtype = np.dtype([(f"f{i}", kind_type[kind]) for i, kind in enumerate(kinds)])
    return np.loadtxt(lines, dtype=dtype, comments=None, ndmin=1)


def _settle(values: np.ndarray, kind: str, where: str) -> np.ndarray:
    if kind == "L":
        try:
            return np.array([_TRUTH[value] for value in values.tolist()], bool)
        except KeyError as error:
            raise ValueError(f"expected T or F in {where}, got {error}; try writing the file again") from None
    if kind == "S" and np.any(np.char.str_len(values) == _NAME_WIDTH):
        raise ValueError(
            f"expected names shorter than {_NAME_WIDTH} letters in {where}, got {values[0]!r}...; "
            "try shorter names"
        )
    return values


def _fields(values: np.ndarray) -> list[str]:
    if values.dtype.kind == "b":
        return np.where(values, "T", "F").tolist()
    # repr of a Python float is the shortest text that gives the same bits back.
    return list(map(repr if values.dtype.kind == "f" else str, values.tolist()))
