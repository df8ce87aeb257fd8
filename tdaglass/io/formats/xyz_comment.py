"""The comment line of an xyz file: what it says of the frame, extended or as other programs write it."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tdaglass.io.formats.text_lines import TRUTH, integer, number

# What the reader itself uses; everything else is kept as the frame's header.
OURS = frozenset({"lattice", "properties", "pbc", "origin", "species_names", "dimension"})
# Keys of atooms, and of the xyz dumps of LAMMPS, which write key:value.
_FOREIGN = frozenset({"cell", "columns", "step", "timestep", "side", "ndim"})
_CLOSING = {'"': '"', "'": "'", "{": "}", "[": "]"}
_COLON = re.compile(r"(?<!\S)(\w++):\s*+([^\s:]++)(?!\S)")
_WORDS = re.compile(r"[^\s,]+")
_TRUTH = TRUTH | {"true": True, "false": False}
# These nine numbers stand column by column, as the nine of the lattice do.
_MATRICES = ("stress", "virial")


class Comment(NamedTuple):
    """What a comment line says.

    Attributes
    ----------
    entries : dict of str to str
        Values as text, by key in lower case.
    header : dict of str to value
        What is not the reader's own, by key as it stands there.
    extended : bool
        The line is of the extended form, which names columns or the cell.
    whole : bool
        Every quote is closed.
    """

    entries: Mapping[str, str]
    header: Mapping[str, Any]
    extended: bool
    whole: bool


def parse_comment(line: str) -> Comment:
    """Keys and values of a comment line.

    Examples
    --------
    >>> parse_comment('Lattice="1 0 0 0 1 0 0 0 1" energy=-1.5 config_type=bulk').header
    {'energy': -1.5, 'config_type': 'bulk'}
    >>> parse_comment("step:10 columns:name,pos cell:5,5,5").entries["cell"]
    '5,5,5'
    """
    words, whole = _words(line)
    pairs = [(word[0].strip(",;"), "=".join(word[1:])) for word in words if len(word) > 1]
    rest = [word[0] for word in words if len(word) == 1]
    if not pairs:
        found = _COLON.findall(line)
        if _FOREIGN & {key.lower() for key, _ in found}:
            pairs, rest = found, _COLON.sub(" ", line).split()
    entries = {key.lower(): text for key, text in pairs}
    extended = bool(OURS & entries.keys() or _FOREIGN & entries.keys())
    used = OURS | {"columns", "ndim"} | ({"cell", "side"} if cell_of_atooms(entries) else set())
    header = {key: _value(key, text) for key, text in pairs if key.lower() not in used}
    if extended:
        # A key without a value is a truth.
        header |= {word: True for word in rest if word.isidentifier()}
    elif rest:
        header["comment"] = line.strip()
    return Comment(entries, header, extended, whole)


def cell_of_atooms(entries: Mapping[str, str]) -> list[float] | None:
    """Two or three edges under the keys that atooms uses; None where they are not, or mean something else."""
    values = [number(word) for word in _WORDS.findall(entries.get("cell", entries.get("side", "")))]
    edges = [value for value in values if value is not None and 0 < value < np.inf]
    return edges if len(edges) == len(values) and len(edges) in (2, 3) else None


def step_of(header: dict[str, Any]) -> int | None:
    """The time step, taken out of the header if it is a whole number however written."""
    for key in [key for key in header if key.lower() in ("step", "timestep")]:
        value = header[key]
        if (
            not isinstance(value, bool)
            and isinstance(value, int | float)
            and abs(value) < 2**63
            and value == int(value)
        ):
            del header[key]
            return int(value)
    return None


def time_of(header: dict[str, Any]) -> float | None:
    """The time, taken out of the header if it is a plain number."""
    for key in [key for key in header if key.lower() == "time"]:
        value = header[key]
        if isinstance(value, int | float) and not isinstance(value, bool):
            del header[key]
            return float(value)
    return None


def format_header(header: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Entries of a comment line, and the names of those that a line cannot hold."""
    entries, left_out = [], []
    for key, value in header.items():
        text = _text(key, value)
        if (
            text is None
            or not key
            or any(c.isspace() or c in "\"'=[]{},;" for c in key)
            or key.lower() in OURS
        ):
            left_out.append(key)
        else:
            entries.append(f"{key}={text}")
    return entries, left_out


