"""What settings say, as JSON and as a short name that is the same in every session."""

import dataclasses
import enum
import hashlib
import json
from pathlib import PurePath
from typing import Any

import jax
import numpy as np

from tdaglass.runs.trees import is_key


def as_json(value: Any, *, counted_only: bool = True, where: str = "settings") -> Any:
    """Settings as JSON: equal settings give equal text, whatever the order of their fields.

    Parameters
    ----------
    value : dataclass, dict, list, tuple, set, number, str, path, enum, array, PRNG key or None
    counted_only : bool
        Leave out the dataclass fields declared with `field(compare=False)`: those that do not change the
        result, such as the number of threads.
    where : str
        Name of the value, for the message.

    Returns
    -------
    JSON value

    Raises
    ------
    ValueError
        A value has no lasting text, such as a function.

    Examples
    --------
    >>> as_json({"temperature": 0.44, "particles": (10, 20)})
    {'particles': [10, 20], 'temperature': 0.44}
    """

    def inner(child: Any, name: str) -> Any:
        return as_json(child, counted_only=counted_only, where=f"{where}.{name}")

    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field for field in dataclasses.fields(value) if field.compare or not counted_only]
        named = {field.name: inner(getattr(value, field.name), field.name) for field in fields}
        return {"class": type(value).__qualname__, **dict(sorted(named.items()))}
    if is_key(value):
        return {"key": jax.random.key_data(value).tolist(), "impl": str(jax.random.key_impl(value))}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, enum.Enum):
        return f"{type(value).__qualname__}.{value.name}"
    if isinstance(value, int | float):
        return value
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise ValueError(f"expected str keys in {where}, got {list(value)}; try str(key)")
        return {name: inner(value[name], name) for name in sorted(value)}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {
            "class": type(value).__qualname__,
            **{name: inner(getattr(value, name), name) for name in value._fields},
        }
    if isinstance(value, list | tuple):
        return [inner(child, str(i)) for i, child in enumerate(value)]
    if isinstance(value, set | frozenset):
        return sorted((inner(child, "set") for child in value), key=json.dumps)
    if isinstance(value, np.ndarray | jax.Array):
        array = np.ascontiguousarray(value)
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        return {"array": digest, "dtype": array.dtype.name, "shape": list(array.shape)}
    raise ValueError(
        f"expected numbers, strings, paths, arrays and dataclasses of them, got {type(value).__name__} "
        f"as {where}; try its name, or field(compare=False) if it does not change the result"
    )


def fingerprint(settings: Any) -> str:
    """A short name of settings: 16 hexadecimal digits of the SHA-256 of their JSON.

    Parameters
    ----------
    settings : as for `as_json`

    Returns
    -------
    str

    Examples
    --------
    >>> fingerprint({"temperature": 0.44, "n": 500}) == fingerprint({"n": 500, "temperature": 0.44})
    True
    """
    text = json.dumps(as_json(settings), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
