"""Pickles of other groups, opened without running what is in them."""

import pickle
from pathlib import Path
from typing import Any

# All that an array or a NumPy number needs to be rebuilt, under the module names of NumPy 1 and 2. None of
# these can run code of the file's choosing; anything else in a pickle is refused by name.
_ALLOWED = frozenset(
    (f"{module}.{name}", attribute)
    for module in ("numpy.core", "numpy._core")
    for name, attribute in (
        ("multiarray", "_reconstruct"),
        ("multiarray", "scalar"),
        ("numeric", "_frombuffer"),
    )
) | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"), ("collections", "OrderedDict")}


class _Refused(Exception):
    """What a file asks for besides arrays and containers."""


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _Refused(f"{module}.{name}")
        # NumPy's old module names are read under the new ones, so that no deprecated import is touched.
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def load_arrays_only(path: Path) -> Any:
    """Plain containers, numbers, strings and NumPy arrays from a pickle; nothing else is loaded or run.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object

    Raises
    ------
    ValueError
        The file is no pickle, is cut short, or holds something else.
    """
    with open(path, "rb") as file:
        try:
            # Written by Python 2 or 3 alike.
            return _ArraysOnly(file, encoding="latin1").load()
        except _Refused as refused:
            found = f"one that asks for {refused}"
        except Exception:
            # Whatever is stumbled over in a damaged file is said in words of the language.
            found = "one that is damaged, cut short, or holds something else"
    raise ValueError(
        f"expected a whole pickle of arrays and plain containers in {path}, got {found}; "
        "try fetching it again from its source"
    )