def properties(text: str, where: str) -> list[tuple[str, str, int]]:
    """Name, kind and number of components of each group of columns.

    Raises
    ------
    ValueError
        The text is not name:kind:width:..., or a name stands twice.
    """
    parts = text.split(":")
    fields = [
        (name, kind, integer(width, "a number of components", where))
        for name, kind, width in zip(parts[::3], parts[1::3], parts[2::3], strict=False)
    ]
    names = [name for name, _, _ in fields]
    if (
        len(parts) % 3
        or any(kind not in ("S", "R", "I", "L") or not 1 <= width <= 1000 for _, kind, width in fields)
        or len(set(names)) < len(names)
    ):
        raise ValueError(
            f"expected Properties=name:kind:width:... with kinds S, R, I, L in {where}, got {text[:200]!r}; "
            "try writing the file again"
        )
    return fields


def foreign_columns(text: str, dimension: int) -> list[tuple[str, str, int]]:
    """Columns as atooms names them, in the form of `properties`; there id is the name of the species."""
    names = [name for name in text.split(",") if name]
    for vector, axes in (("pos", "xyz"), ("vel", ("vx", "vy", "vz"))):
        if axes[0] in names:
            names[names.index(axes[0])] = vector
            names = [name for name in names if name not in axes]
    if not {"name", "species"} & set(names):
        names = ["species" if name in ("id", "type") else name for name in names]
    kinds = {"name": ("species", "S", 1), "species": ("species", "S", 1), "vel": ("velo", "R", dimension)}
    return [kinds.get(name, (name, "R", dimension) if name == "pos" else (name, ".", 1)) for name in names]


def _words(line: str) -> tuple[list[list[str]], bool]:
    """Words of the line, each in the parts between its equals signs; and whether every quote is closed."""
    words, inside, escaped, quoted = [[""]], "", False, False
    for char in line.strip():
        if escaped or (inside and char not in (inside, "\\")):
            words[-1][-1] += char
            escaped = False
        elif char == "\\":
            escaped = True
        elif inside:
            inside = ""
        elif char in _CLOSING:
            inside, quoted = _CLOSING[char], True
        elif char.isspace():
            if words[-1][-1] or quoted:
                words.append([""])
            quoted = False
        elif char == "=":
            # Blanks before the sign have ended the word that it belongs to.
            if words[-1] == [""] and len(words) > 1:
                words.pop()
            words[-1].append("")
            quoted = False
        else:
            words[-1][-1] += char
    return [word for word in words if word != [""]], not inside


def _value(key: str, text: str) -> Any:
    if text.startswith("_JSON "):
        try:
            value = json.loads(text.removeprefix("_JSON "))
            array = np.array(value)
            return array if array.dtype.kind in "fib" else value
        except (ValueError, RecursionError):
            return text
    words = _WORDS.findall(text)
    numbers = [number(word) for word in words]
    if words and not any(value is None for value in numbers):
        whole = all(word.lstrip("+-").isdecimal() and len(word) < 19 for word in words)
        values = np.array([int(word) for word in words] if whole else numbers)
        if len(values) == 1:
            return values[0].item()
        return values.reshape(3, 3, order="F") if key.lower() in _MATRICES and len(values) == 9 else values
    if words and all(word in _TRUTH for word in words):
        truths = [_TRUTH[word] for word in words]
        return truths[0] if len(truths) == 1 else np.array(truths)
    return text


def _text(key: str, value: Any) -> str | None:
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, bool):
        return "FT"[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        if any(c in value for c in "\r\n"):
            return None
        plain = value and not any(c.isspace() or c in "\"'=[]{},;\\" for c in value)
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return value if plain and value[0] != "_" else f'"{escaped}"'
    try:
        array = np.asarray(value)
    except ValueError:
        return None
    if array.dtype.kind not in "fiub" or not array.size:
        return None
    if key.lower() in _MATRICES and array.shape == (3, 3):
        array = array.T.ravel()
    if array.ndim > 1 or (array.size == 1 and array.ndim):
        return f'"_JSON {json.dumps(array.tolist())}"'
    words = ["FT"[v] if isinstance(v, bool) else repr(v) for v in array.tolist()]
    return f'"{" ".join(words)}"'
