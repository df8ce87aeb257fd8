"""Tables of numbers and names in text files: read whole columns at a time, written so that no bit is lost."""

import re
from collections.abc import Sequence

import numpy as np

from tdaglass.io.formats.text_lines import TRUTH, Lines, decode, number

# Fixed-width fields let NumPy's C parser read names and numbers in one pass; longer names are refused, not
# cut.
_NAME_WIDTH = 24
_TRUTH = TRUTH | {"1": True, "0": False}
_KINDS = {
    "S": "name",
    "R": "number",
    "I": "whole number",
    "L": "T or F",
    "?": "number",
    "*": "name or number",
}
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


def read_table(lines: Lines, n: int, kinds: Sequence[str], where: str) -> tuple[list[np.ndarray], list[str]]:
    """The next n lines as columns of a table of blank-separated fields.

    Parameters
    ----------
    lines : Lines
    n : int
    kinds : sequence of str
        For each column "S" (name), "R" (float64), "I" (int64), "L" (bool), "?" (int64 where every entry is
        written as a whole number, float64 otherwise), "." (a name or "?", as the first row has it) or "*" (as "?",
        or names where some are no numbers).
    where : str

    Returns
    -------
    list of (n,) arrays, and what is to be said

    Raises
    ------
    ValueError
        The file ends too early, a row has too few or too many fields, or a field is of another kind.
    """
    taken = lines.take(n)
    if len(taken) < n:
        raise ValueError(
            f"expected {n} lines in {where}, got {len(taken)} before the file ends: it was cut short; "
            "try an earlier frame, or write the file again"
        )
    return parse_table(taken, kinds, where, lines.name, lines.number - n + 1)


def parse_table(
    taken: Sequence[bytes], kinds: Sequence[str], where: str, name: str, first: int | Sequence[int]
) -> tuple[list[np.ndarray], list[str]]:
    """Columns of a table whose lines are given, with the numbers that they have in the file of that name."""
    if not taken:
        return [np.zeros(0, {"S": "U1", "I": "i8", "L": "?"}.get(kind, "f8")) for kind in kinds], []
    text = decode(b"".join(taken), where)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", " ")
    rows = text.split("\n")[: len(taken)]
    places = range(first, first + len(taken)) if isinstance(first, int) else first
    fields = rows[0].split()
    kinds = [
        kind if kind != "." else "S" if i < len(fields) and number(fields[i]) is None else "?"
        for i, kind in enumerate(kinds)
    ]
    guessed = [
        _guess(kind, fields[i] if i < len(fields) else "") if kind in "?*" else kind
        for i, kind in enumerate(kinds)
    ]
    try:
        if not fields:
            raise ValueError
        table = _load(rows, guessed)
    except ValueError:
        guessed = _looked_at_each(rows, kinds, where, places)
        try:
            table = _load(rows, guessed)
        except ValueError:
            raise ValueError(
                f"expected lines of numbers and names in {where}, got letters that belong to neither; try writing "
                "the file again"
            ) from None
    if table.shape != (len(rows),):
        blank = next(i for i, row in enumerate(rows) if not row.strip())
        raise ValueError(
            f"expected {len(rows)} lines of particles in {where}, got a blank one in line "
            f"{places[blank]}; try without it"
        )
    notes = [] if taken[-1].endswith((b"\n", b"\r")) else _unfinished(rows, guessed, where, name)
    return [_settle(table[f"f{i}"], kind, where) for i, kind in enumerate(guessed)], notes


def format_table(columns: Sequence[np.ndarray]) -> str:
    """Lines of blank-separated fields; every float is written so that reading gives the same bits."""
    return "".join(f"{' '.join(row)}\n" for row in zip(*map(_fields, columns), strict=True))


def _is_whole(field: str) -> bool:
    """Whether a field is a whole number that 64 bits hold."""
    return _WHOLE.fullmatch(field) is not None and -(2**63) <= int(field) < 2**63


def _guess(kind: str, field: str) -> str:
    if _WHOLE.fullmatch(field):
        return "I"
    return "S" if kind == "*" and number(field) is None else "R"


def _load(rows: Sequence[str], kinds: Sequence[str]) -> np.ndarray:
    kind_type = {"S": f"U{_NAME_WIDTH}", "R": np.float64, "I": np.int64, "L": "U6"}
    dtype = np.dtype([(f"f{i}", kind_type[kind]) for i, kind in enumerate(kinds)])
    return np.loadtxt(rows, dtype=dtype, comments=None, ndmin=1)


def _looked_at_each(
    rows: Sequence[str], kinds: Sequence[str], where: str, places: Sequence[int]
) -> list[str]:
    """The kinds that hold for every row, or a sentence naming the first row that has none of them."""
    found = ["I" if kind in "?*" else kind for kind in kinds]
    for row, line in zip(rows, places, strict=True):
        fields = row.split()
        good = len(fields) == len(kinds)
        for i, field in enumerate(fields if good else ()):
            if kinds[i] in "?*" and found[i] != "S":
                if number(field) is None:
                    found[i], good = "S", good and kinds[i] == "*"
                elif not _is_whole(field):
                    found[i] = "R"
            elif kinds[i] in "RI":
                good = good and (number(field) is not None if kinds[i] == "R" else _is_whole(field))
        if not good:
            raise ValueError(
                f"expected {len(kinds)} fields ({', '.join(_KINDS[kind] for kind in kinds)}) in {where}, line "
                f"{line}, got {row.strip()[:80]!r}; try writing the file again, or another format=..."
            )
    return found


def _unfinished(rows: Sequence[str], kinds: Sequence[str], where: str, name: str) -> list[str]:
    """Whether the last field of a file without its last line end is whole, as far as can be known.

    A number that lost digits has fewer of them than the others of its column; whole numbers and names cannot
    tell, and are taken with a word.
    """
    *before, last = rows[-1].split()
    others = [row.split()[-1] for row in rows[-200:-1]]
    if not others and kinds[-1] in "RI":
        others = [field for field, kind in zip(before, kinds, strict=False) if kind == "R"]
    if kinds[-1] in "RI":
        doubtful = not any(set(".eE") & set(other) for other in others)
        cut = not doubtful and any(
            a < b for a, b in zip(_form(last), map(min, *map(_form, others), (99, 99)), strict=True)
        )
    else:
        doubtful = not others
        cut = bool(others) and last not in others
    if cut:
        raise ValueError(
            f"expected a line end at the end of {name}, got none after {last!r}, which has fewer digits than "
            f"others ({where}): it was cut short; try an earlier frame, or, if the file is whole, a line end there"
        )
    if not doubtful:
        return []
    return [
        f"expected a line end at the end of {name}, got none: its last field {last!r} was taken as whole; "
        "try writing the file again with a line end there"
    ]


def _form(field: str) -> tuple[int, int]:
    """Digits behind the point, and of the exponent."""
    mantissa, _, exponent = field.lower().partition("e")
    return len(mantissa.partition(".")[2]), len(exponent.lstrip("+-"))


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
