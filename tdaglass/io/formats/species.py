"""From the labels of a file, names or numbers of types, to species 0, 1, ... and their names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tdaglass.io.frame import letters

# Beyond it a number is damaged, or an id.
MOST_TYPES = 10_000
Names = Sequence[str | int] | Mapping[str | int, str] | Mapping[int, str] | Mapping[str, str] | None


def species_codes(
    labels: np.ndarray, names: tuple[str, ...] | None, wanted: Names, where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes 0, 1, ... of type labels, and the name of each code.

    A mapping from the file's labels to names codes them in its order. A sequence names the species: a label's code
    is its place there, and types 1, 2, ... that have no names get them in order. Without either, numbered types
    are coded in order from 0, names made of the letters A, B, ... by their place in the alphabet, and any other
    names in alphabetical order.

    Parameters
    ----------
    labels : (particles,) of str, or of int counted from 1
    names : tuple of str, or None
        Of types 1, 2, ..., where the file has both.
    wanted : sequence or mapping of str, or None
    where : str

    Raises
    ------
    ValueError
        A label is not among the wanted ones.
    """
    numbered = labels.dtype.kind != "U"
    unique: list[Any] = sorted(set(labels.tolist()))
    if numbered and unique and unique[0] < 1:
        raise ValueError(
            f"expected type numbers from 1 in {where}, got {unique[0]}; try renumbering the types"
        )
    if wanted is None and numbered and unique and unique[-1] > MOST_TYPES:
        raise ValueError(
            f"expected type numbers up to {MOST_TYPES} in {where}, got {unique[-1]}; try species_names={{...}} "
            "with a name for each number that occurs"
        )
    if wanted is None and numbered:
        return labels - 1, names or letters(unique[-1] if unique else 0)
    known, spoken = _known([str(label) for label in unique], names, wanted, where)
    found = [_spelled(label, names, known) for label in unique]
    unknown = list(dict.fromkeys(name for name in found if name not in known))
    if unknown:
        raise ValueError(
            f"expected species {', '.join(known)} in {where}, got {', '.join(unknown)}; "
            f"try species_names={_remedy(wanted, known, unknown)!r} in the order of your codes"
        )
    codes = dict(zip(unique, (known[name] for name in found), strict=True))
    return np.array([codes[label] for label in labels.tolist()], np.int32), spoken


def default_names(found: Sequence[str]) -> tuple[str, ...]:
    """The order in which unlisted names are coded.

    Examples
    --------
    >>> default_names(["C", "A"]), default_names(["Zr", "Cu"]), default_names(["10", "9"])
    (('A', 'B', 'C'), ('Cu', 'Zr'), ('9', '10'))
    """
    alphabet = letters(26)
    if "A" in found and all(name in alphabet for name in found):
        return alphabet[: alphabet.index(max(found)) + 1]
    return tuple(sorted(found, key=lambda name: (int(name), name) if _is_number(name) else (np.inf, name)))


def _known(
    labels: list[str], names: tuple[str, ...] | None, wanted: Names, where: str
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The code of each label that is known, and the name of each code."""
    if isinstance(wanted, Mapping):
        spoken = tuple(dict.fromkeys(str(name) for name in wanted.values()))
        return {str(label): spoken.index(str(name)) for label, name in wanted.items()}, spoken
    spoken = tuple(str(name) for name in (default_names(labels) if wanted is None else wanted))
    known = {name: code for code, name in enumerate(spoken)}
    numbers = names is None and all(_is_number(label) and int(label) > 0 for label in labels)
    if labels and numbers and not any(label in known for label in labels):
        # Numbers without names: the names are given here, to types 1, 2, ... in order.
        last = max(map(int, labels))
        if last > len(spoken):
            raise ValueError(
                f"expected a name for each of the {last} types in {where}, got {', '.join(spoken) or 'none'}; "
                f"try species_names={spoken + letters(last)[len(spoken) :]!r}"
            )
        known = {str(code + 1): code for code in range(len(spoken))}
    return known, spoken


def _spelled(label: int | str, names: tuple[str, ...] | None, known: Mapping[str, int]) -> str:
    """The label as it is known: by its number or by its name."""
    text = str(label)
    if names is None or isinstance(label, str) or text in known or label > len(names):
        return text
    return names[label - 1]


def _remedy(wanted: Names, known: Mapping[str, int], unknown: list[str]) -> object:
    if isinstance(wanted, Mapping):
        return {**wanted, **{name: name for name in unknown}}
    if wanted is not None and len(unknown) >= len(known) and not any(name in unknown for name in known):
        # Nothing of what was asked for is there: the names were meant for those of the file.
        return dict(zip(unknown, (*known, *unknown[len(known) :]), strict=False))
    return (*known, *unknown)


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdecimal() and len(name) < 19
